"""Our sender and receiver against spandsp's own fax terminal, over the real signals of the soft modem: the
cases are in suite.py."""

from pathlib import Path

import pytest
import suite

from faxline import soft

if not soft.available():
    pytest.skip("the soft modem is not built: there was no libspandsp-dev", allow_module_level=True)


@pytest.mark.parametrize("case", suite.cases(), ids=lambda case: case.id)
def test_call(case: suite.Case, tmp_path: Path) -> None:
    result = suite.run(case, tmp_path)
    assert result.good, str(result)
