"""What stands in prose rather than in a token: plates, secrecy marks, keys, dates in Chinese, positions, names and
addresses.

Each pass is one linear regular expression or one walk over the surnames; which passes run depends on what the text
has at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from guard.classify import english_name, han_address, han_name
from guard.classify.detectors.cn import plate, secrecy_mark
from guard.classify.detectors.intl import gps
from guard.classify.detectors.secret import password_hash, private_key
from guard.classify.page import Page
from guard.classify.shape import HAN

Found = tuple[str, int, int]  # kind, start, end
Candidate = tuple[str, int, int, float]  # ... and bits

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
_USER = re.compile(r"[^\s:/@]{1,128}:[^\s/@]{1,256}@")
_LONGEST_LOGIN = 128 + 256 + 255 + 1024 + 2

# Words that a secret's name ends in, and what has to stand before a `token`. The value follows a sign.
_SECRET_WORDS = (
    "passw", "passphrase", "pwd", "secret", "token", "api", "密码", "密碼", "口令",
)  # fmt: skip
_LATIN_SECRET_WORDS = tuple(word for word in _SECRET_WORDS if "密" not in word)  # for a page without that character
_TOKENS_OF = ("access", "auth", "private")
_ASSIGNED = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret(?:[_-]?(?:key|access[_-]?key))?|token|api[_-]?key|密码|密碼|口令)[\"']?"
    r"(?: ?[=:] ?| ?(?:是|为|為) ?)[\"']?[!#-&(-+\--:<-~]{4,128}",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_LONGEST_NAME = 24  # characters before the word

_SURNAME = re.compile(f"[{''.join(sorted(han_name.SURNAMES | {name[0] for name in han_name.COMPOUND}))}]")
_LABEL = re.compile(
    r"(?:姓名|名字|联系人|聯絡人|聯繫人|患者|病人|客户|客戶|用户|申请人|申請人|法定代表人|法人代表|法人|收件人|"
    r"收货人|寄件人|户主|户名|持卡人|报案人|当事人|原告|被告|嫌疑人|经办人|负责人|負責人|学生|家长|员工|职工|"
    r"医生|醫生|护士|老师|教授|经理|主任|书记|市长|省长|局长|董事长|总裁|记者|导演|演员|教练|球员|选手|律师|法官|"
    r"同志|我叫|名叫|叫做|我是|本人|投保人|被保险人|受益人|居民|乘客|司机|车主|业主|租客|房东)(?:姓名)?[ "
    r"]?[:：是为叫、]?[ ]?\Z"
)
_HONORIFIC = re.compile(
    r"先生|女士|小姐|同学|老师|老師|医生|醫生|大夫|主任|经理|教授|同志|局长|处长|科长|书记|律师|师傅|阿姨|叔叔|奶奶|"
    r"爷爷|院士|博士|总裁|董事长|记者|警官|护士"
)
_FOLLOWS = re.compile(
    r"[说表称指认在于的和与、为是已因曾将对向来从到等及担出报致反投因今昨前现身手电性男女住家年生就也则告介透强坦回"
    r"答接受获被把给让跟同]|,|。|\)|:|联系|电话|今年|申请|办理|购买|签"
)
_BEFORE = re.compile(r"[由和与向给请对被找叫为跟同及、让是因把将派见,(:\"“]\Z")
_BOUNDARY = re.compile(rf"[^{HAN}A-Za-z]")

_TITLE = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.? (?P<name>[A-Z][A-Za-z'-]+(?: [A-Z]\.)?(?: "
    r"[A-Z][A-Za-z'-]+)?)"
)
_PAIR = re.compile(
    r"(?<![A-Za-z'-])(?P<first>[A-Z][a-z]+)(?: [A-Z]\.?)?(?: [A-Z][a-z]+)?? (?P<last>[A-Z][A-Za-z'-]*[a-z])(?![A-Za-z])"
)


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
    at = text.find("://")
    while at >= 0:
        after = at + 3
        if _USER.match(text, after) and (found := _LOGIN.search(text, max(0, at - 30), after + _LONGEST_LOGIN)):
            yield "secret.connection_string", *found.span()
            after = max(after, found.end())
        at = text.find("://", after)


def _secrets(page: Page) -> Iterator[Found]:
    """Assignments to a name that ends in a word for secrets: the span begins with the name."""
    for word in _SECRET_WORDS if page.short or page.marks else _LATIN_SECRET_WORDS:
        hay = page.lower if word.isascii() else page.text
        at = hay.find(word)
        while at >= 0:
            found = _ASSIGNED.match(page.text, at)
            if found and (start := _start_of_name(page.text, at, word)) >= 0:
                yield "secret.password", start, found.end()
            at = hay.find(word, found.end() if found else at + len(word))


def _start_of_name(text: str, at: int, word: str) -> int:
    """Where the name begins that the secret's word at `at` ends, or -1 when it is another word's end."""
    if word == "token" and not text[max(0, at - 8) : at].lower().rstrip("_-").endswith(_TOKENS_OF):
        return -1
    if text[max(0, at - 2) : at] == "登录":
        at -= 2
    named = _NAME.search(text, max(0, at - _LONGEST_NAME), at)
    start = named.start() if named else at
    while start < at and text[start - 1 : start].isalpha() and text[start - 1 : start].isascii():
        start += 1
    return start if not (text[start - 1 : start].isascii() and text[start - 1 : start].isalpha()) else -1


def names(text: str) -> Iterator[Candidate]:
    """Personal names, Chinese and English, and Chinese addresses."""
    if not text.isascii():
        addresses = list(han_address.find(text))
        yield from (("person.address_zh", start, end, bits - 4.0) for start, end, bits in addresses)
        yield from _han_names(text)
    yield from _english_names(text)


def _han_names(text: str) -> Iterator[Candidate]:
    for found in _SURNAME.finditer(text):
        start = found.start()
        length = han_name.surname_length(text[start : start + 2])
        if not length:
            continue
        for given in (2, 1):
            end = start + length + given
            name = text[start:end]
            if len(name) < length + given or not han_name.plausible(name):
                continue
            bits = _han_score(text, start, end, length, given)
            if bits > 0.0:
                yield "person.name_zh", start, end, bits


def _han_score(text: str, start: int, end: int, length: int, given: int) -> float:
    bits = -5.5 + han_name.given_bits(text[start + length : end])
    bits += 3.0 if length == 2 else (1.0 if text[start] in han_name.TOP else -1.0)
    bits += 0.5 if given == 2 else -0.5
    before, after = text[max(0, start - 10) : start], text[end : end + 3]
    if _LABEL.search(before):
        bits += 6.0
    elif not before or _BOUNDARY.match(before[-1]) or _BEFORE.search(before):
        bits += 2.0
    else:
        bits -= 2.0
    if _HONORIFIC.match(after):
        bits += 5.0
    elif not after or _BOUNDARY.match(after[0]):
        bits += 2.0
    elif _FOLLOWS.match(after):
        bits += 1.5
    else:
        bits -= 2.5
    return bits


def _english_names(text: str) -> Iterator[Candidate]:
    for found in _TITLE.finditer(text):
        yield "person.name_en", *found.span("name"), 6.0
    for found in _PAIR.finditer(text):
        first, last = found["first"].lower(), found["last"].lower()
        if first in english_name.GIVEN:
            yield "person.name_en", *found.span(), 5.0 if last in english_name.SURNAMES else 2.5
        elif last in english_name.SURNAMES and last not in english_name.GIVEN and " " in found.group():
            yield "person.name_en", *found.span(), 0.0
