"""`frame.guard` on the installed polars and pandas."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from guard.anonymize.plan import Plan
from guard.engine import open_guard
from guard.errors import UsageError
from guard.integrations import frames

DATA = {"手机号": [f"138{n * 7_368_787 % 10**8:08d}" for n in range(30)], "colour": ["red"] * 30}

PLAN = """
version: 1
purpose: tests
default: keep
fields:
  手机号: {transform: redact}
"""


@pytest.fixture(params=[pl.DataFrame, pd.DataFrame])
def frame(request):
    yield request.param(DATA)
    frames.use(None)


def test_a_frame_says_what_is_sensitive(frame):
    """By the default rules, without a guard."""
    assert frame.guard.sensitive() == ["手机号"]
    assert [label.verdict for label in frame.guard.labels()] == ["sensitive", "clean"]


def test_a_frame_is_anonymised_by_the_guard_in_use(frame, tmp_path):
    """It stays a frame of its kind; without a guard there are no keys and no record."""
    plan = Plan.parse(PLAN)
    with pytest.raises(UsageError):
        frame.guard.anonymize(plan)
    with open_guard(folder=tmp_path, operator="tester") as guard:
        frames.use(guard)
        made = frame.guard.anonymize(plan)
        assert type(made) is type(frame)
        assert list(made["colour"]) == DATA["colour"]
        assert not set(map(str, made["手机号"])) & set(DATA["手机号"])
        assert frame.guard.labels("people")[0].label.kind == "cn.mobile"
        assert any(entry.kind == "classify" for _, entry in guard.audit.entries())
