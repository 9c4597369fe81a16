"""The diff sees every cell as `decide` sees it, and names what widened and what narrowed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guard.errors import PolicyError, UsageError
from guard.policy.changes.diff import Packs, diff
from guard.policy.changes.exposure import Exposure, exposure_of
from guard.policy.changes.footprint import Footprints
from guard.policy.changes.judge import Judge, compile_sets
from guard.policy.changes.space import MAX_TAGS, NO_PURPOSE, NOBODY, Space, Tag, named, powerset, tables_of
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.metadata import Mode
from guard.policy.pack import Pack
from guard.policy.rego import compile as compile_rego
from guard.policy.verdict import parse_verdict

TAGS = (
    Tag("cn.mobile", "contact", 3),
    Tag("health.diagnosis", "health", 4),
    Tag("other.x", "other", 2),
    Tag("person.name_zh", "identity", 3),
    Tag("secret.jwt", "secret", 4),
)


def changed(pack: Pack, change: Callable[[dict[str, Any]], object]) -> Pack:
    """The pack with changed configuration."""
    data = copy.deepcopy(dict(pack.data))
    change(data["config"])
    return Pack.of("changed", {**pack.files, **pack.tests}, data)


def space_of(pack: Pack) -> Space:
    """Every role, purpose and set of the five labels."""
    roles, purposes = named("grants", pack.data), named("purposes", pack.data)
    return powerset((*roles, NOBODY), (*purposes, NO_PURPOSE), TAGS, tables_of(pack.data))


def slowly(engine: EmbeddedEngine, space: Space) -> list[Exposure | None]:
    """What the whole decision says on each cell, asked one by one."""
    watched = frozenset(rule for rule, mode in engine.modes.items() if mode is Mode.MONITOR)
    found: list[Exposure | None] = []
    for role in space.roles:
        for purpose in space.purposes:
            for chosen in space.sets:
                raw = engine.decide(space.question(role, purpose, chosen))
                verdict = parse_verdict(
                    raw,
                    revision=engine.revision,
                    rules=engine.modes.keys(),
                    label_sets={str(index) for index in chosen},
                    tables=set(space.tables),
                ).without(watched)
                allowed = verdict.allow and not verdict.deny and not verdict.faults
                found.append(exposure_of([verdict]) if allowed else None)
    return found


def test_every_cell_is_what_the_engine_says(pack: Pack, embedded: EmbeddedEngine, policy_cache: Path) -> None:
    """The short way over sets of rules and the long way over whole decisions agree on every cell."""
    space = space_of(pack)
    numbers, exposures = Judge(pack, compile_sets(pack, cache=policy_cache), space).exposures()
    quickly = [None if number < 0 else exposures[number] for number in numbers.reshape(-1).tolist()]
    assert quickly == slowly(embedded, space)
    assert 0 < sum(one is not None for one in quickly) < len(quickly)


def test_what_widened_and_what_narrowed(pack: Pack, policy_cache: Path) -> None:
    """One grant wider, one narrower, one mask weaker: each is named, and nothing else."""

    def change(config: dict[str, Any]) -> None:
        config["grants"]["clerk"]["service"]["reach"] = 4
        config["grants"]["auditor"]["audit"]["reach"] = 2
        config["masking"]["kinds"]["person.name_zh"]["strength"] = 10
        config["purposes"]["fraud_review"]["max_rows"] = 5

    found = Packs(pack, changed(pack, change), cache=policy_cache).compare(space_of(pack))
    said = {
        (cell.direction, cell.role, cell.purpose, tuple(tag.kind for tag in cell.labels), cell.what)
        for direction in ("widened", "narrowed", "changed")
        for cell in found.smallest(direction)  # type: ignore[arg-type]
    }
    name = ("`person.name_zh` was masked with `name` (40) and is with `name` (10)",)
    rows = "the most rows were 10000 and are 5"
    assert said == {
        ("widened", "clerk", "service", ("health.diagnosis",), ("deny becomes allow",)),
        ("widened", "clerk", "service", ("person.name_zh",), name),
        ("widened", "admin", "audit", ("person.name_zh",), name),
        ("widened", "dpo", "audit", ("person.name_zh",), name),
        ("widened", "doctor", "statistics", ("person.name_zh",), name),
        ("widened", "analyst", "statistics", ("person.name_zh",), name),
        ("widened", "analyst", "fraud_review", ("person.name_zh",), (*name, rows)),
        ("narrowed", "analyst", "fraud_review", (), (rows,)),
        ("narrowed", "auditor", "audit", ("cn.mobile",), ("allow becomes deny",)),
        ("narrowed", "auditor", "audit", ("person.name_zh",), ("allow becomes deny",)),
    }


def test_the_same_pack_does_not_differ(pack: Pack, policy_cache: Path) -> None:
    """No change, no cell; the labels that are combined come from every class."""
    single, sets, chosen = diff(
        pack, pack, roles=("clerk",), purposes=("service",), tags=TAGS, tables=(), cache=policy_cache
    )
    assert (single.changed, sets.changed, chosen) == ((), (), TAGS)
    assert (single.cells, sets.cells) == (6, 32)


def test_a_space_is_bounded() -> None:
    """Too many labels to combine are refused before anything runs."""
    with pytest.raises(UsageError, match="too many combinations"):
        powerset(("r",), ("p",), [Tag(f"k{number}", "c", 1) for number in range(MAX_TAGS + 1)])


FOOTPRINTS = {
    "x contains 1 if input.purpose == data.p": {"purpose"},
    "x contains 1 if input.subject.id in input.subject.roles": {"subject"},
    "x contains y if some y in z\n\nz := input.label_sets": {"label_sets"},
    "x contains 1 if f(input.purpose)\n\nf(p) if p == input.action": {"purpose", "action"},
    "x contains 1 if count(input) > 1": None,
    "x contains input": None,
    "x contains input[data.key]": None,
    "x contains k if some k, _ in input": None,
    "x contains 1 if y\n\ny if input == {}": None,
    "x contains 1 if f(input)\n\nf(all) if all.purpose": None,
    "x contains 1 if y with input as {}\n\ny if input.a": None,
    "x contains 1": set(),
}


@pytest.mark.parametrize("rego", FOOTPRINTS)
def test_the_footprint_of_a_rule(rego: str, policy_cache: Path) -> None:
    """What a rule reads of the input, and all of it where that cannot be told."""
    policy = compile_rego({"a.rego": f"package a\n\n{rego}\n"}, entrypoints=["data.a.x"], cache=policy_cache)
    assert Footprints(policy.ir).of("a/x") == FOOTPRINTS[rego]


def test_a_pack_that_does_not_compile(pack: Pack) -> None:
    """A broken version is an error and never an empty difference."""
    broken = Pack.of("broken", {**pack.files, "lib/tables.rego": "package guard.lib.tables\n\nx if no.such(1)\n"}, {})
    with pytest.raises(PolicyError):
        Packs(pack, broken)
