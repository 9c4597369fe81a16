"""Chinese addresses: the grammar of province, city, county, town, road, number, building, room, and the gazetteer
that anchors it.

Each step is bounded: a segment has at most 120 characters, and a name is looked up in a set, so the whole is linear
in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from guard.classify import region
from guard.classify.shape import HAN

_LONGEST = 120
_MOST_LEVELS = 12  # of one address: from the province to the room there are ten
_NEAR = 40  # characters of a segment in which its first region name is looked for
_SUFFIX = re.compile(r"(?:市|省|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|特別行政區)\Z")
_BEYOND_TEXT = "臺北市 台北市 新北市 桃園市 臺中市 台中市 臺南市 高雄市 香港 澳門 九龍"
_BEYOND = frozenset(_BEYOND_TEXT.split())
_NOT_PLACES = frozenset(
    {"县", "市区", "省市", "市辖区", "城区", "郊区", "矿区", "自治区直辖县级行政区划", "省直辖县级行政区划"}
)
_SEGMENT = re.compile(rf"[{HAN}0-9A-Za-z#()·.-]{{4,}}")
_HAN_NUMBER = "0-9〇一二三四五六七八九十百"
# A unit that a number stands before: 100号, 3栋, 1201室.
_NUMBERED = re.compile(
    rf"[{_HAN_NUMBER}A-Za-z]{{1,6}}(?:[-#][0-9A-Za-z]{{1,5}}){{0,3}}(?:号楼|号院|號樓|号|號|弄|栋|棟|幢|座|单元|單元|层|層|楼|樓|室|户|戶|房|组|組|期)(?:之[{_HAN_NUMBER}]{{1,3}})?"
)
_NUMBER = re.compile(rf"[{_HAN_NUMBER}A-Za-z](?:[号號弄栋棟幢座单單层層楼樓室户戶房组組期])")
_SENTENCE = re.compile(r"[的和与及在是了不将被]")  # behind a number the sentence goes on
_OFFICE = frozenset("长長委府")  # 台北市长 is a person
_STREET = re.compile(
    rf"(?:[{HAN}]{{1,9}}?[0-9]{{0,3}})(?:大道|大街|胡同|路|街|巷|道|里)(?:[东西南北中東]{{1,2}}?(?:路|街|段)?|[一二三四五六七八九十]{{1,2}}(?:路|街|段|巷))?(?={_NUMBERED.pattern}|[0-9A-Za-z(]|\Z|[{HAN}])"
)
_PLACE = re.compile(
    rf"[{HAN}]{{1,10}}?(?:特别行政区|自治区|自治州|自治县|自治旗|街道|地区|小区|社区|花园|家园|公寓|大厦|广场|开发区|省|市|盟|州|区|县|旗|镇|乡|村|屯|苑|里|縣|區|鎮|鄉|廣場|大廈|花園)"
)
_LEADING_WORDS = re.compile(
    r"(?:.{0,12}?(?:地址|住址|户籍地|居住地|住在|家住|现住|位于|来自|送到|寄到|寄往|发往|到达|前往|在|于|至|到|住|"
    r"往|是|为|的|從|從|於|為))+"
)
_FALSE_STREETS = re.compile(
    r"(?:知道|报道|频道|通道|渠道|轨道|管道|赛道|味道|公里|哪里|这里|那里|心里|家里|电路|线路|网路|一路|上路|走路|"
    r"马路|道路|铁路|思路|出路|销路|航路)\Z"
)


@cache
def _gazetteer() -> dict[str, tuple[str, ...]]:
    """Names of regions by their first two characters, the longest first."""
    short = {
        _SUFFIX.sub("", name) for name in region.names() if name.endswith(("市", "省", "自治区", "行政区", "行政區"))
    }
    known = (region.names() | {name for name in short if len(name) >= 2} | _BEYOND) - _NOT_PLACES
    by_head: dict[str, list[str]] = {}
    for name in sorted(known, key=lambda name: (-len(name), name)):
        by_head.setdefault(name[:2], []).append(name)
    return {head: tuple(names) for head, names in by_head.items()}


def _known_length(text: str, start: int, end: int) -> int:
    """The length of the longest region name that begins at `start`, or 0."""
    names = _gazetteer().get(text[start : start + 2])
    if names is None:
        return 0
    return next((len(name) for name in names if text.startswith(name, start, end)), 0)


def _anchor(text: str, start: int, end: int) -> int:
    """The first position from `start` on where a known region begins, or -1."""
    for position in range(start, min(end, start + _NEAR)):
        length = _known_length(text, position, end)
        if length and text[position + length : position + length + 1] not in _OFFICE:
            return position
    return -1


def _parse(text: str, position: int, end: int) -> tuple[int, int, bool]:
    """Reads levels from `position`: the end of the last one, how many there are, and whether a numbered one is among
    them."""
    levels, numbered, last = 0, False, position
    while position < end and levels < _MOST_LEVELS:
        found = _NUMBERED.match(text, position, end)
        if found and levels:
            numbered = True
        else:
            found = _PLACE.match(text, position, end)
            street = _STREET.match(text, position, end)
            if street and (not found or street.end() < found.end() or found.group()[-1] == "里"):
                found = street
            if not found or (numbered and _SENTENCE.search(found.group())):
                break
        levels += 1
        position = last = found.end()
    return last, levels, numbered


def find(text: str) -> Iterator[tuple[int, int, float]]:
    """The addresses in a folded text as `(start, end, bits)`."""
    for segment in _SEGMENT.finditer(text):
        position, stop = segment.span()
        while position < stop:
            end = min(stop, position + _LONGEST)
            if not _UNITS.search(text, position, end):
                position = end
                continue
            start = _anchor(text, position, end)
            if start < 0 and not _NUMBER.search(text, position, end):
                position = end
                continue
            if start < 0:
                lead = _LEADING_WORDS.match(text, position, end)
                start = lead.end() if lead else position
                last, levels, numbered = _parse(text, start, end)
                street = _STREET.match(text, start, end)
                if numbered and levels >= 2 and street and not _FALSE_STREETS.search(street.group()):
                    yield start, last, 1.0 + levels
                position = max(last, position + 1) if levels >= 2 and numbered else end
                continue
            known_length = max(1, _known_length(text, start, end))
            last, levels, numbered = _parse(text, start, end)
            if last <= start:
                last, levels, numbered = _parse(text, start + known_length, end)
                levels += last > start + known_length
            if levels >= 2 and (numbered or levels >= 3):
                yield start, last, 4.0 + 2.0 * levels
                position = last
            else:
                position = max(start + known_length, position + 1)


_UNITS = re.compile(r"[省市区县镇乡村路街道巷弄号栋幢座室楼苑里屯旗盟縣區鎮鄉號棟樓]")


def whole(text: str) -> bool:
    """True when an address begins the text and covers most of it.

    >>> whole("广东省深圳市南山区科技园路1号"), whole("他去了北京市朝阳区")
    (True, False)
    """
    compact = text.replace(" ", "").replace(",", "")
    return any(start == 0 and end * 10 >= len(compact) * 6 for start, end, _ in find(compact))
