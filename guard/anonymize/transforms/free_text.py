"""What is sensitive inside a text is taken out, and the text around it stays.

What it hides: what the classifier finds: names, numbers, addresses, secrets.
What it keeps: the words around it, and with `pseudonym` that two places name the same thing.
Against whom: a reader of notes and messages without further knowledge.

Guarantee: each found place becomes its kind in angle brackets, `***`, or a keyed token; places that overlap become
one.

    >>> import pyarrow as pa
    >>> from guard.anonymize.rows import Ports, Rows, Span
    >>> def found(texts):
    ...     return [[Span("cn.mobile", 3, 14)] for _ in texts]
    >>> rows = Rows(ports=Ports(spans=found))
    >>> apply_rows(pa.array(["请致电13812341234谢谢", None]), Params(), None, rows).to_pylist()
    ['请致电<cn.mobile>谢谢', None]

What it does not protect: what the classifier misses, and what the words around tell. Read a sample before a release.
On a number or a date the result is null.
Reference: presidio `AnonymizerEngine`; Google `REPLACE_WITH_INFO_TYPE`; GB/T 37964-2019 annex A, masking.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, cast

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import ChoiceParams
from guard.anonymize.no_sql import no_sql
from guard.anonymize.rows import alone
from guard.errors import TransformError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.keys import Keys
    from guard.anonymize.rows import Rows, WideTransform


class Params(ChoiceParams, frozen=True):
    """`replace` is `kind` (`<cn.mobile>`), `stars` (`***`) or `pseudonym`. `kinds` are those to take out; none: all.

    A kind covers those below it: `secret` all secrets. `domain`, `version` and `purpose` as in `pseudonym`.
    """

    replace: Literal["kind", "stars", "pseudonym"] = "kind"
    kinds: tuple[str, ...] = ()


def reads(params: Params) -> tuple[str, ...]:
    """No other column."""
    return ()


def survey(params: Params, keys: Keys | None) -> None:
    """Nothing has to be known of the whole table."""


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """A column that is the whole table; see `apply_rows`."""
    return alone(cast("WideTransform", sys.modules[__name__]), values, params, keys)


def apply_rows(values: pa.Array, params: Params, keys: Keys | None, rows: Rows) -> pa.Array:
    """Each distinct text is looked at once.

    Raises:
        TransformError: there is no classifier here, or it answered what cannot be.
        KeyUnavailableError: `replace` is `pseudonym` and there is no key.
    """
    from guard.anonymize.columns import map_text
    from guard.anonymize.spans import without

    finder = rows.ports.spans
    if finder is None:
        msg = "there is no classifier here: `free_text` needs to be told where something sensitive stands"
        raise TransformError(
            msg, help="run it by `guard anonymize` or `Guard.anonymize`, or hand a `Ports(spans=...)` in"
        )
    return map_text(values, lambda text: without(text, finder, params, keys))


def guarantee(params: Params) -> Guarantee:
    """The words around."""
    keyed = params.replace == "pseudonym"
    note = "it hides what the classifier finds, and no more"
    return Guarantee(State.GENERALISED, shows="the text outside the found places", keyed=keyed, notes=(note,))


sql = no_sql("free_text", "no database has the classifier")
