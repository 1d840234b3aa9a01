/* Every way a fax can end other than well, as one list: RAW(name, code, cause, sentence). The code is stable and
 * documented: which side (far, local), which phase of T.30 (A to E), what was seen. docs/causes.md is made from it.
 */
#define FL_RAW_CAUSES(RAW)                                                                                   \
    RAW(NONE, "none", NONE, "nothing went wrong")                                                            \
    /* phase A and B: nobody, or nobody who agrees */                                                        \
    RAW(A_VOICE, "far.A.no-fax-tone", NOTFAX,                                                                \
        "the call was answered, but no fax signal came: a person or another device")                         \
    RAW(B_SILENT, "far.B.silent", NOTFAX, "no V.21 signal was heard until T1 expired")                       \
    RAW(B_NO_DIS, "far.B.no-dis", COMMSFAULT, "fax signals were heard, but no usable DIS until T1 expired")  \
    RAW(B_NO_DCS, "far.B.no-dcs", COMMSFAULT, "fax signals were heard, but no usable DCS until T1 expired")  \
    RAW(B_BAD_DCS, "far.B.bad-dcs", COMMSFAULT, "the far end's DCS asks for what was not offered")           \
    RAW(B_DCN, "far.B.dcn", COMMSFAULT, "the far end sent DCN where DIS, DCS or CFR was due")                \
    RAW(B_CANNOT_RECEIVE, "far.B.cannot-receive", COMMSFAULT,                                                \
        "the far end's DIS says that it cannot receive")                                                     \
    RAW(B_NOTHING_TO_POLL, "far.B.nothing-to-poll", COMMSFAULT, "the far end has no document to be polled")  \
    RAW(B_NOT_POLLED, "far.B.not-polled", COMMSFAULT,                                                        \
        "the far end did not ask for the document, or not for all of it: no usable DTC until T1 expired")    \
    RAW(B_POLLED, "far.B.polled", COMMSFAULT, "the far end asked for a document, and none was offered")      \
    RAW(B_WRONG_POLL, "far.B.wrong-poll", COMMSFAULT,                                                        \
        "the far end polled with another SelectivePolling or Password than ours")                            \
    RAW(B_WRONG_PASSWORD, "far.B.wrong-password", COMMSFAULT,                                                \
        "the far end sent another Password (SID) than ours, or none")                                        \
    RAW(B_FIELDS, "far.B.fields-not-valid", COMMSFAULT,                                                      \
        "the far end refused our SubAddress, Password or SubscriberId (FNV)")                                \
    RAW(B_INCOMPATIBLE, "far.B.incompatible", COMMSFAULT, "no modulation and rate that both ends may use")   \
    RAW(B_TRAINING, "far.B.training", COMMSFAULT, "training failed at every allowed rate")                   \
    RAW(B_NO_RESPONSE, "far.B.no-response", COMMSFAULT,                                                      \
        "DCS and training were sent three times without an answer")                                          \
    RAW(B_DIS_REPEATED, "far.B.dis-repeated", COMMSFAULT,                                                    \
        "the far end answered the third DCS, too, with DIS: it does not hear us")                            \
    RAW(B_CRP, "far.B.crp", COMMSFAULT,                                                                      \
        "the far end answered the third DCS, too, with CRP: it does not understand us")                      \
    RAW(B_T38_ONLY, "far.B.t38-only", STANDARDMISMATCH,                                                      \
        "the far end speaks T.38 only and refused the audio fax")                                            \
    /* phase C and D: pages */                                                                               \
    RAW(C_NO_PAGE, "far.C.no-page", COMMSFAULT, "no page came after CFR")                                    \
    RAW(C_TOO_LONG, "far.C.too-long", COMMSFAULT, "the page was longer than any page may be")                \
    RAW(C_LONG_LINE, "far.C.long-line", COMMSFAULT, "a line of the page took more than 5 s")                 \
    RAW(D_NO_RESPONSE, "far.D.no-response", COMMSFAULT,                                                      \
        "three post-message commands went without an answer")                                                \
    RAW(D_CRP, "far.D.crp", COMMSFAULT,                                                                      \
        "the far end answered the third post-message command, too, with CRP")                                \
    RAW(D_NO_COMMAND, "far.D.no-command", COMMSFAULT, "no post-message command came after the page")         \
    RAW(D_NOTHING_NEW, "far.D.nothing-new", COMMSFAULT,                                                      \
        "the far end went on and on without bringing anything new")                                          \
    RAW(D_REJECTED, "far.D.rejected", PAGEQUALITY,                                                           \
        "the page was rejected (RTN, PIN) and each resend of it too")                                        \
    RAW(D_ECM_STUCK, "far.D.ecm-stuck", PAGEQUALITY,                                                         \
        "error correction got nothing more of the page through, even at the lowest rate")                    \
    RAW(D_GIVEN_UP, "far.D.given-up", PAGEQUALITY,                                                           \
        "the far end gave up a page that error correction could not bring over (EOR)")                       \
    RAW(D_NOT_READY, "far.D.not-ready", TIMEOUT, "the far end answered RNR until T5 expired")                \
    RAW(D_PAGE_LIMIT, "far.D.page-limit", TIMEOUT,                                                           \
        "ten minutes beyond the time of sending the page it was still not confirmed")                        \
    RAW(D_DCN, "far.D.dcn", HANGUP, "the far end sent DCN after the negotiation")                            \
    RAW(LINE_DOWN, "far.line-down", HANGUP, "the far end or the exchange dropped the call")                  \
    /* our side */                                                                                           \
    RAW(SESSION, "local.session-limit", TIMEOUT, "the session took longer than any such fax can take")       \
    RAW(START, "local.start", TIMEOUT, "the fax did not start within 30 s")                                  \
    RAW(STOP, "local.stop", ABORTED, "stop() was called")                                                    \
    RAW(HANG_UP, "local.hangup", HANGUP, "hang_up() was called")                                             \
    RAW(CLOSED, "local.closed", HANGUP, "the channel was closed")                                            \
    RAW(DOCUMENT, "local.document", ERROR, "the document cannot be read or sent")                            \
    RAW(DOCUMENT_LATE, "local.document-late", ERROR,                                                         \
        "the next page was not converted in time: prepare() converts before the call")                       \
    RAW(DEVICE, "local.device", ERROR, "the modem does not answer any more")                                 \
    RAW(STORAGE, "local.storage", ERROR, "a received page could not be stored")                              \
    RAW(MODEM, "local.modem", ERROR, "the modem refused a command that it must know")                        \
    RAW(STATE, "local.state", ERROR, "the fax was started while the line was not ready for it")              \
    RAW(INTERNAL, "local.internal", ERROR,                                                                   \
        "an internal fault: a transition that the state table does not allow")                               \
    RAW(OPTION_UNKNOWN, "local.options.unknown", UNKNOWN_OPTION, "an option has no known name")              \
    RAW(OPTION_VALUE, "local.options.value", UNKNOWN_VALUE, "an option has a value that it cannot take")     \
    RAW(OPTION_INCONSISTENT, "local.options.inconsistent", INCONSISTENT_OPTIONS,                             \
        "the options contradict each other")

#ifndef FL_RAW_CAUSES_ENUM
#define FL_RAW_CAUSES_ENUM
#define FL_RAW_ENUM(name, code, cause, text) FL_RAW_##name,
enum fl_raw_cause { FL_RAW_CAUSES(FL_RAW_ENUM) FL_RAW_COUNT };
#undef FL_RAW_ENUM
#endif
