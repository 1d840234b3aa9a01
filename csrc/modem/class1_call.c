/* Dialling and answering. */
#include "modem/class1_phases.h"

#include <stdio.h>
#include <string.h>

/* Digits, * # , W + pass, hyphens and spaces only structure the number; anything else could be a command. */
static bool clean_number(const struct fl_order *order, char *number, size_t size, fl_time *duration)
{
    size_t used = 0, digits = 0;
    if (order->length > 40) return false;
    *duration = 0;
    for (size_t i = 0; i < order->length; i++) {
        char c = (char)order->frame[i];
        if (c == '-' || c == ' ') continue;
        if (c == 'w') c = 'W';
        if (!c || !strchr("0123456789*#,W+", c) || used + 1 >= size) return false;
        if (c >= '0' && c <= '9') digits++;
        *duration += c == 'W' ? FL_SEC(30) : c == ',' ? FL_SEC(3) : FL_MS(300);
        number[used++] = c;
    }
    number[used] = 0;
    return digits > 0;
}

static unsigned answer_timeout_s(const struct fl_class1 *d)
{
    unsigned seconds = d->config.answer_timeout_s ? d->config.answer_timeout_s : 60;
    return seconds < 255 ? seconds : 255;
}

void fl_c1_start_dial(struct fl_class1 *d, fl_time now)
{
    char number[FL_CLASS1_COMMAND - 8];
    fl_time duration;
    if (!clean_number(&d->order, number, sizeof number, &duration)) {
        fl_c1_finish(d, FL_IND_FAILED, now);
        return;
    }
    d->off_hook = false;
    fl_c1_command_number(d, "ATS7=", answer_timeout_s(d), now);
    fl_c1_enter(d, DIAL_SETUP, now);
}

void fl_c1_dial(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    char number[FL_CLASS1_COMMAND - 8], line[FL_CLASS1_COMMAND];
    fl_time duration;
    if (d->stopping || !clean_number(&d->order, number, sizeof number, &duration)) {
        fl_c1_finish(d, FL_IND_FAILED, now);
        return;
    }
    snprintf(line, sizeof line, "%s%s", d->config.pulse ? "ATDP" : "ATDT", number);
    fl_c1_command(d, line, now);
    fl_c1_enter(d, DIALING, now);
    d->dialled_at = now;
    if (d->config.pulse) duration *= 4;
    d->deadline = now + FL_SEC(answer_timeout_s(d) + 10) + duration;
}

/* A call rings just as the number is dialled (glare); later it is what some modems say when the far end rings. */
#define GLARE FL_SEC(1)

void fl_c1_dial_ring(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (now - d->dialled_at < GLARE) fl_c1_tell(d, FL_IND_RING, false, NULL, 0);
}

/* The modem does not keep S7. */
void fl_c1_dial_overdue(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    d->hanging_up = true;
    d->hang_up_by = now + FL_C1_HANG_UP_BOUND;
    fl_c1_begin_abort(d, ending, now);
}

void fl_c1_dial_no_carrier(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_finish(d, d->profile->no_carrier_no_answer ? FL_IND_NO_ANSWER : FL_IND_NOT_FAX, now);
}

void fl_c1_dialed(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->off_hook = true;
    d->busy = false;
    fl_c1_begin_frame(d, now);
    fl_c1_tell(d, FL_IND_CONNECTED, false, NULL, 0);
}

void fl_c1_start_answer(struct fl_class1 *d, fl_time now)
{
    d->off_hook = false;
    fl_c1_command(d, "ATA", now);
    fl_c1_enter(d, ANSWERING, now);
}

void fl_c1_answered(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->off_hook = true;
    d->busy = false;
    d->errors = 0;
    fl_c1_enter(d, CARRIER, now);
    fl_c1_tell(d, FL_IND_CONNECTED, false, NULL, 0);
}
