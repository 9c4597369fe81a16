"""Requests are read strictly, and no refusal repeats what was sent."""

from __future__ import annotations

import json

import pytest

from guard.errors import UsageError
from guard.sidecar.wire import AnonymizeIn, CheckIn, QueryIn, TextIn, decode

GOOD = {"sql": "SELECT 1", "subject": {"id": "a"}, "purpose": "p", "source": "crm"}


def body(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_whole_request_is_read() -> None:
    """Every field arrives; lists of an attribute are frozen."""
    subject = {"id": "a", "roles": ["x"], "attributes": {"districts": ["d"], "n": 1, "f": 0.5, "b": True}}
    read = decode(body(subject=subject, parameters={"i": 1, "n": None}), QueryIn)
    assert read.subject.value().attributes == {"districts": ("d",), "n": 1, "f": 0.5, "b": True}
    assert read.parameters == {"i": 1, "n": None}


@pytest.mark.parametrize(
    "bad",
    [
        body(more="canary"),
        body(sql=1),
        body(sql=None),
        body(purpose=["canary"]),
        body(subject="canary"),
        body(subject={"id": ""}),
        body(subject={"id": "canary" * 100}),
        body(subject={"id": "a", "roles": "canary"}),
        body(subject={"id": "a", "attributes": {"x": {"y": "canary"}}}),
        body(subject={"id": "a", "admin": True}),
        body(parameters={"i": [1]}),
        body(parameters={"i": 1 << 64}),
        body(parameters={"i": -(1 << 63) - 1}),
        b'{"sql": "canary", "sql": "x", "subject": {"id": "a"}, "purpose": "p", "source": "crm"}',
        b'{"sql": "x", "subject": {"id": "a", "id": "canary"}, "purpose": "p", "source": "crm"}',
        b'{"sql": "canary\\ud800", "subject": {"id": "a"}, "purpose": "p", "source": "crm"}',
        b'{"sql": "x", "subject": {"id": "a"}, "purpose": "p", "source": "crm", "parameters": {"i": NaN}}',
        b'{"sql": "x", "subject": {"id": "a"}, "purpose": "p", "source": "crm", "parameters": {"i": 1e999}}',
        body() + b"canary",
        body()[:-1],
        b"",
        b"[]",
        b"canary",
        b"\xff\xfe",
        b'"\xff"',
        b"[" * 100_000,
        '\ufeff{"text": "x"}'.encode(),
    ],
)
def test_what_does_not_fit_is_refused_without_its_content(bad: bytes) -> None:
    """Unknown, missing, repeated and mistyped fields, and everything that is not JSON."""
    with pytest.raises(UsageError) as caught:
        decode(bad, QueryIn)
    assert "canary" not in caught.value.diagnostics()
    assert len(caught.value.message) < 400


def test_a_check_takes_no_parameters() -> None:
    """Nothing runs, so there is nothing to bind."""
    with pytest.raises(UsageError, match="unknown field `parameters`"):
        decode(body(parameters={}), CheckIn)


def test_deep_nesting_is_refused() -> None:
    """Where values are free, depth is not."""
    deep = b'{"rows": [{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b'}], "plan": {}}'
    with pytest.raises(UsageError, match="nested too deeply"):
        decode(deep, AnonymizeIn)


def test_a_long_name_is_cut() -> None:
    """An unknown field's name is the caller's own text: it comes back short."""
    with pytest.raises(UsageError) as caught:
        decode(json.dumps({"x" * 100_000: 1}).encode(), TextIn)
    assert len(caught.value.message) < 400
