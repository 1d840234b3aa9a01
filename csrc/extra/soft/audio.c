/* The audio line, see audio.h. */
#include "audio.h"

#include <math.h>
#include <string.h>

#include <spandsp.h>

#define ONE 65536
/* The effective value of 0 dBm0, when a sine as loud as can be is 3.14 dBm0 (G.711, A-law). */
#define RMS_0_DBM0 16140.0

static double amplitude(double db)
{
    return db <= FL_AUDIO_NONE_DB ? 0 : pow(10, db / 20);
}

static uint64_t samples(int32_t ms)
{
    return ms <= 0 ? 0 : (uint64_t)ms * FL_AUDIO_RATE / 1000;
}

/* Holes come once in a period, somewhere in its middle half. */
static void plan_hole(struct fl_audio *line, uint64_t period_start)
{
    line->hole_at =
        period_start + line->hole_every / 4 + fl_random(&line->random) % (line->hole_every / 2 + 1);
}

void fl_audio_init(struct fl_audio *line, const struct fl_audio_config *config)
{
    int32_t delay_ms = config->delay_ms > FL_AUDIO_DELAY_MAX ? FL_AUDIO_DELAY_MAX : config->delay_ms;
    memset(line, 0, sizeof *line);
    line->gain = (int32_t)(amplitude(config->level_db) * ONE);
    line->echo = (int32_t)(amplitude(config->echo_db) * ONE);
    line->noise = (int32_t)(amplitude(config->noise_dbm0) * RMS_0_DBM0 * ONE);
    line->delay = (uint32_t)samples(delay_ms);
    line->hole = samples(config->hole_ms);
    line->hole_every = line->hole ? samples(config->hole_every_ms) : 0;
    line->companding = config->companding != 0;
    line->random = config->seed;
    if (line->hole_every) plan_hole(line, 0);
}

/* Nearly Gaussian, of unit variance, in 1/65536: the sum of twelve even ones. */
static int64_t gaussian(struct fl_audio *line)
{
    int64_t sum = 0;
    for (int i = 0; i < 3; i++) {
        uint64_t r = fl_random(&line->random);
        sum += (int64_t)(r & 0xFFFF) + (int64_t)(r >> 16 & 0xFFFF) + (int64_t)(r >> 32 & 0xFFFF) +
               (int64_t)(r >> 48);
    }
    return sum - 6 * ONE;
}

static int16_t clip(int64_t sample)
{
    return (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
}

static bool in_hole(struct fl_audio *line)
{
    if (!line->hole_every) return false;
    if (line->at >= line->hole_at + line->hole) plan_hole(line, line->hole_at + line->hole_every * 3 / 4);
    return line->at >= line->hole_at && line->at < line->hole_at + line->hole;
}

static int16_t past(const struct fl_audio *line, int end, uint32_t ago)
{
    return line->sent[end][(line->at - ago) & (FL_AUDIO_RING - 1)];
}

static int16_t hear(struct fl_audio *line, int end, bool hole)
{
    int64_t sample = 0;
    if (!hole) {
        sample = (int64_t)past(line, 1 - end, line->delay) * line->gain;
        if (line->echo) sample += (int64_t)past(line, end, 2 * line->delay) * line->echo;
    }
    if (line->noise) sample += gaussian(line) * line->noise / ONE;
    int16_t heard = clip(sample / ONE);
    return line->companding ? alaw_to_linear(linear_to_alaw(heard)) : heard;
}

void fl_audio_pass(struct fl_audio *line, int16_t sent[2][FL_AUDIO_CHUNK], int16_t heard[2][FL_AUDIO_CHUNK],
                   int count)
{
    for (int i = 0; i < count; i++, line->at++) {
        for (int end = 0; end < 2; end++) line->sent[end][line->at & (FL_AUDIO_RING - 1)] = sent[end][i];
        bool hole = in_hole(line);
        for (int end = 0; end < 2; end++) heard[end][i] = hear(line, end, hole);
    }
}
