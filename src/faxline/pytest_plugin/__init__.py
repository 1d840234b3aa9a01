"""The test kit: a plug-in for pytest that is there once faxline is installed.

Fixtures:

    far_machine   a far end for every cause: far_machine(FaxCause.PAGEQUALITY) has a device and a number for
                  the application under test
    fax_line      a line, and the number of a machine that takes every fax
    fax_pair      two lines, one of which calls the other

All of them run on the simulated device in virtual time; with --fax-device the last two run on hardware, and
the tests with them. What happens on a line is recorded; a test that fails keeps its traces and says where
they are.
"""

import pytest

from faxline.pytest_plugin.far_machines import FarMachine, MakeFarMachine, causes, far_machine
from faxline.pytest_plugin.lines import FaxLine, FaxPair, Receiving, fax_line, fax_pair
from faxline.pytest_plugin.traces import _fax_traces, pytest_runtest_makereport

__all__ = [
    "FarMachine",
    "FaxLine",
    "FaxPair",
    "MakeFarMachine",
    "Receiving",
    "_fax_traces",
    "causes",
    "far_machine",
    "fax_line",
    "fax_pair",
    "pytest_addoption",
    "pytest_runtest_makereport",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faxline")
    group.addoption(
        "--fax-device",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="run fax tests on this device, such as class1:/dev/ttyACM0; a second one for fax_pair",
    )
    group.addoption(
        "--fax-number", default="", metavar="N", help="with --fax-device: a fax machine that may be called"
    )
    group.addoption(
        "--fax-pair-number",
        default="",
        metavar="N",
        help="with two --fax-device: the number of the second one's line (default: --fax-number)",
    )
    group.addoption(
        "--fax-traces",
        default="fax-traces",
        metavar="DIR",
        help="where failed tests leave the traces of their calls (default: fax-traces)",
    )
