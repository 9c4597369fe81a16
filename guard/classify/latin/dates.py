"""Dates in running text, in the forms of English, ISO 8601 and Chinese: days, months with a year, years after a word
that asks for one, days of the week.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.classify import calendar_date

KIND = "intl.date"
BITS = 2.0  # a date of birth, which the words beside it tell, stands before a date
_UNSURE = 1.0

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)(?:\.|(?![a-z]))"
)
_WEEKDAYS = "(?:[Mm]on|[Tt]ues|[Ww]ednes|[Tt]hurs|[Ff]ri|[Ss]atur|[Ss]un)day"
_YEAR = "(?:1[6-9]|20)[0-9]{2}"
_TIME = r"[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
_DAY = "[0-3]?[0-9](?:st|nd|rd|th)?"
_END = r"(?![0-9A-Za-z]|[-/.:][0-9])"

_DATE = re.compile(
    rf"(?<![0-9A-Za-z./:_#$€£-])(?:"
    rf"(?P<year_first>[12][0-9]{{3}}[-/.][01]?[0-9][-/.][0-3]?[0-9])"
    rf"(?:[T ]{_TIME}(?:Z| ?[+-][0-9]{{2}}:?[0-9]{{2}})?)?{_END}"
    rf"|(?P<year_last>[0-3]?[0-9][-/.][0-3]?[0-9][-/.](?:[12][0-9]{{3}}|[0-9]{{2}}))"
    rf"(?: {_TIME}(?: ?[AaPp]\.?[Mm]\.?)?)?{_END}"
    rf"|(?:{_WEEKDAYS},? )?{_DAY}(?: of)?[ -](?:{_MONTHS})(?:,?[ -]{_YEAR}(?![0-9]))?(?![a-z])"
    rf"|(?:{_WEEKDAYS},? )?(?:{_MONTHS}) {_DAY}(?:,? {_YEAR})?{_END}"
    rf"|(?:{_MONTHS}),? {_YEAR}{_END}"
    rf"|{_WEEKDAYS}(?![a-z])"
    rf"|{_YEAR}年[01]?[0-9]月(?:[0-3]?[0-9]日)?"
    rf"|[0-1]?[0-9](?::[0-5][0-9])? ?[AaPp]\.?[Mm](?:\.(?=[a-z ])|(?![A-Za-z])))"
)
# A year, or a month, stands for a date after a word that asks for one, or in brackets.
_ALONE = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)(?![A-Za-z])"
    rf"|{_YEAR}(?![0-9A-Za-z]|[.,:/][0-9])"
)
_ASKS = re.compile(
    r"(?:(?<![A-Za-z])"
    r"(?:[Ii]n|[Ss]ince|[Ff]rom|[Uu]ntil|[Tt]ill|[Bb]y|[Oo]f|[Dd]uring|[Bb]etween|[Bb]efore|[Aa]fter|[Aa]round|"
    r"[Yy]ear|[Cc]irca|[Cc]opyright|[Ff]ounded|[Bb]orn|[Ee]arly|[Ll]ate|[Mm]id|[Ll]ast|[Nn]ext)|©"
    rf"|{_YEAR}(?: and| to)) [(]?\Z|{_YEAR} ?- ?\Z|[(]\Z"
)
_BACK = 16  # characters before it
_NAMES_TEXT = """
January February March April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sept
Sep Oct Nov Dec Monday Tuesday Wednesday Thursday Friday Saturday Sunday monday tuesday wednesday thursday
friday saturday
sunday
"""
_NAMES = frozenset(_NAMES_TEXT.split())


def find(text: str, words: list[str], starts: list[int]) -> Iterator[tuple[str, int, int, float]]:
    """The dates in a folded text as `(kind, start, end, bits)`.

    Args:
        text: the text.
        words: its tokens.
        starts: where each begins.

    >>> from guard.classify.latin.tokens import tokens
    >>> text = "On 3 May 2019, in 2020, at 1.2.3, on 31/12/1999 and on Friday"
    >>> [text[start:end] for _, start, end, _ in find(text, *tokens(text))]
    ['3 May 2019', '2020', '31/12/1999', 'Friday']
    """
    end = 0
    for word, start in zip(words, starts, strict=True):
        if start < end or (word[0] not in "0123456789" and word not in _NAMES):
            continue
        if found := _DATE.match(text, start):
            if found["year_first"] and not _is_day(found["year_first"], year_first=True):
                continue
            if found["year_last"] and not _is_day(found["year_last"], year_first=False):
                continue
            end = found.end()
            yield KIND, start, end, BITS
        elif (alone := _ALONE.match(text, start)) and _ASKS.search(text, max(0, start - _BACK), start):
            end = alone.end()
            yield KIND, start, end, _UNSURE


def _is_day(text: str, *, year_first: bool) -> bool:
    """True for a day of the calendar; a year of two digits is one of this century or the last."""
    parts = re.split("[-/.]", text)
    if not year_first:
        parts.reverse()
    year, one, two = (int(part) for part in parts)
    if len(parts[0]) == 2:
        year += 1900 if year > 39 else 2000
    return calendar_date.exists(year, one, two) or (not year_first and calendar_date.exists(year, two, one))
