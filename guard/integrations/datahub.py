"""DataHub's `Classifier` plug-in: guard where DataHub's own classifier was taken out.

In a recipe: `classification: {enabled: true, classifiers: [{type: guard.integrations.datahub.GuardClassifier}]}`.
DataHub hands columns over as `ColumnInfo` (metadata and sampled values) and takes them back with `infotype_proposals`.
All columns of one dataset are judged together, so that neighbours count as in a scan. Needs the classes of
`acryl-datahub-classify`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guard.errors import UsageError
from guard.model import Column, Dataset, FieldLabel, Table, TableName

LEAST = 0.5  # probability of a proposal, unless the recipe says otherwise


class GuardClassifier:
    """Proposes kinds for columns, by guard's rules.

    Args:
        rules: the folder of a rule pack; the default pack without one.
        minimum: probability from which a kind is proposed.
        infotypes: only these kinds; all by default.
    """

    def __init__(self, rules: str = "", minimum: float = LEAST, infotypes: Sequence[str] = ()) -> None:
        from guard.classify import Classifier
        from guard.config import default_rules

        self._classifier = Classifier.load(Path(rules) if rules else default_rules())
        self._minimum = minimum
        self._only = frozenset(infotypes)

    @classmethod
    def create(cls, config_dict: Mapping[str, Any] | None = None) -> GuardClassifier:
        """From the recipe's `config`.

        Raises:
            UsageError: an unknown key.
        """
        given = dict(config_dict or {})
        if unknown := sorted(given.keys() - {"rules", "minimum", "infotypes"}):
            raise UsageError(f"unknown key `{unknown[0]}`", help="choose from rules, minimum, infotypes")
        return cls(**given)

    def classify(self, columns: list[Any]) -> list[Any]:
        """The same columns, each with its proposals, the likeliest first; none where nothing is likely."""
        by_dataset: dict[str, list[Any]] = {}
        for column in columns:
            by_dataset.setdefault(column.metadata.dataset_name or "", []).append(column)
        for dataset, members in by_dataset.items():
            for column, label in zip(members, self._labels(dataset, members), strict=True):
                column.infotype_proposals = self._proposals(label)
        return columns

    def _labels(self, dataset: str, members: Sequence[Any]) -> list[FieldLabel]:
        import pyarrow as pa

        names = [f"{index}" for index in range(len(members))]  # DataHub may name two columns alike
        longest = max((len(column.values) for column in members), default=0)
        arrays = [
            pa.array([None if v is None else str(v) for v in column.values] + [None] * (longest - len(column.values)))
            for column in members
        ]
        described = tuple(
            Column(c.metadata.name or "", c.metadata.datatype or "", comment=c.metadata.description or "")
            for c in members
        )
        here = Dataset("datahub", dataset)
        parts = []
        for name, array, column in zip(names, arrays, described, strict=True):
            read = self._classifier.read(pa.table({name: array.cast(pa.string())}))
            parts.append(next(_renamed(part, column.name) for part in read if not part.parent))
        info = Table(TableName(dataset.rsplit(".", 1)[-1]), here, described)
        return self._classifier.judge(parts, dataset=here, info=info)

    def _proposals(self, label: FieldLabel) -> list[Any]:
        from datahub_classify.helper_classes import DebugInfo, InfotypeProposal

        found = [] if label.label is None else [(label.label.kind, label.score)]
        found += [pair for pair in label.others if pair not in found]
        by_source: dict[str, float] = {}
        for item in label.evidence:
            by_source[item.source] = by_source.get(item.source, 0.0) + item.weight
        debug = DebugInfo(
            name=by_source.get("name"),
            description=by_source.get("comment"),
            datatype=by_source.get("type"),
            values=by_source.get("value"),
        )
        return [
            InfotypeProposal(kind, score, debug if number == 0 else DebugInfo())
            for number, (kind, score) in enumerate(found)
            if score >= self._minimum and (not self._only or kind in self._only)
        ]


def _renamed(part: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(part, path=name)
