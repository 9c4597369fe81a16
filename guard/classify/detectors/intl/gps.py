"""Geographic position in decimal degrees: latitude and longitude, or one of them in a column of its own.

Reference: ISO 6709 annex H; three decimals are about 100 metres, which is precise enough to find a person.

>>> check("31.230416,121.473701"), check("121.473701"), check("99.123456,200.123")
(True, True, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[(]?[-+]?9{1,3}\.9{3,16}°? ?[,; ] ?[-+]?9{1,3}\.9{3,16}°?[)]?|[-+]?9{1,3}\.9{3,16}"
PASS_RATE = 0.3
PRIOR = 0.0
CEILING = 5.0
MINIMUM = 3
ANCHORED = True
WRITTEN = r".+[,; ].+"
CONTEXT = (
    "经纬度", "經緯度", "坐标", "座標", "定位", "位置", "经度", "纬度", "gps", "location", "coordinates",
    "latitude", "longitude", "lat", "lng", "lon", "jd", "wd",
)  # fmt: skip

PATTERN = r"[-+]?[0-9]{1,3}\.[0-9]{3,16}°?(?: ?[,;] ?| )[-+]?[0-9]{1,3}\.[0-9]{3,16}"
_FORM = re.compile(rf"{PATTERN}°?|[-+]?[0-9]{{1,3}}\.[0-9]{{3,16}}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,3}\.[0-9]{3,16}")


def _on_earth(text: str) -> bool:
    numbers = [abs(float(part)) for part in _NUMBER.findall(text)]
    if len(numbers) == 1:
        return numbers[0] <= 180
    return len(numbers) == 2 and max(numbers) <= 180 and min(numbers) <= 90


RULES: Rules = (
    ("one or two decimal numbers with three decimals or more", _FORM.fullmatch),
    ("latitude within 90 and longitude within 180 degrees", _on_earth),
)


def normalise(text: str) -> str:
    """Without brackets and surrounding space."""
    return text.strip(" ()")


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
