/* libFuzzer entry for control frames: reading, naming, writing again. Input: sizes and options; then a frame from its
 * address octet on. */
#include "input.h"

#include "base/boundary.h"
#include "t30/dis.h"
#include "t30/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text that fits, whatever the frame and the room for it. */
static void text(const uint8_t *frame, size_t length, size_t room)
{
    char *out = malloc(room + 1); /* its own size: a write behind it shows */
    memset(out, 'x', room + 1);
    fl_frame_text(frame, (int32_t)length, out, room);
    REQUIRE(room == 0 || memchr(out, '\0', room));
    for (size_t i = 0; room && out[i]; i++) REQUIRE(out[i] >= 0x20 && out[i] < 0x7F);
    REQUIRE(fl_frame_name(frame, (int32_t)length)[0]);
    free(out);
}

static void identification(const uint8_t *frame, size_t length)
{
    char id[FL_ID_SIZE + 1], again[FL_ID_SIZE + 1];
    struct fl_frame made;
    memset(id, 'x', sizeof id);
    fl_frame_read_id(frame, length, id);
    REQUIRE(memchr(id, '\0', sizeof id));
    for (size_t i = 0; id[i]; i++) REQUIRE(id[i] >= 0x20 && id[i] < 0x7F);
    fl_frame_make_id(&made, FL_TSI, id);
    REQUIRE(made.length == 3 + FL_ID_SIZE);
    fl_frame_read_id(made.octets, made.length, again);
    REQUIRE(strcmp(id, again) == 0);
}

static bool same_abilities(const struct fl_abilities *a, const struct fl_abilities *b)
{
    return a->modulations == b->modulations && a->can_receive == b->can_receive &&
           a->can_send == b->can_send && a->mr == b->mr && a->mmr == b->mmr && a->ecm == b->ecm &&
           a->ecm_64 == b->ecm_64 && a->inch == b->inch && a->half_scan_154 == b->half_scan_154 &&
           a->resolutions == b->resolutions && a->width == b->width && a->length == b->length &&
           a->min_scan == b->min_scan && a->sub == b->sub && a->password == b->password;
}

/* What was read can be written, and then says the same. */
static void dis(const uint8_t *fif, size_t length)
{
    struct fl_abilities abilities, again;
    uint8_t written[FL_DIS_MAX];
    if (!fl_dis_read(fif, length, &abilities)) return;
    REQUIRE(length >= 2 && abilities.width <= FL_A3 && abilities.length <= 2 && abilities.min_scan <= 7);
    REQUIRE(abilities.modulations <= 0x0F && abilities.resolutions < 1u << FL_RESOLUTION_COUNT);
    REQUIRE(abilities.resolutions >> FL_R8_385 & 1);
    REQUIRE(!abilities.mmr || abilities.ecm);
    for (int i = 0; i < FL_RESOLUTION_COUNT; i++) {
        int ms = fl_min_scan_ms(&abilities, (enum fl_resolution)i);
        REQUIRE(ms == 0 || ms == 5 || ms == 10 || ms == 20 || ms == 40);
    }
    if (abilities.modulations == 0 || abilities.t38_only) return; /* we never say that */
    size_t count = fl_dis_write(&abilities, written);
    REQUIRE(count >= 3 && count <= FL_DIS_MAX);
    REQUIRE(fl_dis_read(written, count, &again));
    REQUIRE(same_abilities(&abilities, &again));
}

/* A DCS is refused, or it asks for nothing that was not offered; and written again it is the same. */
static void dcs(const uint8_t *fif, size_t length, const struct fl_abilities *offered)
{
    struct fl_session session, again;
    uint8_t written[FL_DIS_MAX];
    if (fl_dcs_read(fif, length, offered, &session)) return;
    static const uint8_t NEEDS[] = {[FL_V17] = FL_CAN_V17, [FL_V29] = FL_CAN_V29};
    uint8_t needs = session.kind == FL_V27TER ? (session.rate_bps == 2400 ? FL_CAN_V27_2400 : FL_CAN_V27_4800)
                                              : NEEDS[session.kind];
    REQUIRE(fl_modulation_of(session.kind, session.rate_bps, false));
    REQUIRE(offered->modulations & needs);
    REQUIRE(session.coding != FL_CODING_MR || offered->mr);
    REQUIRE(session.coding != FL_CODING_MMR || (offered->mmr && session.ecm));
    REQUIRE(!session.ecm || offered->ecm);
    REQUIRE(!session.ecm_64 || session.ecm);
    REQUIRE(session.resolution < FL_RESOLUTION_COUNT && offered->resolutions >> session.resolution & 1);
    REQUIRE(session.width <= offered->width);
    REQUIRE(session.min_scan_ms <= 40);
    size_t count = fl_dcs_write(&session, written);
    REQUIRE(count >= 3 && count <= FL_DIS_MAX);
    REQUIRE(fl_dcs_read(written, count, offered, &again) == NULL);
    REQUIRE(again.kind == session.kind && again.rate_bps == session.rate_bps);
    REQUIRE(again.coding == session.coding && again.resolution == session.resolution);
    REQUIRE(again.width == session.width && again.length == session.length);
    REQUIRE(again.min_scan_ms == session.min_scan_ms && again.inch == session.inch);
    REQUIRE(again.ecm == session.ecm && again.ecm_64 == session.ecm_64);
    REQUIRE(again.sub == session.sub && again.password == session.password);
}

static void made(const uint8_t *frame, size_t length, bool final)
{
    struct fl_frame made;
    fl_frame_make(&made, final, frame[2], frame + 3, length - 3);
    REQUIRE(made.length <= FL_FRAME_MAX && made.length >= 3);
    REQUIRE(made.length == (length < FL_FRAME_MAX ? length : FL_FRAME_MAX));
    REQUIRE(fl_frame_final(made.octets, made.length) == final);
    REQUIRE(fl_fcf_of(made.octets, made.length) == fl_fcf_of(frame, length));
    REQUIRE(memcmp(made.octets + 3, frame + 3, made.length - 3u) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    size_t room = input_pair(&input) % 500;
    unsigned bits = input_octet(&input);
    struct fl_abilities offered = {
        .modulations = (uint8_t)(bits & 0x0F),
        .ecm = bits & 0x10,
        .ecm_64 = bits & 0x20,
        .mr = bits & 0x40,
        .mmr = bits & 0x80,
        .resolutions = (uint16_t)(input_pair(&input) | 1u << FL_R8_385),
        .width = (uint8_t)(input_octet(&input) % 3),
        .can_receive = true,
    };
    const uint8_t *octets;
    size_t length = input_some(&input, &octets, 400);
    uint8_t *frame = malloc(length + 1);
    memcpy(frame, octets, length);
    frame = realloc(frame, length ? length : 1);
    text(frame, length, room);
    identification(frame, length);
    fl_frame_final(frame, length);
    if (length >= 3) {
        dis(frame + 3, length - 3);
        dcs(frame + 3, length - 3, &offered);
        made(frame, length, bits & 1);
    }
    free(frame);
    return 0;
}
