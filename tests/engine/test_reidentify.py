"""Re-identification: only what a rule grants, no more than the limit, and never a value without its record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from guard.anonymize.plan import Plan
from guard.anonymize.transforms import siv
from guard.engine import Guard, open_guard
from guard.engine.reidentify import Turn
from guard.errors import AccessDeniedError, AuditError, PlanError, TransformError, UsageError
from guard.model import Subject
from guard.store.reidentified import ReidentifiedRepository

RULES = Path(__file__).parents[2] / "rules"
DPO = Subject("petra", ("dpo",))
IDS = ["110105194912310021", "11010519491231002X", "110105194912310021", None]
PLAN = Plan.parse(
    "version: 1\npurpose: research\nfields:\n"
    "  id: {transform: siv, domain: person}\n  card: {transform: ff1}\n  x: {transform: pseudonym}\ndefault: keep\n"
)
GRANT = 'dpo:\n  subject_request: {key_purposes: ["research"], transforms: ["siv", "gcm", "vault"], reach: 3}\n'


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 30, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the guard under test."""
    return Clock()


def opened(folder: Path, clock: Clock) -> Guard:
    """A guard whose rule pack grants re-identification to the data protection officer."""
    return open_guard(folder=folder, operator="tester", clock=clock)


@pytest.fixture
def granted(tmp_path: Path, clock: Clock) -> Iterator[Guard]:
    """A guard with a grant, and a limit of ten values an hour."""
    shutil.copytree(RULES, tmp_path / "rules")
    (tmp_path / "rules/policy/config/reidentify/data.yaml").write_text(GRANT)
    (tmp_path / "guard.toml").write_text('rules = "rules"\n[reidentify]\nmax_values = 10\nwindow_s = 3600\n')
    with opened(tmp_path, clock) as guard:
        yield guard


def tokens(guard: Guard, values: list[str | None] = IDS) -> pa.Array:
    """What the plan makes of the column."""
    table = pa.table({"id": values, "card": ["12345678"] * len(values), "x": ["a"] * len(values)})
    return guard.anonymize(table, PLAN).column("id")


def back(guard: Guard, made: Any, **changes: Any) -> Any:
    """Asks for the values, as the grant allows it unless something is changed."""
    asked = {"column": "id", "kind": "cn.resident_id", "subject": DPO, "purpose": "subject_request", **changes}
    return guard.reidentify(made, asked.pop("made_by", PLAN), **asked)


def last(guard: Guard) -> tuple[str, dict[str, Any]]:
    """Kind and body of the newest entry."""
    _, entry = list(guard.audit.entries())[-1]
    return entry.kind, dict(entry.body)


def test_a_granted_subject_gets_the_values_and_every_one_is_counted(granted: Guard) -> None:
    """The values come back, and the entry says who, what for, whose pseudonyms, and how many."""
    found = back(granted, tokens(granted))
    assert found.values.to_pylist() == IDS
    entry = dict(granted.audit.entries())[found.entry]
    body = {key: entry.body[key] for key in ("values", "transform", "key_purpose", "kind", "purpose", "determined_by")}
    assert (entry.kind, body) == (
        "reidentification",
        {
            "values": 3,
            "transform": "siv",
            "key_purpose": "research",
            "kind": "cn.resident_id",
            "purpose": "subject_request",
            "determined_by": ["access.reidentify"],
        },
    )
    assert granted.parts.people.open(entry).reveal() == "petra"
    granted.audit.verify()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"subject": Subject("a", ("analyst",))}, "turn these pseudonyms back"),
        ({"purpose": "audit"}, "turn these pseudonyms back|may be shown"),
        ({"purpose": "curiosity"}, "not in the register"),
        ({"kind": "health.diagnosis"}, "turn these pseudonyms back"),
        ({"kind": "secret.password"}, "credentials"),
        ({"column": "card"}, "turn these pseudonyms back"),
        ({"made_by": Turn("siv", "marketing", "cn.resident_id")}, "turn these pseudonyms back"),
    ],
)
def test_whatever_the_grant_does_not_name_is_denied(granted: Guard, change: dict[str, Any], rule: str) -> None:
    """Another role, purpose, level, transform or origin: a denial on record, and nothing else happened."""
    made = tokens(granted)
    with pytest.raises(AccessDeniedError, match=rule) as caught:
        back(granted, made, **change)
    kind, body = last(granted)
    assert (kind, body["outcome"], body["action"], body["values"]) == ("decision", "deny", "reidentify", 3)
    assert body["decision"] == caught.value.decision_id
    assert back(granted, made).values.to_pylist() == IDS, "a denial charges nothing"


def test_the_default_pack_grants_it_to_nobody(tmp_path: Path, clock: Clock) -> None:
    """Without a grant in the pack every role of it is denied."""
    with opened(tmp_path, clock) as guard:
        made = tokens(guard)
        for role in ("dpo", "admin", "doctor", "auditor"):
            with pytest.raises(AccessDeniedError):
                back(guard, made, subject=Subject("petra", (role,)))
        assert {entry.kind for _, entry in guard.audit.entries()} == {"anonymize", "decision"}


def test_the_limit_holds_over_calls_and_restarts(granted: Guard, clock: Clock, tmp_path: Path) -> None:
    """Ten values an hour: the eleventh is denied, after a restart too, and free again when the hour is over."""
    made = tokens(granted)
    for _ in range(3):
        back(granted, made)
    with pytest.raises(AccessDeniedError, match="10 values for one purpose in 3600 s") as caught:
        back(granted, made)
    assert caught.value.decision.determined_by[0].rule == "guard.reidentify_limit"
    assert last(granted)[0] == "decision"
    granted.close()
    with opened(tmp_path, clock) as again:
        with pytest.raises(AccessDeniedError, match="10 values"):
            back(again, made)
        clock.now += timedelta(seconds=3601)
        assert back(again, made).values.to_pylist() == IDS


def test_one_call_over_the_limit_gets_nothing(granted: Guard) -> None:
    """Eleven at once are refused whole."""
    made = tokens(granted, ["110105194912310021"] * 11)
    with pytest.raises(AccessDeniedError, match="this would be more"):
        back(granted, made)
    assert len(back(granted, made.slice(0, 10)).values) == 10


def test_an_obligation_that_cannot_be_met_denies(granted: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subject whom queries show only masked values for this purpose does not get them this way."""
    grants = granted.parts.rules / "policy/config/reidentify/data.yaml"
    grants.write_text(GRANT.replace("subject_request", "audit"))
    granted.close()
    with opened(granted.loaded.root, Clock()) as again:
        with pytest.raises(AccessDeniedError, match="another form than the value itself") as caught:
            back(again, tokens(again), purpose="audit")
        assert caught.value.decision.determined_by[0].rule == "masking.by_kind"


def test_no_record_no_value(granted: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log does not take the entry, or the store the charge, the transform is never called."""
    made = tokens(granted)
    called: list[int] = []
    monkeypatch.setattr(siv, "invert", lambda *_: called.append(1))

    def broken(*_: Any, **__: Any) -> Any:
        raise AuditError("the disk is full", help="free some space")

    with monkeypatch.context() as patch:
        patch.setattr(type(granted.parts.log), "append", broken)
        with pytest.raises(AuditError):
            back(granted, made)
    with monkeypatch.context() as patch:
        patch.setattr(ReidentifiedRepository, "charge", broken)
        with pytest.raises(AuditError):
            back(granted, made)
    assert called == []


def test_the_record_is_durable_before_the_values_leave(granted: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the transform runs, the entry is in the log already; seeded fault: one that ran first would be seen."""
    made = tokens(granted)
    seen: list[str] = []
    invert = siv.invert

    def watched(*arguments: Any) -> Any:
        seen.append(last(granted)[0])
        return invert(*arguments)

    monkeypatch.setattr(siv, "invert", watched)
    back(granted, made)
    assert seen == ["reidentification"]


def test_what_cannot_be_turned_back_says_so(granted: Guard) -> None:
    """A one-way transform, a column that is not in the plan, an unknown kind, no values, a tampered token."""
    made = tokens(granted)
    for change, error, message in (
        ({"column": "x"}, PlanError, "nothing turns `pseudonym` back"),
        ({"column": "y"}, PlanError, "makes no pseudonyms of `y`"),
        ({"made_by": Turn("siv", "research", "cn.resident_id", {"nonsense": 1})}, PlanError, "do not fit"),
        ({"made_by": Turn("siv", "research", "cn.resident_id", {"purpose": "x"})}, PlanError, "`purpose`"),
        ({"kind": "no.such"}, UsageError, "no kind `no.such`"),
    ):
        with pytest.raises(error, match=message):
            back(granted, made, **change)
    with pytest.raises(UsageError, match="no value is given"):
        back(granted, [None, None])
    with pytest.raises(UsageError, match="are no column"):
        back(granted, object())
    torn = made[0].as_py()[:-2] + "AA"
    with pytest.raises(TransformError) as caught:
        back(granted, [torn])
    assert torn not in caught.value.diagnostics()
    assert last(granted)[0] == "reidentification", "what was tried counts"


def test_no_value_stands_in_the_state(granted: Guard) -> None:
    """Neither a value nor a token is anywhere in guard's folder."""
    made = tokens(granted)
    back(granted, made)
    granted.close()
    for path in (granted.loaded.root / ".guard").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(text.encode() in content for text in (IDS[0], made[0].as_py()))


def test_tokens_of_the_vault_come_back(granted: Guard) -> None:
    """What the store keeps under lock is turned back on the same terms; a token of nobody is an error."""
    from guard.anonymize import registry
    from guard.anonymize.vault import tokens as into_vault
    from guard.engine.vault import StoreVault

    params = registry.params("vault", {"domain": "person"})
    made = into_vault(pa.array(IDS), params, granted.parts.keys.bind("research"), StoreVault(granted.parts))
    turn = Turn("vault", "research", "cn.resident_id", {"domain": "person"})
    assert back(granted, made, made_by=turn).values.to_pylist() == IDS
    with pytest.raises(TransformError, match="not in the vault"):
        back(granted, ["g1v_AAAAAAAAAAAAAAAAAAAAAA"], made_by=turn)
    with pytest.raises(AccessDeniedError):
        back(granted, made, made_by=turn, subject=Subject("a", ("analyst",)))
