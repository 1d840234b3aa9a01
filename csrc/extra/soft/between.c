/* Two of spandsp's terminals on a line, without a modem or an engine of ours: the measure of what can be had. */
#include <stdlib.h>

#include "audio.h"
#include "terminal.h"

#define LIMIT_S 3600

struct call {
    struct fl_audio audio;
    struct fl_terminal terminal[2];
};

static void pass(struct call *call)
{
    int16_t sent[2][FL_AUDIO_CHUNK], heard[2][FL_AUDIO_CHUNK];
    for (int i = 0; i < 2; i++) {
        struct fl_soft_end *end = &call->terminal[i].end;
        end->ops->send(end, sent[i], FL_AUDIO_CHUNK);
    }
    fl_audio_pass(&call->audio, sent, heard, FL_AUDIO_CHUNK);
    for (int i = 0; i < 2; i++) {
        struct fl_soft_end *end = &call->terminal[i].end;
        end->ops->hear(end, heard[i], FL_AUDIO_CHUNK);
    }
}

int64_t fl_soft_between(const struct fl_audio_config *audio, const struct fl_terminal_config *caller,
                        const struct fl_terminal_config *called, struct fl_terminal_outcome *outcomes)
{
    struct call *call = malloc(sizeof *call);
    if (!call) return -1;
    fl_audio_init(&call->audio, audio);
    fl_terminal_init(&call->terminal[0], caller);
    fl_terminal_init(&call->terminal[1], called);
    for (int i = 0; i < 2; i++) call->terminal[i].end.ops->connected(&call->terminal[i].end, i == 0);
    while (call->terminal[0].end.hook != FL_SOFT_ON_HOOK && call->terminal[1].end.hook != FL_SOFT_ON_HOOK &&
           call->audio.at < (uint64_t)LIMIT_S * FL_AUDIO_RATE)
        pass(call);
    int64_t held = (int64_t)(call->audio.at * 1000000 / FL_AUDIO_RATE);
    for (int i = 0; i < 2; i++) {
        fl_terminal_close(&call->terminal[i]);
        outcomes[i] = call->terminal[i].outcome;
    }
    free(call);
    return held;
}
