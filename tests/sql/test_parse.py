"""The way from text to tree: bounded, silent, exact."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from sqlglot import exp

from guard.errors import ParseError, UsageError
from guard.sql.limits import SqlLimits
from guard.sql.parse import anonymised, fingerprint, parse, parse_script

HOSTILE = {
    "parentheses": "'SELECT ' + '(' * 10_000 + '1' + ')' * 10_000",
    "brackets": "'SELECT ' + 'a[' * 10_000 + '1' + ']' * 10_000",
    "subqueries": "'SELECT * FROM ' + '(SELECT * FROM ' * 10_000 + 't' + ') x' * 10_000",
    "case": "'SELECT ' + 'CASE WHEN a THEN ' * 5_000 + '1' + ' END' * 5_000",
    "not": "'SELECT ' + 'NOT ' * 10_000 + 'true'",
    "minus": "'SELECT ' + '- ' * 10_000 + '1'",
    "interval": "'SELECT ' + 'INTERVAL ' * 5_000 + '1'",
    "describe": "'DESCRIBE ' * 5_000 + 'SELECT 1'",
    "sum": "'SELECT ' + '+'.join(['a'] * 9_000)",
    "and": "'SELECT 1 WHERE ' + ' AND '.join(['a = 1'] * 4_000)",
    "concatenation": "'SELECT ' + '||'.join(['a'] * 9_000)",
    "casts": "'SELECT a' + '::int' * 9_000",
    "types": "'SELECT CAST(a AS ' + 'ARRAY<' * 5_000 + 'INT' + '>' * 5_000 + ')'",
    "arms": "' UNION ALL '.join(['SELECT a FROM t'] * 20_000)",
    "few arms": "' UNION ALL '.join(['SELECT a FROM t'] * 2_000)",
    "ctes": "'WITH ' + ', '.join(f'c{i} AS (SELECT * FROM c{i - 1})' for i in range(1, 8_001)) + ' SELECT 1'",
    "list": "'SELECT 1 FROM t WHERE id IN (' + ','.join(map(str, range(200_000))) + ')'",
    "joins": "'SELECT 1 FROM t' + ' JOIN t' * 40",
    "half joins": "'SELECT 1 FROM t' + ' LEFT JOIN t' * 60 + ' ON a = b' * 30",
    "string": "'SELECT ' + chr(39) + 'x' * 2_000_000 + chr(39)",
    "arrows": "'SELECT ' + 'a -> ' * 5_000 + 'a'",
    "dots": "'SELECT ' + 'a.' * 9_000 + 'a'",
    "commas": "'SELECT ' + ',' * 15_000",
    "open": "'SELECT ' + '(' * 60",
    "comment": "'SELECT 1 ' + '/* ' * 20_000",
    "quotes": "'SELECT ' + chr(39) * 99_999",
    "dollars": "'SELECT ' + '$a$' * 9_999",
    "semicolons": "';' * 15_000 + 'SELECT 1'",
    "begin": "'BEGIN ' * 15_000",
    "subscripts": "'SELECT a' + '[1]' * 1_200",
    "subscripts and commas": "'SELECT ' + ', '.join(['a[1][2][3]'] * 320)",
    "tables": "'SELECT 1 FROM ' + ', '.join(f't a{i}' for i in range(900))",
    "intervals": "'SELECT ' + ', '.join(['INTERVAL ' + chr(39) + '1 day' + chr(39)] * 1_300)",
}


def test_hostile_sizes_never_crash_the_process() -> None:
    """Each hostile text is refused, or parsed and printed, in a child that must live to the end."""
    program = (
        "import sys\nsys.setrecursionlimit(1000)\nfrom guard.sql.parse import parse, anonymised\n"
        "from guard.errors import ParseError\n"
        f"for name, text in {HOSTILE!r}.items():\n"
        "    for dialect in ('postgres', 'duckdb', 'sqlite'):\n"
        "        try:\n            anonymised(parse(eval(text), dialect), dialect=dialect)\n"
        "            verdict = 'parsed'\n"
        "        except ParseError as error:\n            verdict = error.gap\n"
        "        print(name, dialect, verdict, sep=';', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    verdicts = [line.split(";") for line in done.stdout.splitlines()]
    assert len(verdicts) == 3 * len(HOSTILE)
    assert {name for name, _, verdict in verdicts if verdict == "parsed"} <= {"commas", "dollars"}


@pytest.mark.parametrize(
    ("sql", "dialect", "gap"),
    [
        ("SELECT 1; SELECT 2", "postgres", "unsupported_statement"),
        ("", "postgres", "unsupported_statement"),
        ("-- nothing", "postgres", "unsupported_statement"),
        ("EXPLAIN SELECT 1", "postgres", "unsupported_statement"),
        ("PREPARE p AS SELECT 1", "postgres", "unsupported_statement"),
        ("DO $$ BEGIN END $$", "postgres", "unsupported_statement"),
        ("customers", "duckdb", "unsupported_statement"),
        ("SELECT 1 +", "postgres", "unparsed_sql"),
        ("SELECT 'open", "postgres", "unparsed_sql"),
        ("SELECT -> -> 1", "duckdb", "unparsed_sql"),
        ("SELECT name FROM customers\0 UNION SELECT ssn FROM customers", "postgres", "unparsed_sql"),
        ("SELECT ssn FROM cu\u0455tomers", "postgres", "unparsed_sql"),
        ("SELECT \uff53\uff53\uff4e FROM customers", "postgres", "unparsed_sql"),
        ("SELECT\u00a0ssn FROM customers", "postgres", "unparsed_sql"),
        ("SELECT ss\u200bn FROM customers", "postgres", "unparsed_sql"),
        ("SELECT e\u0301 FROM customers", "postgres", "unparsed_sql"),
        ('SELECT U&"\\0073sn" FROM customers', "postgres", "unparsed_sql"),
        ("SELECT name /*!50000 , ssn */ FROM customers", "mysql", "unparsed_sql"),
        ("SELECT /*+ SET_VAR(sql_mode='ANSI_QUOTES') */ \"ssn\" FROM customers", "mysql", "unparsed_sql"),
        ("SELECT '\ud800'", "postgres", "unparsed_sql"),
    ],
)
def test_what_is_not_one_statement_is_refused(sql: str, dialect: str, gap: str) -> None:
    """A text that is not exactly one known statement, or that could be read in two ways, is an error with its gap."""
    with pytest.raises(ParseError) as caught:
        parse(sql, dialect)
    assert caught.value.gap == gap


@pytest.mark.parametrize(
    "name", ["身份证号", "患者_姓名", "カルテ番号", "주민번호", "straße", "имя", "姓名2", "ID号码"]
)
def test_names_of_one_alphabet_pass(name: str) -> None:
    """Chinese and other names that look like nothing else are ordinary identifiers."""
    assert parse(f'SELECT {name}, "{name}" FROM t', "postgres").find(exp.Column).name == name


def test_a_trailing_semicolon_and_comments_are_fine() -> None:
    """`SELECT 1; -- done` is one statement."""
    assert isinstance(parse("SELECT 1; -- done", "postgres"), exp.Select)


@pytest.mark.parametrize(
    "sql", ["SELECT 'CANARY-77' FROM t WHERE +", "SELECT 'CANARY-77", "SELECT 'CANARY-77'; SELECT 2"]
)
def test_errors_do_not_repeat_the_statement(sql: str, caplog: pytest.LogCaptureFixture) -> None:
    """No literal of a refused statement is in the message, the help, a chained error, or the log."""
    with caplog.at_level(logging.DEBUG), pytest.raises(ParseError) as caught:
        parse(sql, "postgres")
    error = caught.value
    texts = [error.diagnostics(), repr(error), repr(error.__context__), repr(error.__cause__), caplog.text]
    assert not any("CANARY" in text for text in texts)


def test_the_parser_is_silent_only_while_guard_parses(caplog: pytest.LogCaptureFixture) -> None:
    """sqlglot's own warning prints the statement: it is dropped for guard, and kept for the user's own calls."""
    import sqlglot

    with pytest.raises(ParseError):
        parse("EXPLAIN SELECT 'CANARY-78'", "postgres")
    assert caplog.text == ""
    sqlglot.parse("EXPLAIN SELECT 'mine'", read="postgres")
    assert "mine" in caplog.text


def test_an_unknown_dialect_is_the_callers_mistake() -> None:
    """A misspelt dialect is not reported as bad SQL."""
    with pytest.raises(UsageError) as caught:
        parse("SELECT 1", "postgress")
    assert caught.value.message == "there is no SQL dialect `postgress`"


def test_limits_are_parameters() -> None:
    """A stricter limit refuses what the default takes."""
    parse("SELECT 1, 2, 3", "postgres")
    with pytest.raises(ParseError) as caught:
        parse("SELECT 1, 2, 3", "postgres", limits=SqlLimits(tokens=5))
    assert caught.value.message == "the statement has more than 5 tokens"


def test_a_script_keeps_its_order_and_its_commands() -> None:
    """A script may hold statements that guard does not judge; lineage decides what they mean."""
    kinds = [type(one).__name__ for one in parse_script("SELECT 1; EXPLAIN SELECT 2; DELETE FROM t", "postgres")]
    assert kinds == ["Select", "Command", "Delete"]


@pytest.mark.parametrize(
    ("sql", "dialect", "shown"),
    [
        (
            "select a from t where b = 'x' and c in (1, 2, 3) -- note",
            "postgres",
            "SELECT a FROM t WHERE b = ? AND c IN (?)",
        ),
        ('SELECT id FROM t WHERE name = "张三"', "sqlite", "SELECT id FROM t WHERE name = ?"),
        (
            "SELECT $$secret$$, DATE '2020-01-01', j->>'k' FROM t LIMIT 5",
            "postgres",
            "SELECT ?, CAST(? AS DATE), j ->> ? FROM t LIMIT ?",
        ),
        ("SELECT {'a': 110101199003071234}, [1, 2]", "duckdb", "SELECT {'a': ?}, [?]"),
    ],
)
def test_the_anonymised_text_has_the_shape_without_values(sql: str, dialect: str, shown: str) -> None:
    """Every literal becomes a question mark; names stay."""
    assert anonymised(parse(sql, dialect), dialect=dialect) == shown


def test_the_fingerprint_depends_on_the_shape_alone() -> None:
    """Literals, white space, comments and keyword case do not change it; a column does."""
    same = [parse(sql, "postgres") for sql in ("SELECT a FROM t WHERE b = 1", "select a from t /* x */ where b = 22")]
    other = parse("SELECT c FROM t WHERE b = 1", "postgres")
    assert fingerprint(same[0]) == fingerprint(same[1]) != fingerprint(other)
