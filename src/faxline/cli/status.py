"""Exit statuses: the one table."""

from faxline.causes import CallCause, FaxCause

OK = 0
USAGE = 1
INTERRUPTED = 130
TERMINATED = 143

FAX_STATUS: dict[FaxCause, int] = {
    FaxCause.NORMAL: 0,
    FaxCause.ERROR: 2,
    FaxCause.ABORTED: 3,
    FaxCause.HANGUP: 4,
    FaxCause.TIMEOUT: 5,
    FaxCause.NOTFAX: 6,
    FaxCause.UNKNOWN_OPTION: 7,
    FaxCause.UNKNOWN_VALUE: 8,
    FaxCause.INCONSISTENT_OPTIONS: 9,
    FaxCause.STANDARDMISMATCH: 10,
    FaxCause.COMMSFAULT: 11,
    FaxCause.PAGEQUALITY: 12,
    FaxCause.NONE: 13,
}

# The call was not answered. NORMAL: somebody hung up before it was.
CALL_STATUS: dict[CallCause, int] = {
    CallCause.BUSY: 20,
    CallCause.NOANSWER: 21,
    CallCause.OUTOFORDER: 22,
    CallCause.TIMEOUT: 23,
    CallCause.ERROR: 24,
    CallCause.NORMAL: 25,
    CallCause.UNOBTAINABLE: 26,
    CallCause.CHANGED: 27,
    CallCause.BARRED: 28,
    CallCause.REJECTED: 29,
    CallCause.NOCHANNELS: 30,
    CallCause.CONGESTION: 31,
    CallCause.FAILED: 32,
    CallCause.OTHER: 33,
}


def table() -> str:
    """The table for --help (click leaves a paragraph after \\b as it stands)."""
    lines = [
        f"  {FAX_STATUS[FaxCause.NORMAL]:>3}  NORMAL: every page was confirmed",
        f"  {USAGE:>3}  usage or local error",
    ]
    lines += [f"  {number:>3}  fax {cause}" for cause, number in FAX_STATUS.items() if number > 1]
    lines += [f"  {number:>3}  call not answered, {cause}" for cause, number in CALL_STATUS.items()]
    lines += [f"  {INTERRUPTED:>3}  interrupted", f"  {TERMINATED:>3}  terminated"]
    return "Exit status:\n\n\b\n" + "\n".join(lines)
