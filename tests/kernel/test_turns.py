"""Threads change often enough for who waits for a disk."""

import sys

import pytest

from quarterdeck.kernel.turns import TURN_S, take_short_turns


def test_turns_are_far_shorter_than_pythons_own() -> None:
    own = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
    finally:
        sys.setswitchinterval(own)
