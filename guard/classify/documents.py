"""JSON documents that stand in the cells of a text column, whole or cut.

A source cuts wide cells, so a document may end in the middle. What stands before the cut is read, and the column is
told to be read in part: a document that nobody read to its end is never clean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guard.classify.effort import ORDINARY

MOST_CHARACTERS = 8_000_000  # of all documents of a column
_CUT_FROM = 1_024  # characters: a shorter text that does not parse is damaged, and no document
_SHARE = 0.8  # of the values that must be documents
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of a column: parsed (those that were cut, up to the cut), tried, and not read to their end."""

    parsed: list[Any]
    tried: int
    unread: int


def read_documents(values: Sequence[str], most: int = ORDINARY.documents) -> Documents | None:
    """The documents, when at least four of five values look like JSON objects or arrays; else None.

    `parsed` is empty when fewer than four of five can be read at all; of more than `most` the others are unread.
    """
    looking = [value for value in values if value[:1] in ("{", "[")]
    if not values or len(looking) < _SHARE * len(values):
        return None
    parsed, budget = [], MOST_CHARACTERS
    tried = looking[:most]
    unread = len(looking) - len(tried)
    for value in tried:
        budget -= len(value)
        if budget < 0:
            unread += 1
            continue
        try:
            parsed.append(json.loads(value))
        except (ValueError, RecursionError):
            unread += len(value) >= _CUT_FROM
            closed = _closed(value) if len(value) >= _CUT_FROM else None
            if closed is not None:
                parsed.append(closed)
    if len(parsed) < _SHARE * len(tried):
        return Documents([], len(looking), unread) if unread else None
    return Documents(parsed, len(looking), unread)


def _closed(text: str) -> Any:
    """What stands before the last comma of a document that was cut, or None.

    >>> _closed('{"a": [1, 2, {"b": "x"}, {"c": "cut he')
    {'a': [1, 2, {'b': 'x'}]}
    """
    open_brackets: list[str] = []
    end, closing = 0, ""
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in _CLOSING:
            open_brackets.append(mark)
        elif mark in "}]":
            if not open_brackets:
                return None
            open_brackets.pop()
        elif mark == ",":
            if len(open_brackets) > 1000:
                return None
            end, closing = token.start(), "".join(_CLOSING[each] for each in reversed(open_brackets))
    try:
        return json.loads(text[:end] + closing) if end else None
    except (ValueError, RecursionError):
        return None
