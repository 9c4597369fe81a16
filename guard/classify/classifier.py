"""The door of this room: rules in, findings and labels out.

A classifier is immutable and may be shared by threads. It reads its rules once and nothing else; the values it looks
at are forgotten when a call returns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guard.classify import lexicon as lexicons
from guard.classify import rulefile
from guard.classify import taxonomy as taxonomies
from guard.classify.effort import ORDINARY, Effort
from guard.classify.lexicon import Lexicon
from guard.classify.taxonomy import Taxonomy
from guard.errors import ConfigError
from guard.model import Column, Dataset, Evidence, FieldLabel, FieldRef, Finding, Table

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.classify.nested import Part


class Classifier:
    """Finds what is sensitive, by the rules of one pack.

    Attributes:
        taxonomy: kinds with category, level and names.
        lexicon: what names of columns say.
        version: 16 hexadecimal digits that change when a rule, a name or a detector does.
    """

    def __init__(self, taxonomy: Taxonomy, lexicon: Lexicon, version: str) -> None:
        from guard.classify.columns import Judge

        self.taxonomy = taxonomy
        self.lexicon = lexicon
        self.version = version
        self._judge = Judge(taxonomy, lexicon, version)

    @classmethod
    def load(cls, rules: Path) -> Classifier:
        """The classifier of the rule pack in `rules` (its `taxonomy` and `names`).

        Raises:
            ConfigError: a rule file does not fit, a name stands for an unknown kind, or a detector has no row in the
                taxonomy.
        """
        from guard.classify.latin.model import content as chain_content
        from guard.classify.own import load as load_own
        from guard.classify.registry import detectors

        load_own(rules / "detectors")
        taxonomy = taxonomies.load(rules / "taxonomy")
        lexicon, content = lexicons.load(rules / "names")
        known = detectors()
        if unknown := sorted(lexicon.kinds - taxonomy.kinds.keys()):
            raise ConfigError(f"`{rules / 'names'}` has phrases for `{unknown[0]}`, which the taxonomy does not have")
        if missing := sorted(known.keys() - taxonomy.kinds.keys()):
            raise ConfigError(
                f"`{rules / 'taxonomy'}` has no row for the detector `{missing[0]}`",
                help="add the kind with level and labels",
            )
        digest = hashlib.sha256(rulefile.canonical(sorted(taxonomy.kinds.values(), key=lambda kind: kind.id)) + content)
        digest.update(chain_content())
        for detector in known.values():
            facts = (detector.id, detector.shape.pattern, detector.pass_rate, detector.column_rate, detector.prior)
            digest.update(rulefile.canonical((*facts, detector.ceiling, detector.recall)))
        return cls(taxonomy, lexicon, digest.hexdigest()[:16])

    def classify_text(self, text: str, *, also: Sequence[Callable[[str], Sequence[Finding]]] = ()) -> list[Finding]:
        """The kinds in running text, in order of position; spans refer to `text` as given.

        Args:
            text: any text.
            also: further sources of evidence, such as `guard.classify.presidio.findings`.
        """
        from guard.classify.overlap import combine
        from guard.classify.text import classify_text

        return combine(classify_text(text), [finding for source in also for finding in source(text)])

    def classify_table(
        self, table: pa.Table, *, dataset: Dataset, info: Table | None = None, effort: Effort = ORDINARY
    ) -> list[FieldLabel]:
        """A label for each column of `table` and each field inside it; never fewer than it has columns.

        Args:
            table: a sample of the rows; with no rows the names alone are judged.
            dataset: the name that the labels carry.
            info: what the engine knows of the table: its comments and types.
            effort: how much of each column is looked at.
        """
        return self.judge(self.read(table, effort), dataset=dataset, info=info)

    def read(self, table: pa.Table, effort: Effort = ORDINARY) -> list[Part]:
        """Every column of a sample and every field inside it, as what is judged."""
        from guard.classify.nested import parts

        pairs = zip(table.column_names, table.columns, strict=True)
        return [part for name, array in pairs for part in parts(name, array, effort)]

    def named(self, path: str, comment: str = "") -> frozenset[str]:
        """The kinds that a name or a comment speaks of."""
        said = [*self.lexicon.of_name(path), *self.lexicon.of_comment(comment)]
        return frozenset(match.kind for match in said)

    def judge(self, read: Sequence[Part], *, dataset: Dataset, info: Table | None = None) -> list[FieldLabel]:
        """The labels of what was read, or recalled from an earlier scan (`guard.classify.memory`)."""
        from guard.classify.columns import Subject, table_words

        described = {column.name: column for column in info.columns} if info else {}
        subjects, inside = [], []
        for part in read:
            column = Column(part.path, "") if part.parent else described.get(part.path, Column(part.path, ""))
            cells = part.cells if part.cells is not None and part.cells.looked_at else None
            reason = part.reason or ("no values were read, and its name says nothing" if cells is None else "")
            subjects.append(
                Subject(FieldRef(dataset, part.path), column.type or part.type, cells, column.comment, reason)
            )
            inside.append(part.parent)
        words = table_words(info.name.name if info else dataset.name, info.comment if info else "")
        return _with_insides(self._judge.table(subjects, words), inside)


def _with_insides(labels: list[FieldLabel], inside: list[str]) -> list[FieldLabel]:
    """A column that holds fields is as sensitive as the worst of them."""
    position = {label.field.path: index for index, label in enumerate(labels)}
    for index in range(len(labels) - 1, -1, -1):
        child = labels[index]
        if not inside[index] or child.verdict == "clean":
            continue
        at = position[inside[index]]
        outer = labels[at]
        if child.verdict == "not_scanned":
            if outer.verdict == "clean":
                labels[at] = _replaced(
                    outer, verdict="not_scanned", reason=f"its part `{child.field.path}` was not read"
                )
        elif outer.verdict != "sensitive" or _weight(child) > _weight(outer):
            evidence = tuple(
                Evidence(item.source, f"in `{child.field.path}`: {item.detail}"[:400], item.weight)
                for item in child.evidence
            )
            labels[at] = _replaced(
                outer,
                verdict="sensitive",
                label=child.label,
                score=child.score,
                evidence=evidence,
                upper_bound=1.0,
                reason="",
            )
    return labels


def _weight(label: FieldLabel) -> tuple[int, float]:
    return (label.label.level if label.label else 0, label.score)


def _replaced(outer: FieldLabel, **changes: object) -> FieldLabel:
    import msgspec

    replaced: FieldLabel = msgspec.structs.replace(outer, **changes)
    return replaced
