"""DataHub's classifier plug-in, against the classes of acryl-datahub-classify 0.0.12 as recorded here.

The package itself pins a numpy and a spaCy that this project does not run with. Its classes are these dataclasses, word
for word; the adapter was also run with the real module.
"""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from typing import Any

import pytest

from guard.errors import UsageError
from guard.integrations.datahub import GuardClassifier


@dataclass
class DebugInfo:
    name: float | None = None
    description: float | None = None
    datatype: float | None = None
    values: float | None = None


@dataclass
class InfotypeProposal:
    infotype: str
    confidence_level: float
    debug_info: DebugInfo


@dataclass
class Metadata:
    meta_info: dict[str, Any]
    name: str | None = field(init=False)
    description: str | None = field(init=False)
    datatype: str | None = field(init=False)
    dataset_name: str | None = field(init=False)

    def __post_init__(self):
        self.name = self.meta_info.get("Name", None)
        self.description = self.meta_info.get("Description", None)
        self.datatype = self.meta_info.get("Datatype", None)
        self.dataset_name = self.meta_info.get("Dataset_Name", None)


@dataclass
class ColumnInfo:
    metadata: Metadata
    values: list[Any]
    infotype_proposals: list[InfotypeProposal] | None = None


@pytest.fixture(autouse=True)
def recorded(monkeypatch):
    """The module that DataHub would have installed."""
    package = types.ModuleType("datahub_classify")
    module = types.ModuleType("datahub_classify.helper_classes")
    module.DebugInfo, module.InfotypeProposal = DebugInfo, InfotypeProposal
    monkeypatch.setitem(sys.modules, "datahub_classify", package)
    monkeypatch.setitem(sys.modules, "datahub_classify.helper_classes", module)


def column(name, values, dataset="people"):
    return ColumnInfo(Metadata({"Name": name, "Datatype": "varchar", "Dataset_Name": dataset}), values)


def test_columns_come_back_with_proposals():
    """In their order; several datasets, columns of one name, values of any type and any number."""
    phones = [13800138000 + n * 7_368 for n in range(50)]
    columns = [
        column("sjhm", phones),
        column("colour", ["red"] * 9),
        column("sjhm", [], "calls"),
        column("sjhm", ["red"] * 9),
    ]
    found = GuardClassifier.create({"minimum": 0.6}).classify(columns)
    assert found == columns
    kinds = [[proposal.infotype for proposal in each.infotype_proposals] for each in found]
    assert kinds == [["cn.mobile"], [], ["cn.mobile"], []]
    best = found[0].infotype_proposals[0]
    assert best.confidence_level > 0.9
    assert best.debug_info.values > 0
    assert best.debug_info.name > 0


def test_only_the_infotypes_asked_for():
    """And a key that DataHub's recipe misspells is an error."""
    mails = [f"u{n}@example.com" for n in range(50)]
    (found,) = GuardClassifier.create({"infotypes": ["cn.mobile"]}).classify([column("mail", mails)])
    assert found.infotype_proposals == []
    with pytest.raises(UsageError):
        GuardClassifier.create({"infotype": []})
