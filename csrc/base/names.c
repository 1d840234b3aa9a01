/* The names that the boundary gives out for its numbers: call states, causes, raw causes, trace kinds. */
#include "base/base.h"
#include "base/boundary.h"
#include "base/raw_causes.h"
#include "base/trace.h"

static const char *const CALL_STATES[FL_CALL_STATES] = {
    "WAITING",       "CALL_INCOMING", "RING_INCOMING", "ANSWERING", "ANSWERED",
    "CALL_OUTGOING", "RING_OUTGOING", "HOLDING",       "ON_HOLD",   "TRANSFERRING",
    "TRANSFERRED",   "RECONNECTING",  "ERROR",         "IDLE",
};

static const char *const CALL_CAUSES[FL_CALL_CAUSES] = {
    "TIMEOUT",    "ERROR",  "NORMAL",   "BUSY",       "NOANSWER",   "UNOBTAINABLE", "CHANGED",
    "OUTOFORDER", "BARRED", "REJECTED", "NOCHANNELS", "CONGESTION", "FAILED",       "OTHER",
};

static const char *const FAX_CAUSES[FL_FAX_CAUSES] = {
    "NONE",
    "NORMAL",
    "ERROR",
    "ABORTED",
    "HANGUP",
    "TIMEOUT",
    "NOTFAX",
    "UNKNOWN_OPTION",
    "UNKNOWN_VALUE",
    "INCONSISTENT_OPTIONS",
    "STANDARDMISMATCH",
    "COMMSFAULT",
    "PAGEQUALITY",
};

static const char *const TRACE_KINDS[FL_TRACE_KINDS] = {
    "note",  "at-sent",   "at-received",   "frame-sent", "frame-received", "frame-bad", "state",
    "timer", "data-sent", "data-received", "signal",     "violation",      "fault",
};

static const struct {
    const char *code, *text;
    int32_t cause;
} RAW_CAUSES[FL_RAW_COUNT] = {
#define FL_RAW_ROW(name, code, cause, text) {code, text, FL_FAX_##cause},
    FL_RAW_CAUSES(FL_RAW_ROW)
#undef FL_RAW_ROW
};

#define FL_NAME_OF(table, index) ((index) >= 0 && (size_t)(index) < FL_COUNT(table) ? (table)[index] : "")

const char *fl_call_state_name(int32_t state)
{
    return FL_NAME_OF(CALL_STATES, state);
}

const char *fl_call_cause_name(int32_t cause)
{
    return FL_NAME_OF(CALL_CAUSES, cause);
}

const char *fl_fax_cause_name(int32_t cause)
{
    return FL_NAME_OF(FAX_CAUSES, cause);
}

const char *fl_trace_kind_name(int32_t kind)
{
    return FL_NAME_OF(TRACE_KINDS, kind);
}

int32_t fl_raw_count(void)
{
    return FL_RAW_COUNT;
}

const char *fl_raw_code(int32_t raw)
{
    return raw >= 0 && raw < FL_RAW_COUNT ? RAW_CAUSES[raw].code : "";
}

const char *fl_raw_text(int32_t raw)
{
    return raw >= 0 && raw < FL_RAW_COUNT ? RAW_CAUSES[raw].text : "";
}

int32_t fl_raw_cause(int32_t raw)
{
    return raw >= 0 && raw < FL_RAW_COUNT ? RAW_CAUSES[raw].cause : FL_FAX_ERROR;
}
