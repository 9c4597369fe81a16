"""A tokenizer that is kept reads every text as a new one would."""

from __future__ import annotations

import threading

import pytest
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import TokenError

from guard.sql.parse import parse
from guard.sql.tokens import MOST, tokens_of

TEXTS = ["SELECT 1", "SELECT 'a' -- b\nFROM t", "", 'SELECT /* c */ x::int FROM "T" WHERE a = $1', "VALUES (1, 'x')"]


def seen(tokens):
    """What tells tokens apart."""
    return [(each.token_type, each.text, each.start, each.end, each.line, each.col, each.comments) for each in tokens]


@pytest.mark.parametrize("dialect", ["", "postgres", "duckdb", "sqlite", "mysql", "bigquery"])
def test_each_text_is_read_from_its_beginning(dialect):
    """Also after one that could not be read, and what was read before stays as it was."""
    before = tokens_of("SELECT 2 FROM kept", dialect)
    as_it_was = seen(before)
    for text in TEXTS * 2:
        with pytest.raises(TokenError):
            tokens_of("SELECT 'open", dialect)
        assert seen(tokens_of(text, dialect)) == seen(Dialect.get_or_raise(dialect or None).tokenize(text))
    assert seen(before) == as_it_was


def test_threads_read_by_themselves():
    """Each has its own state: seven threads over one tokenizer would mix their texts."""
    wrong = []

    def read(number):
        for turn in range(300):
            text = f"SELECT c{number}_{turn}, '{number}' FROM t{number} WHERE a = {turn}"
            if parse(text, "postgres").sql("postgres") != text:
                wrong.append(text)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_settings_behind_a_name_do_not_gather():
    """Names with settings are without end; what is kept is not."""
    from guard.sql import tokens

    for number in range(3 * MOST):
        tokens_of("SELECT 1", f"postgres, version={number + 10}")
    assert len(tokens._KEPT.tokenizers) <= MOST + 1


def test_an_unknown_dialect():
    """Sqlglot's own error."""
    with pytest.raises(ValueError, match="klingon"):
        tokens_of("SELECT 1", "klingon")
