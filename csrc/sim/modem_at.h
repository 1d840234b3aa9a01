/* Between the two halves of the simulated modem: modem_at.c reads command lines and writes results, modem.c does what
 * the action commands ask for. Nobody else includes this.
 */
#ifndef FL_SIM_MODEM_AT_H
#define FL_SIM_MODEM_AT_H

#include "sim/modem.h"

enum fl_simresult {
    FL_SIMRESULT_OK,
    FL_SIMRESULT_CONNECT,
    FL_SIMRESULT_RING,
    FL_SIMRESULT_NO_CARRIER,
    FL_SIMRESULT_ERROR,
    FL_SIMRESULT_NO_DIALTONE,
    FL_SIMRESULT_BUSY,
    FL_SIMRESULT_NO_ANSWER,
    FL_SIMRESULT_FCERROR,
    FL_SIMRESULT_FRH,
    FL_SIMRESULTS
};

enum fl_simaction {
    FL_SIMACTION_FTS,
    FL_SIMACTION_FRS,
    FL_SIMACTION_FTM,
    FL_SIMACTION_FRM,
    FL_SIMACTION_FTH,
    FL_SIMACTION_FRH,
    FL_SIMACTIONS
};

/* ---- modem_at.c ---- */

void fl_simmodem_defaults(struct fl_simmodem *modem);
/* One character of a command line; true when the line is complete. */
bool fl_simmodem_type(struct fl_simmodem *modem, uint8_t c);
/* Executes the complete line: settings at once, an action at its end by modem.c; says the result unless an action
 * will. */
void fl_simmodem_execute(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_result(struct fl_simmodem *modem, enum fl_simresult result, fl_time at);
void fl_simmodem_say(struct fl_simmodem *modem, const void *octets, size_t length);

/* ---- modem.c ---- */

/* False: the modem cannot do that now (ERROR). */
bool fl_simmodem_action(struct fl_simmodem *modem, enum fl_simaction action, int value, fl_time at);
bool fl_simmodem_dial(struct fl_simmodem *modem, fl_time duration, fl_time at);
bool fl_simmodem_answer(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_on_hook(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_off_hook(struct fl_simmodem *modem);
bool fl_simmodem_supports(const struct fl_simmodem *modem, int code);

#endif
