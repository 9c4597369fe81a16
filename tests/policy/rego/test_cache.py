"""Compiled plans on disk: used when they are whole and ours, made anew otherwise."""

from __future__ import annotations

import json

import pytest

from guard.policy.rego import cache as plan_cache
from guard.policy.rego import compile as compile_rego
from guard.policy.rego import policy

FILES = {"a.rego": "package a\nx := 1"}


@pytest.fixture
def compilations(monkeypatch):
    """Counts how often the compiler's process was started."""
    started = []
    real = policy.compile_in_child

    def counted(files, entrypoints):
        started.append(tuple(files))
        return real(files, entrypoints)

    monkeypatch.setattr(policy, "compile_in_child", counted)
    return started


def the_file(folder):
    """The one file of the cache."""
    (found,) = folder.iterdir()
    return found


def test_the_second_time_needs_no_compiler(tmp_path, compilations):
    """A plan in the cache saves the child process and answers alike."""
    folder = tmp_path / "cache"
    assert [compile_rego(FILES, cache=folder).evaluate("a/x") for _ in range(2)] == [1, 1]
    assert len(compilations) == 1


def test_other_text_or_entry_points_are_another_plan(tmp_path, compilations):
    """A changed rule or another entry point never gets the old plan."""
    assert compile_rego(FILES, cache=tmp_path).evaluate("a/x") == 1
    assert compile_rego({"a.rego": "package a\nx := 2"}, cache=tmp_path).evaluate("a/x") == 2
    assert (
        compile_rego({"a.rego": "package a\nx := 1\ny := 3"}, entrypoints=["a/y"], cache=tmp_path).evaluate("a/y") == 3
    )
    assert len(compilations) == 3


@pytest.mark.parametrize(
    "damage",
    [lambda b: b[:-1], lambda b: b.replace(b"a/x", b"a/y"), lambda b: b"", lambda b: b"x" + b, lambda b: b + b" "],
)
def test_a_damaged_file_is_not_used(tmp_path, compilations, damage):
    """A file whose digest does not fit is compiled anew and replaced."""
    compile_rego(FILES, cache=tmp_path)
    file = the_file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert compile_rego(FILES, cache=tmp_path).evaluate("a/x") == 1
    assert (len(compilations), the_file(tmp_path).read_bytes()) == (2, whole)


def test_a_file_that_others_may_write_is_not_used(tmp_path, compilations):
    """The digest is no signature, so rights decide whether a file is trusted."""
    compile_rego(FILES, cache=tmp_path)
    the_file(tmp_path).chmod(0o666)
    compile_rego(FILES, cache=tmp_path)
    assert len(compilations) == 2


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    """When the rename fails, no half file stays behind."""

    def fails(_self, _target):
        raise OSError("disk full")

    monkeypatch.setattr(plan_cache.Path, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        plan_cache.write(tmp_path, "k", {})
    assert list(tmp_path.iterdir()) == []


def test_the_format(tmp_path):
    """One header line with key and digest, then the plan as JSON."""
    compile_rego(FILES, cache=tmp_path)
    header, _, body = the_file(tmp_path).read_text().partition("\n")
    assert header.split()[:3] == ["guard-rego-ir", "3", the_file(tmp_path).stem]
    assert json.loads(body)["plans"]["plans"][0]["name"] == "a/x"
