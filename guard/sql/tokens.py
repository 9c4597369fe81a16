"""Tokens of a text, from a tokenizer that is kept: making one costs as much as reading a short statement with it."""

from __future__ import annotations

import threading
from typing import Any, Final

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokens import Tokenizer

MOST: Final = 64  # sqlglot has fewer dialects, but takes settings behind their names


class _Kept(threading.local):
    """A tokenizer holds the state of the text that it reads, so each thread has its own; one for each dialect."""

    def __init__(self) -> None:
        self.tokenizers: dict[str, Tokenizer] = {}


_KEPT: Final = _Kept()


def tokens_of(text: str, dialect: str) -> list[Any]:
    """The tokens of `text`, read as `dialect` (sqlglot's name, or "" for the common grammar).

    Raises:
        TokenError: sqlglot's own, which repeats the text: never pass it on.
        ValueError: there is no such dialect.
    """
    kept = _KEPT.tokenizers.get(dialect)
    if kept is None:
        if len(_KEPT.tokenizers) > MOST:
            _KEPT.tokenizers.clear()
        kept = _KEPT.tokenizers[dialect] = Dialect.get_or_raise(dialect or None).tokenizer()
    return kept.tokenize(text)
