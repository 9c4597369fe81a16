"""Edges once, jobs by reference, walks both ways."""

from __future__ import annotations

import secrets

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from guard.errors import UsageError
from guard.model import Dataset, Edge, FieldRef, Job
from guard.store import lineage, schema, walk
from guard.store.lineage import Hop, digest_of
from guard.store.store import Store


def ref(name):
    dataset, _, path = name.partition(".")
    return FieldRef(Dataset("n", dataset), path)


def edge(source, target, *, masking=False):
    kind = ("INDIRECT", "FILTER") if target.endswith("*") else ("DIRECT", "IDENTITY")
    return Edge(ref(source), ref(target), *kind, masking)


def job(name="j", started="2026-01-01T00:00:00Z", **more):
    return Job(id=name, kind="query", name="q", started=started, **more)


def test_upstream_and_downstream_walk_the_graph(store):
    """Edges come with their distance; a `*` touches every output of its dataset."""
    edges = [edge("a.x", "b.x"), edge("a.region", "b.*"), edge("b.x", "c.x", masking=True), edge("b.y", "c.y")]
    store.lineage.add(job(), edges)
    assert store.lineage.upstream(ref("c.x")) == (
        Hop(edges[2], 1),
        Hop(edges[1], 2),
        Hop(edges[0], 2),
    )
    assert store.lineage.downstream(ref("a.x")) == (Hop(edges[0], 1), Hop(edges[2], 2))
    assert store.lineage.downstream(ref("a.region")) == (Hop(edges[1], 1), Hop(edges[2], 2), Hop(edges[3], 2))
    assert store.lineage.upstream(ref("c.x"), depth=1) == (Hop(edges[2], 1),)
    assert store.lineage.downstream(ref("nobody.x")) == ()


def test_the_graph_of_a_past_moment(store, clock):
    """What was stored later is not in the graph of then; an edge that two jobs share is there from the first on."""
    start = clock()
    store.lineage.add(job("one"), [edge("a.x", "b.x")])
    between = clock()
    store.lineage.add(job("two"), [edge("a.x", "b.x"), edge("b.x", "c.x")])
    assert store.lineage.as_of(start) == ()
    assert store.lineage.as_of(between) == (edge("a.x", "b.x"),)
    assert store.lineage.as_of(clock()) == (edge("a.x", "b.x"), edge("b.x", "c.x"))


def test_a_graph_beyond_the_bound_is_no_answer(store, clock, monkeypatch):
    """Too many edges are an error, not the first of them."""
    monkeypatch.setattr(lineage, "MAX_EDGES", 1)
    store.lineage.add(job(), [edge("a.x", "b.x"), edge("b.x", "c.x")])
    with pytest.raises(UsageError):
        store.lineage.as_of(clock())


def test_a_neighbourhood_beyond_the_bound_is_no_answer(store, monkeypatch):
    """Too much around a field is an error that says how many steps are too many; fewer steps have their answer."""
    monkeypatch.setattr(walk, "MAX_EDGES", 3)
    monkeypatch.setattr(walk, "CHUNK", 2)
    edges = [
        edge("a.x", "b.x"),
        *(edge("b.x", f"c.x{n}") for n in range(4)),
        *(edge(f"c.x{n}", "d.x") for n in range(4)),
    ]
    store.lineage.add(job(), edges)
    assert store.lineage.downstream(ref("a.x"), depth=1) == (Hop(edges[0], 1),)
    with pytest.raises(UsageError, match="within 2 steps"):
        store.lineage.downstream(ref("a.x"))
    with pytest.raises(UsageError, match="within 1 steps"):
        store.lineage.upstream(ref("d.x"))
    monkeypatch.setattr(walk, "MAX_EDGES", 9)
    assert len(store.lineage.downstream(ref("a.x"))) == 9
    monkeypatch.setattr(walk, "MAX_FIELDS", 4)
    with pytest.raises(UsageError, match="more than 4 fields"):
        store.lineage.downstream(ref("a.x"))


def test_a_dense_graph_is_walked_field_by_field(store):
    """Twelve layers of four fields, each with all of the next: millions of ways, 177 edges."""
    edges = [edge(f"l{n}.x{a}", f"l{n + 1}.x{b}") for n in range(11) for a in range(4) for b in range(4)]
    edges += [edge("l11.x0", "l0.x0")]  # and round again
    store.lineage.add(job(), edges)
    found = store.lineage.downstream(ref("l0.x0"))
    assert {hop.edge for hop in found} == {
        one for one in edges if one.source.dataset.name != "l0" or one.source == ref("l0.x0")
    }
    assert max(hop.depth for hop in found) == 12


def test_cycles_end(store):
    """A graph that bites its tail is walked once."""
    edges = [edge("a.x", "b.x"), edge("b.x", "c.x"), edge("c.x", "a.x")]
    store.lineage.add(job(), edges)
    assert store.lineage.downstream(ref("a.x")) == tuple(Hop(one, depth) for depth, one in enumerate(edges, 1))


def test_the_same_edges_are_stored_once(store):
    """Many jobs with the same lineage cost a row each, not a graph each."""
    edges = [edge("a.x", "b.x"), edge("a.y", "b.*")]
    for number in range(5):
        store.lineage.add(job(f"j{number}"), edges)
        store.lineage.add(job(f"j{number}"), edges)
    with store.read() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar()
            for table in (schema.edge, schema.edge_set, schema.edge_set_edge, schema.job)
        ]
    assert counts == [2, 1, 2, 5]
    assert store.lineage.job_edges("j3") == tuple(sorted(edges))
    assert store.lineage.job_edges("none") == ()


def test_edges_may_be_kept_before_their_jobs(store):
    """The log names a set of edges by digest; jobs and cursor move together, and never back."""
    edges = [edge("a.x", "b.x")]
    store.lineage.keep("d" * 64, edges)
    store.lineage.keep("d" * 64, edges)
    store.lineage.keep("", [])
    assert store.lineage.cursor() == 0
    store.lineage.record([(job("j1", entry=4, subject="li"), "d" * 64), (job("j2"), "")], position=5)
    store.lineage.record([], position=3)
    assert store.lineage.cursor() == 5
    store.lineage.advance(9)
    assert store.lineage.cursor() == 9
    assert store.lineage.job_edges("j1") == tuple(edges)
    assert store.lineage.job_edges("j2") == ()


def test_jobs_are_found_by_what_they_did(store):
    """The newest first, by kind, subject or field."""
    store.lineage.add(job("old", "2026-01-01T00:00:00Z", subject="li"), [edge("a.x", "b.x")])
    store.lineage.add(job("new", "2026-01-02T00:00:00Z", subject="wang", purpose="care", entry=7), [edge("a.y", "b.y")])
    found = {
        "all": store.lineage.jobs(),
        "first": store.lineage.jobs(limit=1),
        "kind": store.lineage.jobs(kind="scan"),
        "subject": store.lineage.jobs(subject="li"),
        "field": store.lineage.jobs(field=ref("b.y")),
        "nobody": store.lineage.jobs(field=ref("z.z")),
    }
    assert {name: [one.id for one in jobs] for name, jobs in found.items()} == {
        "all": ["new", "old"],
        "first": ["new"],
        "kind": [],
        "subject": ["old"],
        "field": ["new"],
        "nobody": [],
    }
    assert found["first"][0] == job("new", "2026-01-02T00:00:00Z", subject="wang", purpose="care", entry=7)


def reachable(edges, start, *, forward):
    """The obvious reference: spread over (dataset, path) until nothing is new; returns edge -> least distance."""
    found, level, depth, seen = {}, {start}, 1, {start}
    while level:
        after = set()
        for one in edges:
            near, far = (one.source, one.target) if forward else (one.target, one.source)
            touched = near in level or (
                not forward and near.path == "*" and any(field.dataset == near.dataset for field in level)
            )
            if not touched:
                continue
            found.setdefault(one, depth)
            if forward and far.path == "*":
                fields = {end for each in edges for end in (each.source, each.target)}
                after |= {field for field in fields if field.dataset == far.dataset}
            else:
                after.add(far)
        level, depth = after - seen, depth + 1
        seen |= after
    return found


names = st.builds(lambda dataset, path: f"{dataset}.{path}", st.sampled_from("abcd"), st.sampled_from("xyz"))
graphs = st.lists(
    st.builds(
        lambda source, target, star: edge(source, target[:2] + "*" if star else target), names, names, st.booleans()
    ),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(graphs, names)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_walks_agree_with_the_obvious_search(tmp_path, edges, start):
    """On small random graphs the recursive queries find what a plain search finds."""
    with Store.open(tmp_path / f"{secrets.token_hex(8)}.db") as store:
        store.lineage.add(job(), edges)
        ends = {end for one in edges for end in (one.source, one.target)}
        if ref(start) not in ends:
            return
        for walk, forward in ((store.lineage.downstream, True), (store.lineage.upstream, False)):
            assert {hop.edge: hop.depth for hop in walk(ref(start))} == reachable(edges, ref(start), forward=forward)


def test_the_digest_is_of_the_set():
    """Order and repetition do not matter; no edges have no digest."""
    one, two = edge("a.x", "b.x"), edge("a.y", "b.y")
    assert digest_of([one, two]) == digest_of([two, one, two])
    assert digest_of([one]) != digest_of([two])
    assert digest_of([]) == ""


def test_a_wide_job(store):
    """Thousands of edges in one transaction."""
    edges = [edge(f"t{number // 40}.c{number % 40}", f"u{number // 40}.c{number % 40}") for number in range(2000)]
    store.lineage.add(job(), edges)
    assert store.lineage.job_edges("j") == tuple(sorted(edges))


def test_the_ways_of_an_edge_are_kept(store, clock):
    """A set gives back its own ways; a walk has those of all sets, of the past only those of then."""
    plain = Edge(ref("a.x"), ref("b.x"), "DIRECT", "TRANSFORMATION")
    hashed, cut = (msgspec.structs.replace(plain, how=how) for how in (("md5",), ("lower", "substring(7,8)")))
    store.lineage.add(job("one"), [hashed])
    between = clock()
    store.lineage.add(job("two"), [cut])
    assert store.lineage.edges(digest_of([hashed])) == (hashed,)
    assert [hop.edge.how for hop in store.lineage.downstream(ref("a.x"))] == [("lower", "md5", "substring(7,8)")]
    assert [hop.edge.how for hop in store.lineage.downstream(ref("a.x"), at=between)] == [("md5",)]
    assert [edge.how for edge in store.lineage.as_of(between)] == [("md5",)]
    store.lineage.add(job("three"), [plain])
    assert store.lineage.downstream(ref("a.x"))[0].edge.how == ("lower", "md5", "substring(7,8)", "~")
    assert sorted(edge.how for edge in store.lineage.stream()) == [(), ("lower", "substring(7,8)"), ("md5",)]


def test_ways_without_end_are_known_to_be_lost(store):
    """More text than is kept becomes a way that no rule knows, so that labels stay."""
    endless = Edge(ref("a.x"), ref("b.x"), "DIRECT", "TRANSFORMATION", how=tuple(f"f{n}" for n in range(2000)))
    store.lineage.add(job(), [endless])
    assert [edge.how for edge in store.lineage.stream()] == [("...",)]


def test_the_past_is_walked_as_it_was(store, clock):
    """An edge kept later is not met on a walk of then."""
    store.lineage.add(job("one"), [edge("a.x", "b.x")])
    between = clock()
    store.lineage.add(job("two"), [edge("b.x", "c.x")])
    assert store.lineage.downstream(ref("a.x"), at=between) == (Hop(edge("a.x", "b.x"), 1),)
    assert store.lineage.upstream(ref("c.x"), at=between) == ()


def test_what_jobs_did_is_grouped(store):
    """Jobs that did the same for the same subject, purpose and place are one line with a count."""
    edges = [edge("a.x", "b.x")]
    here = (("country", "CN"),)
    for number, place in enumerate((here, here, (("country", "DE"),))):
        store.lineage.add(
            job(f"j{number}", started=f"2026-01-0{number + 1}T00:00:00Z", place=place, entry=number), edges
        )
    digest = digest_of(edges)
    first, second = store.lineage.uses()
    assert first == lineage.Use(
        "query", digest, "", "", (("country", "DE"),), "2026-01-03T00:00:00Z", "2026-01-03T00:00:00Z", 1, 2
    )
    assert (second.place, second.count, second.entry) == (here, 2, 1)
    assert store.lineage.uses(since="2026-01-03") == (first,)
    assert [one.place for one in store.lineage.jobs()] == [(("country", "DE"),), here, here]


def test_marks_of_people(store):
    """A mark leads to its jobs; a job says which kinds it is indexed by; a forgotten mark leads nowhere."""
    store.lineage.add(job("one"), [edge("a.x", "b.x")])
    store.lineage.add(job("two", started="2026-01-02T00:00:00Z"), [edge("a.x", "b.x")])
    store.subjects.keep("one", {"cn.mobile": {b"1" * 16, b"2" * 16}, "cn.resident_id": set()})
    assert store.subjects.jobs([b"1" * 16]) == {"one"}
    assert [
        (one.id, kinds) for one, kinds in store.lineage.readers([Dataset("n", "a"), Dataset("n", "z")], limit=9)
    ] == [
        ("two", frozenset()),
        ("one", frozenset({"cn.mobile", "cn.resident_id"})),
    ]
    assert [one.id for one in store.lineage.named(["one", "nobody"])] == ["one"]
    assert store.subjects.forget([b"1" * 16]) == 1
    assert store.subjects.jobs([b"1" * 16]) == frozenset()
