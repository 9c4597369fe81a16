"""An invented name of a person, Chinese or English, the same for the same value.

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
    >>> apply(pa.array(["张三", "李四", "张三", None]), Params(), keys).to_pylist()
    ['顾翰龙', '焦锦月', '顾翰龙', None]

What it does not protect: how often a value occurs. A fake may happen to be somebody's name: mark the data as
invented. The index file holds the values in the clear: keep it where the keyring is kept.
Reference: GB/T 37964-2019, pseudonymisation; PostgreSQL Anonymizer `pseudo_*`, whose fakes collide.
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
    """Family and two characters; or first name, initial, last name."""
    from guard.anonymize.crypto import fake_words as words
    from guard.anonymize.crypto.fakes import Pool

    if script == "zh":
        return Pool(words.FAMILY_ZH, words.GIVEN_ZH, words.GIVEN_ZH)
    initials = tuple(f" {chr(letter)}. " for letter in range(ord("A"), ord("Z") + 1))
    return Pool(words.FIRST_EN, initials, words.LAST_EN)


_faking = Faking("fake_name", pool)
apply, fakes, guarantee = _faking.apply, _faking.fakes, _faking.guarantee
sql = no_sql("fake_name")
