"""The graph in numbers against the obvious one: labels pushed edge by edge until nothing changes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import UsageError
from guard.lineage import levels, links, order
from guard.lineage.compact import CompactGraph, Standing
from guard.lineage.graph import Graph
from guard.lineage.label_rules import load
from guard.lineage.propagate import Carried, carried, over, worst
from guard.model import Dataset, Edge, FieldRef, Label, State

RULES = load(Path(__file__).parents[2] / "rules" / "lineage")
KINDS = ("cn.resident_id", "cn.mobile", "intl.email")
HOW = ((), ("md5",), ("substring(7,8)",), ("~",), ("sum",), ("md5", "trim"))
RAW = Label("intl.email", 3)


def field(table: str, path: str) -> FieldRef:
    """A column of the estate."""
    return FieldRef(Dataset("n", table), path)


def estate(seed: int) -> list[Edge]:
    """Random edges over twelve columns, with cycles and whole tables."""
    dice = random.Random(seed)
    paths = ("a", "b", "*") if seed % 3 == 0 else ("a", "b")
    fields = [field(f"t{table}", path) for table in range(5) for path in paths]
    edges = []
    for _ in range(dice.randint(1, 14)):
        source, target = dice.choice(fields), dice.choice(fields)
        if dice.random() < 0.25:
            edges.append(Edge(source, target, "INDIRECT", "FILTER"))
            continue
        how = dice.choice(HOW)
        edges.append(Edge(source, target, "DIRECT", "TRANSFORMATION" if how else "IDENTITY", how=how))
    return edges


def obvious(edges: list[Edge], labels: dict[FieldRef, list[Label]]) -> dict[FieldRef, Standing]:
    """The same answer with sets and rounds; whole tables stand for their columns where values go in or out."""
    fields = {end for edge in edges for end in (edge.source, edge.target)}
    copies = {edge.source for edge in edges if edge.type == "DIRECT" and edge.source.path == "*"}
    filled = {edge.target for edge in edges if edge.type == "DIRECT" and edge.target.path == "*"}
    more = list(edges)
    for one in fields:
        whole = FieldRef(one.dataset, "*")
        if one.path == "*" or whole not in fields:
            continue
        kind = ("DIRECT", "IDENTITY") if whole in filled else ("INDIRECT", "FILTER")
        more.append(Edge(whole, one, *kind))  # type: ignore[arg-type]  # two literals
        if whole in copies:
            more.append(Edge(one, whole, "DIRECT", "IDENTITY"))
    own = {one: [carried(label) for label in labels.get(one, [])] for one in fields}
    told = {one: Standing(worst(own[one])) for one in fields}
    while True:
        fresh = {}
        for one in fields:
            into = [edge for edge in more if edge.target == one]
            arriving = [label for edge in into for label in over(edge, told[edge.source].labels, RULES)]
            sides: set[str] = set()
            for edge in into:
                sides |= set(told[edge.source].influenced_by)
                if edge.type == "INDIRECT":
                    sides |= {label.kind for label in told[edge.source].labels}
            # What was reached once stays: on a cycle the account of a label, not its state, depends on the way.
            fresh[one] = Standing(worst([*told[one].labels, *own[one], *arriving]), tuple(sorted(sides)))
        if fresh == told:
            return told
        told = fresh


def plain(standing: Standing) -> tuple[object, ...]:
    """What does not depend on the way: kinds, levels, states, whether they are sensitive, and influences."""
    told = tuple((label.kind, label.level, label.state, label.sensitive) for label in standing.labels)
    return told, standing.influenced_by


def labelling(seed: int, edges: list[Edge]) -> dict[FieldRef, list[Label]]:
    """Labels on some of the fields."""
    dice = random.Random(seed)
    fields = sorted({end for edge in edges for end in (edge.source, edge.target)})
    return {one: [Label(dice.choice(KINDS), 3)] for one in fields if dice.random() < 0.4}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_a_pass_gives_what_the_obvious_one_gives(seed: int) -> None:
    """Labels and influences of every field are equal, with cycles too."""
    edges = estate(seed)
    graph = CompactGraph(edges, RULES)
    labels = labelling(seed, edges)
    graph.label(labels)
    expected = obvious(edges, labels)
    assert {one: plain(graph.standing(one)) for one in expected} == {one: plain(expected[one]) for one in expected}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_a_pass_at_once_gives_what_one_edge_by_edge_gives(seed: int) -> None:
    """Arrays for the smallest rounds and frontiers, with cycles too: the labels of the pass that takes loops."""
    edges = estate(seed)
    labels = labelling(seed, edges)
    one = CompactGraph(edges, RULES)
    one.label(labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "_FEW", 0)
        patch.setattr(order, "_NARROW", 0)
        patch.setattr(levels, "MAX_TABLE", 0 if seed % 2 else 1 << 22)
        other = CompactGraph(edges, RULES)
        other.label(labels)
    fields = {end for edge in edges for end in (edge.source, edge.target)}
    assert {each: one.standing(each) for each in fields} == {each: other.standing(each) for each in fields}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_retagging_is_the_same_as_starting_over(seed: int) -> None:
    """Whatever changes on one field, added or taken away, the whole graph is as after a full pass."""
    dice = random.Random(seed)
    edges = estate(seed)
    labels = labelling(seed, edges)
    graph, again = CompactGraph(edges, RULES), CompactGraph(edges, RULES)
    graph.label(labels)
    for turn in range(3):
        one = dice.choice(sorted({end for edge in edges for end in (edge.source, edge.target)}))
        labels[one] = [] if turn == 1 else [Label(dice.choice(KINDS), 4)]
        before = {other: graph.standing(other) for other in obvious(edges, labels)}
        changed = graph.retag(one, labels[one])
        again.label(labels)
        assert {other: plain(graph.standing(other)) for other in before} == {
            other: plain(again.standing(other)) for other in before
        }
        assert set(changed) == {other for other in before if graph.standing(other) != before[other]}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_edges_that_come_later_are_the_same_as_starting_over(seed: int) -> None:
    """A graph that grew edge by edge says what one built at once says, whole tables and cycles too."""
    dice = random.Random(seed)
    edges = estate(seed)
    labels = labelling(seed, edges)
    at = dice.randrange(len(edges) + 1)
    grown, again = CompactGraph(edges[:at], RULES), CompactGraph(edges, RULES)
    grown.label(labels)
    again.label(labels)
    fields = sorted({end for edge in edges for end in (edge.source, edge.target)})
    while at < len(edges):
        more = dice.randrange(1, 4)
        before = {one: grown.standing(one) for one in fields}
        changed = grown.add(edges[at : at + more])
        at += more
        assert {one for one in fields if grown.standing(one) != before[one]} <= set(changed)
    assert {one: plain(grown.standing(one)) for one in fields} == {one: plain(again.standing(one)) for one in fields}
    for one in fields:
        number, other = grown.number(one), again.number(one)
        assert number is not None
        assert other is not None
        assert {grown.name(each) for each in grown.downstream(number)} == {
            again.name(each) for each in again.downstream(other)
        }
    one = dice.choice(fields)
    labels[one] = [Label(dice.choice(KINDS), 4)]
    grown.retag(one, labels[one])
    again.label(labels)
    assert {each: plain(grown.standing(each)) for each in fields} == {
        each: plain(again.standing(each)) for each in fields
    }
    grown.label(labels)
    assert {each: plain(grown.standing(each)) for each in fields} == {
        each: plain(again.standing(each)) for each in fields
    }


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_downstream_is_that_of_the_plain_graph(seed: int) -> None:
    """The same fields are reached as in the graph that keeps edges."""
    edges = [edge for edge in estate(seed * 3 + 1) if edge.source != edge.target]
    graph, plain = CompactGraph(edges, RULES), Graph(edges)
    for number in range(len(graph)):
        start = graph.name(number)
        assert {graph.name(one) for one in graph.downstream(number)} == set(plain.downstream(start).fields()) - {start}
        assert {graph.name(one) for one in graph.upstream(number)} == set(plain.upstream(start).fields()) - {start}


def test_a_label_of_a_field_without_edges_is_not_lost() -> None:
    """Where a kind is now includes the fields that nothing was made of."""
    graph = CompactGraph([Edge(field("t", "a"), field("u", "a"), "DIRECT", "IDENTITY")], RULES)
    graph.label({field("lonely", "a"): [RAW], field("t", "a"): [RAW]})
    assert graph.where("intl.email") == [field("lonely", "a"), field("t", "a"), field("u", "a")]
    assert graph.where("intl.") == graph.where("intl.email")
    graph.retag(field("lonely", "a"), [])
    assert graph.where("intl.email") == [field("t", "a"), field("u", "a")]


def test_a_table_read_as_a_whole_carries_the_labels_of_all_its_columns() -> None:
    """`INSERT INTO u SELECT * FROM t` without a schema: a label on `t.ssn` is on `u`, though no edge names it."""
    graph = CompactGraph([Edge(field("t", "*"), field("u", "*"), "DIRECT", "IDENTITY")], RULES)
    graph.label({field("t", "ssn"): [RAW]})
    assert graph.standing(field("u", "*")).labels == (Carried("intl.email", 3),)
    assert set(graph.retag(field("t", "ssn"), [])) == {field("t", "*"), field("u", "*")}


def test_where_leaves_out_what_a_rule_made_safe() -> None:
    """A summary over an enforced group is no longer sensitive; without one it is."""
    edges = [Edge(field("t", "a"), field(name, "a"), "DIRECT", "AGGREGATION", how=("sum",)) for name in ("u", "v")]
    graph = CompactGraph(edges, RULES, groups={Dataset("n", "u"): 10})
    graph.label({field("t", "a"): [RAW]})
    assert graph.where("intl.email", only_sensitive=True) == [field("t", "a"), field("v", "a")]
    assert [label.state for label in graph.standing(field("u", "a")).labels] == [State.AGGREGATED]


def test_a_graph_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many edges are an error, never a part of the graph."""
    monkeypatch.setattr(links, "MAX_EDGES", 1)
    edges = [Edge(field("t", "a"), field("u", name), "DIRECT", "IDENTITY") for name in "bc"]
    with pytest.raises(UsageError):
        CompactGraph(edges, RULES)


def test_a_seeded_fault_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a retag kept the old marks downstream, a label taken away would stay."""
    edges = [Edge(field("t", "a"), field("u", "a"), "DIRECT", "IDENTITY")]
    graph = CompactGraph(edges, RULES)
    graph.label({field("t", "a"): [RAW]})
    monkeypatch.setattr(CompactGraph, "_settle", lambda *_: None)
    graph.retag(field("t", "a"), [RAW])
    assert graph.standing(field("u", "a")) == Standing()
