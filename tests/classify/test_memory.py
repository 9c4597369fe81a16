"""What a scan remembers weighs the same as a fresh look, under the same rules and under others, and holds no value."""

from __future__ import annotations

import random
import shutil
import zlib

import msgspec
import pyarrow as pa
import pytest
import yaml

from guard.classify import Classifier, memory, reader, rulefile
from guard.classify.memory import TableMemory, recall, remember
from guard.errors import StoreError
from guard.model import Dataset
from tests.classify.invented import HARMLESS, SENSITIVE

HERE = Dataset("memory", "t")
ROWS = 120


def table(*, named: bool) -> pa.Table:
    """A column of everything that the other tests invent, under its own name or under one that says nothing."""
    chance = random.Random(11)
    made = [(names[0], make) for _, names, make in SENSITIVE] + list(HARMLESS)
    columns = {
        (f"{name}_{number}" if named else silent(number)): [make(chance) for _ in range(ROWS)]
        for number, (name, make) in enumerate(made)
    }
    columns["doc"] = [f'{{"phone": "1380013{n:04d}", "tags": ["a", "b"]}}' for n in range(ROWS)]
    columns["seal"] = [f"ა{n}ბ" for n in range(ROWS)]  # a script that shapes do not know
    return pa.table(columns)


def silent(number: int) -> str:
    """A name of one token that says nothing."""
    return f"zq{chr(97 + number // 26)}{chr(97 + number % 26)}"


def recalled(classifier: Classifier, kept: TableMemory, names):
    found = recall(kept, lambda field: classifier.named(field.path))
    assert list(found) == list(names)
    return classifier.judge([part for name in names for part in found[name]], dataset=HERE)


def kept_of(classifier: Classifier, data: pa.Table) -> TableMemory:
    read = classifier.read(data)
    classifier.judge(read, dataset=HERE)
    kept = TableMemory.unpack(remember(read, {}).packed())
    assert kept is not None
    return kept


def rewritten(rules, folder, kind: str, file: str) -> Classifier:
    """A pack in which silent names speak of `kind`, and contacts have another level."""
    shutil.copytree(rules, folder)
    names = folder / "names" / file
    words = yaml.load(names.read_bytes(), Loader=rulefile._UniqueKeys)
    words.setdefault(kind, {}).setdefault("strong", []).extend(silent(n) for n in range(60))
    names.write_text(yaml.safe_dump(words, allow_unicode=True))
    levels = folder / "taxonomy" / "contact.yaml"
    levels.write_text(levels.read_text().replace("level: 3", "level: 5"))
    return Classifier.load(folder)


@pytest.mark.parametrize("named", [True, False])
def test_a_memory_weighs_as_the_values_did(classifier, named):
    """Label by label, evidence by evidence."""
    data = table(named=named)
    fresh = classifier.judge(classifier.read(data), dataset=HERE)
    assert recalled(classifier, kept_of(classifier, data), data.column_names) == fresh


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("cn.mobile", "contact.yaml"),
        ("cn.qq", "contact.yaml"),
        ("cn.postcode", "contact.yaml"),
        ("person.name_en", "person.yaml"),
    ],
)
def test_other_rules_weigh_a_memory_as_they_weigh_the_values(classifier, rules, tmp_path, kind, file):
    """Also where a name now speaks of a kind of number that counts only beside a word."""
    other = rewritten(rules, tmp_path / "rules", kind, file)
    for named in (True, False):
        data = table(named=named)
        fresh = other.judge(other.read(data), dataset=HERE)
        assert recalled(other, kept_of(classifier, data), data.column_names) == fresh
        assert fresh != classifier.judge(classifier.read(data), dataset=HERE)


def test_a_kind_that_was_never_tried_sends_its_columns_to_be_read(classifier, rules, tmp_path):
    """Those whose values could be of it, and no other."""
    other = rewritten(rules, tmp_path / "rules", "de.idnr", "registers.yaml")
    data = pa.table(
        {silent(0): ["12345678901", "22345678909"], silent(1): ["red", "green"], "zz": ["12345678901", "1"]}
    )
    found = recall(kept_of(classifier, data), lambda field: other.named(field.path))
    assert list(found) == [silent(1), "zz"]


def test_a_detector_that_changed_sends_what_it_could_see_to_be_read(classifier, monkeypatch):
    """A column that has no value of its shape, and no text, is weighed from memory."""
    data = pa.table({"a": ["13800138000"], "b": ["red"], "c": ["请于明天上午到前台找王小明领取您的快递包裹谢谢"]})
    kept = kept_of(classifier, data)
    real = dict(reader.detector_digests())
    monkeypatch.setattr(memory, "detector_digests", lambda: real | {"cn.mobile": "changed"})
    assert list(recall(kept, lambda field: ())) == ["b"]


def test_another_reading_of_values_recalls_nothing(classifier, monkeypatch):
    """Folding, shapes, tables: whatever lies below all detectors."""
    kept = kept_of(classifier, pa.table({"a": ["red"]}))
    monkeypatch.setattr(memory, "reader_digest", lambda: "changed")
    assert recall(kept, lambda field: ()) == {}


def test_no_value_is_in_a_memory(classifier):
    """Neither as it was, nor in a script that shapes do not know."""
    data = table(named=True)
    packed = remember_packed(classifier, data)
    raw = msgspec.msgpack.encode(msgspec.msgpack.decode(zlib.decompress(packed))).decode("utf-8", "replace")
    for name in data.column_names:
        for value in set(data[name].to_pylist()):
            text = str(value)
            word = text.isascii() and text.isalpha()  # "mobile" is also part of the name of a kind
            assert word or len(text) < 6 or not any(map(str.isalnum, text)) or text not in raw, name
    assert "ა" not in raw
    assert "ბ" not in raw


def remember_packed(classifier: Classifier, data: pa.Table) -> bytes:
    read = classifier.read(data)
    classifier.judge(read, dataset=HERE)
    return remember(read, {}).packed()


def test_a_damaged_memory_is_an_error_and_another_version_is_none():
    """Never half a memory."""
    with pytest.raises(StoreError):
        TableMemory.unpack(b"not a memory")
    with pytest.raises(StoreError):
        TableMemory.unpack(zlib.compress(msgspec.msgpack.encode([1, 2])))
    assert TableMemory.unpack(zlib.compress(msgspec.msgpack.encode({"v": 0}))) is None
