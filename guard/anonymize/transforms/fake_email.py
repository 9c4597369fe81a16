"""An invented e-mail address that nobody can have, the same for the same value.

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
    >>> apply(pa.array(["zhangsan@corp.cn", None]), Params(), keys).to_pylist()
    ['april.hodges6832@example.com', None]

What it does not protect: how often a value occurs. A fake may happen to be like a real mailbox, but its domain is
reserved: mark the data as invented. The index file holds the values in the clear: keep it where the keyring is kept.
Reference: RFC 2606 (reserved names); GB/T 37964-2019, pseudonymisation.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from guard.anonymize.faking import FakeParams, Faking
from guard.anonymize.no_sql import no_sql

if TYPE_CHECKING:
    from guard.anonymize.crypto.fakes import Pool


class Params(FakeParams, frozen=True):
    """`index` is a file with all values of a key column, one a line, so that fakes never meet.

    `cipher` is aes or sm4; `others` says what becomes of a value that is not in the index: `refuse` or `null`.
    `domain`, `version` and `purpose` as in `pseudonym`.
    """


@cache
def pool() -> Pool:
    """First name, last name, four digits, and a host of RFC 2606."""
    from guard.anonymize.crypto import fake_words as words
    from guard.anonymize.crypto.fakes import Pool

    firsts, lasts = (tuple(name.lower() for name in names) for names in (words.FIRST_EN, words.LAST_EN))
    numbers = tuple(f"{number:04d}" for number in range(10_000))
    hosts = ("@example.com", "@example.net", "@example.org")
    return Pool(tuple(f"{first}." for first in firsts), lasts, numbers, hosts)


_faking = Faking("fake_email", pool)
apply, fakes, guarantee = _faking.apply, _faking.fakes, _faking.guarantee
sql = no_sql("fake_email")
