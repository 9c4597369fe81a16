"""A researcher asks under differential privacy, through `Guard`."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from guard.anonymize.dp.ledger import BudgetSpentError
from guard.config import default_rules
from guard.engine import Guard, backup, open_guard
from guard.engine.dp_answer import on_grid
from guard.engine.result import Result
from guard.errors import AccessDeniedError, SourceError
from guard.model import Sensitive, Subject
from guard.store.store import Store

UNITS = """
tables:
  stays:
    unit: person
    groups: 2
    rows: 2
    columns: {days: {low: 0, high: 30}, ward: {keys: [a, b, c]}}
"""
RESEARCHER = Subject("researcher-1", ("researcher",))
COUNT = "SELECT ward, COUNT(*) AS n FROM stays GROUP BY ward"


@dataclass
class Ward:
    """An open guard over hospital stays."""

    guard: Guard
    source: dict[str, pa.Table]

    def ask(self, sql: str, **settings: Any) -> Result:
        """The answer to a researcher."""
        subject = settings.pop("subject", RESEARCHER)
        return self.guard.query(sql, subject=subject, purpose="statistics", source=self.source)


def _opened(folder: Path, **dp: Any) -> Iterator[Ward]:
    rules = folder / "rules"
    shutil.copytree(default_rules(), rules)
    (rules / "privacy" / "units.yaml").write_text(UNITS)
    rows = 400
    table = pa.table(
        {
            "person": [number // 2 for number in range(rows)],
            "ward": ["abc"[number % 3] for number in range(rows)],
            "days": [number % 20 for number in range(rows)],
            "town": [f"town {number % 2}" for number in range(rows)],
        }
    )
    settings = {"rules": str(rules), "dp": {"grid_ms": 0, **dp}}
    with open_guard(folder=folder, operator="tester", settings=settings) as guard:
        source = {"stays": table}
        guard.scan(source)
        yield Ward(guard, source)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """Four hundred stays of two hundred persons."""
    yield from _opened(tmp_path)


def test_an_answer_is_noisy_paid_and_explained(ward: Ward) -> None:
    """All declared groups, near the truth, with the cost and the noise beside them."""
    answer = ward.ask(COUNT)
    privacy = answer.privacy
    assert privacy is not None
    assert answer.table.column("ward").to_pylist() == ["a", "b", "c"]
    assert all(abs(count - 133) < 120 for count in answer.table.column("n").to_pylist())
    assert (privacy.epsilon, privacy.fresh, privacy.groups, privacy.rows, privacy.threshold) == ("1", True, 2, 2, None)
    assert privacy.deviations["n"] == pytest.approx((5.657,) * 3, abs=0.01)
    assert [high - low for low, high in privacy.intervals["n"]] == [
        24.0
    ] * 3  # Laplace noise of scale 4: 95 % within 12


def test_the_same_question_is_answered_once(ward: Ward) -> None:
    """Another phrasing gets the same numbers and is not charged; the ledger has one row."""
    first = ward.ask(COUNT)
    again = ward.ask("select x.ward, count(*) AS n from stays as x group by 1 order by 1")
    assert again.privacy is not None
    assert not again.privacy.fresh
    assert again.table.to_pylist() == first.table.to_pylist()
    assert ward.guard.parts.private_answers._ledger.verify() == 1


def test_the_answer_outlives_the_process(tmp_path: Path) -> None:
    """What was paid for is served after a restart."""
    for ward in _opened(tmp_path):
        first = ward.ask(COUNT).table.to_pylist()
        rules = ward.guard.loaded.config.rules
    settings = {"rules": rules, "dp": {"grid_ms": 0}}
    with open_guard(folder=tmp_path, operator="tester", settings=settings) as guard:
        again = guard.query(COUNT, subject=RESEARCHER, purpose="statistics", source=ward.source)
    assert again.privacy is not None
    assert (again.table.to_pylist(), again.privacy.fresh) == (first, False)


def test_a_spent_budget_refuses_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third question does not fit any more, and the source is not asked."""
    for ward in _opened(tmp_path, epsilon="2", notion="pure"):
        ward.ask(COUNT)
        ward.ask("SELECT AVG(days) AS d FROM stays")
        opened = ward.guard._desk.opened(ward.source)
        monkeypatch.setattr(opened.source, "run", lambda *_, **__: pytest.fail("read after the budget was spent"))
        with pytest.raises(BudgetSpentError):
            ward.ask("SELECT COUNT(DISTINCT person) AS p FROM stays")


def test_a_failed_read_stays_charged(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charge, then read: a source that fails gives nothing back."""
    opened = ward.guard._desk.opened(ward.source)

    def fail(*_: object, **__: object) -> pa.Table:
        raise SourceError("gone", help="come back")

    monkeypatch.setattr(opened.source, "run", fail)
    with pytest.raises(SourceError):
        ward.ask(COUNT)
    assert ward.guard.parts.private_answers._ledger.verify() == 1


REFUSED = [
    ("SELECT person FROM stays", "dp-not-grouped"),
    ("SELECT person, COUNT(*) FROM stays GROUP BY person", "dp-group-unit"),
    ("SELECT SUM(1 / days) FROM stays", "dp-division"),
]


@pytest.mark.parametrize(("sql", "reason"), REFUSED)
def test_a_refusal_is_a_denial_with_code_and_cure(ward: Ward, sql: str, reason: str) -> None:
    """It says where in the text the trouble is, costs nothing, and is on record."""
    with pytest.raises(AccessDeniedError) as caught:
        ward.ask(sql)
    assert reason in caught.value.message
    assert "characters" in caught.value.message
    assert caught.value.help
    assert ward.guard.parts.private_answers._ledger.verify() == 0


def test_nobody_gets_the_form_to_run(ward: Ward) -> None:
    """`enforce` and `rewrite` would hand out SQL that gives true sums; they refuse, and `explain` shows nothing."""
    asked = {"subject": RESEARCHER, "purpose": "statistics", "source": ward.source}
    for ask in (ward.guard.enforce, ward.guard.rewrite):
        with pytest.raises(AccessDeniedError, match="differential privacy"):
            ask(COUNT, **asked)  # type: ignore[operator, arg-type] # two methods of one signature
    decision, sql = ward.guard.explain(COUNT, **asked)  # type: ignore[arg-type]
    assert (decision.allowed, sql) == (True, "")


def test_the_entry_holds_cost_and_row_and_no_number(ward: Ward) -> None:
    """The log remembers what was paid, and nothing of the answer."""
    answer = ward.ask(COUNT)
    entry = next(entry for index, entry in ward.guard.audit.entries() if index == answer.entry)
    said = dict(entry.body["dp"])
    digest, fingerprint = said.pop("digest"), said.pop("fingerprint")  # hexadecimal: any number may stand in them
    assert answer.privacy is not None
    assert (len(digest), fingerprint) == (64, answer.privacy.fingerprint)
    assert said == {
        "epsilon": "1",
        "delta": "0",
        "rho": "0.5",
        "fresh": True,
        "row": 0,
    }
    assert not any(str(count) in str(said) for count in answer.table.column("n").to_pylist() if count > 99)


def test_private_groups_need_a_threshold(ward: Ward) -> None:
    """Towns are not declared: a group is shown above the threshold, and the answer says which."""
    answer = ward.ask("SELECT town, COUNT(DISTINCT person) AS n FROM stays GROUP BY town")
    assert answer.privacy is not None
    assert answer.privacy.threshold is not None
    assert 10 < answer.privacy.threshold < 60
    assert answer.table.column("town").to_pylist() == ["town 0", "town 1"]
    # Two groups and none kept back, told with noise of its own: scale 2 / (1 / 20).
    assert answer.privacy.suppressed_deviation == pytest.approx(40 * 2**0.5)
    assert answer.privacy.suppressed is not None
    assert 0 <= answer.privacy.suppressed < 40 * 25  # beyond it with a chance of e**-25
    again = ward.ask("SELECT town, COUNT(DISTINCT person) AS n FROM stays GROUP BY 1")
    assert again.privacy is not None
    assert again.privacy.suppressed == answer.privacy.suppressed


def test_public_groups_keep_nothing_back(ward: Ward) -> None:
    """Where all groups are shown there is no number of the others."""
    privacy = ward.ask(COUNT).privacy
    assert privacy is not None
    assert (privacy.threshold, privacy.suppressed, privacy.suppressed_deviation) == (None, None, None)


def test_every_answer_says_what_is_spent_and_what_remains(ward: Ward) -> None:
    """The two and the budget fit together, and a repetition changes nothing."""
    first, again = ward.ask(COUNT).privacy, ward.ask(COUNT).privacy
    assert first is not None
    assert again is not None
    assert float(first.spent) > 0
    assert float(first.remaining) == pytest.approx(float(first.budget) - float(first.spent), rel=1e-4)
    assert (again.spent, again.remaining) == (first.spent, first.remaining)


def test_a_quantile_says_how_far_its_rank_is_off(ward: Ward) -> None:
    """It has no interval of values: how far off a value is depends on the data."""
    privacy = ward.ask("SELECT MEDIAN(days) AS m, MAX(days) AS x FROM stays").privacy
    assert privacy is not None
    assert (dict(privacy.deviations), dict(privacy.intervals)) == ({}, {})
    # Two of one unit's rows move a score of denominator 2 by 2, and each has half of the epsilon.
    assert privacy.ranks["m"] == 26  # 2 * 2 / (1/2) * ln(31 / .05) / 2
    assert privacy.ranks["x"] == 52


def test_each_subject_pays_for_itself(ward: Ward) -> None:
    """What one researcher paid for is not handed to another: budgets are per subject."""
    ward.ask(COUNT)
    other = ward.ask(COUNT, subject=Subject("researcher-2", ("researcher",)))
    assert other.privacy is not None
    assert other.privacy.fresh


@pytest.mark.parametrize(("took", "until"), [(0.0, 0.1), (0.013, 0.1), (0.117, 0.2), (0.25, 0.3), (1.999, 2.0)])
@pytest.mark.parametrize("fails", [False, True])
def test_a_block_ends_on_the_grid(took: float, until: float, fails: bool) -> None:
    """However long it took and whether or not it failed, it ends at the next multiple."""
    ticks = [7.0]

    def sleep(seconds: float) -> None:
        ticks[0] += seconds

    with contextlib.suppress(SourceError), on_grid(0.1, clock=lambda: ticks[0], sleep=sleep):
        ticks[0] += took
        if fails:
            raise SourceError("gone", help="come back")
    assert ticks[0] - 7.0 == pytest.approx(until)


def test_answers_leave_on_the_grid_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh, stored and failed ones: the source is read inside of the block, and the record is made there."""
    seen: list[object] = []

    @contextlib.contextmanager
    def grid(seconds: float) -> Iterator[None]:
        seen.append(seconds)
        try:
            yield
        finally:
            seen.append("left")

    monkeypatch.setattr("guard.engine.dp_answer.on_grid", grid)
    for ward in _opened(tmp_path, grid_ms=250):
        opened = ward.guard._desk.opened(ward.source)
        run = opened.source.run
        submit = ward.guard._desk.submit

        def read(*args: Any, run: Any = run, **settings: Any) -> pa.Table:
            seen.append("read")
            if len(seen) > 8:
                raise SourceError("gone", help="come back")
            return run(*args, **settings)

        def record(*args: Any, submit: Any = submit) -> Any:
            seen.append("recorded")
            return submit(*args)

        monkeypatch.setattr(opened.source, "run", read)
        monkeypatch.setattr(ward.guard._desk, "submit", record)
        ward.ask(COUNT)
        ward.ask(COUNT)
        with pytest.raises(SourceError):
            ward.ask("SELECT COUNT(*) AS n FROM stays")
    assert seen == [0.25, "read", "recorded", "left", 0.25, "recorded", "left", 0.25, "read", "left"]


def test_lineage_says_that_the_answer_is_noisy(ward: Ward) -> None:
    """Every value edge of the answer goes through the noise."""
    prepared, _ = ward.guard._desk.prepare(COUNT, RESEARCHER, "statistics", ward.source, None)
    values = [edge for edge in prepared.edges if edge.type == "DIRECT"]
    assert values
    assert all(edge.masking and all(way.endswith("guard:dp") for way in edge.how) for edge in values)


def _rows_in_the_log(guard: Guard) -> list[tuple[int, str]]:
    return [(entry.body["row"], entry.actor) for _, entry in guard.audit.entries() if entry.kind == "budget"]


def test_every_charge_is_an_entry_of_its_own(ward: Ward) -> None:
    """Named by the pseudonym of who asked; an answer that was paid for before makes none."""
    ward.ask(COUNT)
    ward.ask(COUNT)
    ward.ask("SELECT COUNT(*) AS n FROM stays")
    who = ward.guard.parts.people.of(RESEARCHER.id).pseudonym
    assert _rows_in_the_log(ward.guard) == [(0, who), (1, who)]


def test_an_older_backup_gives_no_budget_back(ward: Ward, tmp_path: Path) -> None:
    """What the log knows to be spent after the backup is spent again when it is restored, to the same bit."""
    passphrase = Sensitive(b"six random words make a passphrase")
    ward.ask(COUNT)
    backup.create(ward.guard.parts, tmp_path / "old", passphrase, created="2026-11-21T03:00:00.000000Z")
    ward.ask("SELECT COUNT(*) AS n FROM stays")
    head = ward.guard.parts.store.ledger.head()
    ward.guard.close()
    survived = tmp_path / "survived"
    shutil.copytree(tmp_path / ".guard" / "audit", survived)
    backup.restore(tmp_path / "old", tmp_path / "new", passphrase)
    backup.restore(tmp_path / "old", tmp_path / "again", passphrase, log=survived)
    with Store.open(tmp_path / "new" / "guard.db") as old, Store.open(tmp_path / "again" / "guard.db") as kept:
        assert old.ledger.head()[0] == 1  # without the log nobody can know
        assert kept.ledger.head() == head
        assert kept.ledger.verify(trusted=(head[0] - 1, head[1])) == 2
