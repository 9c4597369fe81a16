"""The reference page of the transforms, made from their docstrings and parameters.

python -m guard.anonymize.reference > docs/reference/transforms.md
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from guard.anonymize import registry
from guard.anonymize.peers import table

HEAD = """# Transforms

What can happen to a value. A transform has a form for Arrow columns and one in SQL (PostgreSQL, DuckDB, SQLite); both
give the same result for every value, nulls stay null, and the type of the column is kept. A mask made for text gives
null on a number or a date. Ciphers (`ff1`, `siv`, `gcm`, `pseudonym_cmac`, the fakes) have no form in SQL and refuse
what is not text; those that can be turned back need a grant of re-identification. `date_shift`, `shuffle`, `swap`,
`small_groups`, `vault` and `free_text` need other columns, the whole table, guard's store or its classifier: a plan
gives them that.
See [plans](plan.md) and [how to anonymise a file](../how-to/anonymise-a-file.md).

This page is made from the code: `python -m guard.anonymize.reference > docs/reference/transforms.md`.

| transform | parameters (with their defaults) | what it does |
|---|---|---|
"""

PEERS = """
## What other tools call it

Every transformation of Google Sensitive Data Protection, every mask of Apache Ranger and every operator of
presidio-anonymizer has its row. With the extra `presidio` the transforms of single values are operators there:
`guard.anonymize.presidio.operators(keys)`.

{table}"""


def page() -> str:
    """The whole page."""
    names = registry.ids()
    rows = "".join(f"| [{name}](#{name}) | {_parameters(name)} | {_title(name)} |\n" for name in names)
    return HEAD + rows + PEERS.format(table=table()) + "".join(_section(name) for name in names)


def _doc(name: str) -> str:
    return (registry.find(name).__doc__ or "").strip()


def _title(name: str) -> str:
    return _doc(name).partition("\n\n")[0].replace("\n", " ")


def _parameters(name: str) -> str:
    fields = msgspec.structs.fields(registry.find(name).Params)
    return ", ".join(f"`{field.encode_name}{_shown(field.default)}`" for field in fields) or "none"


def _shown(default: Any) -> str:
    return "" if default is msgspec.NODEFAULT else f": {msgspec.json.encode(default).decode()}"


def _section(name: str) -> str:
    body = _doc(name).partition("\n\n")[2]
    parameters = (registry.find(name).Params.__doc__ or "").strip().replace("\n    ", "\n")
    return f"\n## {name}\n\n{_title(name)}\n\nParameters: {parameters}\n\n{_spaced(body)}\n"


def _spaced(body: str) -> str:
    """Each statement of a docstring as its own paragraph."""
    starts = ("What it ", "Against whom:", "Guarantee:", "Reference:")
    apart = "\n".join(f"\n{line}" if line.startswith(starts) else line for line in body.split("\n"))
    return apart.lstrip("\n").replace("\n\n\n", "\n\n")


if __name__ == "__main__":
    sys.stdout.write(page())
