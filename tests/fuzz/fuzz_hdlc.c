/* libFuzzer entry for HDLC framing of fast data and for the blocks of error correction above it.
 * Input: what to do, how to cut the octets; then octets of the line, frames, or a page. */
#include "input.h"

#include "hdlc/fcs.h"
#include "hdlc/hdlc.h"
#include "t30/ecm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MAX 600

struct frames {
    unsigned count;
    uint16_t length[FRAMES_MAX];
    uint32_t hash[FRAMES_MAX];
};

static uint32_t hash_of(const uint8_t *octets, size_t length)
{
    uint32_t hash = 2166136261u;
    while (length--) hash = (hash ^ *octets++) * 16777619u;
    return hash;
}

static void note(struct frames *frames, const uint8_t *octets, size_t length)
{
    REQUIRE(frames->count < FRAMES_MAX);
    frames->length[frames->count] = (uint16_t)length;
    frames->hash[frames->count++] = hash_of(octets, length);
}

/* The octets in portions of at most step, each in memory of its own size, so that a read behind its end shows. */
static void receive(const uint8_t *octets, size_t size, size_t step, struct frames *frames)
{
    struct fl_hdlc_receiver receiver = {0};
    while (size > 0) {
        size_t portion = step < size ? step : size, at = 0;
        uint8_t *copy = malloc(portion);
        memcpy(copy, octets, portion);
        while (at < portion) {
            size_t length, taken = fl_hdlc_take(&receiver, copy + at, portion - at, &length);
            REQUIRE(taken > 0 && taken <= portion - at);
            at += taken;
            if (!length) continue;
            REQUIRE(length >= 2 && length + 2 <= FL_HDLC_FRAME);
            REQUIRE(fl_fcs_update(FL_FCS_INIT, receiver.frame, length + 2) == FL_FCS_GOOD);
            note(frames, receiver.frame, length);
        }
        free(copy);
        octets += portion;
        size -= portion;
    }
}

/* Whatever comes, and however it is cut: the same frames. */
static void line_octets(struct input *input)
{
    static struct frames whole, cut;
    size_t step = input_octet(input) % 64 + 1;
    whole.count = cut.count = 0;
    receive(input->octets, input->left, input->left, &whole);
    receive(input->octets, input->left, step, &cut);
    REQUIRE(whole.count == cut.count);
    for (unsigned i = 0; i < whole.count; i++)
        REQUIRE(whole.length[i] == cut.length[i] && whole.hash[i] == cut.hash[i]);
}

/* Frames of the input, flags between them: all of them arrive, and nothing else. */
static void frames_there_and_back(struct input *input)
{
    static uint8_t line[65536];
    static struct frames sent, received;
    struct fl_hdlc_sender sender = {0};
    size_t length = 0, step = input_octet(input) + 1;
    sent.count = received.count = 0;
    length += fl_hdlc_put_flags(&sender, input_octet(input) % 8 + 1, line);
    while (input->left > 0 && length + FL_HDLC_FRAME_ROOM + 64 < sizeof line) {
        uint8_t frame[FL_HDLC_FRAME];
        const uint8_t *octets;
        size_t wanted = input_octet(input) % (FL_HDLC_FRAME - 3) + 2;
        size_t count = input_some(input, &octets, wanted);
        memset(frame, 0xFF, sizeof frame); /* the longest with its zeros inserted */
        memcpy(frame, octets, count);
        size_t written = fl_hdlc_put_frame(&sender, frame, wanted, line + length);
        REQUIRE(written <= FL_HDLC_FRAME_ROOM);
        length += written;
        note(&sent, frame, wanted);
        length += fl_hdlc_put_flags(&sender, wanted % 3, line + length);
    }
    length += fl_hdlc_put_flags(&sender, 1, line + length);
    receive(line, length, step, &received);
    REQUIRE(received.count == sent.count);
    for (unsigned i = 0; i < sent.count; i++)
        REQUIRE(received.length[i] == sent.length[i] && received.hash[i] == sent.hash[i]);
}

static size_t read_page(void *ctx, uint8_t *out, size_t cap)
{
    struct input *input = ctx;
    const uint8_t *octets;
    size_t count =
        input_some(input, &octets, cap < 100 ? cap : 100); /* a source may give less than it could */
    memcpy(out, octets, count);
    return count;
}

/* Octets of the line for the receiving end of error correction. */
static void hear(struct fl_ecm *ecm, const uint8_t *octets, size_t size, size_t step)
{
    while (size > 0) {
        size_t portion = step < size ? step : size;
        fl_ecm_receive(ecm, octets, portion);
        octets += portion;
        size -= portion;
    }
}

/* A page by error correction: blocks with some octets of the first burst spoiled, then what PPR asks for. */
static void page_there_and_back(struct input *input)
{
    static struct fl_ecm sender, receiver;
    static uint8_t line[FL_ECM_FRAMES * FL_HDLC_FRAME_ROOM + 4096];
    bool frames_of_64 = input_octet(input) & 1;
    size_t step = input_octet(input) + 1;
    unsigned spoil_from = input_pair(input), spoil_by = input_octet(input), page = input_octet(input);
    const uint8_t *left = input->octets;
    size_t page_octets = input->left, checked = 0;
    fl_ecm_page(&sender, (struct fl_source){read_page, input}, page, frames_of_64);
    do {
        fl_ecm_fill(&sender);
        REQUIRE(sender.page == (uint8_t)page && sender.frames >= 1 && sender.frames <= FL_ECM_FRAMES);
        fl_ecm_expect(&receiver, frames_of_64);
        for (int round = 0;; round++) {
            struct fl_source burst = fl_ecm_burst(&sender, 2400);
            size_t length = 0, got;
            while ((got = burst.read(burst.ctx, line + length, sizeof line - length)) > 0) length += got;
            REQUIRE(length < sizeof line);
            if (round == 0 && spoil_by)
                for (size_t i = spoil_from; i < length; i += spoil_by * 8u) line[i] ^= 0x24;
            fl_ecm_listen(&receiver);
            hear(&receiver, line, length, step);
            uint8_t fif[FL_ECM_FRAMES / 8];
            unsigned missing = fl_ecm_missing(&receiver, sender.frames);
            REQUIRE(round == 0 || missing == 0);
            if (missing == 0) break;
            fl_ecm_make_ppr(&receiver, fif);
            REQUIRE(fl_ecm_take_ppr(&sender, fif, sizeof fif) == missing);
        }
        size_t block = (size_t)receiver.frames * receiver.frame_octets;
        for (size_t i = 0; i < block; i++, checked++) {
            bool right = receiver.data[i] == (checked < page_octets ? left[checked] : 0);
            if (!right && spoil_by)
                return; /* one damaged frame in 65536 has a right FCS; a fuzzer finds it */
            REQUIRE(right);
        }
    } while (!sender.last);
    REQUIRE(checked >= page_octets && (checked - page_octets < 256 || page_octets == 0));
}

/* Anything at all where the frames of a block are due; then a PPS of any number, and a PPR of any octets. */
static void block_octets(struct input *input)
{
    static struct fl_ecm ecm;
    fl_ecm_expect(&ecm, input_octet(input) & 1);
    size_t step = input_octet(input) + 1;
    unsigned frames = input_octet(input) + 1u, ppr_octets = input_octet(input) % 64;
    hear(&ecm, input->octets, input->left, step);
    unsigned missing = fl_ecm_missing(&ecm, frames), wanted = 0;
    uint8_t fif[FL_ECM_FRAMES / 8];
    fl_ecm_make_ppr(&ecm, fif);
    for (unsigned i = 0; i < ecm.frames; i++) wanted += fif[i / 8] >> i % 8 & 1;
    REQUIRE(wanted == missing && ecm.frames == frames && missing <= frames);
    REQUIRE(ecm.fresh <= ecm.heard && ecm.rcps <= ecm.heard);
    const uint8_t *octets;
    size_t count = input_some(input, &octets, ppr_octets);
    REQUIRE(fl_ecm_take_ppr(&ecm, octets, count) <= ecm.frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    switch (input_octet(&input) % 4) {
    case 0: line_octets(&input); break;
    case 1: frames_there_and_back(&input); break;
    case 2: page_there_and_back(&input); break;
    case 3: block_octets(&input); break;
    }
    return 0;
}
