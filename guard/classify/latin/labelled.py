"""Numbers that are what the word right before them says, and have no rule of their own: postal codes and driving
licences, in the forms that countries give them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

POSTCODE, LICENCE = "intl.postcode", "person.driver_licence"
BITS = 3.0

_LINK = r"(?: (?:code|number|no\.?|is|of|was|to|my|the|your|changed))*[ :#=-]{1,3}"
_POSTCODE = re.compile(
    rf"(?<![a-z])(?:zip|post ?code|postal|plz|eircode|pin code){_LINK}"
    r"(?P<value>[0-9]{3,6}(?:[ -][0-9]{2,4})?(?: ?[a-z]{2}(?![a-z]))?|[a-z]{1,2}[0-9][0-9a-z]? ?[0-9][a-z]{2}|"
    r"[a-z][0-9][a-z] ?[0-9][a-z][0-9]|[a-z]{1,2}-?[0-9]{3,5})(?![0-9a-z]|-[0-9])",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    rf"(?<![a-z])(?:driver'?s?|driving) ?(?:licen[cs]e|lic\.?){_LINK}"
    r"(?P<value>(?=[a-z-]{0,5}[0-9])[a-z0-9]+(?:[ -][a-z0-9]*[0-9][a-z0-9]*){0,4})(?![0-9a-z])",
    re.IGNORECASE,
)
_POSTCODE_LEADS = frozenset(
    spell
    for word in ("zip", "post", "postcode", "postal", "plz", "eircode", "pin")
    for spell in (word, word.title(), word.upper())
)
_LICENCE_LEADS = frozenset(
    spell for word in ("driver", "drivers", "driver's", "driving") for spell in (word, word.title(), word.upper())
)
_MOST = 24  # characters of a licence number, and at least:
_LEAST = 5


def find(text: str, words: list[str], starts: list[int]) -> Iterator[tuple[str, int, int, float]]:
    """The labelled numbers in a folded text as `(kind, start, end, bits)`.

    Args:
        text: the text.
        words: its tokens.
        starts: where each begins.

    >>> from guard.classify.latin.tokens import tokens
    >>> text = "Postcode: SW1A 1AA, driver's license number is F255-9215-0094"
    >>> [text[start:end] for _, start, end, _ in find(text, *tokens(text))]
    ['SW1A 1AA', 'F255-9215-0094']
    """
    for word, start in zip(words, starts, strict=True):
        if word in _POSTCODE_LEADS:
            if found := _POSTCODE.match(text, start):
                yield POSTCODE, *found.span("value"), BITS
        elif word in _LICENCE_LEADS:
            found = _LICENCE.match(text, start)
            if found and _LEAST <= len(found["value"]) <= _MOST:
                yield LICENCE, *found.span("value"), BITS
