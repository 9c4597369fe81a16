"""An invented postal address, Chinese or English, the same for the same value.

What it hides: the value, its form and its length.
What it keeps: that there is a plausible value; the same value has the same fake, across tables, files, runs and hosts.
Against whom: a reader without the key who may guess values.

Guarantee: the fake is chosen by AES-256-CMAC (or SM4-CMAC) under a key derived for the purpose, the `domain` and the
key version. Two values may get one fake. With `index`, the file of all values of a key column, they cannot: the line
of a value is permuted by FF1 over all fakes, and a value that is not in the file is refused (`others`).

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array(["广东省深圳市南山区科技园1号", None]), Params(), keys).to_pylist()
    ['上海市浦东新区正阳大道482号2402室', None]

What it does not protect: how often a value occurs. A fake may happen to be somebody's address: mark the data as
invented. The index file holds the values in the clear: keep it where the keyring is kept.
Reference: GB/T 37964-2019, pseudonymisation.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from guard.anonymize.faking import FakeParams, Faking
from guard.anonymize.no_sql import no_sql

if TYPE_CHECKING:
    from guard.anonymize.crypto.fakes import Pool


class Params(FakeParams, frozen=True):
    """`script` is zh or en; `index` is a file with all values of a key column, one a line, so that fakes never meet.

    `cipher` is aes or sm4; `others` says what becomes of a value that is not in the index: `refuse` or `null`.
    `domain`, `version` and `purpose` as in `pseudonym`.
    """

    script: Literal["zh", "en"] = "zh"


@cache
def pool(script: Literal["zh", "en"]) -> Pool:
    """District, road, number and room; or number, street and town."""
    from guard.anonymize.crypto import fake_words as words
    from guard.anonymize.crypto.fakes import Pool

    if script == "zh":
        numbers = tuple(f"{number}号" for number in range(1, 1000))
        rooms = tuple(f"{floor}{room:02d}室" for floor in range(1, 31) for room in range(1, 9))
        return Pool(words.DISTRICTS_ZH, words.ROAD_ZH, words.ROAD_ZH, words.ROAD_FORM_ZH, numbers, rooms)
    numbers = tuple(f"{number} " for number in range(1, 10_000))
    forms = tuple(f" {form}, " for form in words.STREET_FORM_EN)
    return Pool(numbers, words.STREET_EN, forms, words.TOWN_EN)


_faking = Faking("fake_address", pool)
apply, fakes, guarantee = _faking.apply, _faking.fakes, _faking.guarantee
sql = no_sql("fake_address")
