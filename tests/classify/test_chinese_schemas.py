"""Columns of Chinese systems by name, type and comment alone: initials, roles before them, comments that are the name.

The rows were written apart from the word lists, and say what a person who reads the schema would say.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa

from guard.classify import Classifier
from guard.model import Column, Dataset, Table, TableName

ROWS = list(csv.DictReader((Path(__file__).parents[1] / "cases/chinese_schemas.csv").open(encoding="utf-8")))
DATASET = Dataset("m", "t_info")


def told(classifier: Classifier, name: str, kind: str, comment: str) -> set[str]:
    """The kinds that a column without a value is found to be, the best one and its rivals."""
    table = Table(TableName("t_info"), DATASET, (Column(name, kind, comment=comment),))
    empty = pa.table({name: pa.array([], pa.string())})
    (label,) = classifier.classify_table(empty, dataset=DATASET, info=table)
    return {label.label.kind, *(kind for kind, _ in label.others)} if label.label else set()


def test_names_and_comments(classifier: Classifier) -> None:
    """49 of 50 sensitive ones, and none of the others."""
    found = [(row, told(classifier, row["name"], row["type"], row["comment"])) for row in ROWS]
    missed = [row["name"] for row, kinds in found if row["kind"] and row["kind"] not in kinds]
    assert missed == ["ldhm"]  # 来电号码: a number that calls, but no word says telephone
    assert [(row["name"], kinds) for row, kinds in found if not row["kind"] and kinds] == []


def test_names_without_comments(classifier: Classifier) -> None:
    """Three of four: the others have names that say nothing, such as c3."""
    found = [(row, told(classifier, row["name"], row["type"], "")) for row in ROWS]
    right = sum(row["kind"] in kinds for row, kinds in found if row["kind"])
    assert right / sum(bool(row["kind"]) for row in ROWS) > 0.75
    assert [(row["name"], kinds) for row, kinds in found if not row["kind"] and kinds] == []


def test_a_comment_that_asks_or_explains_is_no_name(classifier: Classifier) -> None:
    """What comes after the first words does not name the column, and neither does a question."""
    for comment in (
        "是否实名手机号",
        "状态（见手机号）",
        "手机号类型",
        "手机号数量",
        "备注，含手机号码",
        "按手机号去重的次数",
    ):
        assert told(classifier, "c9", "varchar(9)", comment) == set(), comment
