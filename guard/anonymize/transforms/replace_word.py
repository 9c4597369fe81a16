"""Each value becomes a word of a list, chosen by a key.

What it hides: the value, its form and its length.
What it keeps: that the same value has the same word, across tables, files, engines, runs and hosts.
Against whom: a reader without the key who may guess values.

Guarantee: the word is chosen evenly by HMAC-SHA256 under a key derived for the purpose, the `domain` and the key
version. Many values share one word: with n words, each stands for a share of 1/n.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array(["张三", "李四", "张三", None]), Params(words=("red", "green", "blue")), keys).to_pylist()
    ['red', 'green', 'red', None]

What it does not protect: how often a value occurs, where it is more frequent than all others of its word together.
On a number or a date the result is null.
Reference: Google `REPLACE_DICTIONARY`; GB/T 37964-2019, pseudonymisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import ChoiceParams
from guard.errors import PlanError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


MAX_WORDS = 1000
MAX_LENGTH = 200  # characters of a word


class Params(ChoiceParams, frozen=True, kw_only=True):
    """`words`: 2 to 1,000 different texts. `domain`, `version` and `purpose` as in `pseudonym`."""

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= len(set(self.words)) == len(self.words) <= MAX_WORDS:
            msg = f"`words` of `replace_word` are not 2 to {MAX_WORDS} different texts"
            raise PlanError(msg, help="use `constant` for one word")
        if any("\x00" in word or len(word) > MAX_LENGTH for word in self.words):
            msg = f"`words` of `replace_word` hold a NUL or more than {MAX_LENGTH} characters"
            raise PlanError(msg, help="use short words")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """By buffers.

    Raises:
        KeyUnavailableError: there is no key, or not of this version.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.columns import map_text
    from guard.anonymize.keyed_choice import chosen

    def word(text: pa.Array) -> pa.Array:
        places = pa.array(chosen("replace_word", text, params, keys) % len(params.words))
        return pc.if_else(pc.is_valid(text), pc.take(pa.array(params.words), places), pa.scalar(None, pa.string()))

    return map_text(values, word)


def guarantee(params: Params) -> Guarantee:
    """One of the words."""
    shows = f"which of {len(params.words)} groups the value falls in; the groups mean nothing"
    return Guarantee(State.PSEUDONYMISED, shows=shows, keyed=True)


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same HMAC in SQL; null for a column that is not text.

    Raises:
        KeyUnavailableError: there is no key, or not of this version.
    """
    from sqlglot import exp

    from guard.anonymize.keyed_choice import chosen_sql, remainder
    from guard.anonymize.sql_functions import case, number, string, text, typed_null
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    value = text(column, kind)
    place = remainder(
        chosen_sql("replace_word", value, params, keys, kind.dialect, parameters), len(params.words), kind.dialect
    )
    ifs = [exp.If(this=number(at), true=string(word)) for at, word in enumerate(params.words)]
    missing = exp.Is(this=value.copy(), expression=exp.Null())
    return kind.cast(case((missing, exp.Null()), otherwise=exp.Case(this=place, ifs=ifs)))
