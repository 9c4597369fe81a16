"""Columns: no false tag on what only looks sensitive, every sensitive one found, and honest about what was not seen."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest

from guard.classify import Classifier
from guard.classify.odds import probability
from guard.model import Column, Dataset, FieldLabel, State, Table, TableName
from tests.classify.invented import HARMLESS, mobile, negative_columns, positive_columns, resident, zh_name

DATASET = Dataset("file", "t")
NAMELESS = {f"f{number}" for number in range(1, 12)} | {"f2n"}


def one(classifier: Classifier, name: str, values: list, **more) -> FieldLabel:
    """The label of one column."""
    return classifier.classify_table(pa.table({name: values}), dataset=DATASET, **more)[0]


def kind(label: FieldLabel) -> str:
    """The kind of a label, or its verdict."""
    return label.label.kind if label.label else label.verdict


def test_harmless_columns_get_no_tag(classifier: Classifier) -> None:
    """Of 380 and more generated harmless columns (timestamps, ids, versions, amounts, codes ...) none is called
    sensitive."""
    columns = list(negative_columns(seed=20240607, times=4, rows=120))
    assert len(columns) >= 300
    tagged = [name for name, values in columns if one(classifier, name, values).verdict != "clean"]
    assert tagged == []


@pytest.mark.parametrize(
    ("wanted", "name", "values"),
    list(positive_columns(seed=7, rows=150)),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sensitive_columns_are_found(classifier: Classifier, wanted: str, name: str, values: list) -> None:
    """English, pinyin, initials, Chinese or a name that says nothing: the kind is right."""
    label = one(classifier, name, values)
    assert (label.verdict, kind(label)) == ("sensitive", wanted)


def test_names_alone(classifier: Classifier) -> None:
    """An empty table is judged by names, below certainty; a harmless name alone is *not looked at*, never clean."""
    names = sorted({name for _, name, _ in positive_columns(seed=1, rows=1)} - NAMELESS)
    table = pa.table({name: pa.array([], pa.string()) for name in names})
    labels = classifier.classify_table(table, dataset=DATASET)
    assert [label.field.path for label in labels if label.verdict != "sensitive"] == []
    assert all(label.score < 0.95 and label.looked_at == 0 for label in labels)
    harmless = [name for name, _ in HARMLESS]
    empty = pa.table({name: pa.array([], pa.string()) for name in harmless})
    labels = classifier.classify_table(empty, dataset=DATASET)
    assert {label.verdict for label in labels} == {"not_scanned"}
    assert all(label.reason and label.upper_bound == 1.0 for label in labels)


@pytest.mark.parametrize(
    ("comment", "wanted"),
    [
        ("用户手机号码", "cn.mobile"),
        ("身份證號", "cn.resident_id"),
        ("customer's e-mail address", "intl.email"),
        ("是否绑定手机", "not_scanned"),
        ("状态 0正常 1停用", "not_scanned"),
    ],
)
def test_comments(classifier: Classifier, comment: str, wanted: str) -> None:
    """A comment alone can name the kind; a comment that asks or counts does not."""
    info = Table(TableName("用户表"), DATASET, (Column("c7", "varchar", comment=comment),), comment="用户信息")
    label = one(classifier, "c7", pa.array([], pa.string()), info=info)
    assert wanted in (kind(label), *(other for other, _ in label.others))


def test_weights_add_up_to_the_score(classifier: Classifier) -> None:
    """Every label can be recomputed from its evidence."""
    for _, name, values in positive_columns(seed=3, rows=60):
        label = one(classifier, name, values)
        assert label.score == pytest.approx(probability(sum(item.weight for item in label.evidence)))
        assert sum(item.weight for item in label.evidence if item.source == "prior") == -7.0


def test_same_input_same_answer(rules: Path, classifier: Classifier) -> None:
    """Two classifiers of the same rules give equal labels and carry the same version."""
    again = Classifier.load(rules)
    r = random.Random(5)
    table = pa.table({"sfzh": [resident(r) for _ in range(50)], "remark": ["x"] * 50})
    assert again.version == classifier.version
    assert again.classify_table(table, dataset=DATASET) == classifier.classify_table(table, dataset=DATASET)


def test_clean_states_its_upper_bound(classifier: Classifier) -> None:
    """Clean over n cells means at most about 3 / n of all cells are sensitive."""
    label = one(classifier, "amount", [1.5 + index for index in range(1000)])
    assert (label.verdict, label.looked_at, round(label.upper_bound, 4)) == ("clean", 1000, 0.003)


def test_nulls_are_counted(classifier: Classifier) -> None:
    """Empty and placeholder cells are nulls, and do not count against the kind."""
    r = random.Random(2)
    label = one(
        classifier, "sjh", [mobile(r) if index % 3 == 0 else r.choice([None, "", "N/A", "无"]) for index in range(300)]
    )
    assert (kind(label), label.looked_at, label.nulls) == ("cn.mobile", 300, 200)


def test_consecutive_numbers_are_no_telephones(classifier: Classifier) -> None:
    """A sequence that happens to run through a telephone prefix is worth one value, not a thousand."""
    assert one(classifier, "seq_id", [13_800_000_000 + index for index in range(1000)]).verdict == "clean"
    assert one(classifier, "c1", [13_800_000_000 + index for index in range(1000)]).verdict == "clean"


def test_rare_identifiers_among_others_are_found(classifier: Classifier) -> None:
    """Resident numbers in one of twenty cells of a code column are enough."""
    r = random.Random(4)
    values = [resident(r) if index % 20 == 0 else f"{r.randrange(10**18):018d}" for index in range(1000)]
    assert kind(one(classifier, "code", values)) == "cn.resident_id"


def test_texts_are_read(classifier: Classifier) -> None:
    """A remark that holds telephone numbers is a text with personal data, whatever its name."""
    r = random.Random(6)
    values = [
        f"客户来电咨询办理进度，请回电{mobile(r)}，谢谢配合处理"
        if index % 4 == 0
        else "已处理完毕，客户表示满意，无其他诉求需要跟进"
        for index in range(200)
    ]
    label = one(classifier, "remark", values)
    assert (label.verdict, kind(label)) == ("sensitive", "person.free_text")
    assert label.others[0][0] == "cn.mobile"


def test_texts_that_are_all_alike_are_not_all_read(classifier: Classifier) -> None:
    """A third of the addresses is enough; of notes, which may hold anything, all that are chosen are read."""

    def texts_read(values: list[str]) -> str:
        label = classifier.classify_table(pa.table({"c7": values}), dataset=Dataset("m", "t"))[0]
        return next(item.detail for item in label.evidence if item.source == "value")

    r = random.Random(3)
    street = [
        f"浙江省杭州市西湖区文三路{r.randrange(1, 900)}号{r.randrange(1, 30)}幢{r.randrange(101, 999)}室"
        for _ in range(360)
    ]
    notes = [f"客户{zh_name(r)}来电，请回拨{mobile(r)}，说明退款进度" for _ in range(360)]
    assert texts_read(street).startswith("40 of 40 texts")
    assert texts_read(notes).startswith("120 of 120 texts")


def test_known_but_not_sensitive(classifier: Classifier) -> None:
    """Type and sensitivity are two answers: a UUID is known, and clean."""
    r = random.Random(8)
    label = one(
        classifier,
        "k",
        [f"{r.getrandbits(32):08x}-{r.getrandbits(16):04x}-4000-8000-{r.getrandbits(48):012x}" for _ in range(50)],
    )
    assert (label.verdict, kind(label), label.label.level) == ("clean", "intl.uuid", 1)


def test_masked_values_are_told(classifier: Classifier) -> None:
    """Values that somebody masked already keep their kind and say their state."""
    label = one(classifier, "phone", [f"138****{index:04d}" for index in range(100)])
    assert (kind(label), label.label.state) == ("cn.mobile", State.MASKED)


@pytest.mark.parametrize(
    "values",
    [[True, False] * 50, pa.array([0, 1] * 50, pa.int8()), ["Y", "N"] * 50],
)
def test_a_question_about_email_is_no_email(classifier: Classifier, values: list) -> None:
    """`is_email_verified` holds an answer, in any type."""
    assert one(classifier, "is_email_verified", values).verdict == "clean"


def test_binary_is_not_scanned(classifier: Classifier) -> None:
    """Values that cannot be read as text are not called clean."""
    label = one(classifier, "blob", pa.array([b"\x00\x01"] * 5))
    assert (label.verdict, bool(label.reason)) == ("not_scanned", True)


def test_neighbours_help_a_weak_name(classifier: Classifier) -> None:
    """`name` says little alone and more beside a telephone and an address of the same table."""
    r = random.Random(9)
    weak = {"name": pa.array([], pa.string())}
    alone = classifier.classify_table(pa.table(weak), dataset=Dataset("file", "t"))[0]
    strong = {
        "mobile": pa.array([], pa.string()),
        "email": pa.array([], pa.string()),
        "home_address": pa.array([], pa.string()),
    }
    beside = classifier.classify_table(pa.table(weak | strong), dataset=Dataset("file", "customers"))[0]
    best = max((score for _, score in beside.others), default=beside.score)
    assert max((score for _, score in alone.others), default=alone.score) < max(best, beside.score)
    assert r


def test_nested_fields(classifier: Classifier) -> None:
    """Structs, lists, maps and JSON in text are fields with paths, and the column is as sensitive as its worst part."""
    r = random.Random(10)
    rows = range(80)
    table = pa.table(
        {
            "contact": [{"tel": mobile(r), "n": index} for index in rows],
            "ids": [[resident(r), resident(r)] for _ in rows],
            "payload": [json.dumps({"user": {"xm": zh_name(r)}, "k": index}, ensure_ascii=False) for index in rows],
            "extra": pa.array([[("a", mobile(r))] for _ in rows], pa.map_(pa.string(), pa.string())),
            "plain": [[1, 2]] * 80,
        }
    )
    labels = {
        label.field.path: (label.verdict, kind(label)) for label in classifier.classify_table(table, dataset=DATASET)
    }
    assert labels == {
        "contact": ("sensitive", "cn.mobile"),
        "contact.tel": ("sensitive", "cn.mobile"),
        "contact.n": ("clean", "clean"),
        "ids": ("sensitive", "cn.resident_id"),
        "ids[]": ("sensitive", "cn.resident_id"),
        "payload": ("sensitive", "person.name_zh"),
        "payload.k": ("clean", "clean"),
        "payload.user.xm": ("sensitive", "person.name_zh"),
        "extra": ("sensitive", "cn.mobile"),
        "extra{}": ("sensitive", "cn.mobile"),
        "plain": ("clean", "clean"),
        "plain[]": ("clean", "clean"),
    }


def test_json_keys_that_are_data_become_no_path(classifier: Classifier) -> None:
    """A telephone number or a name as a JSON key is data, and stays out of paths."""
    r = random.Random(11)
    values = [json.dumps({mobile(r): 1, zh_name(r): 2}, ensure_ascii=False) for _ in range(40)]
    paths = [label.field.path for label in classifier.classify_table(pa.table({"m": values}), dataset=DATASET)]
    assert paths == ["m", "m{}"]


def test_deep_json_does_not_crash(classifier: Classifier) -> None:
    """Nesting beyond any use is bounded, not followed."""
    values = ["[" * 5_000 + "]" * 5_000] * 3 + ['{"a":' * 100 + "1" + "}" * 100] * 30
    assert classifier.classify_table(pa.table({"j": values}), dataset=DATASET)


def test_labels_hold_no_value(classifier: Classifier) -> None:
    """Marked cells appear in no representation of a label."""
    r = random.Random(12)
    cells = {
        "sfzh": [resident(r) for _ in range(30)],
        "xm": [zh_name(r) for _ in range(30)],
        "note": [f"CANARY{index}x{r.getrandbits(40)}" for index in range(30)],
    }
    said = repr(classifier.classify_table(pa.table(cells), dataset=DATASET))
    assert [value for values in cells.values() for value in values if value in said] == []


@pytest.mark.parametrize("kind_of_array", ["large_string", "string_view", "dictionary", "chunked"])
def test_every_way_to_hold_text(classifier: Classifier, kind_of_array: str) -> None:
    """The Arrow type of a text column does not change the verdict."""
    r = random.Random(13)
    values = [mobile(r) for _ in range(60)]
    array = {
        "large_string": lambda: pa.array(values, pa.large_string()),
        "string_view": lambda: pa.array(values, pa.string_view()),
        "dictionary": lambda: pa.array(values).dictionary_encode(),
        "chunked": lambda: pa.chunked_array([values[:30], values[30:]]),
    }[kind_of_array]()
    assert kind(one(classifier, "c", array)) == "cn.mobile"


def test_numbers_hold_identifiers_too(classifier: Classifier) -> None:
    """Telephone numbers in an integer column, or in a float column with gaps, are found."""
    r = random.Random(14)
    numbers = [int(mobile(r)) for _ in range(60)]
    assert kind(one(classifier, "c", numbers)) == "cn.mobile"
    assert kind(one(classifier, "c", [float(number) for number in numbers] + [None])) == "cn.mobile"


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("bad_address", ["True", "False"] * 30, "clean"),
        ("sex", ["1.0", "2.0"] * 30, "person.sex"),
        ("first_name", ["Zoë", "Łukasz", "Márta", "Søren"] * 15, "person.name_en"),
        ("num_phones", ["1", "2", "3"] * 20, "clean"),
        ("provider_name", ["Children's Home", "Acme Clinic"] * 30, "clean"),
    ],
)
def test_real_tables_taught(classifier: Classifier, name: str, values: list, wanted: str) -> None:
    """Truth values as text, codes ending in `.0`, marked letters, counts, names of things: seen in real tables."""
    assert kind(one(classifier, name, values)) == wanted
