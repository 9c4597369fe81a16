"""`rules-diff`: two versions of the default pack compared on 122,880 cells, compiling both included."""

from __future__ import annotations

import copy
import statistics
import time
from pathlib import Path

from bench.result import Result
from guard.policy.changes.diff import Packs
from guard.policy.changes.space import Tag, named, powerset, tables_of
from guard.policy.pack import Pack

RULES = Path(__file__).resolve().parents[1] / "rules"
ROLES, PURPOSES = 6, 5
RUNS = 3
KINDS = (
    ("cn.mobile", "contact", 3),
    ("intl.email", "contact", 3),
    ("cn.resident_id", "identity", 3),
    ("person.name_zh", "identity", 3),
    ("cn.bank_card", "finance", 3),
    ("finance.balance", "finance", 3),
    ("health.diagnosis", "health", 4),
    ("secret.jwt", "secret", 4),
    ("other.public", "other", 1),
    ("other.internal", "other", 2),
    ("other.personal", "other", 3),
    ("cn.secrecy_mark", "secret", 5),
)


def run() -> Result:
    """Changes a grant, which every rule about access and masks depends on, and looks at every cell."""
    old = Pack.load(RULES)
    data = copy.deepcopy(dict(old.data))
    data["config"]["grants"]["clerk"]["service"]["reach"] = 4
    data["config"]["grants"]["analyst"]["statistics"]["clear"] = 3
    new = Pack.of("new", {**old.files, **old.tests}, data)
    roles = named("grants", old.data)[:ROLES]
    purposes = named("purposes", old.data)[:PURPOSES]
    space = powerset(roles, purposes, [Tag(*kind) for kind in KINDS], tables_of(old.data))
    taken, compiled = [], []
    for number in range(RUNS):
        begun = time.perf_counter()
        packs = Packs(old, new)
        compiled.append(time.perf_counter() - begun)
        found = packs.compare(space)
        taken.append(time.perf_counter() - begun)
        print(f"run {number + 1}: {taken[-1]:.2f} s, {compiled[-1]:.2f} s of it to compile both packs")
    assert found.of("widened"), "a wider grant must widen something"
    return Result(
        {"seconds_120k_cells": round(statistics.median(taken), 3)},
        {
            "cells": space.size,
            "widened": len(found.of("widened")),
            "narrowed": len(found.of("narrowed")),
            "compile_s": round(statistics.median(compiled), 3),
            "runs": RUNS,
        },
    )
