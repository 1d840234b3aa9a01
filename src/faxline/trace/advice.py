"""What to do about a call or a fax that failed: a sentence for each raw cause and each cause of a call, as
docs/troubleshooting.md prints them and the first line of `faxline trace` ends with them.
"""

from faxline.causes import CallCause, FaxCause

FAX: dict[str, str] = {
    "far.A.no-fax-tone": "dial the number from a telephone and listen: no fax machine answers there, or only "
    "behind a person, a menu or an extension",
    "far.B.silent": "check the number; if a fax machine is known to be there, try again, and look at the "
    "line (faxline trace --ladder shows whether anything was heard)",
    "far.B.no-dis": "try again; if it stays so, the line is too noisy or the far machine too faint: another "
    "line, modem or analogue adapter",
    "far.B.no-dcs": "ask the sender to try again; the caller's machine is on the line, but does not "
    "understand ours, or is not understood",
    "far.B.bad-dcs": "ask the sender to try again with a lower rate or without error correction; its machine "
    "asks for what ours did not offer",
    "far.B.dcn": "ask the far end whether it takes faxes from this number (junk fax filter, out of paper, "
    "SubscriberId wanted)",
    "far.B.cannot-receive": "ask the far end: its machine is out of paper or memory, or for sending only",
    "far.B.nothing-to-poll": "ask the far end to put a document up for polling, or check SelectivePolling",
    "far.B.not-polled": "the caller did not poll: ask for a call that polls, or send the document yourself",
    "far.B.wrong-poll": "agree with the far end on SelectivePolling and Password",
    "far.B.wrong-password": "agree with the far end on the Password",
    "far.B.fields-not-valid": "correct SubAddress, Password or SubscriberId: the far end refused them",
    "far.B.incompatible": "allow more: v17, v29, v27 YES, MinDataRate 2400, MaxDataRate 14400",
    "far.B.training": "try again; then with MaxDataRate 4800 and v17 NO; if it stays so, look at the line "
    "(VoIP codec, echo canceller, level)",
    "far.B.no-response": "try again; then with MaxDataRate 9600 and v17 NO; the far end does not hear us or "
    "gave up",
    "far.B.dis-repeated": "try again; then with a modem or adapter that sends louder: the far end does not "
    "hear our commands",
    "far.B.crp": "try again; the far end does not understand our commands: look at the noise and level of "
    "the line",
    "far.B.t38-only": "send it over a T.38 line or to another number: this one takes no audio fax",
    "far.C.no-page": "ask the sender to try again, with a lower rate: the training got through, the page did "
    "not",
    "far.C.too-long": "ask the sender to send fewer or shorter pages: this one did not end",
    "far.D.no-response": "ask whether the page arrived before you send it again; then try with MaxDataRate "
    "9600",
    "far.D.crp": "ask whether the page arrived before you send it again; then try with MaxDataRate 9600",
    "far.D.no-command": "ask the sender to try again: what came after the page was not understood",
    "far.D.rejected": "try again later, with MaxDataRate 7200, and with ECM YES where the far end can: the "
    "page arrives with too many errors",
    "far.D.ecm-stuck": "try again later on another line, with MaxDataRate 4800: this one loses more than can "
    "be repeated",
    "far.D.given-up": "ask the sender to try again, with a lower rate: it gave a page up",
    "far.D.not-ready": "try again in some minutes: the far machine is busy, or out of paper or memory",
    "far.D.dcn": "send the pages that were not confirmed again; if it stays so, ask the far end (memory, "
    "paper, limit of pages)",
    "far.line-down": "send the pages that were not confirmed again; if the call always ends at the same "
    "second, look at the exchange or gateway",
    "local.session-limit": "send fewer pages in a call, or at a higher rate",
    "local.start": "try again; look whether the machine that runs this is overloaded",
    "local.stop": "nothing is wrong: the application stopped it",
    "local.hangup": "nothing is wrong: the application hung up; if that was not meant, look for its timeout",
    "local.closed": "keep the channel open until wait_until_finished() returns",
    "local.document": "look at the document: the text says which page of which file cannot be read",
    "local.device": "look at the modem: cable, power, dmesg; then open the channel again",
    "local.storage": "look at the place where pages are stored: disk full, permissions; then ask for the fax "
    "again",
    "local.modem": "look at the modem: the last AT command in the trace is the one that it refused",
    "local.state": "wait until the call is ANSWERED before a fax is started",
    "local.internal": "report it, with this trace: it is a fault of faxline",
    "local.options.unknown": "correct the option's name: docs/options.md lists them",
    "local.options.value": "correct the option's value: docs/options.md has what each takes",
    "local.options.inconsistent": "correct the options: docs/options.md says which exclude each other",
}

CALL: dict[CallCause, str] = {
    CallCause.BUSY: "try again in some minutes",
    CallCause.NOANSWER: "check the number, and try again at another hour",
    CallCause.OUTOFORDER: "look at the telephone cable and the exchange: there is no dial tone",
    CallCause.ERROR: "look at the modem: cable, power, dmesg; then open the channel again",
    CallCause.REJECTED: "nothing is wrong: the application rejected the call",
    CallCause.BARRED: "ask the provider: the number is barred for this line",
    CallCause.UNOBTAINABLE: "check the number: the exchange does not know it",
    CallCause.CHANGED: "check the number: it has changed",
    CallCause.CONGESTION: "try again in some minutes: the network is full",
    CallCause.NOCHANNELS: "try again when a line is free",
    CallCause.TIMEOUT: "try again; raise the timeout when the far end is slow to answer",
    CallCause.FAILED: "try again, and look at the line",
}

# For a raw cause that this version does not know: a trace of a newer one.
BY_CAUSE: dict[str, str] = {
    FaxCause.NOTFAX: "check the number",
    FaxCause.COMMSFAULT: "try again, with a lower MaxDataRate, and look at the line",
    FaxCause.PAGEQUALITY: "try again later, with a lower MaxDataRate",
    FaxCause.HANGUP: "send the pages that were not confirmed again",
    FaxCause.TIMEOUT: "try again later",
    FaxCause.STANDARDMISMATCH: "send it over a T.38 line or to another number",
    FaxCause.ERROR: "look at the document and the modem",
}


def for_fax(cause: str, raw_cause: str | None) -> str:
    """What to do, '' when there is nothing to say."""
    return FAX.get(raw_cause or "") or BY_CAUSE.get(cause, "")


def for_call(cause: str) -> str:
    try:
        return CALL.get(CallCause(cause), "")
    except ValueError:
        return ""
