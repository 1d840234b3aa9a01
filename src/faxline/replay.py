"""A recorded call once more: a simulated far machine does what the recorded far end did (trace/play.py), and
today's engine answers it.

What we send is the document of the trace, when that has the pages' images, else one that is given, else blank
pages. What the application did in the middle of the fax (stop, hang up) is not repeated.
"""

import difflib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faxline import sim
from faxline._documents.write import write_tiff
from faxline.channel import CallChannel
from faxline.document import FaxToSend
from faxline.errors import Error
from faxline.options import OPTIONS
from faxline.storage import FaxToReceive
from faxline.trace.images import image_line, page_numbers, page_of
from faxline.trace.lines import Line
from faxline.trace.play import play_of
from faxline.trace.reader import TracedCall, load
from faxline.trace.story import FAR, OURS, Story, pages_of

_PAGES_MAX = 200


@dataclass(frozen=True)
class Replay:
    """A recorded call and what became of it this time."""

    recorded: TracedCall
    replayed: TracedCall
    exact: bool
    """What was sent is known to be the same: frames are compared with their octets, else by name."""

    def lines(self) -> Iterator[str]:
        """For people: both results, and where the exchanges differ."""
        yield f"recorded: {self.recorded.summary()}"
        yield f"replayed: {self.replayed.summary()}"
        before, after = (list(_signals(call.story, self.exact)) for call in (self.recorded, self.replayed))
        if [text for _, text in before] == [text for _, text in after]:
            yield f"the exchange is the same: {len(before)} frames and carriers in the same order"
            return
        yield "the exchanges differ: - recorded only, + replayed only"
        yield from _differences(before, after)


def _signals(story: Story, exact: bool) -> Iterator[tuple[int, str]]:
    for burst in story.bursts:
        who = "us " if burst.station == OURS else "far"
        if burst.kind in ("training", "page"):
            what = "TCF" if burst.training else f"page {burst.page}"
            yield burst.begin_us, f"{who} {what} {burst.signal}"
        for frame in burst.frames:
            if frame.lost and burst.station == FAR:
                continue
            text = f" {frame.text or frame.octets.hex()}" if exact else ""
            wrong = " (FCS wrong)" if frame.heard is False and burst.station == FAR else ""
            yield frame.time_us, f"{who} {frame.name}{text}{wrong}"


def _differences(before: list[tuple[int, str]], after: list[tuple[int, str]]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, [text for _, text in before], [text for _, text in after], False)
    for group in matcher.get_grouped_opcodes(2):
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f"  {time_us / 1e6:10.3f}  {text}" for time_us, text in before[a:b])
            else:
                yield from (f"- {time_us / 1e6:10.3f}  {text}" for time_us, text in before[a:b])
                yield from (f"+ {time_us / 1e6:10.3f}  {text}" for time_us, text in after[c:d])
        yield ""


def replay(call: TracedCall, document: str | os.PathLike[str] | None = None) -> Replay:
    """Plays the far end of a call against today's engine, on a simulated line, in virtual time. document:
    what to send when the trace has no images.

    Raises Error when there is nothing to play or the document cannot be sent.
    """
    play_of(call)
    with tempfile.TemporaryDirectory(prefix="faxline-replay-") as folder:
        recorded, again, fax = (Path(folder) / name for name in ("recorded", "again", "fax.tif"))
        recorded.write_text("".join(json.dumps(line) + "\n" for line in ({"trace": "faxline"}, *call.lines)))
        exact = call.story.incoming
        if not call.story.incoming:
            exact = document is not None or _save_images(call, fax)
            if not exact:
                _save_blank(fax, max([page.number for page in pages_of(call.story, call.lines)] or [1]))
        number = "5550002" if call.story.incoming else ""
        with CallChannel(sim.address(number, replay=recorded, seed=1), trace=again) as channel:
            _run(
                channel, call, Path(document) if document is not None else fax, Path(folder) / "received.tif"
            )
        calls = load(again).calls
    return Replay(call, calls[0], exact)


def _run(channel: CallChannel, call: TracedCall, fax: Path, received: Path) -> None:
    given: dict[str, object] = next((line["options"] for line in call.lines if _has_options(line)), {})
    options = {
        name: value
        for name, value in given.items()
        if name in OPTIONS and name not in ("Password", "HeaderLine") and isinstance(value, str)
    }
    if call.story.incoming:
        if channel.wait_for_call(120) == channel.State.RING_INCOMING and channel.answer() == "ANSWERED":
            channel.FaxReceiver.receive(FaxToReceive(received), options)
    elif channel.call(call.story.number) == channel.State.ANSWERED:
        channel.FaxSender.send(FaxToSend(fax), options)
        if channel.FaxSender.Details.raw_cause in ("local.document", "local.options.value"):
            raise Error(channel.FaxSender.Details.raw_cause_text)
    channel.hang_up()


def _has_options(line: Line) -> bool:
    return line.get("order") == "fax" and isinstance(line.get("options"), dict)


def _save_images(call: TracedCall, path: Path) -> bool:
    """The trace's pages as a TIFF; False when it has none."""
    lines = [image_line(call.lines, number) for number in page_numbers(call.lines)]
    pages = [page for line in lines if line is not None and (page := page_of(line)) is not None]
    if pages:
        write_tiff(pages, path)
    return bool(pages)


def _save_blank(path: Path, pages: int) -> None:
    from PIL import Image

    page = Image.new("1", (1728, 1144), 1)
    more = [page] * (min(pages, _PAGES_MAX) - 1)
    page.save(path, save_all=True, append_images=more, compression="group4", dpi=(204, 98))
