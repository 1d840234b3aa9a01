"""The board suite, on each pair of the rig."""

from board_suite import *  # noqa: F403
