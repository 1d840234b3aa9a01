"""The mutants of tests/mutations.py: those with a name, which must be noticed, and all that patterns find in
the code of csrc/t30.
"""

import re
from dataclasses import dataclass
from pathlib import Path

CSRC = Path(__file__).resolve().parent.parent / "csrc"


@dataclass(frozen=True)
class Mutation:
    name: str
    file: str
    """Below csrc/."""
    old: str
    new: str
    line: int = 0
    """Where old is to be found: 0, it occurs once in the file."""


# ---- named: what must be caught ----

NAMED = [
    Mutation(name, f"t30/{file}", old, new)
    for name, file, old, new in [
        # transitions
        ("transition: no DCS after DIS", "states.h", "N(B_SEND_DCS) | N(B_SEND_DTC))  ", "N(B_SEND_DTC))  "),
        (
            "transition: no new DCS after FTT or silence",
            "states.h",
            "N(B_SEND_DCS) | N(C_SEND_PAGE) | N(C_AWAIT_PAGE))",
            "N(C_SEND_PAGE) | N(C_AWAIT_PAGE))",
        ),
        (
            "transition: no CTC after the fourth PPR",
            "states.h",
            "N(D_SEND_RR) | N(D_SEND_CTC) |",
            "N(D_SEND_RR) |",
        ),
        ("transition: no RR after RNR", "states.h", "N(D_SEND_RR) | N(D_SEND_CTC) |", "N(D_SEND_CTC) |"),
        (
            "transition: DIS is not repeated",
            "states.h",
            "N(B_SEND_DTC) | N(B_SEND_DIS) | N(B_RECEIVE_TCF)",
            "N(B_SEND_DTC) | N(B_RECEIVE_TCF)",
        ),
        (
            "transition: no DIS after EOM",
            "states.h",
            "N(B_SEND_DIS) | N(B_AWAIT_DIS) | N(D_STORE_PAGE)",
            "N(B_AWAIT_DIS) | N(D_STORE_PAGE)",
        ),
        (
            "transition: a command whose answer was missed is not answered again",
            "states.h",
            'STATE(E_AWAIT_DCN, "5.3.6.1.8", CALLED, "E", FL_T2, N(D_SEND_RESPONSE))',
            'STATE(E_AWAIT_DCN, "5.3.6.1.8", CALLED, "E", FL_T2, 0)',
        ),
        # timers
        (
            "timer: T1 is 30 s",
            "states.c",
            '[FL_T1] = {"T1", "5.4.3.1", 35000, 5000, 40000}',
            '[FL_T1] = {"T1", "5.4.3.1", 35000, 5000, 30000}',
        ),
        (
            "timer: T2 is 5.9 s",
            "states.c",
            '[FL_T2] = {"T2", "5.4.3.1", 6000, 1000, 7250}',
            '[FL_T2] = {"T2", "5.4.3.1", 6000, 1000, 5900}',
        ),
        (
            "timer: T2 runs on behind a damaged command",
            "called.c",
            "if (e->timer[timer] < e->now + wait) fl_t30_timer_start(e, timer, wait);",
            "(void)timer, (void)wait;",
        ),
        (
            "timer: T4 is 5 s",
            "states.c",
            '[FL_T4] = {"T4", "5.4.3.1", 3000, 450, 3300}',
            '[FL_T4] = {"T4", "5.4.3.1", 3000, 450, 5000}',
        ),
        (
            "timer: T5 is 90 s",
            "states.c",
            '[FL_T5] = {"T5", "A.4.1", 60000, 5000, 65000}',
            '[FL_T5] = {"T5", "A.4.1", 60000, 5000, 90000}',
        ),
        ("timer: T5 is never started", "caller.c", "        fl_t30_timer_wait(e, FL_T5);\n", ""),
        (
            "timer: T4 goes on while a frame comes in",
            "engine.c",
            "            fl_t30_timer_stop(e, (enum fl_t30_timer)timer);\n",
            "",
        ),
        (
            "timer: no limit to a carrier without a frame",
            "engine.c",
            "        fl_t30_timer_start(e, FL_X1, FL_T30_CARRIER_LIMIT);\n",
            "",
        ),
        (
            "timer: no silence before DCN",
            "engine.c",
            "fl_t30_quiet(e, e->parting_gap_ms);",
            "fl_t30_quiet(e, 1);",
        ),
        (
            "timer: a silence that never comes is waited for",
            "quiet.c",
            "    go_on(e, WAITING, FL_MS(duration_ms) + patience(e));",
            "    go_on(e, WAITING, 0);",
        ),
        (
            "timer: DCN does not wait until TCF is over where silence does not come",
            "quiet.c",
            "#define PARTING_PATIENCE FL_SEC(10)",
            "#define PARTING_PATIENCE FL_SEC(1)",
        ),
        # limits
        ("limit: four tries for a command", "states.h", "#define FL_T30_TRIES 3", "#define FL_T30_TRIES 4"),
        (
            "limit: CRP to DCS without end",
            "caller.c",
            "once_more(e, FL_STATE_B_SEND_DCS, FL_RAW_B_CRP);",
            "fl_t30_go(e, FL_STATE_B_SEND_DCS);",
        ),
        (
            "limit: CRP without end",
            "caller.c",
            "case FL_CRP: once_more(e, command_at_work(e), FL_RAW_D_CRP);",
            "case FL_CRP: fl_t30_go(e, command_at_work(e));",
        ),
        (
            "limit: CRP to CTC without end",
            "caller.c",
            "once_more(e, FL_STATE_D_SEND_CTC, FL_RAW_D_CRP);",
            "fl_t30_go(e, FL_STATE_D_SEND_CTC);",
        ),
        (
            "limit: DIS for CFR without end",
            "caller.c",
            "if (++e->tries >= FL_T30_TRIES)\n            fl",
            "if (0)\n            fl",
        ),
        (
            "limit: a page of endless exchanges",
            "engine.c",
            "        fl_t30_give_up(e, FL_RAW_D_PAGE_LIMIT, true);\n",
            "        (void)0;\n",
        ),
        (
            "limit: a repetition of MPS may come at any time",
            "called.c",
            "bool soon = e->now - e->commanded <= REPEAT_WINDOW && !e->carrier_since;",
            "bool soon = !e->carrier_since;",
        ),
        (
            "limit: a line of a page may take 6 s",
            "called.c",
            "if (e->line_octets > e->session.rate_bps * 5u / 8u)",
            "if (e->line_octets > e->session.rate_bps * 6u / 8u)",
        ),
        ("limit: PPR without end", "called.c", "#define PPRS_IDLE_MAX 12", "#define PPRS_IDLE_MAX 255"),
        ("limit: CTC after the fifth PPR", "caller.c", "#define PPRS_MAX 4", "#define PPRS_MAX 5"),
        (
            "limit: a page is sent again once only",
            "caller.c",
            "#define RESENDS_MAX 2",
            "#define RESENDS_MAX 1",
        ),
        # checks
        (
            "check: a frame with a wrong FCS counts",
            "engine.c",
            "i->good && i->length >= 3 ? FL_H_FRAME",
            "i->length >= 3 ? FL_H_FRAME",
        ),
        (
            "check: a DIS that cannot receive is sent to",
            "caller.c",
            "} else if (!e->far.can_receive) {",
            "} else if (0) {",
        ),
        (
            "check: a failed training is accepted",
            "called.c",
            "return e->tcf_best >= e->session.rate_bps / 8u && e->tcf_nonzero * 10 <= e->tcf_octets;",
            "return true;",
        ),
        (
            "check: TCF may be half wrong",
            "called.c",
            "e->tcf_nonzero * 10 <= e->tcf_octets",
            "e->tcf_nonzero * 2 <= e->tcf_octets",
        ),
        (
            "pages: one goes out before it is known what comes behind it",
            "caller.c",
            "outbox->ready(outbox->ctx, e->page) ? FL_STATE_C_SEND_PAGE : FL_STATE_C_AWAIT_PAGE",
            "FL_STATE_C_SEND_PAGE",
        ),
        (
            "pages: the next one is waited for without end",
            "caller.c",
            "if (h->kind == FL_H_TIMER) fl_t30_give_up(e, FL_RAW_DOCUMENT_LATE, true);",
            "",
        ),
        (
            "check: 15.1 % of bad lines are good enough",
            "called.c",
            "bad * 100 > rows * 15)",
            "bad * 100 > rows * 20)",
        ),
        (
            "check: a burst over many lines is one damaged line",
            "called.c",
            "uint64_t bad = (uint64_t)quality.bad_rows + quality.lost_rows;",
            "uint64_t bad = quality.bad_rows;",
        ),
        (
            "check: a page of which nothing can be read is confirmed",
            "called.c",
            "if (rows == 0 || lost ||",
            "if (lost ||",
        ),
        (
            "check: a block with frames missing is confirmed",
            "called.c",
            "if (missing == 0) return block_complete(e);",
            "return block_complete(e);",
        ),
        (
            "check: a block that is no page is confirmed",
            "called.c",
            "uint8_t verdict = judge_page(e, false);",
            "uint8_t verdict = FL_MCF;",
        ),
        (
            "check: a page that stops within a line is confirmed",
            "called.c",
            "bool lost = quality.cut || end_lost;",
            "bool lost = end_lost;",
        ),
        (
            "check: damaged lines of an error-correcting page are RTP",
            "called.c",
            "else if (!e->session.ecm && bad * 100",
            "else if (bad * 100",
        ),
        (
            "check: frames beyond the number in PPS are dropped",
            "ecm.c",
            "    while (ecm->frames < FL_ECM_FRAMES && bit(ecm->wanted, ecm->frames)) ecm->frames++;\n",
            "",
        ),
        (
            "check: a late frame replaces a good one",
            "ecm.c",
            "    if (bit(ecm->wanted, number)) return;",
            "    if (0) return;",
        ),
        (
            "check: a frame of the wrong size is taken",
            "ecm.c",
            "    if (octets != ecm->frame_octets) return;\n",
            "",
        ),
        (
            "check: a page is confirmed before it is stored",
            "called.c",
            "    e->storing = kept == FL_KEEPING;\n",
            "    e->storing = false;\n",
        ),
        (
            "check: a page that cannot be stored is confirmed",
            "called.c",
            "if (kept == FL_NOT_KEPT)",
            "if (0)",
        ),
        (
            "check: the same PPS again is a new block",
            "called.c",
            "if (e->ecm.fresh == 0) return true;",
            "if (e->ecm.fresh == 0) return false;",
        ),
        (
            "check: the same block again with its burst is a new one",
            "called.c",
            "return fl_ecm_missing(&e->ecm, frames) == 0 && fl_ecm_digest(&e->ecm) == e->confirmed_digest;",
            "return false;",
        ),
        (
            "check: another block with the same numbers is the one before",
            "called.c",
            "fl_ecm_digest(&e->ecm) == e->confirmed_digest;",
            "true;",
        ),
        (
            "check: a DCS with what was not offered is taken",
            "dis.c",
            'if (mr && !offered->mr) return "DCS with MR, which was not offered";',
            "",
        ),
        (
            "check: MMR without ECM is taken",
            "dis.c",
            "if (mmr && (!session->ecm || !offered->mmr))",
            "if (mmr && !offered->mmr)",
        ),
        (
            "check: nobody listens before speaking where silence does not come",
            "quiet.c",
            "        go_on(e, LISTENING, FL_MS(FL_T30_TIMERS[FL_X4].wait_ms));",
            "        go_on(e, LISTENING, 1);",
        ),
        (
            "check: a modem that stopped answering is the far end's silence",
            "engine.c",
            "e->next != FL_STATE_NONE && e->timed_out) e->raw = raw;",
            "0) e->raw = raw;",
        ),
        # what is done
        (
            "action: RTN is taken for MCF",
            "caller.c",
            "    case FL_RTN:\n    case FL_PIN: page_rejected(e, false); break;",
            "    case FL_RTN: confirmed(e, false); break;\n    case FL_PIN: page_rejected(e, false); break;",
        ),
        (
            "action: PIP is taken for PIN",
            "caller.c",
            "    case FL_PIP: confirmed(e, false); break;",
            "    case FL_PIP: page_rejected(e, false); break;",
        ),
        (
            "action: no training after RTP",
            "caller.c",
            "case FL_RTP: confirmed(e, true); break;",
            "case FL_RTP: confirmed(e, false); break;",
        ),
        (
            "action: the rate stays after FTT",
            "caller.c",
            "    e->rate = lower;\n    fl_t30_go(e, FL_STATE_B_SEND_DCS);\n}",
            "    fl_t30_go(e, FL_STATE_B_SEND_DCS);\n}",
        ),
        (
            "action: the rate stays after RTN",
            "caller.c",
            "    go_lower(e);\n    if (eom",
            "    if (eom",
        ),
        (
            "action: the same rate in another modulation after RTN",
            "caller.c",
            "    while (lower && lower->rate_bps == e->rate->rate_bps)",
            "    while (0)",
        ),
        (
            "action: the rate stays after RTP",
            "caller.c",
            "    if (retrain && e->command != FL_EOM) go_lower(e);",
            "    ;",
        ),
        (
            "action: the rate drops after RTP to EOM",
            "caller.c",
            "    if (retrain && e->command != FL_EOM) go_lower(e);",
            "    if (retrain) go_lower(e);",
        ),
        (
            "action: a silent far end gets a slower DCS",
            "caller.c",
            "    e->unanswered = e->state;\n",
            "    e->unanswered = e->state;\n"
            "    if (e->tries == 1 && fl_rate_lower(&e->limits, e->rate))\n"
            "        e->rate = fl_rate_lower(&e->limits, e->rate);\n",
        ),
        (
            "action: an answer that begins when T4 is over is not heard",
            "caller.c",
            "    e->unanswered = e->state;\n",
            "",
        ),
        (
            "action: who leaves while the last answer goes out again ends the fax badly",
            "engine.c",
            "e->next == FL_STATE_E_ENDED || repeats_last_answer(e);",
            "e->next == FL_STATE_E_ENDED;",
        ),
        (
            "action: flags behind the last answer are passed over",
            "called.c",
            "    if ((no_frame || nobody) && e->blanks < BLANKS_MAX) {",
            "    if (nobody && e->blanks < BLANKS_MAX) {",
        ),
        (
            "limit: flags bring the last answer again without end",
            "called.c",
            "#define BLANKS_MAX 2",
            "#define BLANKS_MAX 9",
        ),
        (
            "action: a second answer to one command confirms the next page",
            "caller.c",
            "    if (stale(e)) {",
            "    if (stale(e) && false) {",
        ),
        (
            "action: a PPR that names nothing confirms",
            "caller.c",
            "    if (e->pprs >= PPRS_MAX) {\n        continue_to_correct(e);",
            "    if (named == 0) {\n        confirmed(e, false);\n"
            "    } else if (e->pprs >= PPRS_MAX) {\n        continue_to_correct(e);",
        ),
        (
            "action: a PPR that names nothing wants nothing",
            "ecm.c",
            "    for (unsigned i = 0; wanted == 0 && i < ecm->frames; i++) set_bit(ecm->wanted, i);\n",
            "",
        ),
        (
            "action: the rate stays where three bursts in a row brought nothing",
            "caller.c",
            "if (e->pprs++ == 0) e->missing_before = fl_min_u32(e->missing_before, e->missing);",
            "e->pprs++;",
        ),
        (
            "action: no DIS is waited for behind RTN to EOM",
            "caller.c",
            "    if (eom && !identified)",
            "    if (0 && eom && !identified)",
        ),
        (
            "action: short training after CTC",
            "caller.c",
            "        e->trained = false; /* the next burst trains long, and there is no TCF */\n",
            "",
        ),
        ("action: all frames again after PPR", "ecm.c", "        if (!bit(fif, i)) continue;\n", ""),
        ("action: two RCP behind the frames", "ecm.c", "#define RCPS    3", "#define RCPS    2"),
        ("action: bit X is not set", "identify.c", "    if (h->fcf == FL_DIS) e->bit_x = true;\n", ""),
        # polling, several documents
        (
            "polling: who has nothing does not answer a poll",
            "called.c",
            "    else if (identifying(e) && fl_t30_polled(e, h))\n        return;\n",
            "",
        ),
        (
            "polling: a DIS in place of DTC is no poll",
            "polling.c",
            "!fl_t30_take_identification(e, h)) return false;",
            "!fl_t30_take_identification(e, h) || h->fcf == FL_DIS)\n        return false;",
        ),
        ("polling: our own DIS that comes back is one", "polling.c", "is_echo(e, h) || ", ""),
        (
            "polling: DTC between EOM and DIS is not heard",
            "called.c",
            "    if (!fl_t30_polled(e, h)) take_command(e, h);\n",
            "    take_command(e, h);\n",
        ),
        (
            "polling: nobody hears who sends between EOM and DIS",
            "called.c",
            "    fl_t30_hear_words(e, h, FL_FROM_SENDER);\n    if (!fl_t30_polled",
            "    if (!fl_t30_polled",
        ),
        (
            "polling: a document that is sent is still there",
            "polling.c",
            "e->page < outbox->count(outbox->ctx)",
            "e->page <= outbox->count(outbox->ctx)",
        ),
        (
            "polling: EOP though we poll then",
            "caller.c",
            "e->far.can_send ? FL_EOM : FL_EOP;",
            "e->far.can_send ? FL_EOP : FL_EOP;",
        ),
        (
            "polling: EOM though nothing is offered",
            "caller.c",
            "e->config.both && e->far.can_send ? FL_EOM",
            "e->config.both ? FL_EOM",
        ),
        (
            "polling: DTC behind EOM is not repeated",
            "caller.c",
            "e->far_known = e->negotiated = false;",
            "e->far_known = false;",
        ),
        (
            "polling: what was received counts for nothing where a poll is in vain",
            "polling.c",
            "fl_t30_all_kept(e) ? FL_RAW_NONE : FL_RAW_B_POLLED",
            "FL_RAW_B_POLLED",
        ),
        (
            "polling: half a document is enough",
            "called.c",
            "e->page > 0 && fl_t30_has_document(e) ? FL_RAW_B_NOT_POLLED : FL_RAW_NONE",
            "FL_RAW_NONE",
        ),
        (
            "polling: the words of a poll are not looked at",
            "polling.c",
            "    return sep && password;",
            "    return sep || password;",
        ),
        ("documents: no EOM before another one", "caller.c", "    if (shape.separate) return FL_EOM;\n", ""),
        (
            "documents: EOM parts none of those that come",
            "called.c",
            "    if (!e->page_seen && e->document_over) e->document++;\n",
            "",
        ),
        (
            "polling: what was rejected last counts as received",
            "polling.c",
            "e->received > 0 && (e->response == FL_MCF || e->response == FL_RTP)",
            "e->received > 0",
        ),
        (
            "polling: the bound on what is received holds for what is sent then",
            "polling.c",
            "    fl_t30_timer_stop(e, FL_X5); /* of what was received before */\n",
            "",
        ),
        (
            "documents: a rejected page ends one",
            "called.c",
            "    e->response = response;\n        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);\n        return;\n",
            "    e->response = response;\n        e->document_over = e->command == FL_EOM;\n"
            "        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);\n        return;\n",
        ),
    ]
]

# Mutants that change nothing which anybody could notice: (file, old line, kind) and why.
EQUIVALENT: dict[tuple[str, str, str], str] = {}


# ---- patterns ----

DECLARATION = re.compile(
    r"^\s*(static|const|struct|enum|union|int|bool|char|unsigned|uint\d+_t|int\d+_t|size_t|fl_time|double|void)\b"
)
SWAPS = {"<=": "<", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "<": "<=", ">": ">="}


def code_of(line: str) -> str:
    """Without its comments."""
    return re.sub(r"/\*.*?(\*/|$)", "", line).rstrip()


def balanced(text: str) -> bool:
    return text.count("(") == text.count(")")


def conditions(code: str) -> list[tuple[str, str]]:
    """An if on one line: never, and always."""
    found = re.match(r"^(\s*(?:\} )?(?:else )?if )(\(.*)$", code)
    if not found:
        return []
    depth = 0
    for at, char in enumerate(found[2]):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            condition, rest = found[2][: at + 1], found[2][at + 1 :]
            return [
                (f"{found[1]}(0 && {condition}){rest}", "never"),
                (f"{found[1]}(1 || {condition}){rest}", "always"),
            ]
    return []


def mutants_of_line(before: str, line: str) -> list[tuple[str, str]]:
    """(new line, kind) for each way to change the line; before is the code line above it."""
    code = code_of(line)
    found: list[tuple[str, str]] = []
    if re.search(
        r"fl_trace_|append\(|printf\(|_text\(|\bname\b", code
    ):  # words for people: tests of Python read them
        return found
    if not code.strip() or code.strip().startswith(("*", "/*", "#include", "//", "STATE(B_AWAIT_DIS ")):
        return found
    define = re.match(r"^(#define \w+\s+)(FL_SEC\(|FL_MS\()?(\d+)(\)?)$", code)
    if define:
        number = int(define[3])
        for changed, kind in (
            (number * 2, "double"),
            (number // 2, "half"),
            (number + 1, "more"),
            (number - 1, "less"),
        ):
            if changed != number and not (define[2] and kind in ("more", "less")):
                found.append((f"{define[1]}{define[2] or ''}{changed}{define[4]}", kind))
        return found
    for state in re.finditer(r"N\((\w+)\)( \| )?", code):
        if "STATE(" in before + code or code.lstrip().startswith("N("):
            changed = f"{code[: state.start()]}N(E_ENDED){state[2] or ''}{code[state.end() :]}"
            found.append((changed, f"no-{state[1]}"))
    timer = re.search(r'STATE\(.*", (FL_\w+)', code)
    if timer:
        found.append((code.replace(timer[1], "FL_X3" if timer[1] != "FL_X3" else "FL_X2"), "no-timer"))
    row = re.match(r'^(\s*\[FL_T\d\] = \{.*", )(\d+)(, \d+\},)$', code)
    if row:
        found += [
            (f"{row[1]}{int(row[2]) * f // 10}{row[3]}", kind) for f, kind in ((6, "shorter"), (16, "longer"))
        ]
    if code.startswith("#") or "STATE(" in code or code.endswith("\\"):
        return found
    if re.match(r"^    \{.*\},$", code):
        return [*found, ("", "no-row")]
    continued = bool(before) and not before.endswith((";", "{", "}", ":", ")", "else", "*/"))
    statement = re.match(r"^\s+[^{}#]*;$", code) and not DECLARATION.match(code) and not continued
    single = statement and not re.match(
        r"^\s*(return|break|continue|goto|case|default|if|else|for|while)\b", code
    )
    if single and balanced(code):
        found.append((";", "dropped"))
    label = re.match(r"^\s+(case \w+:)(.*)$", code)
    if label:
        found.append((code.replace(label[1], ""), "no-case") if not label[2].strip() else ("", "no-case"))
    found += conditions(code)
    if re.search(r"\b(if|return|bool|while)\b", code) or continued:
        for operator in re.finditer(r"(?<![-<>=!&|])(<=|>=|==|!=|&&|\|\||<|>)(?![<>=&|])", code):
            if operator[0] in "<>" and code[operator.end()] != " ":
                continue
            swapped = f"{code[: operator.start()]}{SWAPS[operator[0]]}{code[operator.end() :]}"
            found.append((swapped, f"{operator[0]}@{operator.start()}"))
    if re.match(r"^\s+return (true|false);$", code):
        found.append((code.replace("true", "!true").replace("false", "!false"), "other"))
    return found


FILES = [
    "called.c",
    "caller.c",
    "choose.c",
    "dis.c",
    "ecm.c",
    "engine.c",
    "frames.c",
    "identify.c",
    "polling.c",
    "quiet.c",
    "rates.c",
    "states.c",
    "states.h",
]


def all_mutations() -> list[Mutation]:
    found: list[Mutation] = []
    for file in FILES:
        before, comment = "", False
        for number, line in enumerate((CSRC / "t30" / file).read_text().splitlines(), 1):
            if "---- in words ----" in line or "fl_frame_name" in line:
                break
            comment = comment or line.lstrip().startswith("/*")
            if comment:
                comment = "*/" not in line
                continue
            for new, kind in mutants_of_line(before, line):
                found.append(Mutation(f"t30/{file}:{number}:{kind}", f"t30/{file}", line, new, number))
            before = code_of(line) or before
    return found
