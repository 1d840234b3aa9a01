/* The soft modem, see softmodem.h. */
#include "softmodem.h"

#include <stdio.h>
#include <string.h>

/* spandsp asks us to hold when 3072 of its 4096 octets are full: what is written at once must fit into the rest. */
#define ROOM 512

static struct fl_softmodem *of(struct fl_soft_end *end)
{
    return (struct fl_softmodem *)end;
}

/* ---- what T.31 asks of us ---- */

static int to_computer(at_state_t *at, void *user, const uint8_t *octets, size_t length)
{
    struct fl_softmodem *modem = user;
    (void)at;
    modem->said += length;
    for (size_t i = 0; i < length; i++) {
        if (modem->out_count == FL_SOFTMODEM_OUT) {
            modem->lost += length - i;
            break;
        }
        modem->out[(modem->out_head + modem->out_count++) % FL_SOFTMODEM_OUT] = octets[i];
    }
    return 0;
}

static int control(t31_state_t *t31, void *user, int operation, const char *argument)
{
    struct fl_softmodem *modem = user;
    (void)t31;
    switch (operation) {
    case AT_MODEM_CONTROL_CALL:
        snprintf(modem->dialled, sizeof modem->dialled, "%s", argument ? argument : "");
        modem->end.hook = FL_SOFT_DIALLING;
        break;
    case AT_MODEM_CONTROL_ANSWER:
    case AT_MODEM_CONTROL_OFFHOOK: modem->end.hook = FL_SOFT_OFF_HOOK; break;
    case AT_MODEM_CONTROL_HANGUP:
    case AT_MODEM_CONTROL_ONHOOK: modem->end.hook = FL_SOFT_ON_HOOK; break;
    case AT_MODEM_CONTROL_CTS: modem->clear_to_send = argument != NULL; break;
    default: break;
    }
    return 0;
}

/* ---- the line's side ---- */

static void ring(struct fl_soft_end *end)
{
    t31_call_event(of(end)->t31, AT_CALL_EVENT_ALERTING);
}

static void connected(struct fl_soft_end *end, bool calling)
{
    end->hook = FL_SOFT_OFF_HOOK;
    t31_call_event(of(end)->t31, calling ? AT_CALL_EVENT_CONNECTED : AT_CALL_EVENT_ANSWERED);
}

/* T.31 keeps silent about it while it is sending: then we say what a modem says that has lost the line. */
static void released(struct fl_soft_end *end)
{
    static const uint8_t NO_CARRIER[] = "\r\nNO CARRIER\r\n";
    struct fl_softmodem *modem = of(end);
    uint32_t before = modem->out_count;
    end->hook = FL_SOFT_ON_HOOK;
    t31_call_event(modem->t31, AT_CALL_EVENT_HANGUP);
    if (modem->out_count == before) to_computer(NULL, modem, NO_CARRIER, sizeof NO_CARRIER - 1);
    modem->clear_to_send = true;
}

static void send(struct fl_soft_end *end, int16_t *samples, int count)
{
    int sent = t31_tx(of(end)->t31, samples, count);
    if (sent < count) memset(samples + sent, 0, (size_t)(count - sent) * sizeof *samples);
}

static void hear(struct fl_soft_end *end, int16_t *samples, int count)
{
    t31_rx(of(end)->t31, samples, count);
}

static const struct fl_soft_end_ops OPS = {ring, connected, released, send, hear};

void fl_softmodem_busy(struct fl_softmodem *modem)
{
    modem->end.hook = FL_SOFT_ON_HOOK;
    t31_call_event(modem->t31, AT_CALL_EVENT_BUSY);
}

/* ---- the computer's side ---- */

static t31_state_t *new_t31(struct fl_softmodem *modem)
{
    t31_state_t *t31 = t31_init(NULL, to_computer, modem, control, modem, NULL, NULL);
    if (t31) span_log_set_level(t31_get_logging_state(t31), SPAN_LOG_NONE);
    return t31;
}

bool fl_softmodem_init(struct fl_softmodem *modem)
{
    memset(modem, 0, sizeof *modem);
    modem->end.ops = &OPS;
    modem->clear_to_send = true;
    modem->t31 = new_t31(modem);
    return modem->t31 != NULL;
}

void fl_softmodem_close(struct fl_softmodem *modem)
{
    if (modem->t31) t31_free(modem->t31);
    modem->t31 = NULL;
}

void fl_softmodem_drop(struct fl_softmodem *modem)
{
    modem->end.hook = FL_SOFT_ON_HOOK;
    t31_call_event(modem->t31, AT_CALL_EVENT_HANGUP);
    modem->clear_to_send = true;
    modem->out_count = 0;
}

size_t fl_softmodem_read(struct fl_softmodem *modem, uint8_t *octets, size_t cap)
{
    size_t count = 0;
    for (; count < cap && modem->out_count > 0; count++) {
        octets[count] = modem->out[modem->out_head];
        modem->out_head = (modem->out_head + 1) % FL_SOFTMODEM_OUT;
        modem->out_count--;
    }
    return count;
}

size_t fl_softmodem_room(const struct fl_softmodem *modem)
{
    return modem->clear_to_send ? ROOM : 0;
}

size_t fl_softmodem_write(struct fl_softmodem *modem, const uint8_t *octets, size_t length)
{
    size_t room = fl_softmodem_room(modem);
    if (length > room) length = room;
    t31_at_rx(modem->t31, (const char *)octets, (int)length);
    return length;
}
