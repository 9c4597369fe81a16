"""The exact text that a person reads, command by command."""

from __future__ import annotations

from pathlib import Path

from inline_snapshot import snapshot

from tests.cli.conftest import CLERK, Done

POLICY = Path(__file__).parents[2] / "rules" / "policy"

SQL = "SELECT name, phone FROM people ORDER BY name"


def show(done: Done) -> str:
    """Exit code, stdout, stderr in one text."""
    return f"[{done.code}]\n{done.out}--- stderr\n{done.err}"


def test_scan(guard):
    """A scan shows what was found with its reasons, and counts what was not looked at."""
    assert show(guard("scan", "sqlite:///crm.db")) == snapshot("""\
[1]
table    field   what it is                       kind             level   score   because
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
people   name    Personal name in Latin letters   person.name_en   3       0.80    name token name; values look as this
                                                                                   kind's must
people   phone   Mobile number of the mainland    cn.mobile        3       0.99    name token phone; 4 of 4 distinct
                                                                                   values pass the rules of the kind
people   email   E-mail address                   intl.email       3       1.00    4 of 4 distinct values pass the rules
                                                                                   of the kind; name token email
1 table, 4 fields looked at, 3 sensitive, 0 fields not looked at, 0 tables skipped
--- stderr
""")


def test_scan_finds_no_table(guard):
    """A scan that matched nothing is never clean."""
    assert show(guard("scan", "sqlite:///crm.db", "--table", "orders")) == snapshot("""\
[3]
--- stderr
error: `sqlite:///crm.db` has no tables `orders`
  help: check the name, or leave the filter out
""")


def test_check_allows(scanned):
    """An allowed query says which rule allows it, and what its answer must undergo."""
    assert show(scanned("check", SQL, *CLERK)) == snapshot("""\
[0]
ALLOW  zhou for service
  because  access.role_for_purpose: role call_center may query for service up to level 3
  applies  mask main.people.phone with partial (masking.by_kind)
  applies  at most 100 rows (output.max_rows)
  decision d-ID, rules REVISION, engine embedded
--- stderr
""")


def test_check_denies(scanned):
    """A denied query says which rule denies it, on which columns, and the cure."""
    denied = scanned("check", SQL, *CLERK[:4], "--role", "clerk", "--purpose", "marketing")
    assert show(denied) == snapshot("""\
[1]
DENY  zhou for marketing
  because  access.unknown_purpose: the purpose is not in the register of purposes
           help: state a purpose from config/purposes/data.yaml, or have this one added
  gap      unknown purpose: the purpose is not in the register of purposes
           help: state a purpose from config/purposes/data.yaml, or have this one added
  decision d-ID, rules REVISION, engine embedded
--- stderr
""")


def test_check_of_what_was_not_scanned(guard):
    """A column that nobody looked at denies, and the cure is a scan."""
    assert show(guard("check", "SELECT phone FROM people", *CLERK)) == snapshot("""\
[1]
DENY  zhou for service
  because  access.unclassified_column: these columns have not been classified
           on main.people.phone
           help: run `guard scan` on the source, then ask again
  gap      unclassified column: table `main.people` has not been scanned
           help: run `guard scan` on the source
  gap      unclassified column: column `main.people.phone` has not been classified
           help: run `guard scan` on the source, then ask again
  decision d-ID, rules REVISION, engine embedded
--- stderr
""")


def test_check_of_what_does_not_parse(scanned):
    """SQL that cannot be parsed is denied with its place."""
    assert show(scanned("check", "SELEC phone FROM people", *CLERK)) == snapshot("""\
[1]
DENY  zhou for service
  gap      unparsed sql: the statement cannot be parsed at line 1, column 16
           help: check the syntax and the dialect of the source
  decision d-ID, rules REVISION, engine embedded
--- stderr
""")


def test_explain(scanned):
    """An explanation shows each column with its use and label, and the SQL that would run."""
    assert show(scanned("explain", "SELECT name FROM people", *CLERK)) == snapshot("""\
[0]
ALLOW  zhou for service
  because  access.role_for_purpose: role call_center may query for service up to level 3
  applies  at most 100 rows (output.max_rows)
  decision d-ID, rules REVISION, engine embedded

table         column   used for   label
──────────────────────────────────────────────────────────
main.people   name     output     person.name_en (level 3)

enforced SQL:
SELECT name FROM (SELECT "guard_t"."name" AS "name" FROM "main"."people" AS "guard_t") AS "people" LIMIT 100
--- stderr
""")


def test_query(scanned):
    """The rows go to stdout, what was applied to them to stderr."""
    assert show(scanned("query", SQL, *CLERK)) == snapshot("""\
[0]
name       phone
──────────────────────
Li Lei     139****5678
Sun Yu     187****6352
Wang Min   138****8000
Zhao Lan   150****8344
4 rows
--- stderr
  applies  mask main.people.phone with partial (masking.by_kind)
  applies  at most 100 rows (output.max_rows)
  decision d-ID, audit entry 2
""")


def test_query_denied(scanned):
    """A denial prints nothing on stdout."""
    assert show(scanned("query", "SELECT phone FROM people; DELETE FROM people", *CLERK)) == snapshot("""\
[1]
--- stderr
error: denied: unsupported statement: the text holds 2 statements, expected exactly one
  help: send one statement
""")


def test_classify(guard):
    """A text shows kinds and positions, never the values."""
    assert show(guard("classify", "write to lei@example.com")) == snapshot("""\
[1]
what it is       kind         characters   score
────────────────────────────────────────────────
E-mail address   intl.email   9-24         1.00
--- stderr
""")


def test_classify_nothing(guard):
    """A clean text says how much was looked at."""
    assert show(guard("classify", "nothing to see")) == snapshot("""\
[0]
nothing sensitive found in 14 characters
--- stderr
""")


def test_rules_list(guard):
    """Every rule of the default pack stands in one line, and the revision below."""
    header, _, *lines = guard("rules", "list").out.splitlines()
    folders = sorted(file.parent for file in POLICY.glob("*/*/*.rego") if file.stem == file.parent.name)
    assert header.split("  ")[0] == "rule"
    assert [line.split()[0] for line in lines[:-1]] == [f"{path.parent.name}.{path.name}" for path in folders]
    assert lines[-1] == "revision sha256:REVISION"


def test_lineage_of_nothing(scanned):
    """A field that is not known is not an empty lineage."""
    assert show(scanned("lineage", "people.salary")) == snapshot("""\
[3]
--- stderr
error: no field `people.salary` is known
  help: scan its source, or check the name
""")


def test_lineage(scanned):
    """A column's lineage shows where it went and who touched it."""
    scanned("query", "SELECT name FROM people", *CLERK)
    shown = scanned("lineage", "people.name").out
    assert "people.name\n└─" in shown
    assert "query  zhou for service" in shown
