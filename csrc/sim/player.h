/* A far machine that plays what a recorded one did: a list of bursts, each after so many of ours, with the recorded
 * gap and length. It understands nothing. It waits while our carrier is on, so that it never talks over us.
 */
#ifndef FL_SIM_PLAYER_H
#define FL_SIM_PLAYER_H

#include "base/boundary.h"
#include "sim/line.h"

enum fl_player_phase { FL_PLAYER_OFF, FL_PLAYER_WAITS, FL_PLAYER_SPEAKS, FL_PLAYER_SENDS };

struct fl_player {
    const struct fl_play *play;
    struct fl_line *line; /* it is end 1 */
    struct fl_pen pen;
    uint8_t phase; /* enum fl_player_phase */
    bool gone;     /* it dropped the call */
    bool ours_on;  /* our carrier is on, as it hears it */
    int32_t next;  /* burst of the play */
    int32_t heard; /* bursts of ours that ended since its last */
    int32_t left;  /* octets of the fast carrier still to be sent */
    fl_time since; /* the gap before the next burst counts from here */
    fl_time until; /* of what it sends */
    uint64_t random;
};

/* A sentence when the play makes no sense, NULL when it does. */
const char *fl_play_wrong(const struct fl_play *play);
/* The call stands. since: when its first gap began (the dialling). */
void fl_player_start(struct fl_player *player, const struct fl_play *play, struct fl_line *line,
                     struct fl_pen pen, fl_time since);
void fl_player_stop(struct fl_player *player);
fl_time fl_player_deadline(const struct fl_player *player, fl_time now);
/* True when it did something. */
bool fl_player_step(struct fl_player *player, fl_time now);

#endif
