"""The mutants that tests/python_mutations.py makes of Python code."""

import pytest
from python_mutations import Source


@pytest.mark.parametrize(
    ("code", "mutants"),
    [
        ("if a < b: c()", {"if not (a < b): c()", "if a <= b: c()", "if a < b: pass"}),
        ("x = a and b", {"x = a or b"}),
        ("x = a if b else c", {"x = a if not (b) else c"}),
        ("x = 'ä' not in b", {"x = 'ä' in b"}),
        ("x = y - 2", {"x = y + 2", "x = y - (2 + 1)"}),
        ("x.y = True", {"pass", "x.y = False"}),
        ("x += y", {"pass"}),
        ("raise Wrong", {"pass"}),
        ("def f(): return g", {"def f(): return None"}),
        ("while a:\n    break", {"while not (a):\n    break", "while a:\n    pass"}),
        (
            "with suppress(OSError): f()",
            {"with suppress(ZeroDivisionError): f()", "with suppress(OSError): pass"},
        ),
        (
            "try: f()\nexcept OSError: g",
            {
                "try: pass\nexcept OSError: g",
                "try: f()\nexcept Exception: g",
                "try: f()\nexcept ZeroDivisionError: g",
            },
        ),
        ("assert a < 1", set()),
        ("x: Literal[1]", set()),
        ("def __repr__(self): return self.name", set()),
    ],
)
def test_mutants(code: str, mutants: set[str]) -> None:
    source = Source("a.py", code.encode())
    assert {source.mutated(mutation).decode() for mutation in source.mutations()} == mutants


def test_every_mutant_says_where_it_is() -> None:
    source = Source("a.py", b"# \xc3\xa4\n\nf(\n    1,\n)\n")
    places = {(mutation.line, mutation.kind): source.shown(mutation) for mutation in source.mutations()}
    assert set(places) == {(3, "dropped"), (4, "constant")}
    assert places[4, "constant"] == "           - 1,\n           + (1 + 1),"
