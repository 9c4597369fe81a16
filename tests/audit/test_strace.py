"""Faults below Python: strace fails the writer's system calls one by one, or kills it there; nothing told is lost.

The whole of it, with a thousand kills, is `python -m bench audit-faults`; this is the part that a test run can afford.
"""

from __future__ import annotations

import shutil

import pytest

from bench import audit_faults
from guard.audit import background, segment


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Segments and publishing so small that a short run passes through all calls."""
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 20_000)
    monkeypatch.setattr(background, "PUBLISH_ENTRIES", 16)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing: apt-get install strace")
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "rename"])
def test_system_calls_that_fail(tmp_path, call):
    """EIO, ENOSPC and SIGKILL at the first calls of this kind."""
    told = audit_faults.traced_faults(tmp_path, (call,), 4)
    assert (told.lost, told.refused) == (0, 0)
    assert told.faults >= 4
    assert told.kills >= 2
    assert told.acknowledged > 0


def test_kills_at_random_moments(tmp_path):
    """Sixty kills, while opening and while callers wait."""
    told = audit_faults.random_kills(tmp_path, 60)
    assert (told.kills, told.lost, told.refused) == (60, 0, 0)


def test_a_loss_would_be_counted(tmp_path):
    """Seeded fault: an entry that nobody logged, told as acknowledged, counts as lost."""
    audit_faults.prepare(tmp_path / "log")
    told = audit_faults.Told(entries={0: 0, 39: 39, 40: 40})
    told.check(tmp_path / "log")
    assert told.lost == 1
