"""Tests of the tests: a fault put into the combining code on purpose is seen by the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import find, settings
from hypothesis import strategies as st

from guard.model import Mask
from guard.policy import decide as module
from guard.policy import obligations
from guard.policy.verdict import Verdict
from tests.policy.scripted import decided, facts, says
from tests.policy.test_decide_against_spec import COLUMNS, modes_of, objections, words
from tests.spec import decide_spec as spec


def ignore_denies(patch: pytest.MonkeyPatch) -> None:
    """Forgets that forbid wins."""
    without = Verdict.without
    patch.setattr(Verdict, "without", lambda self, rules: msgspec.structs.replace(without(self, rules), deny=()))


def ignore_errors(patch: pytest.MonkeyPatch) -> None:
    """Forgets that an errored rule denies."""
    without = Verdict.without
    patch.setattr(Verdict, "without", lambda self, rules: msgspec.structs.replace(without(self, rules), faults=()))


def let_monitored_rules_decide(patch: pytest.MonkeyPatch) -> None:
    """Forgets the modes."""
    patch.setattr(Verdict, "without", lambda self, rules: self)


def let_the_weakest_mask_win(patch: pytest.MonkeyPatch) -> None:
    """Turns the ranking round."""
    rank = obligations._rank
    patch.setattr(obligations, "_rank", lambda pair: (-rank(pair)[0], *rank(pair)[1:]))


def drop_masks(patch: pytest.MonkeyPatch) -> None:
    """Loses obligations on the way."""
    patch.setattr(module, "obligations", lambda verdict, question: ())


@pytest.mark.parametrize(
    "fault", [ignore_denies, ignore_errors, let_monitored_rules_decide, let_the_weakest_mask_win, drop_masks]
)
def test_the_reference_sees_the_fault(fault: Callable[[pytest.MonkeyPatch], None]) -> None:
    """There is a rule pack on which the faulty code and the reference differ, and Hypothesis finds it."""

    def differs(drawn: tuple[list[Any], list[Any], dict[str, str]]) -> bool:
        words, against, modes = drawn
        said = words + against
        good = [one for one in said if "wrong" not in one[2]]
        errs = {rule for rule, _, item in said if "wrong" in item}
        found = decided(says(said, modes), facts("phone", "tel", "sfzh"))
        if found.outcome != spec.outcome(good, modes, errs, 0):
            return True
        masks = {
            f"{one.table}.{one.column}": (one.transform, one.rule) for one in found.obligations if isinstance(one, Mask)
        }
        return found.outcome == "allow" and masks != spec.masks(good, modes, COLUMNS)

    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        strategy = st.tuples(words, objections, modes_of)
        assert find(strategy, differs, settings=settings(max_examples=2000, database=None)) is not None
