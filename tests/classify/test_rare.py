"""A few cells of a kind in a column of other things, and what a look at a sample can promise."""

from __future__ import annotations

import random
from fractions import Fraction

import pyarrow as pa
import pytest

from guard.classify import Classifier
from guard.classify.effort import CELLS, ORDINARY, found_with, rows_for, thorough
from guard.classify.odds import upper_bound
from guard.model import Dataset
from tests.classify.invented import HARMLESS, SENSITIVE

ROWS = 9_151
HOSTS = {name: make for name, make in HARMLESS if name in {"city", "amount", "remark", "status", "title", "order_no"}}
ENOUGH = {
    "cn.resident_id": 1,
    "secret.password_hash": 1,
    "intl.email": 2,
    "cn.plate": 2,
    "cn.mobile": CELLS,
    "intl.credit_card": CELLS,
}
MAKE = {kind: make for kind, _, make in reversed(SENSITIVE)}


@pytest.mark.parametrize("host", sorted(HOSTS))
@pytest.mark.parametrize("kind", sorted(ENOUGH))
def test_a_few_cells_are_enough(classifier: Classifier, kind: str, host: str) -> None:
    """Of nine thousand; among numbers of 18 digits a resident number can be chance, so more are asked for."""
    r = random.Random(2)
    cells = CELLS if host == "order_no" else ENOUGH[kind]
    values = [str(HOSTS[host](r)) for _ in range(ROWS - cells)] + [str(MAKE[kind](r)) for _ in range(cells)]
    label = classifier.classify_table(pa.table({"c": values}), dataset=Dataset("m", "t"), effort=thorough(ROWS))[0]
    assert label.label is not None
    assert label.label.kind == kind


@pytest.mark.parametrize("host", [name for name, _ in HARMLESS])
def test_harmless_columns_of_many_values_get_no_tag(classifier: Classifier, host: str) -> None:
    """A closer look sees more by chance, and calls it chance."""
    r = random.Random(7)
    make = dict(HARMLESS)[host]
    values = [str(make(r)) for _ in range(ROWS)]
    label = classifier.classify_table(pa.table({host: values}), dataset=Dataset("m", "t"), effort=thorough(ROWS))[0]
    assert label.verdict == "clean", label.evidence


def test_texts_and_documents_are_read_to_the_last(classifier: Classifier) -> None:
    """One remark and one document of a thousand hold a resident number, behind what an ordinary look would read."""
    r = random.Random(3)
    number = 3_000
    notes = [f"第{n}号工单已经转交给相关部门处理，请耐心等待结果通知" for n in range(number)]
    documents = [f'{{"n": {n}, "text": "ok"}}' for n in range(number)]
    for at in (2_990, 2_993, 2_999):
        notes[at] = f"客户要求尽快核实，身份证号{MAKE['cn.resident_id'](r)}，请安排专人跟进处理"
        documents[at] = f'{{"n": {at}, "text": "{MAKE["cn.resident_id"](r)}"}}'
    table = pa.table({"note": notes, "doc": documents})
    ordinary = classifier.classify_table(table, dataset=Dataset("m", "t"))
    close = classifier.classify_table(table, dataset=Dataset("m", "t"), effort=thorough(number))
    assert {one.field.path: one.verdict for one in ordinary}["note"] == "clean"
    assert {one.field.path: one.upper_bound for one in ordinary}["doc"] == upper_bound(ORDINARY.documents)
    assert {one.field.path for one in close if one.verdict == "sensitive"} == {"note", "doc", "doc.text"}


def test_texts_that_were_not_read_widen_the_bound(classifier: Classifier) -> None:
    """`looked_at` counts what was fetched; the bound counts what was read."""
    texts = [f"第{n}号工单已经转交给相关部门处理，请耐心等待结果通知" for n in range(1_000)]
    label = classifier.classify_table(pa.table({"note": texts}), dataset=Dataset("m", "t"))[0]
    assert (label.verdict, label.looked_at) == ("clean", 1_000)
    assert label.upper_bound == upper_bound(ORDINARY.texts)


def test_rows_for_a_rate() -> None:
    """The least number that keeps the promise: one row less does not. One cell is the rule of three."""
    assert rows_for(Fraction(1, 1000), 0.95, cells=1) == 2_995
    for rate in (Fraction(1, 3), Fraction(1, 100), Fraction(1, 1000), Fraction(1, 50_000)):
        for confidence in (0.5, 0.9, 0.95, 0.999):
            rows = rows_for(rate, confidence)
            assert found_with(float(rate), rows) >= confidence > found_with(float(rate), rows - 1)
    with pytest.raises(ValueError, match="more than"):
        rows_for(Fraction(1, 10**6), 0.95)
