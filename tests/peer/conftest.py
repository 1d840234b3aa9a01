import asyncio
from collections.abc import Callable

import pytest

from .scenario import Held, Scenario, hold_all


@pytest.fixture(scope="session")
def held(request: pytest.FixtureRequest) -> Callable[[Scenario], Held]:
    """Holds all scenarios of this run, many at a time, before the first of their tests looks at its own."""
    wanted: dict[str, Scenario] = {}
    for item in request.session.items:
        scenario = getattr(item, "callspec", None) and item.callspec.params.get("scenario")  # type: ignore[attr-defined]
        if isinstance(scenario, Scenario):
            assert wanted.setdefault(scenario.name, scenario) is scenario, f"two scenarios {scenario.name}"
    calls = asyncio.run(hold_all(list(wanted.values())))

    def look(scenario: Scenario) -> Held:
        call = calls[scenario.name]
        assert not call.complaints, call.text()
        return call

    return look
