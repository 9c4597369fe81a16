"""English personal names in running text: after a title, or a given name and a surname of the lists side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.classify import english_name

_TITLE = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.? (?P<name>[A-Z][A-Za-z'-]+(?: [A-Z]\.)?(?: "
    r"[A-Z][A-Za-z'-]+)?)"
)
_PAIR = re.compile(
    r"(?<![A-Za-z'-])(?P<first>[A-Z][a-z]+)(?: [A-Z]\.?)?(?: [A-Z][a-z]+)?? (?P<last>[A-Z][A-Za-z'-]*[a-z])(?![A-Za-z])"
)


def find(text: str) -> Iterator[tuple[int, int, float]]:
    """The names in a text as `(start, end, bits)`.

    >>> list(find("ask Mr. Brown"))
    [(8, 13, 6.0)]
    """
    for found in _TITLE.finditer(text):
        yield *found.span("name"), 6.0
    for found in _PAIR.finditer(text):
        first, last = found["first"].lower(), found["last"].lower()
        if first in english_name.GIVEN:
            yield *found.span(), 5.0 if last in english_name.SURNAMES else 2.5
        elif last in english_name.SURNAMES and last not in english_name.GIVEN and " " in found.group():
            yield *found.span(), 0.0
