/* The state table and T.30's timers as data, and what the docs draw from them. */
#include "t30/states.h"

#define N(name) (1ull << FL_STATE_##name)
#define FL_STATE_ROW(name, clause, role, phase, timer, next)                                                 \
    {#name,           clause, role, phase, timer, (next) | N(E_SEND_DCN) | N(E_ENDED), fl_t30_enter_##name,  \
     fl_t30_on_##name},
#define CALLER "caller"
#define CALLED "called"
#define BOTH   "both"

const struct fl_t30_state_row FL_T30_TABLE[FL_STATE_COUNT] = {FL_T30_STATES(FL_STATE_ROW)};

const struct fl_t30_timer_row FL_T30_TIMERS[FL_T30_TIMER_COUNT] = {
    [FL_T1] = {"T1", "5.4.3.1", 35000, 5000, 40000},
    /* A modem tells of flags when it has heard a quarter of a second of them. */
    [FL_T2] = {"T2", "5.4.3.1", 6000, 1000, 7250},
    /* Who waits is who speaks next: 3 s on the line. */
    [FL_T4] = {"T4", "5.4.3.1", 3000, 450, 3300},
    [FL_T5] = {"T5", "A.4.1", 60000, 5000, 65000},
    [FL_X1] = {"X1", "5.3.6.1 (3 s a frame, + 15 %)", 3450, 0, 3450},
    [FL_X2] = {"X2", "ours: one state", 30000, 0, 30000},
    [FL_X3] = {"X3", "ours: the session", 0, 0, 0},
    [FL_X4] = {"X4", "ours: no silence, nothing heard", 700, 0, 700},
    [FL_X5] = {"X5", "ours: nothing new", 300000, 0, 300000},
    [FL_X6] = {"X6", "ours: one page, but for sending it", 600000, 0, 600000},
    /* The far end's T2 is 5 s at the least, and a training is 1.4 s. */
    [FL_X7] = {"X7", "ours: the next page is being made", 3500, 0, 3500},
};

int32_t fl_t30_state_count(void)
{
    return FL_STATE_COUNT;
}

static const struct fl_t30_state_row *row(int32_t state)
{
    static const struct fl_t30_state_row none = {"", "", "", "", FL_X2, 0, NULL, NULL};
    return state >= 0 && state < FL_STATE_COUNT ? &FL_T30_TABLE[state] : &none;
}

const char *fl_t30_state_name(int32_t state)
{
    return row(state)->name;
}

const char *fl_t30_state_clause(int32_t state)
{
    return row(state)->clause;
}

const char *fl_t30_state_role(int32_t state)
{
    return row(state)->role;
}

const char *fl_t30_state_phase(int32_t state)
{
    return row(state)->phase;
}

const char *fl_t30_state_timer(int32_t state)
{
    return FL_T30_TIMERS[row(state)->timer].name;
}

int32_t fl_t30_state_next(int32_t state, int32_t other)
{
    return other >= 0 && other < FL_STATE_COUNT && (row(state)->next >> other & 1);
}
