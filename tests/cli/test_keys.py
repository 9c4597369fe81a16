"""`guard keys` and `guard reidentify`: the exact text, the exit codes, and no secret in any of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done

KEK = base64.urlsafe_b64encode(b"canary-kek-of-exactly-32-bytes-x").rstrip(b"=").decode()
PLAN = "version: 1\npurpose: research\nfields:\n  id: {transform: siv}\n"
ASK = ("--as", "petra", "--role", "dpo", "--plan", "plan.yaml", "--column", "id", "--kind", "cn.resident_id")
ASK = (*ASK, "--purpose", "subject_request")
Run = Callable[..., Done]


@pytest.fixture
def used(guard: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line after a first use of keys."""
    monkeypatch.setenv("SITE_KEK", KEK)
    (folder / "ids.csv").write_text("id\n110105194912310021\n")
    (folder / "plan.yaml").write_text(PLAN)
    assert guard("anonymize", "ids.csv", "out.csv", "--plan", "plan.yaml").code == 0
    return guard


def test_there_is_no_keyring_before_its_first_use(guard: Run, folder: Path) -> None:
    """Looking makes nothing."""
    done = guard("keys", "show")
    assert (done.code, done.out) == (3, "")
    assert not (folder / ".guard").exists()


def test_the_life_of_a_keyring(used: Run, folder: Path) -> None:
    """Shown, rotated, wrapped, exported, imported, retired: each says what it did, none shows a key."""
    where = folder / ".guard/keys/root.key"
    root = where.read_text().split()[-1]
    told = [used("keys", "show"), used("keys", "rotate")]
    assert told[0].out == (f"keyring: {where}\n  in clear, readable by its owner alone\n  versions 1; 1 is current\n")
    assert told[1].out == "rotated: version 2 is current\n"
    told.append(used("keys", "export", "parcel", "--to", "env:SITE_KEK"))
    assert told[-1].out == "keyring: parcel\n  wrapped under `env:SITE_KEK`\n  versions 1, 2; 2 is current\n"
    (folder / "guard.toml").write_text('[keys]\nkek = "env:SITE_KEK"\n')
    told.append(used("keys", "show"))
    assert (told[-1].code, "guard keys rewrap --from clear" in told[-1].err) == (2, True)
    told.append(used("keys", "rewrap", "--from", "clear"))
    assert told[-1].out == f"keyring: {where}\n  wrapped under `env:SITE_KEK`\n  versions 1, 2; 2 is current\n"
    told.append(used("doctor"))
    assert "version 2 of 1, 2, wrapped under env:SITE_KEK" in told[-1].out
    told.append(used("keys", "retire", "1", "--yes"))
    assert told[-1].out == "retired: version 1 is gone\n"
    told.append(used("keys", "retire", "2", "--yes"))
    assert (told[-1].code, told[-1].err.partition("\n")[0]) == (
        2,
        "error: key version `2` cannot be retired: it is the current one",
    )
    (folder / "host").mkdir()
    (folder / "host/guard.toml").write_text("")
    told.append(used("keys", "import", "parcel", "--from", "env:SITE_KEK", "--config", "host/guard.toml"))
    assert told[-1].out.endswith("versions 1, 2; 2 is current\n")
    told.append(used("audit", "show"))
    acts = [line.partition('"act": "')[2].partition('"')[0] for line in told[-1].out.splitlines() if '"act"' in line]
    assert acts == ["rotate", "export", "rewrap", "retire"]
    assert not any(secret in done.out + done.err for done in told for secret in (root, KEK, "canary-kek"))


def test_re_identification_is_denied_without_a_grant(used: Run, folder: Path) -> None:
    """The default pack grants it to nobody: exit code 1, nothing on stdout, the denial on record."""
    token = (folder / "out.csv").read_text().split()[1]
    done = used("reidentify", token, *ASK)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: denied: `guard.default_deny`: no rule allows a role of this subject to turn these pseudonyms back for "
        "this purpose\n"
        "  help: have a grant for role and purpose added to config/reidentify/data.yaml of the rule pack\n"
    )
    assert '"action": "reidentify"' in used("audit", "show").out


def test_re_identification_with_a_grant(used: Run, folder: Path) -> None:
    """The value as a JSON text, and where it is on record on stderr; a torn token and no token are errors."""
    import shutil

    shutil.copytree(Path(__file__).parents[2] / "rules", folder / "rules")
    grant = 'dpo:\n  subject_request: {key_purposes: ["research"], transforms: ["siv"], reach: 4}\n'
    (folder / "rules/policy/config/reidentify/data.yaml").write_text(grant)
    (folder / "guard.toml").write_text('rules = "rules"\n')
    token = (folder / "out.csv").read_text().split()[1]
    done = used("reidentify", token, *ASK)
    assert (done.code, done.out) == (0, '"110105194912310021"\n')
    assert done.err.startswith("turned back: 1 values, entry ")
    torn = used("reidentify", token[:-2] + "AA", *ASK)
    assert (torn.code, torn.out, token[8:-2] in torn.err) == (4, "", False)
    assert used("reidentify", "", *ASK).code == 2


def test_the_keys_of_a_person_nobody_knows(used: Run) -> None:
    """Erasing what is not there says so."""
    done = used("keys", "erase", "nobody", "--yes")
    assert (done.code, done.err.partition("\n")[0]) == (2, "error: guard holds nothing of this subject")


def test_doctor_says_what_is_wrong_with_the_keys(used: Run, folder: Path) -> None:
    """A key-encryption key that is not there, a keyring open to others, a service that is down: broken, and why."""
    where = folder / ".guard/keys/root.key"
    transit = 'kek = "transit:guard"\ntransit_url = "https://127.0.0.1:1"\ntransit_token = "env:SITE_KEK"\n'
    used("keys", "export", "parcel", "--to", "env:SITE_KEK")
    for settings, said in (
        ('kek = "env:NO_KEK"\n', "`NO_KEK` is not set"),
        (transit, "is not wrapped"),
        ('kek = "file:none"\n', "cannot be opened"),
    ):
        (folder / "guard.toml").write_text(f"[keys]\n{settings}")
        done = used("doctor")
        assert (done.code, said in " ".join(done.out.split())) == (4, True)
    (folder / "guard.toml").write_text("")
    where.chmod(0o644)
    done = used("doctor")
    assert (done.code, "is open to others" in " ".join(done.out.split())) == (4, True)
    assert KEK not in done.out
