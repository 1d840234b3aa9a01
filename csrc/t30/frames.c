/* Control frames: building, reading, naming. T.30 5.3.6. */
#include "t30/frames.h"

#include <stdio.h>
#include <string.h>

#include "t30/dis.h"

static const struct fcf_row {
    uint8_t fcf;
    bool has_x; /* bit X (0x01) may be set and means nothing else */
    const char *name;
} FCFS[] = {
    {FL_DIS, false, "DIS"},        {FL_CSI, false, "CSI"},        {FL_NSF, false, "NSF"},
    {FL_DTC, false, "DTC"},        {FL_CIG, false, "CIG"},        {FL_NSC, false, "NSC"},
    {FL_PWD, false, "PWD"},        {FL_SEP, false, "SEP"},        {FL_PSA, false, "PSA"},
    {FL_DCS, true, "DCS"},         {FL_TSI, true, "TSI"},         {FL_NSS, true, "NSS"},
    {FL_SUB, true, "SUB"},         {FL_SID, true, "SID"},         {FL_CTC, true, "CTC"},
    {FL_CFR, true, "CFR"},         {FL_FTT, true, "FTT"},         {FL_CTR, true, "CTR"},
    {FL_EOM, true, "EOM"},         {FL_MPS, true, "MPS"},         {FL_EOP, true, "EOP"},
    {FL_PRI_EOM, true, "PRI-EOM"}, {FL_PRI_MPS, true, "PRI-MPS"}, {FL_PRI_EOP, true, "PRI-EOP"},
    {FL_EOS, true, "EOS"},         {FL_PPS, true, "PPS"},         {FL_EOR, true, "EOR"},
    {FL_RR, true, "RR"},           {FL_MCF, true, "MCF"},         {FL_RTP, true, "RTP"},
    {FL_RTN, true, "RTN"},         {FL_PIP, true, "PIP"},         {FL_PIN, true, "PIN"},
    {FL_PPR, true, "PPR"},         {FL_RNR, true, "RNR"},         {FL_ERR, true, "ERR"},
    {FL_FDM, true, "FDM"},         {FL_DCN, true, "DCN"},         {FL_CRP, true, "CRP"},
    {FL_FNV, true, "FNV"},         {FL_TNR, true, "TNR"},         {FL_TR, true, "TR"},
};

static const struct fcf_row *find(uint8_t octet)
{
    for (size_t i = 0; i < FL_COUNT(FCFS); i++)
        if (FCFS[i].fcf == octet || (FCFS[i].has_x && (FCFS[i].fcf | 1) == octet)) return &FCFS[i];
    return NULL;
}

uint8_t fl_fcf_of(const uint8_t *frame, size_t length)
{
    if (length < 3) return 0;
    const struct fcf_row *row = find(frame[2]);
    return row ? row->fcf : frame[2];
}

bool fl_frame_final(const uint8_t *frame, size_t length)
{
    return length >= 2 && (frame[1] & 0x10);
}

void fl_frame_make(struct fl_frame *frame, bool final, uint8_t fcf, const uint8_t *fif, size_t fif_length)
{
    if (fif_length > FL_FRAME_MAX - 3) fif_length = FL_FRAME_MAX - 3;
    frame->octets[0] = FL_ADDRESS;
    frame->octets[1] = final ? FL_CONTROL_FINAL : FL_CONTROL_MORE;
    frame->octets[2] = fcf;
    if (fif_length) memcpy(frame->octets + 3, fif, fif_length);
    frame->length = (uint16_t)(3 + fif_length);
}

void fl_frame_make_id(struct fl_frame *frame, uint8_t fcf, const char *text)
{
    uint8_t fif[FL_ID_SIZE];
    size_t length = strlen(text);
    if (length > FL_ID_SIZE) length = FL_ID_SIZE;
    memset(fif, ' ', sizeof fif);
    for (size_t i = 0; i < length; i++) fif[length - 1 - i] = (uint8_t)text[i];
    fl_frame_make(frame, false, fcf, fif, sizeof fif);
}

void fl_frame_read_id(const uint8_t *frame, size_t length, char *out)
{
    size_t count = 0;
    size_t available = length > 3 ? length - 3 : 0;
    if (available > FL_ID_SIZE) available = FL_ID_SIZE;
    for (size_t i = available; i-- > 0;) {
        uint8_t octet = frame[3 + i];
        bool printable = octet > 0x20 && octet < 0x7F;
        if (!printable && count == 0) continue; /* leading blanks */
        out[count++] = printable ? (char)octet : ' ';
    }
    while (count > 0 && out[count - 1] == ' ') count--;
    out[count] = '\0';
}

const char *fl_frame_name(const uint8_t *frame, int32_t length)
{
    const struct fcf_row *row = length >= 3 ? find(frame[2]) : NULL;
    return row ? row->name : "?";
}

/* PPS: which command it stands for, page and block from 1 (they count from 0 on the line), frames. EOR: the command. */
static void pps_text(const uint8_t *frame, size_t length, char *out, size_t out_size)
{
    const struct fcf_row *second = length > 3 && frame[3] ? find(frame[3]) : NULL;
    const char *name = second ? second->name : length > 3 && frame[3] == 0 ? "NULL" : "?";
    if (length >= 7)
        snprintf(out, out_size, "%s page %u block %u, %u frames", name, frame[4] + 1u, frame[5] + 1u,
                 frame[6] + 1u);
    else
        snprintf(out, out_size, "%s", name);
}

/* PPR: how many frames it wants; behind the last of the block all bits are set, so trailing ones do not count. */
static void ppr_text(const uint8_t *frame, size_t length, char *out, size_t out_size)
{
    unsigned first = 0, wanted = 0, last_good = 0;
    size_t bits = 8 * (length - 3);
    for (size_t i = 0; i < bits; i++)
        if (!(frame[3 + i / 8] >> i % 8 & 1)) last_good = (unsigned)i + 1;
    for (size_t i = last_good; i-- > 0;)
        if (frame[3 + i / 8] >> i % 8 & 1) {
            wanted++;
            first = (unsigned)i;
        }
    if (wanted)
        snprintf(out, out_size, "%u frames below the last good one, the first is %u; all from %u on", wanted,
                 first, last_good);
    else
        snprintf(out, out_size, "all frames from %u on", last_good);
}

void fl_frame_text(const uint8_t *frame, int32_t length, char *out, size_t out_size)
{
    char id[FL_ID_SIZE + 1];
    if (out_size == 0) return;
    out[0] = '\0';
    if (length < 3) return;
    switch (fl_fcf_of(frame, (size_t)length)) {
    case FL_CSI:
    case FL_TSI:
    case FL_CIG:
    case FL_SUB:
    case FL_SID:
    case FL_PWD:
    case FL_SEP:
    case FL_PSA:
        fl_frame_read_id(frame, (size_t)length, id);
        snprintf(out, out_size, "\"%s\"", id);
        break;
    case FL_DIS:
    case FL_DTC: fl_dis_text(frame + 3, (size_t)length - 3, out, out_size); break;
    case FL_PPS:
    case FL_EOR: pps_text(frame, (size_t)length, out, out_size); break;
    case FL_PPR: ppr_text(frame, (size_t)length, out, out_size); break;
    case FL_DCS: fl_dcs_text(frame + 3, (size_t)length - 3, out, out_size); break;
    default: break;
    }
}
