"""What the engine calls T.30's control frames, and what they say."""

from faxline._engine.binding import ffi, lib, text_of


def frame_name(frame: bytes) -> str:
    """Name of a T.30 control frame ("DCS"), "?" when it has none. frame: from the address octet on, without
    FCS."""
    return text_of(lib.fl_frame_name(frame, len(frame)))


def frame_text(frame: bytes) -> str:
    """Meaning of a T.30 control frame in words, '' when its name says it all."""
    out = ffi.new("char[]", 1024)
    lib.fl_frame_text(frame, len(frame), out, len(out))
    return text_of(out)
