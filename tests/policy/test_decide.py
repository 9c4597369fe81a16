"""What a decision is made of: forbid wins, errors and gaps deny, every answer says why."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from guard.model import (
    ColumnUse,
    FieldLabel,
    FieldRef,
    Gap,
    In,
    Label,
    Mask,
    MaxRows,
    MinimumGroup,
    QueryFacts,
    Reason,
    RowFilter,
    Subject,
    Use,
)
from guard.policy.decide import DEFAULT_RULE
from guard.policy.engine import PolicyEngine
from tests.policy.scripted import LABELS, NOW, RESIDENTS, Scripted, decided, facts, label_of, says, verdict

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/reference/policy-input.schema.json").read_text())
MODES = {"a.allow": "enforce", "a.deny": "enforce", "m.mask": "enforce"}
ALLOW = ("a.allow", "allow", {"message": "allowed"})


def test_allow_when_a_rule_allows_and_nothing_stands_against_it() -> None:
    """The plain good case, whole."""
    decision = decided(says([ALLOW], MODES), facts("sfzh", "district"))
    assert (decision.outcome, decision.determined_by) == ("allow", (Reason("a.allow", "allowed"),))
    assert (decision.errored, decision.gaps, decision.obligations, decision.monitored) == ((), (), (), ())
    assert decision.labels == (("public.residents.sfzh", LABELS["sfzh"]),)
    assert (decision.id, decision.subject, decision.purpose) == ("d-1", "u-1", "audit")
    assert (decision.revision, decision.engine, decision.facts) == (
        Scripted.revision,
        "scripted",
        facts("sfzh", "district"),
    )


def test_a_deny_wins_over_every_allow() -> None:
    """Forbid wins, and its columns and labels are spelt out."""
    deny = ("a.deny", "deny", {"message": "no", "help": "ask", "label_sets": ["0"]})
    decision = decided(says([ALLOW, deny], MODES), facts("sfzh", "district"))
    assert decision.outcome == "deny"
    assert decision.determined_by == (
        Reason("a.deny", "no", columns=("public.residents.sfzh",), labels=(LABELS["sfzh"],), help="ask"),
    )
    assert decision.obligations == ()


def test_no_rule_allows_is_a_denial_that_says_so() -> None:
    """The default denial has a name of its own."""
    decision = decided(says([], MODES), facts("district"))
    assert decision.outcome == "deny"
    assert [reason.rule for reason in decision.determined_by] == [DEFAULT_RULE]


@pytest.mark.parametrize(
    ("set_name", "item"),
    [
        ("allow", {"message": ""}),
        ("allow", {"message": "x", "mesage": "y"}),
        ("allow", "a bare string"),
        ("deny", {"message": "x", "label_sets": ["7"]}),
        ("mask", {"label_set": "7", "transform": "null", "strength": 1}),
        ("mask", {"label_set": "0", "transform": "DROP TABLE", "strength": 1}),
        ("mask", {"label_set": "0", "transform": "null", "strength": 101}),
        ("mask", {"label_set": "0", "transform": "null", "strength": 1, "params": {"x": [1]}}),
        ("row_filter", {"table": "public.other", "predicate": {"op": "is_null", "column": "x"}}),
        ("row_filter", {"table": "public.residents", "predicate": {"op": "sql", "text": "1=1"}}),
        ("row_filter", {"table": "public.residents", "predicate": "1=1"}),
        ("limit", {"type": "minimum_group", "size": 0}),
        ("limit", {"type": "max_rows", "rows": -1}),
        ("limit", {"type": "max_rows", "rows": True}),
        ("limit", {"type": "min_rows", "rows": 1}),
    ],
)
def test_an_item_that_does_not_fit_makes_its_rule_err_and_denies(set_name: str, item: Any) -> None:
    """A rule that errs can never widen access: the same verdict without the item would be allowed."""
    decision = decided(says([ALLOW, ("m.mask", set_name, item)], MODES), facts("sfzh"))
    assert decision.outcome == "deny"
    assert {reason.rule for reason in decision.errored} == {"m.mask"}


def test_an_errored_rule_never_prints_what_it_held() -> None:
    """A rule may put a subject's attribute into an item; the message shows where it does not fit, not what it is."""
    item = {"table": "public.residents", "predicate": {"op": "compare", "column": "c", "cmp": "CANARY", "value": 1}}
    decision = decided(says([ALLOW, ("m.mask", "row_filter", item)], MODES), facts("sfzh"))
    assert "CANARY" not in repr(decision)
    assert decision.errored[0].message == "an item does not fit: invalid enum value (hidden) - at `$.predicate.cmp`"


@pytest.mark.parametrize("depth", [33, 100_000])
def test_a_predicate_of_any_depth_is_an_error_not_a_crash(depth: int) -> None:
    """Depth is bounded before anything recurses."""
    predicate: dict[str, Any] = {"op": "is_null", "column": "c"}
    for _ in range(depth):
        predicate = {"op": "not", "inner": predicate}
    said = [ALLOW, ("m.mask", "row_filter", {"table": "public.residents", "predicate": predicate})]
    decision = decided(says(said, MODES), facts("sfzh"))
    assert decision.outcome == "deny"
    assert [reason.rule for reason in decision.errored] == ["m.mask"]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(v=2),
        lambda raw: raw.update(revision="sha256:another"),
        lambda raw: raw.update(extra=1),
        lambda raw: raw.pop("limits"),
        lambda raw: raw.update(deny={}),
        lambda raw: raw["allow"].append({"rule": "a.stranger", "items": []}),
        lambda raw: raw["allow"][0].update(note="x"),
    ],
)
def test_an_answer_that_is_no_verdict_is_a_gap(change: Any) -> None:
    """Unknown keys, another version, another revision, a rule that the pack does not have: no decision at all."""
    raw = verdict([ALLOW], MODES)
    change(raw)
    engine = says([], MODES)
    engine.raw = raw
    decision = decided(engine, facts("sfzh"))
    assert decision.outcome == "deny"
    assert [gap.code for gap in decision.gaps] == ["undefined_decision"]


@pytest.mark.parametrize("raw", [True, [], "allow", 1.5, {}])
def test_garbage_is_a_gap(raw: object) -> None:
    """`true` is not an allow."""
    decision = decided(Scripted(raw, {}), facts("sfzh"))
    assert (decision.outcome, [gap.code for gap in decision.gaps]) == ("deny", ["undefined_decision"])


def test_an_engine_that_is_away_denies_with_its_reason() -> None:
    """The gap carries the engine's own words."""
    decision = decided(Scripted(None), facts("sfzh"))
    assert decision.outcome == "deny"
    assert decision.gaps == (Gap("policy_unavailable", "the engine is away", "bring it back"),)


def test_a_gap_of_the_facts_denies_although_a_rule_allows() -> None:
    """guard cannot allow what it did not understand."""
    gap = Gap("unparsed_sql", "the statement", "write SQL")
    query = QueryFacts("postgres", "select", gaps=(gap,))
    decision = decided(says([ALLOW], MODES), query)
    assert (decision.outcome, decision.gaps) == ("deny", (gap,))


@pytest.mark.parametrize("column", ["skipped", "never_heard_of", "half"])
def test_an_unclassified_column_denies_whatever_the_rules_say(column: str) -> None:
    """Not looked at is not clean: no label, not scanned, or sensitive without a label."""

    def labels(table: Any, name: str) -> FieldLabel | None:
        if name == "half":
            return FieldLabel(FieldRef(label_of(table, "sfzh").field.dataset, name), "sensitive")  # type: ignore[union-attr]
        return label_of(table, name)

    decision = decided(says([ALLOW], MODES), facts("district", column), labels=labels)
    assert decision.outcome == "deny"
    assert decision.gaps == (
        Gap(
            "unclassified_column",
            f"column `public.residents.{column}` has not been classified",
            "run `guard scan` on the source, then ask again",
        ),
    )


@pytest.mark.parametrize("purpose", ["", "  ", "x" * 257])
def test_no_purpose_is_a_gap_whatever_the_rules_say(purpose: str) -> None:
    """A purpose must be stated."""
    decision = decided(says([ALLOW], MODES), facts("district"), purpose=purpose)
    assert (decision.outcome, [gap.code for gap in decision.gaps]) == ("deny", ["unknown_purpose"])


def test_a_rule_can_name_a_gap() -> None:
    """A denial for want of knowledge stands among the gaps as well, with its cure."""
    deny = ("a.deny", "deny", {"message": "who is this", "help": "say who", "gap": "unknown_subject"})
    decision = decided(says([ALLOW, deny], MODES), facts("district"))
    assert decision.gaps == (Gap("unknown_subject", "who is this", "say who"),)
    assert decision.determined_by == (Reason("a.deny", "who is this", help="say who"),)


def test_masks_become_columns_and_the_strongest_wins() -> None:
    """Columns of one label set share the mask; on a tie the rule that sorts first has it."""
    modes = {"a.allow": "enforce", "m.a": "enforce", "m.b": "enforce", "m.c": "enforce"}
    weak = {"label_set": "0", "transform": "redact", "params": {}, "strength": 10}
    strong = {"label_set": "0", "transform": "partial", "params": {"first": 3}, "strength": 50}
    said = [ALLOW, ("m.a", "mask", weak), ("m.c", "mask", strong), ("m.b", "mask", strong)]
    decision = decided(says(said, modes), facts("tel", "phone", "district"))
    assert decision.outcome == "allow"
    assert decision.obligations == (
        Mask(RESIDENTS, "phone", "partial", {"first": 3}, "m.b"),
        Mask(RESIDENTS, "tel", "partial", {"first": 3}, "m.b"),
    )


def test_limits_and_row_filters_combine_to_the_strictest() -> None:
    """Every filter holds; the largest group and the fewest rows hold."""
    modes = {"a.allow": "enforce", "l.a": "enforce", "l.b": "enforce"}
    row_filter = {"table": "public.residents", "predicate": {"op": "in", "column": "district", "values": ["x"]}}
    said = [
        ALLOW,
        ("l.a", "limit", {"type": "minimum_group", "size": 5}),
        ("l.b", "limit", {"type": "minimum_group", "size": 10}),
        ("l.a", "limit", {"type": "max_rows", "rows": 5}),
        ("l.b", "limit", {"type": "max_rows", "rows": 10}),
        ("l.b", "row_filter", row_filter),
        ("l.a", "row_filter", row_filter),
    ]
    assert decided(says(said, modes), facts("district")).obligations == (
        RowFilter(RESIDENTS, In("district", ("x",)), "l.a"),
        RowFilter(RESIDENTS, In("district", ("x",)), "l.b"),
        MinimumGroup(10, "l.b"),
        MaxRows(5, "l.a"),
    )


def test_a_monitored_rule_is_reported_and_decides_nothing() -> None:
    """Its deny, mask, filter, limit and even its error stand under `monitored`; the query is allowed as it is."""
    modes = {"a.allow": "enforce", "w.watch": "monitor"}
    said = [
        ALLOW,
        ("w.watch", "deny", {"message": "would not do", "label_sets": ["0"]}),
        ("w.watch", "mask", {"label_set": "0", "transform": "null", "strength": 1}),
        ("w.watch", "row_filter", {"table": "public.residents", "predicate": {"op": "or", "any": []}}),
        ("w.watch", "limit", {"type": "max_rows", "rows": 0}),
        ("w.watch", "limit", {"type": "max_rows"}),
    ]
    decision = decided(says(said, modes), facts("sfzh"))
    assert (decision.outcome, decision.obligations, decision.errored) == ("allow", (), ())
    assert [(reason.rule, reason.message, reason.columns) for reason in decision.monitored] == [
        ("w.watch", "would err: an item does not fit: object missing required field `rows`", ()),
        ("w.watch", "would filter the rows of `public.residents`", ()),
        ("w.watch", "would limit the answer", ()),
        ("w.watch", "would mask with `null`", ("public.residents.sfzh",)),
        ("w.watch", "would not do", ("public.residents.sfzh",)),
    ]


def test_an_allow_in_monitor_mode_allows_nothing() -> None:
    """Watching cannot widen access."""
    decision = decided(says([("a.allow", "allow", {"message": "would"})], {"a.allow": "monitor"}), facts("district"))
    assert decision.outcome == "deny"


def test_one_question_for_one_statement_whatever_the_width() -> None:
    """A thousand columns of three sorts are three label sets, asked about once."""
    wide = [f"c{number}" for number in range(1000)]

    def labels(table: Any, column: str) -> FieldLabel:
        kind = int(column[1:]) % 3
        field = FieldRef(label_of(table, "sfzh").field.dataset, column)  # type: ignore[union-attr]
        return FieldLabel(field, "clean") if kind == 0 else FieldLabel(field, "sensitive", Label(f"kind{kind}", kind))

    engine = says([ALLOW], MODES)
    decision = decided(engine, facts(*wide), labels=labels)
    assert decision.outcome == "allow"
    assert len(engine.asked) == 1
    assert [one["id"] for one in engine.asked[0]["label_sets"]] == ["0", "1", "2"]
    jsonschema.validate(dict(engine.asked[0]), SCHEMA)


def test_the_input_is_version_one_exactly() -> None:
    """Keys, order and spelling that rules rely on."""
    engine = says([ALLOW], MODES)
    uses = (
        ColumnUse(RESIDENTS, "sfzh", (Use.OUTPUT,)),
        ColumnUse(RESIDENTS, "district", (Use.FILTER, Use.OUTPUT)),
        ColumnUse(RESIDENTS, "sfzh", (Use.JOIN,)),
    )
    decided(engine, QueryFacts("postgres", "select", (RESIDENTS,), uses))
    assert engine.asked == [
        {
            "v": 1,
            "subject": {"id": "u-1", "roles": ["doctor"], "attributes": {"districts": ["浦东新区"]}},
            "action": "select",
            "purpose": "audit",
            "context": {"source": "duckdb:///city.db", "time": "2026-06-30T08:00:00Z"},
            "tables": [{"name": "public.residents"}],
            "label_sets": [
                {
                    "id": "0",
                    "classified": True,
                    "labels": [{"kind": "cn.resident_id", "category": "identity", "level": 3, "state": "raw"}],
                    "uses": ["join", "output"],
                },
                {"id": "1", "classified": True, "labels": [], "uses": ["filter", "output"]},
            ],
        }
    ]
    jsonschema.validate(dict(engine.asked[0]), SCHEMA)


def test_a_time_without_a_zone_is_refused() -> None:
    """An hour that could be anywhere is no time."""
    from guard.policy.query_input import ask

    with pytest.raises(ValueError, match="time zone"):
        ask(
            facts("sfzh"),
            label_of,
            subject=Subject("u"),
            purpose="p",
            source="s",
            now=datetime(2026, 1, 1),  # noqa: DTZ001 - the point of the test
            category_of=str,
        )
    assert NOW.tzinfo is not None


def test_three_people_three_answers(engine: PolicyEngine) -> None:
    """On the real pack and both engines: the number, a masked number, and no."""
    query = facts("phone")
    answers = {
        role: decided(engine, query, subject=Subject("u", (role,), {"districts": ["浦东新区"]}), purpose=purpose)
        for role, purpose in [("doctor", "treatment"), ("analyst", "fraud_review"), ("porter", "treatment")]
    }
    assert {role: answer.outcome for role, answer in answers.items()} == {
        "doctor": "allow",
        "analyst": "allow",
        "porter": "deny",
    }
    region = RowFilter(RESIDENTS, In("district", ("浦东新区",)), "rows.by_region")
    assert answers["doctor"].obligations == (region, MaxRows(1000, "output.max_rows"))
    assert answers["analyst"].obligations == (
        Mask(RESIDENTS, "phone", "partial", {"first": 3, "last": 4, "char": "*"}, "masking.by_kind"),
        MaxRows(10000, "output.max_rows"),
    )
    assert [gap.code for gap in answers["porter"].gaps] == ["unknown_subject"]
