"""Traces: the record of a channel's calls as JSON lines, and everything that can be seen in it.

A file starts with a header object. Then every line is one thing that happened, "t" microseconds after the
channel was opened on the line's clock: a record of the engine ("at": "ours" or "far", "kind", and "text" or
the octets of a "frame" in hexadecimal), an event ("event": ...), an order of the application ("order": ...)
or the image of a page ("page": ...). Each line is written at once, so that a kill loses nothing that was
seen. docs/traces.md has all of it.

writer.py writes, and lines.py says which lines there are. reader.py, call.py with carriers.py, and verdict.py
make sense of them: each call gets a story (story.py) and a verdict. text.py, ladder.py,
picture.py, webpage.py with images.py, export.py and pcap.py show it; play.py makes of a call what a simulated
far machine can play.
"""

from faxline.trace.reader import Trace, TracedCall, load
from faxline.trace.text import render
from faxline.trace.writer import TraceWriter

__all__ = ["Trace", "TraceWriter", "TracedCall", "load", "render"]
