"""What of a table need not be read again: the labels as they stand, or what an earlier scan saw, weighed anew.

`mark` shows that the data is the same (see `guard.sources.marks`); it is bound to the table, the sample and the seed.
`judged` shows that names, types, comments and rules are the same too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from guard.classify.reader import detector_digests, reader_digest
from guard.model import Dataset, FieldLabel, Table, TableName

if TYPE_CHECKING:
    from guard.classify import Classifier
    from guard.classify.nested import Part
    from guard.sources.source import Source
    from guard.store.memories import Known
    from guard.store.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one table before it is read.

    Attributes:
        mark: of its data now; empty when nothing shows that it is unchanged.
        judged: how it would be judged now.
        labels: the labels, when nothing changed at all.
        recalled: by column, what an earlier scan saw of columns whose data did not change.
    """

    mark: str
    judged: str
    labels: tuple[FieldLabel, ...] | None = None
    recalled: Mapping[str, list[Part]] = field(default_factory=dict)


class Unchanged:
    """What earlier scans left of the tables of a source.

    Args:
        store: where they left it.
        source: whose tables.
        tables: those to be scanned.
        asked: rows a table, which rows, and how closely they are looked at.
        classifier: the rules of now.
        full: nothing counts as unchanged.
    """

    def __init__(
        self,
        store: Store,
        source: Source,
        tables: Sequence[Table],
        *,
        asked: tuple[int, int, bool],
        classifier: Classifier,
        full: bool,
    ) -> None:
        self._store = store
        self._classifier = classifier
        self._asked = asked
        self._reading = (reader_digest(), dict(detector_digests()))  # a newer guard may see more in the same values
        # INVARIANT: marks are taken before the first cell is read: a change in between shows at the next scan.
        self._marks: Mapping[TableName, str] = source.marks(tables)
        self._known: Mapping[Dataset, Known] = {} if full else store.memories.known(source.namespace)

    def of(self, table: Table) -> Standing:
        """What is known of a table."""
        token = self._marks.get(table.name, "")
        mark = _digest(token, table.identity, *self._asked) if token else ""
        judged = _digest(
            self._classifier.version,
            self._reading,
            table.name,
            table.comment,
            [msgspec.structs.astuple(each) for each in table.columns],
        )
        known = self._known.get(table.dataset)
        if not mark or known is None or known.mark != mark:
            return Standing(mark, judged)
        if known.judged == judged:
            return Standing(mark, judged, labels=known.labels)
        return Standing(mark, judged, recalled=self._recalled(table))

    def _recalled(self, table: Table) -> dict[str, list[Part]]:
        from guard.classify.memory import TableMemory, recall

        packed = self._store.memories.memory(table.dataset)
        memory = TableMemory.unpack(packed) if packed else None
        if memory is None:
            return {}
        types = {each.name: each.type for each in table.columns}
        comments = {each.name: each.comment for each in table.columns}
        found = recall(memory, lambda field: self._classifier.named(field.path, comments.get(field.column, "")))
        return {name: parts for name, parts in found.items() if name in types and memory.types.get(name) == types[name]}


def _digest(*facts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:32]
