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

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import Others, check_names, key_of
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.anonymize.transform import File
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.crypto.fakes import Fakes, Pool
    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


class Params(Value, frozen=True):
    """`script` is zh or en; `index` is a file with all values of a key column, one a line, so that fakes never meet.

    `cipher` is aes or sm4; `others` says what becomes of a value that is not in the index: `refuse` or `null`.
    `domain`, `version` and `purpose` as in `pseudonym`.
    """

    script: Literal["zh", "en"] = "zh"
    index: File = File("", b"")
    cipher: CipherName = "aes"
    others: Others = "refuse"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("fake_address", self.domain, self.purpose, self.version)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """One fake for each value.

    Raises:
        TransformError: the column is not text, or a value is not in the index (`others`).
        PlanError: the index is not a list of different values.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from guard.anonymize.crypto.column import map_list
    from guard.anonymize.crypto.fakes import faked

    made = fakes(params, required(keys, "fake_address"))
    return map_list(values, lambda texts: faked(made, texts, params.index, params.others), transform="fake_address")


def fakes(params: Params, keys: Keys) -> Fakes:
    """The engine, for lists of Python texts too.

    Raises:
        KeyUnavailableError: there is no key of this version.
    """
    from guard.anonymize.crypto.cipher import cipher
    from guard.anonymize.crypto.fakes import Fakes

    key = key_of(keys, f"fake_address/{params.script}", params.domain, params.version, params.cipher)
    return Fakes(cipher(params.cipher, key), pool(params.script))


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


def guarantee(params: Params) -> Guarantee:
    """Equality within one purpose and domain."""
    unique = bool(params.index.name)
    return Guarantee(
        State.PSEUDONYMISED,
        shows="which rows have the same value",
        keyed=True,
        injective=unique,
        notes=() if unique else ("two values may get one fake; name the key column's values in `index` against that",),
    )


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """No database has it.

    Raises:
        TransformError: always; the caller denies.
    """
    from guard.anonymize.crypto.keyed import no_database_form

    raise no_database_form("fake_address")
