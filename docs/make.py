"""Writes the generated parts of the docs, from the code that they tell of:

    python docs/make.py            writes them
    python docs/make.py --check    says which are stale, and changes nothing

A generated part of a page stands between two comments that name it. Needs the installed package, nothing
else; the same code gives the same docs.
"""

import ast
import random
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pictures
from PIL import Image

from faxline import CallChannel, FaxToSend, _advice, sim
from faxline._engine.binding import ffi, lib
from faxline._engine.tables import RAW_CAUSES
from faxline.causes import CallState
from faxline.cli.schema import SCHEMA
from faxline.cli.status import CALL_STATUS, FAX_STATUS, INTERRUPTED, TERMINATED, USAGE
from faxline.options import OPTIONS
from faxline.trace import TracedCall, load
from faxline.trace.ladder import ladder
from faxline.trace.picture import ladder_svg

DOCS = Path(__file__).resolve().parent
SOURCE = DOCS.parent / "src" / "faxline"
PROFILES = DOCS.parent / "csrc" / "modem" / "profiles.c"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# ---- the parts ----


def raw_causes() -> str:
    rows = ((f"`{row.code}`", row.cause.value, row.text) for row in RAW_CAUSES.values())
    return table(("raw cause", "cause", "what it says"), rows)


def example(name: str) -> str:
    """A file of examples/. (As ```py: what is marked python is run by the tests of the docs.)"""
    return f"```py\n{(DOCS.parent / 'examples' / name).read_text()}```"


def json_events() -> str:
    """Every event of every command's --json."""
    parts = []
    for command, events in SCHEMA.items():
        rows = (
            (f"`{event}`", "; ".join(f"`{name}`: {text}" for name, text in fields.items()) or "-")
            for event, fields in events.items()
        )
        parts.append(f"### faxline {command} --json\n\n" + table(("event", "its fields"), rows))
    return "\n\n".join(parts)


def retries() -> str:
    """What a program does after each way to fail."""
    rows = [(f"call {cause}", row) for cause, row in _advice.CALLS.items()]
    rows += [(f"`{code}`", row) for code, row in _advice.RAW_CAUSES.items()]
    return table(
        ("after", "again", "because", "what the next calls do without"), (_retry(*row) for row in rows)
    )


def _retry(name: str, row: _advice.Row) -> Iterable[str]:
    if not row.delays_s:
        return name, "no", row.why, ""
    delays = ", ".join(f"{seconds // 60}" for seconds in row.delays_s[: row.most])
    times = "time" if row.most == 1 else "times"
    most = f", {row.most} {times} at most" if row.most < _advice.RETRIES_MAX else ""
    words = [", ".join(feature.value for feature in step) or "nothing" for step in row.hide]
    return name, f"after {delays} min{most}", row.why, "" if words == ["nothing"] else "; then ".join(words)


def fixes() -> str:
    """What a person does, by raw cause: the sentence that ends the first line of `faxline trace`."""
    rows = ((f"`{code}`", RAW_CAUSES[code].text, row.fix) for code, row in _advice.RAW_CAUSES.items())
    return table(("raw cause", "what it says", "what to do"), rows)


def call_fixes() -> str:
    rows = ((cause, row.fix) for cause, row in _advice.CALLS.items() if row.fix)
    return table(("cause of the call", "what to do"), rows)


def _noise_fax(path: Path, pages: int, rows: int) -> None:
    """A document whose pages take some seconds of line time, the same with every version of Pillow."""
    noise = random.Random(1).randbytes(1728 // 8 * rows)
    page = Image.frombytes("1", (1728, rows), noise)
    page.save(path, save_all=True, append_images=[page] * (pages - 1), compression="group4", dpi=(204, 98))


def _sample_trace(number: str) -> TracedCall:
    """A call with a fax of two pages, the same every time."""
    with tempfile.TemporaryDirectory() as folder:
        fax, trace = Path(folder) / "fax.tif", Path(folder) / "call.trace"
        _noise_fax(fax, 2, 60)
        with CallChannel("sim:?seed=1", trace=trace) as channel:
            if channel.call(number) is CallState.ANSWERED:
                channel.FaxSender.send(FaxToSend(str(fax)))
                channel.hang_up()
        (call,) = load(trace).calls
    # When a program dials and hangs up is its own affair: here at once.
    begin = next(line["t"] for line in call.lines if line.get("text", "").startswith("ATDT"))
    end = next((line["t"] for line in call.lines if line.get("event") == "fax-ended"), None)
    for line in call.lines:
        line["t"] = max(begin, min(line["t"], end or line["t"]))
    return call


def ladder_picture() -> str:
    call = _sample_trace("5550109")
    return ladder_svg(call.story, call.summary())


def ladder_text() -> str:
    return "```text\n" + "\n".join(ladder(_sample_trace("5550108").story)) + "\n```"


def first_lines() -> str:
    """The first line of the trace of each number."""
    lines = (_sample_trace(machine.number).summary() for machine in sim.far_machines() if machine.number)
    return "\n".join(f"* `{line}`" for line in lines)


def exit_statuses() -> str:
    rows = [(str(number), f"fax {cause.value}") for cause, number in FAX_STATUS.items()]
    rows += [(str(number), f"not answered: {cause.value}") for cause, number in CALL_STATUS.items()]
    rows += [(str(USAGE), "usage, or a local error before the call")]
    rows += [(str(INTERRUPTED), "interrupted (Ctrl-C)"), (str(TERMINATED), "terminated (SIGTERM)")]
    rows.sort(key=lambda row: int(row[0]))
    return table(("exit status", "what happened"), rows)


def fax_options() -> str:
    rows = (
        (f"`{row.name}`", row.accepted, "unset" if row.default is None else f"`'{row.default}'`")
        for row in OPTIONS.values()
    )
    return table(("option", "takes", "default"), rows)


def far_machines() -> str:
    """The numbers with what comes of a fax of three pages to each: called, not copied."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        fax = Path(folder) / "fax.tif"
        _noise_fax(fax, 3, 200)
        for machine in sim.far_machines():
            rows.append((machine.number, f"`{machine.name}`", machine.text, _outcome(machine.number, fax)))
    return table(("number", "`far=`", "who answers", "what comes of a fax of three pages"), rows)


def _outcome(number: str, fax: Path) -> str:
    with CallChannel("sim:?seed=1") as channel:
        if channel.call(number) is not CallState.ANSWERED:
            return f"call {channel.cause().value}"
        cause = channel.FaxSender.send(FaxToSend(str(fax)))
        details = channel.FaxSender.Details
        raw = f" (`{details.raw_cause}`)" if details.raw_cause else ""
        return f"{cause.value}{raw}, {details.pages} pages confirmed"


def faults() -> str:
    """Ours only: each has a twin for the far end."""
    rows = ((f"`{kind.name}`", kind.text) for kind in sim.faults() if not kind.name.startswith("far_"))
    return table(("fault", "what strikes, and what happens"), rows)


def personalities() -> str:
    return table(("personality", "what it is like"), ((f"`{kind.name}`", kind.text) for kind in sim.modems()))


def _names(pointer: object) -> str:
    return str(ffi.string(pointer).decode())


def states() -> list[pictures.State]:
    count = range(lib.fl_t30_state_count())
    names = [_names(lib.fl_t30_state_name(state)) for state in count]
    return [
        pictures.State(
            names[state],
            _names(lib.fl_t30_state_clause(state)),
            _names(lib.fl_t30_state_role(state)),
            _names(lib.fl_t30_state_phase(state)),
            _names(lib.fl_t30_state_timer(state)),
            frozenset(names[other] for other in count if lib.fl_t30_state_next(state, other)),
        )
        for state in count
    ]


def state_table(role: str) -> str:
    rows = [
        (
            f"`{state.name}`",
            state.phase,
            state.clause,
            state.timer,
            ", ".join(f"`{name}`" for name in sorted(state.next - {"E_SEND_DCN", "E_ENDED"})) or "none",
        )
        for state in states()
        if state.role == role
    ]
    return table(("state", "phase", "clause of T.30", "timer", "may be followed by"), rows)


def diagram(role: str) -> str:
    titles = {"caller": "T.30: the caller, who sends", "called": "T.30: the called station, which receives"}
    return pictures.state_diagram([state for state in states() if state.role == role], titles[role])


def profiles() -> str:
    """The rows of profiles.c: family, how it is recognised, the oddities that have a source."""
    rows = []
    for block in re.findall(r"^    \{\n(.*?)^    \},", PROFILES.read_text(), re.DOTALL | re.MULTILINE):
        name = re.search(r'\.name = "(.*?)"', block)
        identity = re.search(r"\.identity = \{(.*?)\}", block)
        oddities = re.findall(r"^        \.(\w+) = .*?/\* (.*?) \*/", block, re.MULTILINE)
        assert name is not None
        rows.append(
            (
                f"`{name[1]}`",
                (identity[1].replace('"', "") if identity else "everything else"),
                "; ".join(f"`{field}`: {text}" for field, text in oddities),
            )
        )
    return table(("profile", "recognised by", "oddities with their sources"), rows)


# ---- the API, from the signatures and docstrings of the source ----


def _doc(node: ast.AST) -> str:
    """A docstring as a paragraph of markdown."""
    text = ast.get_docstring(node) if isinstance(node, (ast.ClassDef, ast.FunctionDef)) else None
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text or "").strip()


def _signature(function: ast.FunctionDef) -> str:
    """Names and defaults; annotations are for the type checker."""
    plain = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(plain, ast.FunctionDef)
    arguments = plain.args
    for argument in (
        *arguments.args,
        *arguments.kwonlyargs,
        *filter(None, (arguments.vararg, arguments.kwarg)),
    ):
        argument.annotation = None
    arguments.args = [argument for argument in arguments.args if argument.arg != "self"]
    return ast.unparse(arguments)


def _attributes(body: list[ast.stmt]) -> Iterable[tuple[str, str]]:
    """Public attributes that have a docstring under them, and those in methods (self.x: T = ...)."""
    for statement, below in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(statement, ast.FunctionDef):
            yield from _attributes(statement.body)
        if isinstance(statement, ast.AnnAssign | ast.Assign):
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "_")
            text = (
                below.value.value
                if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
                else None
            )
            if not name.startswith("_") and isinstance(text, str):
                yield name, " ".join(text.split())


def _internal(function: ast.FunctionDef) -> bool:
    """Public for another class of the package only: its docstring says so."""
    return re.search(r"\bFor (the sender|CallChannel|FaxToSend)\.", _doc(function)) is not None


def _class(node: ast.ClassDef, prefix: str) -> Iterable[str]:
    yield f"## {prefix}{node.name}\n"
    yield _doc(node) + "\n"
    enumeration = any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases)
    if enumeration:
        members = [
            n.targets[0].id
            for n in node.body
            if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
        ]
        told = dict(_attributes(node.body))
        if told:
            yield table(("member", "meaning"), ((f"`{name}`", told.get(name, "")) for name in members)) + "\n"
        else:
            yield "Members: " + " ".join(f"`{name}`" for name in members) + "\n"
        return
    for function in node.body:
        if isinstance(function, ast.FunctionDef) and _doc(function) and not _internal(function):
            decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
            if function.name == "__init__":
                yield f"### {node.name}({_signature(function)})\n"
            elif function.name.startswith("_"):
                continue
            elif "property" in decorators:
                yield f"### {function.name}\n"
            else:
                yield f"### {function.name}({_signature(function)})\n"
            yield _doc(function) + "\n"
    attributes = list(dict(_attributes(node.body)).items())
    if attributes:
        yield table(("attribute", "meaning"), ((f"`{name}`", text) for name, text in attributes)) + "\n"


def api() -> str:
    return "\n".join(line for module, names in API.items() for line in _api_of(module, names)).rstrip()


def _api_of(module: str, names: Iterable[str]) -> Iterable[str]:
    tree = ast.parse((SOURCE / f"{module}.py").read_text())
    found = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    for name in names:
        node = found[name]
        if isinstance(node, ast.ClassDef):
            yield from _class(node, "")
        else:
            shown = "faxline" if module.startswith("_") else module
            yield f"## {shown}.{name}({_signature(node)})\n"
            yield _doc(node) + "\n"


API = {
    "channel": ["CallChannel"],
    "sender": ["CallFaxSender"],
    "receiver": ["CallFaxReceiver"],
    "_lines/jobs": ["FaxJobs"],
    "document": ["FaxToSend"],
    "limits": ["Limits"],
    "storage": ["FaxToReceive"],
    "cover": ["Cover"],
    "preview": ["Preview", "Estimate"],
    "confirmation": ["Confirmation"],
    "pdf": ["convert"],
    "details": ["FaxDetails", "CallDetails"],
    "causes": ["CallState", "CallCause", "SendState", "ReceiveState", "FaxCause"],
    "_lines/stream": ["EventStream"],
    "events": [
        "CallChanged",
        "FaxStarted",
        "Negotiated",
        "PageReceived",
        "PageConfirmed",
        "FaxEnded",
    ],
    "_devices/ports": ["devices", "FoundDevice"],
    "retry": ["advise", "Advice", "remaining"],
    "errors": ["Error", "Hangup"],
    "sim": ["address", "call_in", "fault", "far_machines", "faults", "modems", "violations"],
    "_lines/ptys": ["PtyModems", "PtyLine"],
}

PARTS = {
    "api.md": {"reference": api},
    "testkit.md": {
        "application": lambda: example("outbox.py"),
        "test": lambda: example("test_outbox.py"),
    },
    "cli.md": {"json": json_events},
    "causes.md": {"raw-causes": raw_causes, "retries": retries, "exit-statuses": exit_statuses},
    "options.md": {"options": fax_options},
    "simulator.md": {"numbers": far_machines, "faults": faults},
    "tutorial.md": {"numbers": far_machines},
    "traces.md": {"ladder": ladder_text, "first-lines": first_lines},
    "troubleshooting.md": {"fixes": fixes, "call-fixes": call_fixes},
    "t30.md": {
        "caller": lambda: state_table("caller"),
        "called": lambda: state_table("called"),
        "both": lambda: state_table("both"),
    },
    "class1.md": {"profiles": profiles},
    "modem.md": {"personalities": personalities},
}
PICTURES = {
    "caller.svg": lambda: diagram("caller"),
    "called.svg": lambda: diagram("called"),
    "architecture.svg": pictures.house,
    "ladder.svg": ladder_picture,
}


def filled(page: str, text: str) -> str:
    """A page with its generated parts as they should be."""
    for name, part in PARTS[page].items():
        begin, end = f"<!-- begin {name}: written by docs/make.py -->", f"<!-- end {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            sys.exit(f"docs/{page}: the comments {begin} and {end} must stand in it once")
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{part()}\n{end}{rest.split(end)[1]}"
    return text


def wanted() -> dict[Path, str]:
    """Every file that has something generated, with its right content."""
    pages = {DOCS / page: filled(page, (DOCS / page).read_text()) for page in PARTS}
    return pages | {DOCS / name: picture() for name, picture in PICTURES.items()}


def stale() -> list[Path]:
    return [path for path, text in wanted().items() if not path.exists() or path.read_text() != text]


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    old = stale()
    for path in old:
        print(f"{path.relative_to(DOCS.parent)} {'is stale' if sys.argv[1:] else 'written'}")
    if sys.argv[1:]:
        return 1 if old else 0
    for path, text in wanted().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
