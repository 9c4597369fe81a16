"""What becomes of labels: tests/cases/lineage/labels.yml, and every pair of states."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml

import guard.lineage
from guard.errors import ConfigError
from guard.lineage import propagate
from guard.lineage.label_rules import LabelRules, load
from guard.lineage.propagate import Carried, Contradiction, contradictions, over, through, worst
from guard.model import Dataset, Edge, FieldLabel, FieldRef, Label, State

ROOT = Path(__file__).parents[2]
RULES = load(ROOT / "rules" / "lineage")
CASES: dict[str, Any] = yaml.safe_load((ROOT / "tests" / "cases" / "lineage" / "labels.yml").read_text())
EXPRESSIONS = [
    (kind, expression, {} if group["becomes"] == "nothing" else {kind: group["becomes"]})
    for group in CASES["expressions"]
    for kind in group["kinds"]
    for expression in group["expressions"]
] + [(case["kind"], case["expression"], case["labels"]) for case in CASES["cuts"]]
STATES = list(State)
PAIRS = list(itertools.product(STATES, STATES))
FIELD = FieldRef(Dataset("n", "t"), "x")
SCHEMA = {"t": ["x", "y"]}


def outcome(kind: str, expression: str, *, rules: LabelRules = RULES, group: int | None = None) -> tuple[Carried, ...]:
    """The labels of `SELECT expression FROM t` where `x` has the kind."""
    lineage = guard.lineage.extract(f"SELECT {expression} FROM t", "postgres", SCHEMA)
    assert lineage.gaps == ()
    start = Carried(kind, 3)
    return worst(
        label for edge in lineage.edges if edge.source.path == "x" for label in over(edge, [start], rules, group=group)
    )


def shown(labels: tuple[Carried, ...]) -> dict[str, str]:
    """Kind to state."""
    return {label.kind: label.state.value for label in labels}


@pytest.mark.parametrize(("kind", "expression", "expected"), EXPRESSIONS)
def test_an_expression_leaves_these_labels(kind: str, expression: str, expected: dict[str, str]) -> None:
    """The kinds and states at the output are exactly these."""
    assert shown(outcome(kind, expression)) == expected


def test_there_are_enough_cases() -> None:
    """At least 200 transformations, beside the pairs of states."""
    assert len(EXPRESSIONS) >= 200
    assert len(PAIRS) == 49


@pytest.mark.parametrize(("before", "to"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_along_one_way_the_strongest_protection_holds(before: State, to: State) -> None:
    """A transform of guard never makes a label worse than it was."""
    step = () if to is State.RAW else (f"guard:{to}",)
    (label,) = through(Carried("intl.email", 3, before), step, RULES)
    assert label.state is max(before, to, key=STATES.index)


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_of_several_ways_the_worst_holds(one: State, other: State) -> None:
    """Two labels of a kind meet in the worse state, whatever their order."""
    labels = [Carried("intl.email", 3, one), Carried("intl.email", 3, other)]
    expected = min(one, other, key=STATES.index)
    assert [label.state for label in worst(labels)] == [expected]
    assert worst(labels) == worst(reversed(labels))


@pytest.mark.parametrize("case", CASES["notes"], ids=lambda case: f"{case['kind']} {case['expression']}")
def test_notes_say_what_is_left_to_know(case: dict[str, Any]) -> None:
    """An unkeyed hash of what can be listed is called enumerable, a summary has no known group size."""
    (label,) = outcome(case["kind"], case["expression"])
    assert (list(label.notes), label.sensitive) == (case["notes"], True)


def test_an_enforced_group_makes_a_summary_safe() -> None:
    """With a minimum group the summary is no longer sensitive; a group of one is none."""
    assert outcome("finance.income", "AVG(x)", group=5) == (
        Carried("finance.income", 3, State.AGGREGATED, ("aggregate.summary",), ("groups of at least 5",)),
    )
    assert [label.sensitive for label in outcome("finance.income", "AVG(x)", group=5)] == [False]
    assert [label.sensitive for label in outcome("finance.income", "AVG(x)", group=1)] == [True]


def test_every_weakening_has_a_rule() -> None:
    """No label gets better without the id of a rule, and every rule has evidence."""
    known = {rule.id for rules in RULES.functions.values() for rule in rules} | {f"part.{kind}" for kind in RULES.parts}
    for kind, expression, _ in EXPRESSIONS:
        for label in outcome(kind, expression):
            if label.state is not State.RAW:
                assert label.rules, expression
            assert set(label.rules) <= known
    assert all(rule.evidence for rules in RULES.functions.values() for rule in rules)


def test_an_edge_that_does_not_say_how_keeps_the_label() -> None:
    """A transformation told by another tool weakens nothing, and an influence brings no label."""
    target = FieldRef(Dataset("n", "u"), "z")
    start = [Carried("intl.email", 3)]
    assert over(Edge(FIELD, target, "DIRECT", "TRANSFORMATION"), start, RULES) == tuple(start)
    assert over(Edge(FIELD, target, "DIRECT", "AGGREGATION"), start, RULES) == tuple(start)
    assert over(Edge(FIELD, target, "INDIRECT", "FILTER"), start, RULES) == ()


def test_a_mask_of_guard_counts_as_the_least_that_it_can_be() -> None:
    """`masking` without the transform is generalised; with it, what the transform leaves; a constant takes it off."""
    target = FieldRef(Dataset("n", "u"), "z")
    start = [Carried("intl.email", 3)]
    vague = Edge(FIELD, target, "DIRECT", "TRANSFORMATION", masking=True)
    exact = Edge(FIELD, target, "DIRECT", "TRANSFORMATION", masking=True, how=("guard:masked",))
    gone = Edge(FIELD, target, "DIRECT", "TRANSFORMATION", masking=True, how=("guard:none",))
    assert [shown(over(edge, start, RULES)) for edge in (vague, exact, gone)] == [
        {"intl.email": "generalised"},
        {"intl.email": "masked"},
        {},
    ]


def test_a_scan_that_contradicts_is_a_finding() -> None:
    """Told masked and seen raw, or told raw and found clean: both are found; agreement is not."""

    def field(path: str) -> FieldRef:
        return FieldRef(Dataset("n", "u"), path)

    told = {
        field("a"): (Carried("intl.email", 3, State.MASKED, ("guard.masked",)),),
        field("b"): (Carried("intl.email", 3),),
        field("c"): (Carried("intl.email", 3),),
        field("d"): (Carried("intl.email", 3, State.PSEUDONYMISED, ("hash.unkeyed",)),),
    }
    raw = Label("intl.email", 3)
    scanned = [
        FieldLabel(field("a"), "sensitive", raw),
        FieldLabel(field("b"), "clean"),
        FieldLabel(field("c"), "sensitive", raw),
        FieldLabel(field("d"), "clean"),
        FieldLabel(field("e"), "sensitive", raw),
    ]
    assert contradictions(told, scanned) == (
        Contradiction(field("a"), "intl.email", State.MASKED, State.RAW, "look at `guard.masked`"),
        Contradiction(
            field("b"), "intl.email", State.RAW, None, "scan again with a larger sample, or correct the edge"
        ),
    )


def test_a_seeded_fault_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the best of several ways were taken, a case would fail."""
    monkeypatch.setattr(propagate, "ORDER", {state: -rank for state, rank in propagate.ORDER.items()})
    wrong = [one for one in EXPRESSIONS if shown(outcome(one[0], one[1])) != one[2]]
    assert wrong


@pytest.mark.parametrize(
    "text",
    [
        "version: 2\ntransparent: []\nrules: []",
        "version: 1\ntransparent: [f]\nrules: [{id: a, functions: [f], becomes: none, evidence: b}]",
        "version: 1\ntransparent: []\nrules: [{id: a, functions: [f], becomes: gone, evidence: b}]",
        "version: 1\ntransparent: []\nrules: [{id: a, functions: [f], becomes: none}]",
        "- 1",
        "{",
    ],
)
def test_rules_that_are_not_understood_are_refused(text: str, tmp_path: Path) -> None:
    """A wrong file is an error, never fewer rules."""
    (tmp_path / "parts.yaml").write_text("version: 1\nenumerable: []\nparts: []")
    (tmp_path / "functions.yaml").write_text(text)
    with pytest.raises(ConfigError):
        load(tmp_path)
