"""Procedures, functions and control flow: where the statements inside them stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

# Words after CREATE [OR REPLACE] that hold statements instead of being one.
ROUTINES = frozenset({"PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "PACKAGE"})
# Words that a statement of a procedure may stand behind.
CONTROL = frozenset(
    {
        "AS", "BEGIN", "CASE", "CATCH", "DECLARE", "DO", "ELSE", "ELSEIF", "ELSIF", "END", "EXCEPTION", "EXPLAIN",
        "FOR", "IF", "IS", "LOOP", "OPEN", "REPEAT", "RETURN", "THEN", "TRY", "WHEN", "WHILE", "WITH",
    }
)  # fmt: skip
BLOCKS = (exp.Block, exp.IfBlock, exp.WhileBlock)
BATCHES = frozenset({"fabric", "tsql"})
_GO = re.compile(r"^[ \t]*GO(?:[ \t]+\d+)?[ \t]*;?[ \t]*$", re.IGNORECASE | re.MULTILINE)
_TEXTS = frozenset({TokenType.HEREDOC_STRING, TokenType.RAW_STRING, TokenType.STRING})
_HEAD = 8  # tokens in which a routine says what it is
_LANGUAGES = frozenset({"SQL", "PLPGSQL", "TSQL"})


def batches(sql: str) -> str:
    """SQL Server's tools end a batch with GO on a line of its own; here a semicolon does."""
    return _GO.sub(lambda found: ";".ljust(len(found.group())), sql)


def body(piece: Sequence[Any]) -> Any:
    """The text in quotes that holds the statements of a routine: `CREATE FUNCTION ... AS $$ ... $$`, `DO $$ ... $$`."""
    words = [token.text.upper() for token in piece[:_HEAD]]
    if not words:
        return None
    if len(piece) == 1 and piece[0].token_type is TokenType.HEREDOC_STRING:
        return piece[0]
    if words[0] != "DO" and not (words[0] == "CREATE" and ROUTINES & set(words[1:4])):
        return None
    texts = [token for token in piece if token.token_type in _TEXTS]
    return max(texts, key=lambda token: len(token.text), default=None)


def in_sql(piece: Sequence[Any], inside: Any) -> bool:
    """True unless the routine names another language."""
    words = [token.text.upper() for token in piece if token is not inside]
    language = words[words.index("LANGUAGE") + 1 :][:1] if "LANGUAGE" in words else []
    return not language or language[0] in _LANGUAGES


def flat(tree: exp.Expression) -> list[exp.Expression]:
    """The statements inside IF, WHILE and BEGIN, whichever branch is taken; a condition is a query of its own."""
    found: list[exp.Expression] = []
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, exp.Block):
            waiting[:0] = node.expressions
        elif isinstance(node, BLOCKS):
            if node.this is not None and next(node.this.find_all(exp.Table), None) is not None:
                found.append(exp.Select(expressions=[node.this.copy()]))
            waiting[:0] = [node.args[part] for part in ("true", "false", "body") if node.args.get(part) is not None]
        elif isinstance(node, exp.Expression) and not isinstance(node, exp.EndStatement):
            found.append(node)
    return found
