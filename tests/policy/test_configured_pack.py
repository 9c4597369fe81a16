"""The pack that `guard.toml` names: a signed bundle, watched, and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

import guard
from guard.errors import PolicyError
from guard.model import Sensitive
from guard.policy.bundle.build import build
from guard.policy.bundle.jws import SigningKey
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.engines.recording import RecordingEngine
from guard.policy.engines.reloading import Reload
from guard.policy.pack import Pack
from tests.policy.test_pack import write

SECRET = b"a secret of the tests with forty bytes.."


def test_a_signed_bundle_decides(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundle, key by reference, reload and recording together; each decision keeps one engine."""
    monkeypatch.setenv("RULES_SECRET", SECRET.decode())
    (tmp_path / "rules.tar.gz").write_bytes(build(pack, key=SigningKey(Sensitive(SECRET), "HS256")))
    policy = {"bundle": "rules.tar.gz", "bundle_key": "env:RULES_SECRET", "bundle_alg": "HS256", "reload_s": 60}
    with guard.open(folder=tmp_path, settings={"policy": policy}) as g:
        assert isinstance(g.parts.engine, EmbeddedEngine)
        assert g.parts.engine.revision == pack.revision
    with guard.open(folder=tmp_path, settings={"policy": {**policy, "record": "asked.ndjson"}}) as g:
        assert isinstance(g.parts.engine, RecordingEngine)
        assert g.parts.engine.revision == pack.revision


def test_an_unsigned_bundle_does_not(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key configured, guard does not open a bundle without its signature."""
    monkeypatch.setenv("RULES_SECRET", SECRET.decode())
    (tmp_path / "rules.tar.gz").write_bytes(build(pack))
    policy = {"bundle": "rules.tar.gz", "bundle_key": "env:RULES_SECRET", "bundle_alg": "HS256"}
    with (
        guard.open(folder=tmp_path, settings={"policy": policy}) as g,
        pytest.raises(PolicyError, match="the bundle is not signed"),
    ):
        _ = g.parts.engine


def test_a_reloaded_pack_is_in_the_audit_log(tmp_path: Path) -> None:
    """A pack that takes over while guard runs leaves an entry, made before it decides."""
    write(tmp_path / "rules" / "policy")
    settings = {"rules": "rules", "policy": {"reload_s": 60}}
    with guard.open(folder=tmp_path, settings=settings) as g:
        before = g.parts.engine.revision
        write(tmp_path / "rules" / "policy", **{"config__data.yaml": "purpose: y\n"})
        watcher = g.parts._open["engine"]
        assert watcher.renew() == Reload("swapped", g.parts.engine.revision)
        entries = [(entry.actor, dict(entry.body)) for _, entry in g.audit.entries() if entry.kind == "config"]
        body = {"act": "reload", "revision": g.parts.engine.revision, "before": before, "rules": 1, "watched": 0}
        assert entries == [("guard", body)]
        assert before != g.parts.engine.revision
