/* Error correction as the far end of a scripted call does it (T.30 Annex A): HDLC frames in fast data, and lists of frame
 * numbers. Its own code, not the engine's.
 */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

bool frames_parse(const char *text, bool set[256])
{
    memset(set, 0, 256 * sizeof set[0]);
    if (strcmp(text, "none") == 0) return true;
    while (*text) {
        char *rest;
        long first = strtol(text, &rest, 10), last = first;
        if (rest == text) return false;
        if (strncmp(rest, "..", 2) == 0) last = strtol(rest + 2, &rest, 10);
        if (first < 0 || last < first || last > 255 || (*rest && *rest != ',')) return false;
        while (first <= last) set[first++] = true;
        text = rest + (*rest == ',');
    }
    return true;
}

/* ---- sending ---- */

static void put_bit(struct bits *bits, bool bit)
{
    if (bits->count == bits->cap * 8) {
        size_t cap = 2 * bits->cap + 4096;
        bits->octets = realloc(bits->octets, cap);
        if (!bits->octets) abort();
        memset(bits->octets + bits->cap, 0, cap - bits->cap);
        bits->cap = cap;
    }
    if (bit) bits->octets[bits->count / 8] |= (uint8_t)(1u << bits->count % 8);
    bits->count++;
}

void bits_flag(struct bits *bits)
{
    for (int i = 0; i < 8; i++) put_bit(bits, 0x7E >> i & 1);
}

void bits_frame(struct bits *bits, const uint8_t *octets, size_t length, bool bad)
{
    uint8_t frame[400];
    int ones = 0;
    memcpy(frame, octets, length);
    uint16_t fcs = frame_fcs(octets, length);
    if (bad) fcs ^= 0x0810;
    frame[length++] = (uint8_t)fcs;
    frame[length++] = (uint8_t)(fcs >> 8);
    for (size_t i = 0; i < length * 8; i++) {
        bool bit = frame[i / 8] >> i % 8 & 1;
        put_bit(bits, bit);
        ones = bit ? ones + 1 : 0;
        if (ones < 5) continue;
        put_bit(bits, false);
        ones = 0;
    }
    bits_flag(bits);
}

/* ---- receiving ---- */

size_t bits_take(const uint8_t *octets, size_t length, size_t *at, uint8_t *frame, size_t cap)
{
    int ones = 0;
    size_t count = 0;
    uint8_t octet = 0;
    bool open = *at > 0; /* the flag that ended one frame begins the next */
    while (*at < length * 8) {
        bool bit = octets[*at / 8] >> *at % 8 & 1;
        ++*at;
        if (bit) {
            ones++;
        } else {
            int before = ones;
            ones = 0;
            if (before == 6) { /* a flag: seven bits of it are in */
                if (open && count % 8 == 7 && count / 8 >= 3) return count / 8;
                open = true;
                count = 0;
                continue;
            }
            if (before == 5) continue; /* inserted */
        }
        if (ones > 6) open = false;
        octet = (uint8_t)(octet >> 1 | (bit ? 0x80 : 0));
        if (++count % 8 == 0 && count / 8 <= cap) frame[count / 8 - 1] = octet;
        if (count / 8 > cap) open = false;
    }
    return 0;
}
