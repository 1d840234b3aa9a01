"""What --json prints: one JSON object a line, "event" says which. The one table: docs/cli.md is made from
it, and a test holds what the commands print against it."""

_CAUSE = "why, a FaxCause (docs/causes.md)"
_RAW = "the raw cause, or null"
_SETTINGS = {
    "Modem": "'V17' 'V29' 'V27'",
    "DataRate": "bit/s, in digits",
    "HighRes": "'YES' 'NO'",
    "ECM": "'YES' 'NO'",
    "Compression": "'MH' 'MR' 'MMR'",
    "PageWidth": "pixels, in digits",
    "Resolution": "dpi, as '204x196'",
    "MinScanTime": "ms, in digits",
    "SubscriberId": "ours",
    "RemoteSubscriberId": "the far end's, as it sent it",
    "SubAddress": "that came from the far end; it and the next three are absent when they did not come",
    "Password": "'(set)': it is not told",
    "SelectivePolling": "that came from the far end",
    "NonStandardFacilities": "that came from the far end, in hexadecimal",
}

OPTIONAL = {"SubAddress", "Password", "SelectivePolling", "NonStandardFacilities", "cause", "call_cause"}
"""Fields that an event has only where they say something."""

SCHEMA: dict[str, dict[str, dict[str, str]]] = {
    "send": {
        "warning": {"text": "what to know of a page before it is sent, a sentence"},
        "calling": {"number": "the number called", "device": "the device's address"},
        "answered": {},
        "negotiated": {
            **_SETTINGS,
            "pages": "confirmed in earlier calls",
            "total": "pages of the fax",
        },
        "page": {
            "pages": "confirmed so far, in all calls",
            "total": "pages of the fax",
            "document": "to which the last of them belongs, from 1 (--separate)",
        },
        "retry": {
            "attempt": "the number of the call that follows",
            "delay_s": "seconds until then",
            "first_page": "with which it begins",
            "options": "its fax options",
            "reason": "in words",
            "cause": "of the call that failed: a CallCause when it was not answered, else a FaxCause",
            "raw_cause": _RAW,
        },
        "interrupted": {},
        "result": {
            "number": "the number called",
            "exit_status": "the exit status",
            "cause": f"{_CAUSE}; absent when the call was not answered",
            "call_cause": "why the call was not answered, a CallCause; else absent",
            "pages": "confirmed in all calls",
            "documents": "how many of them belong to each document, in order; one number without --separate",
            "received": "pages polled from the far end (--poll)",
            "file": "where those are, or null",
            "raw_cause": _RAW,
            "text": "the raw cause in words",
            "fix": "what to do, as docs/troubleshooting.md has it; '' when there is nothing to say",
            "negotiated": "the settings of the last call, as above; {} when there are none",
            "unconfirmed": "true when one more page was sent, and neither confirmed nor rejected",
            "attempts": "calls",
        },
    },
    "receive": {
        "waiting": {"device": "the device's address"},
        "ringing": {},
        "missed": {},
        "negotiated": _SETTINGS,
        "page": {
            "pages": "stored and confirmed so far",
            "document": "to which the last of them belongs, from 1: its sender parts them",
            "file": "where",
        },
        "interrupted": {},
        "result": {
            "cause": _CAUSE,
            "pages": "stored and confirmed",
            "documents": "how many of them belong to each document, in order",
            "sent": "pages that the caller polled from us (--poll)",
            "file": "where, the first of the files; or null",
            "files": "all of them: more than one with --separate",
            "raw_cause": _RAW,
        },
    },
    "selftest": {
        "check": {
            "name": "what was looked at",
            "outcome": "'PASS' 'FAIL' 'SKIP'",
            "text": "what was found, and what to do",
        },
        "result": {
            "passed": "how many",
            "failed": "how many",
            "skipped": "how many",
            "exit_status": "the exit status",
        },
    },
}
