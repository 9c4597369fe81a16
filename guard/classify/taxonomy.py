"""The taxonomy: for each kind its category, level, names in three writings, and what it says about a person.

Read from `rules/taxonomy/*.yaml`, one file a category, which a security team edits. A kind may stand here without a
detector: such kinds are recognised by the column's name, and `values` then says what its cells must look like at
least.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from guard.classify import rulefile
from guard.errors import ConfigError
from guard.model import Value

Script = Literal["en", "zh-Hans", "zh-Hant"]


class Names(Value, frozen=True, rename={"zh_hans": "zh-Hans", "zh_hant": "zh-Hant"}):
    """What people read, in English, 简体 and 繁體."""

    en: str
    zh_hans: str
    zh_hant: str

    def of(self, script: Script) -> str:
        """The name in one writing."""
        return {"en": self.en, "zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant}[script]


class _Row(Value, frozen=True):
    level: Annotated[int, msgspec.Meta(ge=1, le=5)]
    labels: Names
    sensitive: bool = True
    personal: bool = True
    values: str = ""


class _File(Value, frozen=True):
    category: str
    labels: Names
    kinds: dict[str, _Row]


class Kind(Value, frozen=True):
    """One row of the taxonomy.

    `level` is 1 (public) to 5 (most secret); `sensitive` says whether a field of this kind is a finding at all;
    `personal` whether it tells about a natural person; `values` is a regular expression over the shape of its cells,
    empty when a detector decides.
    """

    id: str
    category: str
    level: int
    labels: Names
    sensitive: bool
    personal: bool
    values: str = ""


class Taxonomy(Value, frozen=True):
    """All kinds by id, and the categories' names."""

    kinds: Mapping[str, Kind]
    categories: Mapping[str, Names]

    def __getitem__(self, kind: str) -> Kind:
        return self.kinds[kind]


def load(folder: Path) -> Taxonomy:
    """The taxonomy in `folder`.

    Raises:
        ConfigError: a file does not fit (unknown key, level outside 1 to 5, a kind or category twice); names file and
            key.
    """
    kinds: dict[str, Kind] = {}
    categories: dict[str, Names] = {}
    for path in rulefile.files(folder):
        file = rulefile.read(path, _File)
        rulefile.merge(path, categories, {file.category: file.labels})
        rows = {}
        for name, row in file.kinds.items():
            try:
                re.compile(row.values)
            except re.error as error:
                raise ConfigError(f"`{path}` key `{name}.values` is not a regular expression: {error.msg}") from error
            rows[name] = Kind(name, file.category, row.level, row.labels, row.sensitive, row.personal, row.values)
        rulefile.merge(path, kinds, rows)
    return Taxonomy(kinds, categories)
