/* A telephone line for audio, between two ends: what one sends, the other hears later, quieter, with noise, with the echo
 * of its own voice and with holes. 16-bit linear samples, 8000 a second; the same from run to run for the same seed.
 *
 * It knows nothing of calls or modems.
 */
#ifndef FL_AUDIO_H
#define FL_AUDIO_H

#include "base/base.h"
#include "boundary.h"

#define FL_AUDIO_RATE      8000
#define FL_AUDIO_CHUNK     40 /* samples that pass at once, at most: 5 ms */
#define FL_AUDIO_DELAY_MAX 1000
#define FL_AUDIO_RING      16384 /* of samples; a power of two that holds a round trip of the longest delay */
#define FL_AUDIO_NONE_DB   -100  /* noise or echo at or below: there is none */

struct fl_audio {
    int32_t gain, echo, noise; /* in 1/65536; noise in amplitude, too */
    uint32_t delay;            /* samples */
    uint64_t hole, hole_every; /* samples */
    bool companding;
    uint64_t at;      /* samples that have passed */
    uint64_t hole_at; /* the present or next hole begins */
    uint64_t random;
    int16_t sent[2][FL_AUDIO_RING];
};

void fl_audio_init(struct fl_audio *line, const struct fl_audio_config *config);
/* Takes count samples from both ends and gives what both hear meanwhile. */
void fl_audio_pass(struct fl_audio *line, int16_t sent[2][FL_AUDIO_CHUNK], int16_t heard[2][FL_AUDIO_CHUNK],
                   int count);

#endif
