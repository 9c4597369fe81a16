"""Which columns of a CSV file are numbers, dates or truth values, without harming a single identifier.

A CSV file has only text. A column gets another type only when every value survives the way there and back, so
`007` stays `007`. Whole numbers of 11 digits and more stay text as well: nobody adds up telephone, card or resident
numbers, and masks work on their digits.
"""

from __future__ import annotations

from guard.sources.names import quoted

LONGEST_NUMBER = 10  # digits

# Type, and the condition under which one value is better off in it; `{c}` is the column.
_DECIMAL = f"-?(0|[1-9][0-9]{{{{0,{LONGEST_NUMBER - 1}}}}})(\\.[0-9]{{{{1,{LONGEST_NUMBER}}}}})?"
_MOMENT = r"\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{{1,6}})?)?"
_CANDIDATES = (
    ("BIGINT", f"TRY_CAST({{c}} AS BIGINT)::VARCHAR = {{c}} AND length(ltrim({{c}}, '-')) <= {LONGEST_NUMBER}"),
    ("DOUBLE", f"regexp_full_match({{c}}, '{_DECIMAL}')"),
    ("DATE", "TRY_CAST({c} AS DATE)::VARCHAR = {c}"),
    ("TIMESTAMP", f"regexp_full_match({{c}}, '{_MOMENT}') AND TRY_CAST({{c}} AS TIMESTAMP) IS NOT NULL"),
    ("BOOLEAN", "{c} IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')"),
)


def survey(columns: list[str], table: str) -> str:
    """A SELECT of one row: for each column, for each candidate type, whether all values fit it."""
    tests = [
        f"count({name}) > 0 AND count({name}) = count(*) FILTER (WHERE {condition.format(c=name)})"
        for name in (quoted(column, "duckdb") for column in columns)
        for _, condition in _CANDIDATES
    ]
    return f"SELECT {', '.join(tests)} FROM {table}"


def chosen(columns: list[str], answers: tuple[bool, ...]) -> dict[str, str]:
    """The type of each column from the row that `survey` gives."""
    width = len(_CANDIDATES)
    types: dict[str, str] = {}
    for index, column in enumerate(columns):
        fits = answers[index * width : (index + 1) * width]
        types[column] = next((name for (name, _), fit in zip(_CANDIDATES, fits, strict=True) if fit), "VARCHAR")
    return types
