"""Labels, their history, and what people set."""

from __future__ import annotations

import pytest

from guard.errors import UsageError
from guard.model import Dataset, Evidence, FieldLabel, FieldRef, Label, State

PEOPLE = Dataset("postgres://db:5432", "city.public.people")
ORDERS = Dataset("postgres://db:5432", "city.public.orders")


def label(path, kind="cn.mobile", *, dataset=PEOPLE, score=0.99):
    return FieldLabel(
        field=FieldRef(dataset, path),
        verdict="sensitive",
        label=Label(kind, 3, State.RAW),
        score=score,
        evidence=(Evidence("name", "name token shouji", 3.5), Evidence("value", "98 of 100 values match", 9.0)),
        others=(("person.name", 0.01),),
        type="text",
        looked_at=100,
        identity="16385",
        rules_version="r1",
    )


def clean(path, dataset=PEOPLE):
    return FieldLabel(field=FieldRef(dataset, path), verdict="clean", upper_bound=0.03)


def test_labels_come_back_as_they_went_in(store):
    """Every field of a label survives, evidence included, in the order of the paths."""
    kept = [label("phone"), clean("age"), label("姓名", "person.name")]
    store.catalogue.save(kept)
    assert store.catalogue.labels(PEOPLE) == (kept[1], kept[0], kept[2])
    assert store.catalogue.label(FieldRef(PEOPLE, "phone")) == kept[0]
    assert store.catalogue.label(FieldRef(PEOPLE, "none")) is None
    assert store.catalogue.labels(ORDERS) == ()


def test_tables_and_labels_of_a_namespace(store):
    """A source's datasets are found by its namespace alone."""
    store.catalogue.save([label("phone"), label("buyer", dataset=ORDERS)])
    assert store.catalogue.tables(PEOPLE.namespace) == (ORDERS, PEOPLE)
    assert store.catalogue.tables("elsewhere") == ()
    assert store.catalogue.labels_of(PEOPLE.namespace) == (label("buyer", dataset=ORDERS), label("phone"))


def test_history_says_what_was_known_when(store, clock):
    """A changed label ends the one before; any earlier moment can be asked for."""
    before = clock.now
    store.catalogue.save([label("phone")])
    first = clock.now
    store.catalogue.save([label("phone", "cn.landline")])
    assert [version.label.label.kind for version in store.catalogue.history(FieldRef(PEOPLE, "phone"))] == [
        "cn.mobile",
        "cn.landline",
    ]
    assert store.catalogue.labels(PEOPLE, at=before) == ()
    assert store.catalogue.labels(PEOPLE, at=first) == (label("phone"),)
    assert store.catalogue.labels(PEOPLE) == (label("phone", "cn.landline"),)
    old, new = store.catalogue.history(FieldRef(PEOPLE, "phone"))
    assert (old.until, new.until) == (new.since, "")


def test_an_unchanged_label_keeps_its_age(store):
    """A second scan with the same result writes nothing."""
    store.catalogue.save([label("phone")])
    version = store.catalogue.history(FieldRef(PEOPLE, "phone"))
    store.catalogue.save([label("phone")])
    assert store.catalogue.history(FieldRef(PEOPLE, "phone")) == version


def test_what_a_person_says_stands_before_a_scan(store):
    """An override wins, outlives later scans, names its owner and reason, and can be withdrawn."""
    field = FieldRef(PEOPLE, "phone")
    store.catalogue.save([label("phone")])
    store.catalogue.override(clean("phone"), owner="li", reason="a test number, ticket 12")
    store.catalogue.save([label("phone", score=0.5)])
    assert store.catalogue.label(field) == clean("phone")
    assert store.catalogue.labels(PEOPLE) == (clean("phone"),)
    user = [version for version in store.catalogue.history(field) if version.origin == "user"]
    assert [(version.owner, version.reason, version.until) for version in user] == [
        ("li", "a test number, ticket 12", "")
    ]
    assert store.catalogue.withdraw(field)
    assert store.catalogue.label(field) == label("phone", score=0.5)
    assert not store.catalogue.withdraw(field)


@pytest.mark.parametrize(("owner", "reason"), [("", "why"), ("who", " ")])
def test_an_override_needs_owner_and_reason(store, owner, reason):
    """Nobody sets a label anonymously or without saying why."""
    with pytest.raises(UsageError):
        store.catalogue.override(clean("phone"), owner=owner, reason=reason)


def test_many_labels_at_once(store):
    """A wide source is written in bulk, and again without change."""
    many = [label(f"c{number}", dataset=Dataset("n", f"t{number // 50}")) for number in range(2000)]
    store.catalogue.save(many)
    store.catalogue.save(many)
    assert len(store.catalogue.labels_of("n")) == 2000
    assert len(store.catalogue.tables("n")) == 40
