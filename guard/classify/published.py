"""Detectors whose rules python-stdnum has: one body for all, so that a detector's module is its facts.

The form is asked first: it costs little, and python-stdnum strips more separators than a value can have. Its module
is imported at the first value that has the form.

>>> _, check, explain = published("pl.pesel", r"[0-9]{11}", "check digit modulo 10")
>>> check("44051401359"), check("44051401358")
(True, False)
>>> explain("44051401358")
'fails: check digit modulo 10'
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from typing import TypeAlias, cast

from guard.classify.rule import Rules, verbs
from guard.classify.spelling import bare

Verbs: TypeAlias = tuple[Callable[[str], str], Callable[[str], bool], Callable[[str], str]]


@cache
def rules_of(module: str) -> Callable[[str], bool]:
    """The `is_valid` of a module of python-stdnum, as `pl.pesel`."""
    return cast("Callable[[str], bool]", importlib.import_module(f"stdnum.{module}").is_valid)


def published(module: str, form: str, rule: str, *, normalise: Callable[[str], str] = bare) -> Verbs:
    """`normalise`, `check` and `explain` of a detector.

    Args:
        module: the module of python-stdnum that has the rules.
        form: a regular expression over the normalised value.
        rule: what the module checks, in words.
        normalise: one spelling; without separators and in capitals unless given.
    """
    rules: Rules = (
        ("the characters that the kind has", re.compile(form).fullmatch),
        (rule, lambda number: rules_of(module)(number)),  # noqa: PLW0108 - the module is imported late
    )
    return normalise, *verbs(rules, normalise)
