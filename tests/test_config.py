"""Settings: strict, with origins, secrets by reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.config import default_rules, load, resolve_secret
from guard.errors import ConfigError, KeyUnavailableError


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no GUARD_ variable of whoever runs them."""
    import os

    for name in [name for name in os.environ if name.startswith("GUARD_")]:
        monkeypatch.delenv(name)


def write(folder: Path, text: str, name: str = "guard.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_arguments_win_over_environment_over_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value knows which layer it came from."""
    write(tmp_path, "[scan]\nsample = 5\nseed = 5\n[policy]\ndeadline_ms = 5\n")
    monkeypatch.setenv("GUARD_SCAN__SEED", "6")
    monkeypatch.setenv("GUARD_POLICY__DEADLINE_MS", "6")
    loaded = load(folder=tmp_path, overrides={"policy": {"deadline_ms": 7}})
    values = {origin.key: (origin.value, origin.origin) for origin in loaded.origins}
    assert values["scan.sample"] == ("5", "guard.toml")
    assert values["scan.seed"] == ("6", "environment")
    assert values["policy.deadline_ms"] == ("7", "argument")
    assert values["query.max_rows"] == ("1000000", "default")


def test_pyproject_is_read_when_there_is_no_guard_toml(tmp_path: Path) -> None:
    """`[tool.guard]` is the same file in another place."""
    write(tmp_path, "[tool.guard.scan]\nsample = 9\n", "pyproject.toml")
    assert load(folder=tmp_path).config.scan.sample == 9


@pytest.mark.parametrize(
    ("text", "message", "cure"),
    [
        ("[scan]\nsampel = 5\n", "unknown key `scan.sampel`", "did you mean `scan.sample`?"),
        ("stat = 1\n", "unknown key `stat`", "did you mean `state`?"),
        ("[scan]\nsample = -1\n", "`scan.sample` in", "see docs"),
        ("[serve]\ntoken = 'hunter2-canary'\n", "`serve.token` in", "env:NAME"),
        ("[scan\n", "is not TOML", "correct the line"),
        ("[sources]\ncity = 'postgresql://u:canary@h/db'\n", "source `city` has a password", "env:NAME"),
    ],
)
def test_a_mistake_is_named_with_its_cure(tmp_path: Path, text: str, message: str, cure: str) -> None:
    """Nothing in a settings file is ignored in silence, and no secret is echoed."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert message in caught.value.message
    assert cure in caught.value.help
    assert "canary" not in caught.value.diagnostics()


def test_a_misspelt_variable_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`GUARD_SCAN__SAMPEL` would otherwise be a setting that silently does nothing."""
    monkeypatch.setenv("GUARD_SCAN__SAMPEL", "5")
    with pytest.raises(ConfigError, match="GUARD_SCAN__SAMPEL"):
        load(folder=tmp_path)


def test_a_secret_comes_from_the_environment_or_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that others can read is refused."""
    monkeypatch.setenv("TOKEN_OF_TEST", "s3cret")
    assert resolve_secret("env:TOKEN_OF_TEST", root=tmp_path).reveal() == b"s3cret"
    path = write(tmp_path, "s3cret\n", "token")
    path.chmod(0o644)
    with pytest.raises(KeyUnavailableError, match="open to other users"):
        resolve_secret("file:token", root=tmp_path)
    path.chmod(0o600)
    assert resolve_secret("file:token", root=tmp_path).reveal() == b"s3cret"
    with pytest.raises(KeyUnavailableError, match="is not set"):
        resolve_secret("env:NOT_SET_ANYWHERE", root=tmp_path)


def test_passwords_in_uris_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`guard doctor` prints origins; a store's password must not be among them."""
    monkeypatch.setenv("GUARD_STORE", "postgresql://guard:canary@db/guard")
    shown = {origin.key: origin.value for origin in load(folder=tmp_path).origins}
    assert shown["store"] == "postgresql://***@db/guard"


def test_the_default_pack_is_there() -> None:
    """A fresh install has rules without any configuration."""
    assert (default_rules() / "policy").is_dir()
