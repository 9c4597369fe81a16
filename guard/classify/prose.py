"""What stands in prose rather than in a token: plates, secrecy marks, keys, dates in Chinese, positions, names and
addresses.

Each pass is one linear regular expression or one walk over the surnames; which passes run depends on what the text
has at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from guard.classify import english_name_text, han_address, han_name_text
from guard.classify.detectors.cn import plate, secrecy_mark
from guard.classify.detectors.intl import gps
from guard.classify.detectors.secret import password_hash, private_key
from guard.classify.latin import dates, entities, labelled
from guard.classify.latin.tokens import tokens
from guard.classify.page import Page

Found = tuple[str, int, int]  # kind, start, end
Candidate = tuple[str, int, int, float]  # ... and bits

# Kinds that are seen in running text alone: no detector knows them by themselves.
TEXT_KINDS = frozenset({*entities.KINDS.values(), dates.KIND, labelled.POSTCODE})

_PLATE = re.compile(rf"[{plate.PROVINCES}][A-Za-z][·. -]?[0-9A-Za-z]{{4,6}}[挂学警港澳使领]?(?![0-9A-Za-z_])")
_MARK = re.compile(secrecy_mark.PATTERN)
_KEY = re.compile(private_key.PATTERN)
_HASH = re.compile(rf"(?<![0-9A-Za-z])(?:{password_hash.PATTERN})")
_HASH_LEADS = ("$2", "$argon2", "$5$", "$6$", "$y$", "$7$", "$scrypt$", "$pbkdf2")
_POSITION = re.compile(rf"(?<![0-9A-Za-z.])(?:{gps.PATTERN})(?![0-9A-Za-z.]*[0-9A-Za-z])")
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2} ?年 ?[0-9]{1,2} ?月 ?[0-9]{1,2} ?日")
_LOGIN = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,29}://[^\s:/@]{1,128}:[^\s/@]{1,256}@[^\s/@\"'<>]{1,255}[^\s\"'<>]{0,1024}"
)
_USER = re.compile(r"://(?<=[a-z0-9+.-]{2}://)[^\s:/@]{1,128}:[^\s/@]{1,256}@")
_SCHEME = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,29}\Z")
_LONGEST_LOGIN = 128 + 256 + 255 + 1024 + 2

# Names that secrets are written down under, by a word that each has in it.
_SECRET_NAMES = {
    "passw": "passw(?:or)?d", "passphrase": "passphrase", "pwd": "pwd",
    "secret": "secret(?:[_-]?(?:access[_-]?)?key)?", "token": "(?:access|auth|private)[_-]?token",
    "api": "api[_-]?key", "密码": "密码", "密碼": "密碼", "口令": "口令",
}  # fmt: skip
_VALUE = r"[!#-&(-+\--:<-~]"
_SIGN = r"[\"']?(?: ?[=:] ?| ?(?:是|为|為) ?)[\"']?"
_ASSIGNED = re.compile(rf"(?:{'|'.join(_SECRET_NAMES.values())}){_SIGN}{_VALUE}{{4,128}}", re.IGNORECASE)
# Its beginning, found fast by a literal start: in small letters with other scripts left out, or in the text itself.
_SECRETS = tuple(
    (word, re.compile(rf"{name}[\"']? ?(?:[=:] ?[\"']?{_VALUE}{{4}}|[\x01\u0080-\uffff])"))
    if word.isascii()
    else (word, re.compile(rf"{name}{_SIGN}{_VALUE}{{4}}"))
    for word, name in _SECRET_NAMES.items()
)
_TOKENS = tuple(f"{owner}{link}token" for owner in ("access", "auth", "private") for link in ("", "_", "-"))
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_LONGEST_NAME = 24  # characters before the word


def identifiers(page: Page) -> Iterator[Found]:
    """Anchored kinds that identify: plates, marks, keys, positions, Chinese dates."""
    text = page.text
    if not text.isascii():
        yield from _matches("cn.plate", _PLATE, text, page.plates, page.short)
        yield from _matches("cn.secrecy_mark", _MARK, text, page.marks, page.short)
        yield from _matches("intl.date_of_birth", _DATE, text, _back(text, page.dates, " "), page.short)
    if "-----BEGIN" in text:
        yield from (("secret.private_key", *found.span()) for found in _KEY.finditer(text))
    if "$" in text and any(lead in text for lead in _HASH_LEADS):
        yield from (("secret.password_hash", *found.span()) for found in _HASH.finditer(text))
    yield from _logins(text)
    yield from _secrets(page)
    yield from _matches("intl.gps", _POSITION, text, _numbers(text, page.points), page.short)


def _matches(kind: str, pattern: re.Pattern[str], text: str, places: Iterable[int], search: bool) -> Iterator[Found]:  # noqa: FBT001 - as its two callers have it
    """The pattern at the places, or anywhere; apart from each other."""
    if search:
        yield from ((kind, *found.span()) for found in pattern.finditer(text))
        return
    end = 0
    for place in places:
        if place >= end and (found := pattern.match(text, place)):
            end = found.end()
            yield kind, found.start(), end


def _back(text: str, years: list[int], space: str) -> Iterator[int]:
    """Where the four digits before each 年 begin."""
    for place in years:
        start = place - 4 - (text[place - 1] == space)
        if start >= 0:
            yield start


def _numbers(text: str, points: list[int]) -> Iterator[int]:
    """Where the numbers around these decimal points may begin: at most three digits, with and without a sign."""
    for point in points:
        start = point - 1
        while start > 0 and point - start < 3 and text[start - 1] in "0123456789":
            start -= 1
        if start > 0 and text[start - 1] in "+-":
            yield start - 1
        yield start


def _logins(text: str) -> Iterator[Found]:
    """Addresses with a user and a password; their characters go beyond those of a run."""
    if "@" not in text:
        return
    end = 0
    for user in _USER.finditer(text):
        scheme = _SCHEME.search(text, max(end, user.start() - 30), user.start())
        if scheme and (found := _LOGIN.match(text, scheme.start(), user.start() + _LONGEST_LOGIN)):
            end = found.end()
            yield "secret.connection_string", found.start(), end


def _secrets(page: Page) -> Iterator[Found]:
    """Assignments to a name that ends in a word for secrets: the span begins with the name."""
    text = page.text
    for word, assigned in _SECRETS:
        hay = page.lower if word.isascii() else text
        if word not in hay or (word == "token" and not any(name in hay for name in _TOKENS)):
            continue
        maybe = assigned.search(hay)
        while maybe:
            end = maybe.end()
            found = _ASSIGNED.match(text, maybe.start())
            if found and (start := _start_of_name(text, found.start())) >= 0:
                end = found.end()
                yield "secret.password", start, end
            maybe = assigned.search(hay, end)


def _start_of_name(text: str, at: int) -> int:
    """Where the name begins that the secret's word at `at` ends, or -1 when it is another word's end."""
    if text[max(0, at - 2) : at] == "登录":
        at -= 2
    named = _NAME.search(text, max(0, at - _LONGEST_NAME), at)
    start = named.start() if named else at
    while start < at and text[start - 1 : start].isalpha() and text[start - 1 : start].isascii():
        start += 1
    return start if not (text[start - 1 : start].isascii() and text[start - 1 : start].isalpha()) else -1


def names(text: str, *, chain: bool) -> Iterator[Candidate]:
    """People, addresses, places, organisations and dates, in Chinese and in Latin letters; see `classify_text`."""
    if not text.isascii():
        yield from (("person.address_zh", start, end, bits - 4.0) for start, end, bits in han_address.find(text))
        yield from (("person.name_zh", *found) for found in han_name_text.find(text))
    if chain:
        words, starts = tokens(text)
        yield from entities.find(words, starts)
        yield from dates.find(text, words, starts)
        yield from labelled.find(text, words, starts)
    else:
        yield from (("person.name_en", *found) for found in english_name_text.find(text))
