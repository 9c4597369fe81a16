"""What stands in prose rather than in a token: plates, secrecy marks, keys, dates in Chinese, positions, names and
addresses.

Each pass is one linear regular expression or one walk over the surnames; which passes run depends on what the text
has at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.classify import english_name, han_address, han_name
from guard.classify.detectors.cn import plate, secrecy_mark
from guard.classify.detectors.intl import gps
from guard.classify.detectors.secret import password, password_hash, private_key
from guard.classify.shape import HAN

# kind, start, end, bits beyond the detector's own prior and rarity
Candidate = tuple[str, int, int, float]

_PLATE = re.compile(rf"[{plate.PROVINCES}][A-Za-z][·. -]?[0-9A-Za-z]{{4,6}}[挂学警港澳使领]?(?![0-9A-Za-z_])")
_MARK = re.compile(secrecy_mark.PATTERN)
_KEY = re.compile(private_key.PATTERN)
_HASH = re.compile(rf"(?<![0-9A-Za-z])(?:{password_hash.PATTERN})")
_SECRET = re.compile(rf"(?<![A-Za-z])[A-Za-z0-9_-]{{0,24}}?{password.PATTERN}", re.IGNORECASE)
_SECRET_HINT = re.compile(r"passw|pwd|passphrase|secret|token|api[_-]?key|密码|密碼|口令", re.IGNORECASE)
_POSITION = re.compile(rf"(?<![0-9A-Za-z.])(?:{gps.PATTERN})(?![0-9A-Za-z.]*[0-9A-Za-z])")
_DATE = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2} ?年 ?[0-9]{1,2} ?月 ?[0-9]{1,2} ?日")
_LOGIN = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,29}://[^\s:/@]{1,128}:[^\s/@]{1,256}@[^\s/@\"'<>]{1,255}[^\s\"'<>]*"
)

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


def identifiers(text: str) -> Iterator[Candidate]:
    """Anchored kinds that identify: plates, marks, keys, positions, Chinese dates."""
    if not text.isascii():
        yield from (("cn.plate", *found.span(), 0.0) for found in _PLATE.finditer(text))
        yield from (("cn.secrecy_mark", *found.span(), 0.0) for found in _MARK.finditer(text))
        yield from (("intl.date_of_birth", *found.span(), 0.0) for found in _DATE.finditer(text))
    if "-----BEGIN" in text:
        yield from (("secret.private_key", *found.span(), 0.0) for found in _KEY.finditer(text))
    if "$" in text:
        yield from (("secret.password_hash", *found.span(), 0.0) for found in _HASH.finditer(text))
    if "://" in text:
        yield from (("secret.connection_string", *found.span(), 0.0) for found in _LOGIN.finditer(text))
    if _SECRET_HINT.search(text):
        yield from (("secret.password", *found.span(), 0.0) for found in _SECRET.finditer(text))
    if "." in text:
        yield from (("intl.gps", *found.span(), 0.0) for found in _POSITION.finditer(text))


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
