"""What is no form does not run: each seeded piece of text is found, and a form passes with its marks replaced."""

from __future__ import annotations

import pytest

from guard.anonymize.dp.sql.lexis import written
from guard.anonymize.dp.sql.marks import marked
from guard.errors import AccessDeniedError

VISIT = marked('"main"."visit"')
FORM = (
    f'WITH dp_src AS (SELECT dp_r0."pid" AS dp_u, EXTRACT(year FROM dp_r0."day") AS dp_k0 FROM {VISIT} AS dp_r0'
    " WHERE (dp_r0.\"note\" = 'a FROM x, it''s') AND dp_r0.\"pid\" IN (1, 2)),"
    " dp_own AS (SELECT dp_u, dp_k0, count(*) AS dp_n FROM dp_src GROUP BY dp_u, dp_k0)"
    " SELECT dp_p.dp_k0 AS dp_o0, sum(dp_p.dp_n) AS dp_o1 FROM dp_own AS dp_p GROUP BY dp_p.dp_k0"
)


def _written(sql: str) -> str:
    return written(
        sql,
        functions={"count", "sum", "trim"},
        grammar={"trim"},
        schema=("system", "main"),
        relations={VISIT: "(SELECT 1)"},
    )


def test_a_form_gets_its_tables_and_the_full_names_of_functions() -> None:
    """Nothing else changes: texts and names stay as they are."""
    expected = FORM.replace(VISIT, "(SELECT 1)").replace("count(", "system.main.count(")
    assert _written(FORM) == expected.replace("sum(", "system.main.sum(")


SEEDED = [
    (f"FROM {VISIT} AS dp_r0", 'FROM "main"."visit" AS dp_r0'),
    (f"FROM {VISIT} AS dp_r0", "FROM visit AS dp_r0"),
    (f"FROM {VISIT} AS dp_r0", f"FROM {VISIT} AS dp_r0, dp_own"),
    (f"FROM {VISIT} AS dp_r0", f"FROM {VISIT}"),
    (f"FROM {VISIT} AS dp_r0", f"FROM {marked('other')} AS dp_r0"),
    (f"FROM {VISIT} AS dp_r0", f"FROM {VISIT} AS dp_r0 CROSS JOIN secrets"),
    (f"FROM {VISIT} AS dp_r0", "FROM dp_own AS dp_r0"),  # not there yet
    ("FROM dp_own AS dp_p", "FROM dp_other AS dp_p"),
    ("FROM dp_own AS dp_p", "FROM (SELECT 1 FROM secrets) AS dp_p"),
    ("FROM dp_own AS dp_p", "FROM read_csv('x') AS dp_p"),
    ('dp_r0."pid" IN (1, 2)', 'dp_r0."pid" IN secrets'),
    ('dp_r0."pid" IN (1, 2)', '"pid" IN (1, 2)'),
    ('dp_r0."pid" IN (1, 2)', 'main.dp_r0."pid" IN (1, 2)'),
    ('dp_r0."pid" IN (1, 2)', 'dp_r0."pid".x IN (1, 2)'),
    ('dp_r0."pid" IN (1, 2)', 'EXISTS (SELECT 1) AND dp_r0."pid" IN (1, 2)'),
    ("sum(", "getenv("),
    ("sum(", "public.sum("),
    ("sum(", "sum ("),
    ("it''s", "it\\''s"),
    ("it''s", "it's"),
    (" GROUP BY dp_p.dp_k0", "; DROP TABLE visit"),
    (" GROUP BY dp_p.dp_k0", " -- GROUP BY"),
    (" GROUP BY dp_p.dp_k0", " /* */"),
    (" GROUP BY dp_p.dp_k0", " UNION ALL SELECT 1, 2 FROM secrets"),
    (" GROUP BY dp_p.dp_k0", ")"),
    (" GROUP BY dp_p.dp_k0", " WHERE (1 = 1"),
    (" GROUP BY dp_p.dp_k0", " WHERE dp_p.dp_k0 = $$x$$"),
    (" GROUP BY dp_p.dp_k0", " WHERE dp_p.dp_k0 = :guard_0"),
    ("WITH dp_src", "SELECT 1; WITH dp_src"),
    ("WITH dp_src", "INSERT INTO x WITH dp_src"),
]


@pytest.mark.parametrize(("old", "new"), SEEDED)
def test_what_is_no_form_is_refused(old: str, new: str) -> None:
    """Relations, functions, words and signs that no template writes, each put into a form that passes."""
    assert old in FORM
    with pytest.raises(AccessDeniedError, match="could not be proved"):
        _written(FORM.replace(old, new, 1))


def test_a_text_may_say_anything() -> None:
    """What stands in quotes is a value, whatever it looks like."""
    assert _written(FORM.replace("it''s", "''; DROP TABLE x; -- \" FROM y"))
