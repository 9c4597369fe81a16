"""The lineage graph: flows and influences, cycles, bounds, paths, and what a person sees."""

from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from guard.errors import UsageError
from guard.lineage import graph as graph_module
from guard.lineage import render
from guard.lineage.graph import Graph
from guard.model import Dataset, Edge, FieldRef

LAKE = "duckdb:///lake.db"


def field(name: str, namespace: str = LAKE) -> FieldRef:
    """`schema.table.column` of the lake."""
    dataset, _, path = name.rpartition(".")
    return FieldRef(Dataset(namespace, dataset), path)


def edge(source: str, target: str, subtype: str = "IDENTITY", *, masking: bool = False) -> Edge:
    """An edge whose type follows from its subtype."""
    direct = subtype in {"IDENTITY", "TRANSFORMATION", "AGGREGATION"}
    return Edge(field(source), field(target), "DIRECT" if direct else "INDIRECT", subtype, masking)


VISITS = Graph(
    [
        edge("raw.visits.amount", "silver.visits.amount"),
        edge("raw.visits.name", "silver.visits.name", "TRANSFORMATION", masking=True),
        edge("raw.visits.district", "silver.visits.district"),
        edge("silver.visits.amount", "gold.report.total", "AGGREGATION"),
        edge("silver.visits.district", "gold.report.*", "FILTER"),
        edge("silver.visits.district", "gold.report.district"),
        edge("silver.visits.district", "gold.report.*", "GROUP_BY"),
        Edge(field("gold.report.total"), FieldRef(Dataset("file", "/out.csv"), "total"), "DIRECT", "IDENTITY"),
    ]
)


def test_upstream_tree():
    """Where a total comes from: a flow, and below it what only decided which rows count."""
    assert render.tree(VISITS.upstream(field("gold.report.total"))) == snapshot("""\
gold.report.total
├─ silver.visits.amount  AGGREGATION
│  └─ raw.visits.amount  IDENTITY
├┄ silver.visits.district  FILTER, all columns
│  └─ raw.visits.district  IDENTITY
└┄ silver.visits.district  GROUP_BY, all columns, see above
""")


def test_downstream_tree():
    """Where a district goes: into a column, and as an influence into every column of the report and what follows."""
    assert render.tree(VISITS.downstream(field("raw.visits.district"))) == snapshot("""\
raw.visits.district
└─ silver.visits.district  IDENTITY
   ├─ gold.report.district  IDENTITY
   ├┄ gold.report.*  FILTER, all columns
   │  └─ /out.csv.total [file]  IDENTITY
   └┄ gold.report.*  GROUP_BY, all columns, see above
""")


def test_masking_shows():
    """A masked copy says so."""
    assert render.tree(VISITS.downstream(field("raw.visits.name"))) == snapshot("""\
raw.visits.name
└─ silver.visits.name  TRANSFORMATION, masked
""")


def test_nothing_known_says_so():
    """An unknown field has no lineage that guard knows of; the tree does not look clean."""
    assert render.tree(VISITS.downstream(field("raw.visits.phone"))) == snapshot("""\
raw.visits.phone
└─ nothing known downstream
""")


def test_a_cut_answer_says_so():
    """Reaching the depth or the limit is told, in the value and in the text."""
    shallow = VISITS.downstream(field("raw.visits.district"), depth=1)
    short = VISITS.downstream(field("raw.visits.district"), limit=2)
    assert (shallow.cut, len(shallow.steps), short.cut, len(short.steps)) == (True, 1, True, 2)
    assert render.tree(shallow) == snapshot("""\
raw.visits.district
└─ silver.visits.district  IDENTITY
… more follows: raise the depth or the limit
""")
    assert not VISITS.downstream(field("raw.visits.district"), depth=3).cut


def test_flows_and_influences_are_apart():
    """A filter column influences the total and never flows into it."""
    view = VISITS.upstream(field("gold.report.total"))
    assert view.fields("flow") == (field("silver.visits.amount"), field("raw.visits.amount"))
    assert view.fields("influence") == (field("silver.visits.district"), field("raw.visits.district"))
    assert view.fields() == (
        field("silver.visits.amount"),
        field("silver.visits.district"),
        field("raw.visits.amount"),
        field("raw.visits.district"),
    )


def test_a_flow_found_after_an_influence_counts_as_flow():
    """The better way wins, however late it is found."""
    graph = Graph(
        [edge("a.t.x", "b.t.*", "FILTER"), edge("a.t.x", "m.t.x"), edge("m.t.x", "b.t.y"), edge("b.t.y", "c.t.z")]
    )
    view = graph.downstream(field("a.t.x"))
    assert field("c.t.z") in view.fields("flow")


def test_a_whole_table():
    """`*` asks for all columns of a table at once."""
    assert VISITS.upstream(field("gold.report.*")).fields() == (
        field("silver.visits.amount"),
        field("silver.visits.district"),
        field("raw.visits.amount"),
        field("raw.visits.district"),
    )


def test_cycles_end():
    """A cycle is walked once; its closing edge is shown."""
    graph = Graph([edge("a.t.x", "b.t.x"), edge("b.t.x", "c.t.x", "TRANSFORMATION"), edge("c.t.x", "a.t.x")])
    assert render.tree(graph.downstream(field("a.t.x"))) == snapshot("""\
a.t.x
└─ b.t.x  IDENTITY
   └─ c.t.x  TRANSFORMATION
      └─ a.t.x  IDENTITY, see above
""")


def test_paths():
    """Every way from one field to another, shortest first, table-wide influences included."""
    paths = VISITS.paths(field("raw.visits.district"), FieldRef(Dataset("file", "/out.csv"), "total"))
    shown = [[(each.source.path, each.subtype, each.target.path) for each in path] for path in paths]
    assert shown == [
        [("district", "IDENTITY", "district"), ("district", subtype, "*"), ("total", "IDENTITY", "total")]
        for subtype in ("FILTER", "GROUP_BY")
    ]
    assert VISITS.paths(field("raw.visits.name"), field("gold.report.total")) == ()


def test_paths_are_bounded():
    """A ladder with 2**40 ways gives the first hundred at once."""
    edges = [edge(f"l{at}.t.{a}", f"l{at + 1}.t.{b}") for at in range(40) for a in "xy" for b in "xy"]
    paths = Graph(edges).paths(field("l0.t.x"), field("l12.t.y"))
    assert len(paths) == 100
    assert {len(path) for path in paths} == {12}


def test_names_are_never_split():
    """Namespaces with colons, dots and stars stay whole."""
    odd = FieldRef(Dataset("postgres://host:5432", "a.b:c.d"), "x.y[].z")
    graph = Graph([Edge(odd, field("b.t.x"), "DIRECT", "IDENTITY")])
    assert graph.upstream(field("b.t.x")).fields() == (odd,)
    step = json.loads(render.json(graph.upstream(field("b.t.x"))))["steps"][0]
    assert step["from"] == {"namespace": "postgres://host:5432", "name": "a.b:c.d", "field": "x.y[].z"}


def test_json():
    """The machine form is versioned and has all parts apart."""
    assert json.loads(render.json(VISITS.downstream(field("raw.visits.name")))) == {
        "v": 1,
        "start": {"namespace": LAKE, "name": "raw.visits", "field": "name"},
        "direction": "downstream",
        "cut": False,
        "steps": [
            {
                "from": {"namespace": LAKE, "name": "raw.visits", "field": "name"},
                "to": {"namespace": LAKE, "name": "silver.visits", "field": "name"},
                "type": "DIRECT",
                "subtype": "TRANSFORMATION",
                "masking": True,
                "how": "flow",
                "ways": [],
                "depth": 1,
            }
        ],
    }


def test_csv():
    """An edge a row, and no cell that a spreadsheet would run."""
    graph = Graph([edge("raw.t.=cmd()", "b.t.x"), edge("raw.t.a,b", "b.t.x", "SORT")])
    rows = list(csv.reader(render.table(graph.upstream(field("b.t.x"))).splitlines()))
    assert rows == [
        ["from_namespace", "from_name", "from_field", "to_namespace", "to_name", "to_field",
         "type", "subtype", "masking", "how", "depth"],
        [LAKE, "raw.t", "'=cmd()", LAKE, "b.t", "x", "DIRECT", "IDENTITY", "false", "flow", "1"],
        [LAKE, "raw.t", "a,b", LAKE, "b.t", "x", "INDIRECT", "SORT", "false", "influence", "1"],
    ]  # fmt: skip


names = st.sampled_from([f"t{table}.{column}" for table in range(4) for column in "ab*"])
edges = st.lists(
    st.builds(edge, names.filter(lambda name: not name.endswith("*")), names, st.sampled_from(["IDENTITY", "FILTER"])),
    max_size=14,
)


def reach(found: list[Edge], start: FieldRef) -> set[FieldRef]:
    """What is reached downstream, by saturation."""
    reached = {start}
    while True:
        more = {
            each.target
            for each in found
            if any(
                each.source == known or (known.path == "*" and known.dataset == each.source.dataset)
                for known in reached
            )
        } - reached
        if not more:
            return reached
        reached |= more


def test_no_way_found_among_too_many_is_an_error(monkeypatch):
    """Between two fields lies more than is looked at: that is said, and never read as `no way`."""
    monkeypatch.setattr(graph_module, "MAX_STEPS", 1)
    layers = [
        Edge(field(f"l{n}.t.a{a}"), field(f"l{n + 1}.t.a{b}"), "DIRECT", "IDENTITY")
        for n in range(4)
        for a in range(4)
        for b in range(4)
    ]
    with pytest.raises(UsageError, match="so much lies between"):
        Graph(layers).paths(field("l0.t.a0"), field("l4.t.a0"))
    assert Graph(layers).paths(field("l0.t.a0"), field("l1.t.a0"))


@given(edges, names)
def test_reach_is_the_obvious_one(found, start):
    """On any graph, cycles and all, a walk reaches exactly what saturation reaches, and up is the reverse of down."""
    graph = Graph(found)
    origin = field(start)
    view = graph.downstream(origin)
    assert set(view.fields()) | {origin} == reach(found, origin)
    assert not view.cut
    for target in view.fields():
        if origin.path != "*" and target != origin:
            assert origin in graph.upstream(target).fields()
            assert graph.paths(origin, target)
    assert render.tree(view).count("\n") <= 2 + len(view.steps)
