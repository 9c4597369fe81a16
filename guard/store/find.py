"""Finds fields by what a person types: `residents.phone`, `main.residents.phone`, `contact.phone` in `people`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from guard.model import Dataset, FieldRef
from guard.store import schema

if TYPE_CHECKING:
    from guard.store.store import Store

MAX_FOUND = 100  # fields
MAX_NAME = 1024  # characters
SEPARATORS = (".", "/")  # before the part of a dataset's name that a person types
SUFFIXES = (
    "",
    ".csv",
    ".tsv",
    ".parquet",
    ".json",
    ".ndjson",
    ".jsonl",
    ".txt",
    ".log",
    ".md",
)  # a file's table is called without it


def find_fields(store: Store, name: str) -> tuple[FieldRef, ...]:
    """The fields whose dataset's name ends with what stands before a dot of `name`, and whose path is the rest.

    Sorted; at most `MAX_FOUND`. Nested paths have dots too, so every dot is tried.
    """
    parts = name[:MAX_NAME].split(".")
    splits = [(".".join(parts[:at]), ".".join(parts[at:])) for at in range(1, len(parts))]
    if not splits:
        return ()
    names, paths = schema.dataset.c.name, schema.field.c.path
    spelled = [(table + suffix, path) for table, path in splits for suffix in SUFFIXES]
    fits = or_(
        *(
            (paths == path)
            & or_(names == table, *(names.endswith(mark + table, autoescape=True) for mark in SEPARATORS))
            for table, path in spelled
        )
    )
    statement = (
        select(schema.dataset.c.namespace, names, paths)
        .select_from(schema.field.join(schema.dataset))
        .where(fits)
        .order_by(schema.dataset.c.namespace, names, paths)
        .limit(MAX_FOUND)
    )
    with store.read() as connection:
        return tuple(FieldRef(Dataset(row[0], row[1]), row[2]) for row in connection.execute(statement))
