"""The grammar of guard's errors."""

from __future__ import annotations

import re
from pathlib import Path

from guard import errors

ROOT = Path(__file__).resolve().parents[1]
RAISED = re.compile(r"(?:raise|return|yield) \w*(?:Error|_refused)\(\s*f?\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)


def test_each_error_knows_its_exit_code_and_status() -> None:
    """Every error of the tree can leave through the command line and through HTTP."""
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GuardError)]
    assert len(tree) >= 12
    assert all(kind.exit_code in {1, 2, 3, 4} and 400 <= kind.http_status < 600 for kind in tree)
    assert len({kind.code for kind in tree}) == len(tree)


def test_messages_follow_the_grammar() -> None:
    """Lower case at the start and no full stop at the end, wherever an error is raised."""
    messages = [
        (path.name, text)
        for path in (ROOT / "guard").rglob("*.py")
        for text in RAISED.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(messages) > 50
    proper = (
        "SQL",
        "CSV",
        "JSON",
        "Parquet",
        "PostgreSQL",
        "DuckDB",
        "SQLite",
        "OPA",
        "Rego",
        "YAML",
        "FF1",
        "HTTP",
        "JWT",
        "MariaDB",
        "ML-DSA-44",
    )
    wrong = [
        (name, text)
        for name, text in messages
        if text and (text.endswith(".") or (text[0].isupper() and not text.startswith(proper)))
    ]
    assert wrong == []


def test_help_stands_on_its_own_line() -> None:
    """The cure is separate from the message, for people and for programs."""
    error = errors.ConfigError("unknown key `a`", help="did you mean `b`?")
    assert error.diagnostics() == "unknown key `a`\n  help: did you mean `b`?"
