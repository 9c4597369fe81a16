"""The questions to the recorded lineage, over jobs that guard really ran."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from guard.anonymize.plan import Plan
from guard.demo.data import resident_id
from guard.engine import open_guard
from guard.engine.leave import Trail, leave
from guard.engine.people_in_answers import PeopleIndex
from guard.engine.release import edges_of_dp
from guard.errors import UsageError
from guard.lineage.report import FORMATS, Report
from guard.model import Dataset, Edge, FieldLabel, FieldRef, Label, State, Subject
from tests.engine.conftest import World, phone, write_crm

PLAN = {"version": 1, "purpose": "research", "fields": {"phone": {"transform": "null"}, "n": {"transform": "keep"}}}


def column(world: World, name: str) -> FieldRef:
    """The one field of that name."""
    return world.guard.lineage.field(name)


def rows(report: Report, *columns: str) -> list[tuple[str, ...]]:
    """Some of the columns of a report."""
    places = [report.columns.index(one) for one in columns]
    return [tuple(row[place] for place in places) for row in report.rows]


def test_a_mask_says_what_it_leaves(world: World) -> None:
    """The way of an answer's edge begins with the state of its mask, and the label arrives so."""
    world.ask("SELECT phone AS number FROM residents")
    world.guard.flush()
    (view,) = world.guard.lineage.views(column(world, "residents.phone"), depth=1, direction="down")
    (edge,) = (step.edge for step in view.steps if step.edge.type == "DIRECT")
    assert (edge.masking, edge.how) == (True, ("guard:masked",))
    (label,) = world.guard.lineage.standing(edge.target).labels
    assert (label.kind, label.state, label.rules) == ("cn.mobile", State.MASKED, ("guard.masked",))


def test_labels_travel_as_things_are_recorded(world: World) -> None:
    """New jobs and corrected labels reach the live graph without a new build; the past stays as it was."""
    trace, store = world.guard.lineage, world.guard.store
    raw = FieldRef(Dataset("n", "late"), "x")
    assert trace.standing(raw).labels == ()
    graph = world.guard.parts.standings.current()
    between = datetime.now(UTC)
    mobile = column(world, "residents.phone")
    far = FieldRef(Dataset("n", "later"), "x")
    edges = (Edge(mobile, raw, "DIRECT", "IDENTITY"), Edge(raw, far, "DIRECT", "TRANSFORMATION", how=("md5",)))
    leave(
        world.guard.parts,
        Trail("lineage", name="job", edges=edges),
        operator="tester",
        time="2026-01-01T00:00:00.000000Z",
    )
    assert [label.state for label in trace.standing(raw).labels] == [State.RAW]
    (hashed,) = trace.standing(far).labels
    assert (hashed.state, hashed.notes) == (State.PSEUDONYMISED, ("unkeyed hash", "enumerable"))
    assert world.guard.parts.standings.current() is graph
    found = store.catalogue.label(mobile)
    assert found is not None
    clean = msgspec.structs.replace(found, verdict="clean", label=None)
    store.catalogue.override(clean, owner="owner", reason="test numbers")
    assert trace.standing(far).labels == ()
    assert trace.standing(far, at=between).labels == ()
    assert [label.kind for label in trace.standing(mobile, at=between).labels] == ["cn.mobile"]


def test_every_kind_of_job_leaves_edges(world: World, tmp_path: Path) -> None:
    """Scans, queries, frames, files, classified frames, releases and documents of other tools are jobs with edges."""
    guard = world.guard
    world.ask("SELECT id FROM residents")
    frame = pa.table({"phone": [phone(1)], "n": [1]})
    guard.anonymize(frame, Plan.from_mapping(PLAN), name="people")
    guard.classify_table(frame, name="people")
    guard.classify_table(frame)  # nothing that anybody could ask about
    (tmp_path / "in.csv").write_text("phone,n\n13800138000,1\n")
    guard.anonymize_file(tmp_path / "in.csv", tmp_path / "out.csv", Plan.from_mapping(PLAN))
    answer = FieldRef(Dataset("guard", "release-1"), "total")
    noisy = edges_of_dp([column(world, "calls.minutes")], answer, epsilon=1, delta=0)  # type: ignore[arg-type]
    leave(
        guard.parts,
        Trail("release", name="release-1", edges=noisy),
        operator="tester",
        time="2026-01-01T00:00:00.000000Z",
    )
    event = json.dumps(
        {
            "eventTime": "2026-01-01T00:00:00Z",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
            "inputs": [{"namespace": "spark", "name": "a"}],
            "outputs": [{"namespace": "spark", "name": "b"}],
        }
    )
    told = guard.lineage.ingest(event.encode(), name="events", operator="tester")
    assert [gap.code for gap in told.gaps] == ["unknown_column"]
    guard.flush()
    jobs = {job.kind: job for job in guard.store.lineage.jobs(limit=1000)}
    assert set(jobs) == {"scan", "query", "anonymize", "classify", "release", "lineage"}
    assert all(guard.store.lineage.job_edges(job.id) for job in jobs.values())
    (run,) = (job for job in guard.store.lineage.jobs(kind="anonymize") if job.name.endswith("out.csv"))
    (gone,) = (edge for edge in guard.store.lineage.job_edges(run.id) if edge.masking)
    assert (gone.target, gone.how) == (FieldRef(Dataset("file", str(tmp_path / "out.csv")), "phone"), ("guard:none",))
    frames = guard.lineage.views(FieldRef(Dataset("frame", "people.anonymised"), "n"), depth=1, direction="up")
    assert [step.far for step in frames[0].steps] == [FieldRef(Dataset("frame", "people"), "n")]
    entries = {entry.kind for _, entry in guard.audit.entries()}
    assert {"anonymize", "classify", "release", "lineage"} <= entries


def test_jobs_are_caught_up_whatever_their_kind(world: World) -> None:
    """A killed process' runs over frames and documents come back from the log, and other entries do no harm."""
    world.guard.anonymize(pa.table({"phone": ["1"], "n": [1]}), Plan.from_mapping(PLAN))
    world.guard.record("lineage", {"note": "no job"})
    world.guard.flush()
    with world.guard.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM job")
        connection.exec_driver_sql("UPDATE projection SET position = 0")
    world.guard.close()
    with open_guard(folder=world.folder) as again:
        again.flush()
        assert {job.kind for job in again.store.lineage.jobs()} == {"scan", "anonymize"}


def test_where_a_kind_is_now(world: World) -> None:
    """Found by the scan, and arrived in an answer in another state."""
    world.ask("SELECT phone AS number FROM residents")
    world.guard.flush()
    found = rows(world.guard.lineage.where("cn.mobile"), "name", "field", "state")
    assert ("calls", "phone", "raw") in found
    assert ("residents", "phone", "raw") in found
    assert [state for _, field, state in found if field == "number"] == ["masked"]


def test_paths_and_impact(world: World) -> None:
    """The way to an answer's column, and all that changes with a column; influences are told apart."""
    world.ask("SELECT phone AS number FROM residents WHERE district = '浦东新区'")
    world.guard.flush()
    trace = world.guard.lineage
    source, target = column(world, "residents.phone"), column(world, "result.number")
    ((edge,),) = trace.paths(source, target)
    assert (edge.source, edge.target) == (source, target)
    for form in ("tree", "json", "csv", "svg"):
        assert "number" in trace.show_paths(source, target, output_format=form)
    report = trace.impact(column(world, "residents.district"))
    assert ("number", "influence") not in rows(report, "to_field", "reached_by")
    assert ("*", "influence") in rows(report, "to_field", "reached_by")
    assert ("number", "values") in rows(trace.impact(source), "to_field", "reached_by")


def test_a_view_that_ends_before_the_lineage_says_so(world: World) -> None:
    """Asked for one step of two, the view is cut; asked for both, it is not."""
    mobile = column(world, "residents.phone")
    near, far = (FieldRef(Dataset("n", name), "x") for name in ("near", "far"))
    edges = (Edge(mobile, near, "DIRECT", "IDENTITY"), Edge(near, far, "DIRECT", "IDENTITY"))
    trail = Trail("lineage", name="job", edges=edges)
    leave(world.guard.parts, trail, operator="tester", time="2026-01-01T00:00:00.000000Z")
    world.guard.flush()
    for depth, cut in ((1, True), (2, False)):
        (view,) = world.guard.lineage.views(mobile, depth=depth, direction="down")
        assert view.cut is cut
        (view,) = world.guard.lineage.views(far, depth=depth, direction="up")
        assert view.cut is cut
    notes = world.guard.lineage.impact(mobile, depth=1).notes
    assert "more follows" in notes[-1]


def test_a_view_in_every_format(world: World) -> None:
    """Tree, JSON, CSV with from and to, SVG and OpenLineage say the same edges."""
    world.ask("SELECT phone AS number FROM residents")
    world.guard.flush()
    for form in ("tree", "json", "csv", "svg", "openlineage"):
        shown = world.guard.lineage.show("residents.phone", depth=1, direction="down", output_format=form)
        assert "number" in shown
    with pytest.raises(UsageError, match="one direction"):
        world.guard.lineage.show("residents.phone", depth=1, direction="both", output_format="svg")
    for form in FORMATS:
        assert "cn.mobile" in FORMATS[form](world.guard.lineage.where("cn.mobile"))


def test_what_left_the_country(tmp_path: Path) -> None:
    """An answer to somebody abroad is told; one at home is not; one to nobody knows where counts as outside."""
    write_crm(tmp_path / "crm.db")
    here = {"lineage": {"datasets": [{"namespace": "sqlite*", "country": "CN", "department": "service"}]}}
    with open_guard(folder=tmp_path, operator="tester", settings=here) as guard:
        source = f"sqlite:///{tmp_path / 'crm.db'}"
        guard.scan(source)
        for who, country in (("at-home", "CN"), ("abroad", "DE"), ("somewhere", "")):
            attributes = {"districts": ("浦东新区",), **({"country": country} if country else {})}
            subject = Subject(who, ("call_center",), attributes)
            guard.query("SELECT phone FROM residents", subject=subject, purpose="service", source=source)
        guard.flush()
        report = guard.lineage.left("country")
        told = rows(report, "from_field", "came_from", "went_to", "labels", "subject", "purpose", "count")
        assert sorted(told) == [
            ("phone", "CN", "DE", "cn.mobile masked", "abroad", "service", "1"),
            ("phone", "CN", "unknown", "cn.mobile masked", "somewhere", "service", "1"),
        ]
        assert len(report.notes) == 1
        assert {row[0] for row in rows(guard.lineage.left("subject"), "subject")} == {"at-home", "abroad", "somewhere"}
        with pytest.raises(UsageError, match="border"):
            guard.lineage.left("planet")


def ask_doctor(world: World, sql: str) -> None:
    """A doctor sees identifiers as they are."""
    world.ask(sql, "doctor", "treatment", districts=("浦东新区", "徐汇区"))


def test_which_answers_held_a_person(world: World) -> None:
    """By a keyed mark of the identifier; an answer that need not show it is possible, one without it is not told."""
    number = resident_id("310115", date(1980, 1, 1 + 2 % 28), 3)
    ask_doctor(world, "SELECT sfzh, xm FROM residents")  # everybody, each with the identifier
    ask_doctor(world, "SELECT sfzh, xm FROM residents WHERE id = 5")  # somebody else
    ask_doctor(world, "SELECT xm FROM residents WHERE id = 2")  # the person, without the identifier
    ask_doctor(world, "SELECT minutes FROM calls")  # a table without this kind
    world.guard.flush()
    report = world.guard.lineage.person("cn.resident_id", number)
    assert [row[0] for row in rows(report, "answer")] == ["held", "possible"]
    again = world.guard.lineage.person("cn.resident_id", f" {number.lower()} ")
    assert again == report
    nobody = world.guard.lineage.person("cn.resident_id", "11010119900307888X")
    assert [row[0] for row in rows(nobody, "answer")] == ["possible"]
    state = b"".join(path.read_bytes() for path in (world.folder / ".guard").rglob("*") if path.is_file())
    assert number.encode() not in state
    assert world.guard.lineage.forget("cn.resident_id", number) == 1
    assert [row[0] for row in rows(world.guard.lineage.person("cn.resident_id", number), "answer")] == ["possible"]
    with pytest.raises(UsageError, match="not indexed"):
        world.guard.lineage.person("finance.income", "1")


def test_erasing_a_subject_removes_its_marks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is erased is in no answer any more, others still are; seeded fault: an erasure that forgets the index."""
    number, other = (resident_id("310115", date(1980, 1, 1 + i % 28), i + 1) for i in (2, 5))
    person = Subject(number, ("call_center",), {"districts": ("浦东新区",)})
    ask_doctor(world, "SELECT sfzh, xm FROM residents")
    world.guard.check("SELECT minutes FROM calls", subject=person, purpose="service", source=world.source)
    world.guard.flush()

    def held(value: str) -> list[object]:
        return [row[0] for row in rows(world.guard.lineage.person("cn.resident_id", value), "answer")]

    assert (held(number), held(other)) == (["held"], ["held"])
    with monkeypatch.context() as broken:
        broken.setattr(PeopleIndex, "forget_all", lambda self, value: 0)
        world.guard.erase(number)
        assert held(number) == ["held"]
    world.guard.check("SELECT minutes FROM calls", subject=person, purpose="service", source=world.source)
    world.guard.erase(number)
    assert (held(number), held(other)) == ([], ["held"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a.sfzh, b.xm FROM residents a JOIN residents b ON a.id = b.id + 1",
        "SELECT sfzh, lag(xm) OVER (ORDER BY id) FROM residents",
        "SELECT sfzh FROM residents WHERE id = 1 UNION ALL SELECT xm FROM residents",
        "WITH r AS (SELECT * FROM residents) SELECT x.sfzh, y.xm FROM r x JOIN r y ON x.id = y.id + 1",
    ],
)
def test_an_answer_that_may_hide_a_person_is_possible(world: World, sql: str) -> None:
    """Where other rows than those of the identifier come in, a missing mark proves nothing."""
    ask_doctor(world, sql)
    world.guard.flush()
    report = world.guard.lineage.person("cn.resident_id", "11010119900307888X")
    assert [row[0] for row in rows(report, "answer")] == ["possible"]


def test_a_rescan_that_contradicts_is_a_finding(world: World) -> None:
    """Told hashed, and a scan sees the numbers: the rule does not hold there."""
    copy = FieldRef(Dataset("n", "copy"), "phone")
    edges = (Edge(column(world, "residents.phone"), copy, "DIRECT", "TRANSFORMATION", how=("md5",)),)
    leave(
        world.guard.parts,
        Trail("lineage", name="job", edges=edges),
        operator="tester",
        time="2026-01-01T00:00:00.000000Z",
    )
    assert world.guard.lineage.contradictions().rows == ()
    world.guard.store.catalogue.save([FieldLabel(copy, "sensitive", Label("cn.mobile", 3))])
    report = world.guard.lineage.contradictions()
    assert rows(report, "name", "field", "kind", "lineage_says", "scan_saw") == [
        ("copy", "phone", "cn.mobile", "pseudonymised", "raw")
    ]


def test_a_scan_says_where_it_contradicts_the_lineage(world: World, tmp_path: Path) -> None:
    """Told hashed, a scan sees the numbers; told a copy, it sees none of them; told computed, nobody knows."""
    table = pa.table({"phone": [phone(n) for n in range(50)], "n": list(range(50)), "m": list(range(50))})
    first = {one.field.path: one for one in world.guard.scan(table).fields}
    assert world.guard.scan(table).contradictions == ()
    number = column(world, "residents.phone")
    edges = (
        Edge(number, first["phone"].field, "DIRECT", "TRANSFORMATION", how=("md5",)),
        Edge(number, first["n"].field, "DIRECT", "TRANSFORMATION", how=("trim",)),
        Edge(number, first["m"].field, "DIRECT", "TRANSFORMATION", how=("length",)),
    )
    trail = Trail("lineage", name="job", edges=edges)
    leave(world.guard.parts, trail, operator="tester", time="2026-01-01T00:00:00.000000Z")
    found = world.guard.scan(table).contradictions
    assert [(one.field.path, one.kind, one.told, one.seen) for one in found] == [
        ("phone", "cn.mobile", State.PSEUDONYMISED, State.RAW),
        ("n", "cn.mobile", State.RAW, None),
    ]


def test_documents_that_are_not_understood_leave_nothing(world: World) -> None:
    """One bad line among events refuses the whole document, by its number."""
    good = '{"eventTime": "x", "schemaURL": "x"}'
    for text in (b"{", b"[]", f"{good}\n{{}}\n".encode(), b'{"nodes": 1}'):
        with pytest.raises(UsageError):
            world.guard.lineage.ingest(text, name="events", operator="tester")
    with pytest.raises(UsageError, match="line 2"):
        world.guard.lineage.ingest(f"{good}\n{{}}\n".encode(), name="events", operator="tester")
    with pytest.raises(UsageError):
        world.guard.lineage.ingest(b"{}", name="manifest", operator="tester", namespace="postgres://db:5432")
    assert [job for job in world.guard.store.lineage.jobs() if job.kind == "lineage"] == []


def test_a_part_of_a_column_goes_where_the_column_goes(tmp_path: Path) -> None:
    """Edges are kept for columns; a field inside one is followed through it, and says so."""
    import duckdb

    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT {'phone': '1381234' || (1000 + i)} AS person FROM range(99) x(i)")
    with open_guard(folder=tmp_path) as g:
        g.scan("s.duckdb")
        analyst = Subject(id="a", roles=("analyst",))
        g.query("SELECT person.phone AS p FROM t", subject=analyst, purpose="fraud_review", source="s.duckdb")
        g.flush()
        shown = g.lineage.show("t.person.phone", depth=5, direction="down", output_format="tree")
        assert "main.t.person  IDENTITY" in shown
        assert "result.p" in shown
        assert "result" in g.lineage.impact(g.lineage.field("t.person.phone")).rows[1][1]
        (way,) = g.lineage.paths(g.lineage.field("t.person.phone"), g.lineage.field("result.p"))
        assert [edge.target.path for edge in way] == ["person", "p"]
        events = g.lineage.show("t.person.phone", depth=5, direction="down", output_format="openlineage")
        assert '"fields":{"person":{' not in events  # no edge from a table to itself
