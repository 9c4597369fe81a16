"""A detector's specification as a list that runs: each rule is a few words and the test of them.

`check` and `explain` of a detector both read its `RULES`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

# What holds, in words that complete "expected: ...", and the test of a normalised text. Later rules may rely on earlier
# ones.
Rule: TypeAlias = tuple[str, Callable[[str], object]]
Rules: TypeAlias = tuple[Rule, ...]


def passes(rules: Rules, text: str) -> bool:
    """True when every rule holds.

    >>> passes((("digits", str.isdigit),), "12")
    True
    """
    # A plain loop: `all` over a generator takes twice as long, and this runs once a cell.
    for _, test in rules:  # noqa: SIM110 - see above
        if not test(text):
            return False
    return True


def words(rules: Rules, text: str) -> str:
    """The outcome in words, without the text: the first rule that fails, or all the rules that hold.

    >>> words((("digits", str.isdigit), ("two of them", lambda text: len(text) == 2)), "123")
    'fails: two of them'
    >>> words((("digits", str.isdigit), ("two of them", lambda text: len(text) == 2)), "12")
    'passes: digits; two of them'
    """
    failed = next((name for name, test in rules if not test(text)), None)
    if failed is not None:
        return f"fails: {failed}"
    return "passes: " + "; ".join(name for name, _ in rules)


def verbs(rules: Rules, normalise: Callable[[str], str]) -> tuple[Callable[[str], bool], Callable[[str], str]]:
    """`check` and `explain` of a detector that is its rules.

    >>> check, explain = verbs((("digits", str.isdigit),), str.strip)
    >>> check(" 12 "), explain("x")
    (True, 'fails: digits')
    """

    tests = tuple(test for _, test in rules)

    def check(text: str) -> bool:
        text = normalise(text)
        for test in tests:  # noqa: SIM110 - as in `passes`
            if not test(text):
                return False
        return True

    def explain(text: str) -> str:
        return words(rules, normalise(text))

    return check, explain
