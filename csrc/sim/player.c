/* The player, see player.h. */
#include "sim/player.h"

#include "base/trace.h"
#include "hdlc/fcs.h"
#include "modem/modulation.h"

#include <string.h>

/* Where the record has the V.21 carrier only from the modem's CONNECT on: no preamble is shorter (T.30 5.3.1). */
#define PREAMBLE_LEAST FL_MS(850)
#define FRAME_MOST     (FL_LINE_FRAME - 2)

static bool is_fast(int32_t signal)
{
    return signal != FL_PLAY_V21 && fl_modulation(signal);
}

static const char *burst_wrong(const struct fl_play *play, const struct fl_play_burst *burst)
{
    if (burst->signal < FL_PLAY_DROP || (burst->signal > FL_PLAY_V21 && !is_fast(burst->signal)))
        return "a burst of the recorded call has an unknown signal";
    if (burst->heard < 0 || burst->after_us < 0 || burst->length_us < 0 || burst->octets < 0)
        return "a burst of the recorded call has a number below 0";
    if (burst->after_us > FL_SEC(86400) || burst->length_us > FL_SEC(86400))
        return "a burst of the recorded call takes longer than a day";
    if (burst->first_frame < 0 || burst->frame_count < 0 || burst->first_frame > play->frame_count ||
        burst->frame_count > play->frame_count - burst->first_frame)
        return "a burst of the recorded call has frames that are not there";
    return NULL;
}

const char *fl_play_wrong(const struct fl_play *play)
{
    for (int32_t i = 0; i < play->burst_count; i++) {
        const char *wrong = burst_wrong(play, &play->bursts[i]);
        if (wrong) return wrong;
    }
    for (int32_t i = 0; i < play->frame_count; i++) {
        const struct fl_play_frame *frame = &play->frames[i];
        if (frame->offset < 0 || frame->length < 0 || frame->length > FRAME_MOST ||
            frame->offset > play->octet_count || frame->length > play->octet_count - frame->offset)
            return "a frame of the recorded call is not there, or too long";
    }
    return NULL;
}

void fl_player_start(struct fl_player *player, const struct fl_play *play, struct fl_line *line,
                     struct fl_pen pen, fl_time since)
{
    *player = (struct fl_player){
        .play = play,
        .line = line,
        .pen = pen,
        .phase = FL_PLAYER_WAITS,
        .since = since,
        .random = 1,
    };
}

void fl_player_stop(struct fl_player *player)
{
    player->phase = FL_PLAYER_OFF;
}

static const struct fl_play_burst *next_burst(const struct fl_player *player)
{
    return player->next < player->play->burst_count ? &player->play->bursts[player->next] : NULL;
}

/* ---- hearing ---- */

static void hear(struct fl_player *player, const struct fl_line_event *event)
{
    const struct fl_play_burst *burst = next_burst(player);
    if (event->echo) return;
    if (event->kind == FL_HEARD_FRAME && event->length >= 2) {
        bool good = fl_fcs_update(FL_FCS_INIT, event->octets, event->length) == FL_FCS_GOOD;
        fl_trace_put(&player->pen, event->end, good ? FL_TRACE_FRAME_RECEIVED : FL_TRACE_FRAME_BAD,
                     event->octets, event->length - 2u);
    }
    if (event->kind != FL_HEARD_SIGNAL) return;
    bool on = event->signal == FL_SIGNAL_V21 || event->signal == FL_SIGNAL_FAST;
    if (player->ours_on && !on) {
        player->heard++;
        /* Of more than were recorded the gap counts from the last that was. */
        if (burst && player->heard <= burst->heard) player->since = event->end;
    }
    player->ours_on = on;
}

static bool listen(struct fl_player *player, fl_time now)
{
    const struct fl_line_event *event = fl_line_peek(player->line, 1);
    if (!event || event->end > now) return false;
    hear(player, event);
    fl_line_take(player->line, 1);
    return true;
}

/* ---- speaking ---- */

static uint16_t with_fcs(const struct fl_play *play, const struct fl_play_frame *frame, uint8_t *out)
{
    memcpy(out, play->octets + frame->offset, (size_t)frame->length);
    uint16_t fcs = (uint16_t)~fl_fcs_update(FL_FCS_INIT, out, (size_t)frame->length);
    if (frame->bad) fcs ^= 1;
    out[frame->length] = (uint8_t)fcs;
    out[frame->length + 1] = (uint8_t)(fcs >> 8);
    return (uint16_t)(frame->length + 2);
}

static void say_frames(struct fl_player *player, const struct fl_play_burst *burst, fl_time now)
{
    const struct fl_play_frame *frames = &player->play->frames[burst->first_frame];
    uint8_t octets[FL_LINE_FRAME];
    fl_time said = 0;
    for (int32_t i = 0; i < burst->frame_count; i++) {
        uint16_t length = with_fcs(player->play, &frames[i], octets);
        said += (fl_time)fl_line_frame_bits(octets, length) * 1000000 / 300;
    }
    fl_time preamble = burst->length_us - said;
    if (preamble < PREAMBLE_LEAST) preamble = PREAMBLE_LEAST;
    fl_line_signal(player->line, 1, FL_SIGNAL_V21, 3, now);
    player->until = now + preamble;
    for (int32_t i = 0; i < burst->frame_count; i++) {
        uint16_t length = with_fcs(player->play, &frames[i], octets);
        fl_trace_put(&player->pen, player->until, FL_TRACE_FRAME_SENT, octets, length - 2u);
        player->until = fl_line_frame(player->line, 1, octets, length, player->until);
    }
}

static void begin(struct fl_player *player, const struct fl_play_burst *burst, fl_time now)
{
    player->phase = FL_PLAYER_SPEAKS;
    player->until = now + burst->length_us;
    if (burst->signal == FL_PLAY_DROP) {
        fl_trace_text(&player->pen, now, FL_TRACE_NOTE, "the far end drops the call, as recorded");
        player->gone = true;
        player->phase = FL_PLAYER_OFF;
    } else if (burst->signal == FL_PLAY_CED || burst->signal == FL_PLAY_CNG) {
        fl_line_signal(player->line, 1, burst->signal == FL_PLAY_CED ? FL_SIGNAL_CED : FL_SIGNAL_CNG, 0, now);
    } else if (burst->signal == FL_PLAY_V21) {
        say_frames(player, burst, now);
    } else {
        fl_line_signal(player->line, 1, FL_SIGNAL_FAST, burst->signal, now);
        player->left = burst->octets;
        player->phase = FL_PLAYER_SENDS;
        player->until = now;
    }
}

static void send_chunk(struct fl_player *player, const struct fl_play_burst *burst)
{
    uint8_t octets[FL_LINE_CHUNK];
    size_t length = player->left < FL_LINE_CHUNK ? (size_t)player->left : FL_LINE_CHUNK;
    if (burst->noise)
        for (size_t i = 0; i < length; i++) octets[i] = (uint8_t)fl_random(&player->random);
    player->until = fl_line_data(player->line, 1, burst->noise ? octets : NULL, length);
    player->left -= (int32_t)length;
    if (player->left == 0) player->phase = FL_PLAYER_SPEAKS;
}

static void finish(struct fl_player *player)
{
    fl_line_signal(player->line, 1, FL_SIGNAL_SILENCE, 0, player->until);
    player->since = player->until;
    player->heard = 0;
    player->next++;
    player->phase = FL_PLAYER_WAITS;
}

/* When the next burst is due; FL_NEVER while it waits for ours. */
static fl_time due(const struct fl_player *player, fl_time now)
{
    const struct fl_play_burst *burst = next_burst(player);
    if (!burst || player->heard < burst->heard) return FL_NEVER;
    fl_time at = player->since + burst->after_us;
    if (burst->signal == FL_PLAY_DROP) return at;
    if (player->ours_on) return FL_NEVER;
    return at > now ? at : now;
}

fl_time fl_player_deadline(const struct fl_player *player, fl_time now)
{
    if (player->phase == FL_PLAYER_OFF) return FL_NEVER;
    const struct fl_line_event *event = fl_line_peek(player->line, 1);
    fl_time deadline = player->phase == FL_PLAYER_WAITS ? due(player, now) : player->until;
    return event ? fl_earlier(deadline, event->end) : deadline;
}

bool fl_player_step(struct fl_player *player, fl_time now)
{
    if (player->phase == FL_PLAYER_OFF) return false;
    if (listen(player, now)) return true;
    if (player->phase == FL_PLAYER_WAITS) {
        if (due(player, now) > now) return false;
        begin(player, next_burst(player), now);
        return true;
    }
    if (player->until > now) return false;
    if (player->phase == FL_PLAYER_SENDS && player->left > 0)
        send_chunk(player, next_burst(player));
    else
        finish(player);
    return true;
}
