"""A trace as one HTML file that needs nothing else: no network, no script, no font. What became of each call,
how its time was spent, its pages, its ladder, and all lines of the record.
"""

import base64
from collections.abc import Iterator
from html import escape

from faxline.trace.images import image_line, page_numbers, thumbnail
from faxline.trace.ladder import SPENT_NAMES, seconds_text
from faxline.trace.picture import ladder_svg
from faxline.trace.reader import Trace, TracedCall
from faxline.trace.story import PageStory, Story, pages_of
from faxline.trace.text import call_lines

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --faint: #667382; --paper: #ffffff; --ground: #f3f5f8;
  --edge: #dde3ea; --good: #1c7a45; --bad: #b3261e; --open: #8a5a00;
  --call: #8592a0; --control: #2563a8; --training: #c77700; --silence: #c9d1da;
  --fast1: #1c7a45; --fast2: #4a9b3f; --fast3: #8fae2c; --fast4: #5b8f7f; }
@media (prefers-color-scheme: dark) { :root { --ink: #dde4ec; --faint: #93a0ae; --paper: #14181d;
  --ground: #0d1014;
  --edge: #2a323b; --good: #6fd39a; --bad: #ff8a80; --open: #f5b25a;
  --call: #6d7a88; --control: #6aa9f0; --training: #f0b04c; --silence: #3a444f;
  --fast1: #5cc98b; --fast2: #8ed07a; --fast3: #c9d86a; --fast4: #86bfae; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 28px 0 10px; }
.small { color: var(--faint); font-size: 13px; }
.card { background: var(--paper); border: 1px solid var(--edge); border-radius: 10px; padding: 16px 18px; }
.verdict { border-left: 6px solid var(--open); margin: 14px 0 18px; }
.verdict.good { border-left-color: var(--good); } .verdict.bad { border-left-color: var(--bad); }
.verdict strong { font-size: 17px; } .verdict p { margin: 6px 0 0; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
  gap: 10px 18px; margin: 0; }
.facts dt { color: var(--faint); font-size: 12px; } .facts dd { margin: 0; font-weight: 600;
  overflow-wrap: anywhere; }
.bar { display: flex; height: 26px; border-radius: 6px; overflow: hidden; margin-bottom: 12px; }
.bar span { display: block; min-width: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: 4px 14px 4px 0; font-weight: 400; white-space: nowrap; }
td.number, th.number { text-align: right; } td:last-child { width: 60%; }
th { color: var(--faint); font-size: 12px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px;
  vertical-align: -1px; }
.pages { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 16px; }
.sheet { padding: 12px; } .sheet img, .sheet .blank { display: block; width: 100%; background: #ffffff;
  border: 1px solid var(--edge); }
.blank { aspect-ratio: 210 / 297; display: flex !important; align-items: center; justify-content: center;
  color: #667382; font-size: 13px; text-align: center; padding: 20px; }
.sheet h3 { font-size: 14px; margin: 10px 0 2px; }
.sheet p { margin: 0; font-size: 13px; color: var(--faint); }
.sheet .track { height: 6px; border-radius: 3px; background: var(--edge); margin: 8px 0 4px; }
.sheet .track span { display: block; height: 6px; border-radius: 3px;
  background: var(--fast1); min-width: 2px; }
.fine { color: var(--good); } .poor { color: var(--bad); }
.scroll { overflow-x: auto; padding: 8px; } .scroll svg { display: block; margin: 0 auto; max-width: 100%;
  height: auto; min-width: 760px; }
details { margin-top: 20px; } summary { cursor: pointer; color: var(--faint); }
pre { font: 12px/1.45 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; overflow-x: auto;
  margin: 12px 0 0; }
section + section { margin-top: 48px; }
"""


def webpage(trace: Trace) -> str:
    """The file's text."""
    calls = "\n".join(
        f"<section>\n{_call(trace, call, number)}\n</section>" for number, call in enumerate(trace.calls, 1)
    )
    damaged = (
        f'<p class="small">{trace.damaged} damaged lines of the trace were left out.</p>'
        if trace.damaged
        else ""
    )
    title = trace.calls[0].summary() if len(trace.calls) == 1 else f"{len(trace.calls)} calls"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>faxline: {escape(title[:160])}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + (calls or "<h1>No call</h1>")
        + f'\n{damaged}<p class="small">{escape(trace.device)}, opened {escape(trace.opened)}, '
        f"recorded by faxline {escape(trace.version)}</p>\n</main>\n</body>\n</html>\n"
    )


def _call(trace: Trace, call: TracedCall, number: int) -> str:
    story, verdict = call.story, call.verdict
    subject = (
        f"Call to {story.number[:64]}" if story.number else "Incoming call" if story.incoming else "No call"
    )
    look = "good" if verdict.good else "" if verdict.outcome in ("broken-off", "nothing") else "bad"
    what = {
        "fax": f"Fax {verdict.cause}",
        "refused": f"Fax {verdict.cause}, nothing sent",
        "no-answer": f"Not answered: {verdict.cause}",
        "no-fax": "Answered, no fax",
        "broken-off": "The trace breaks off",
        "nothing": "Nothing happened",
    }[verdict.outcome]
    pages = pages_of(story, call.lines)
    parts = [f"<h1>{escape(subject)}</h1>"]
    if len(trace.calls) > 1:
        parts.append(f'<p class="small">call {number} of {len(trace.calls)}</p>')
    parts.append(
        f'<div class="card verdict {look}"><strong>{escape(what)}</strong>'
        f"<p>{escape(verdict.sentence)}</p></div>"
    )
    parts.append(_facts(call, pages))
    parts.append("<h2>How the line time was spent</h2>")
    parts.append(_spent(story))
    if pages or page_numbers(call.lines):
        parts.append("<h2>Pages</h2>")
        parts.append(_pages(call, pages))
    parts.append("<h2>The call, step by step</h2>")
    parts.append(f'<div class="card scroll">{ladder_svg(story, call.summary())}</div>')
    record = "\n".join(call_lines(trace, call))
    parts.append(f"<details><summary>All lines of the record</summary><pre>{escape(record)}</pre></details>")
    return "\n".join(parts)


def _facts(call: TracedCall, pages: list[PageStory]) -> str:
    verdict, story = call.verdict, call.story
    agreed = call.negotiated
    rows = [
        ("pages confirmed", str(verdict.pages)),
        ("line time", seconds_text(story.end_us - story.begin_us)),
    ]
    if verdict.raw_cause:
        rows.append(("raw cause", verdict.raw_cause))
    if agreed:
        rows += [
            ("modulation", f"V.{agreed['modem']} {agreed['rate_bps']} bit/s"),
            ("coding", f"{agreed['coding'][:8]}, {'ECM' if agreed['ecm'] else 'no ECM'}"),
            ("resolution", f"{agreed['x_dpi']} x {agreed['y_dpi']} dpi"),
            ("far end", agreed["remote_id"][:40] or "(says no name)"),
        ]
    if octets := sum(page.octets for page in pages):
        rows.append(("page data on the line", f"{octets / 1000:.1f} kB"))
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows)
    return f'<dl class="card facts">{facts}</dl>'


def _colours(story: Story) -> dict[str, str]:
    fast = [name for name in story.spent_us if name not in SPENT_NAMES]
    named = {name: f"var(--{name})" for name in SPENT_NAMES}
    return named | {name: f"var(--fast{1 + place % 4})" for place, name in enumerate(fast)}


def _spent(story: Story) -> str:
    spent, colours = story.spent_us, _colours(story)
    whole = max(1, sum(spent.values()))
    bar, rows = [], []
    for name, time_us in spent.items():
        label = SPENT_NAMES.get(name, f"pages at {name} bit/s")
        share = 100 * time_us / whole
        tip = f"{label}: {seconds_text(time_us)}, {share:.1f} %"
        bar.append(
            f'<span style="width:{share:.3f}%;background:{colours[name]}" title="{escape(tip)}"></span>'
        )
        rows.append(
            f'<tr><td><span class="key" style="background:{colours[name]}"></span>{escape(label)}</td>'
            f'<td class="number">{seconds_text(time_us)}</td><td class="number">{share:.1f} %</td>'
            "<td></td></tr>"
        )
    return f'<div class="card"><div class="bar">{"".join(bar)}</div><table>{"".join(rows)}</table></div>'


def _pages(call: TracedCall, pages: list[PageStory]) -> str:
    told = {page.number: page for page in pages}
    longest = max([page.end_us - page.begin_us for page in pages] or [1])
    return f'<div class="pages">{"".join(_sheets(call, told, max(1, longest)))}</div>'


def _sheets(call: TracedCall, told: dict[int, PageStory], longest: int) -> Iterator[str]:
    for number in sorted(set(told) | set(page_numbers(call.lines))):
        line = image_line(call.lines, number)
        png = thumbnail(line) if line is not None else None
        if png is None:
            why = "no image in the trace (trace_pages, --trace-pages)" if line is None else "damaged"
            picture = f'<div class="blank">{why}</div>'
        else:
            data = base64.b64encode(png).decode("ascii")
            picture = f'<img alt="page {number}" src="data:image/png;base64,{data}">'
        yield f'<div class="card sheet">{picture}<h3>Page {number}: {_page_result(told.get(number))}</h3>'
        if page := told.get(number):
            took = page.end_us - page.begin_us
            yield f'<div class="track"><span style="width:{100 * took / longest:.1f}%"></span></div>'
            repeats = f", {page.repeats} of them repeats" if page.repeats else ""
            carriers = "1 carrier" if page.carriers == 1 else f"{page.carriers} carriers{repeats}"
            yield f"<p>{seconds_text(took)}, {page.octets / 1000:.1f} kB in {carriers}</p>"
            yield f"<p>{escape(', '.join(page.signals))}</p>"
        yield "</div>"


def _page_result(page: PageStory | None) -> str:
    if page is None:
        return '<span class="poor">not on the line</span>'
    return (
        '<span class="fine">confirmed</span>' if page.confirmed else '<span class="poor">not confirmed</span>'
    )
