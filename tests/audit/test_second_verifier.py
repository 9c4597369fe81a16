"""The independent verifier of examples/: it agrees with guard's own, and shares nothing with it."""

from __future__ import annotations

import ast
import base64
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from guard.audit import proof
from tests.audit.logs import OTHER, SIGNER, build

SCRIPT = Path(__file__).parents[2] / "examples" / "verify_log.py"
KEY = str(SIGNER.public)


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and output of the script."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.fixture
def folder(tmp_path):
    """A closed log of 600 entries: three tiles and a second level."""
    build(tmp_path / "log", [1, 299, 300])
    return tmp_path / "log"


def test_it_is_short_and_independent():
    """Under 200 lines, and only the standard library and Ed25519."""
    text = SCRIPT.read_text()
    imports = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert len(text.splitlines()) < 200
    assert imports == {"__future__", "base64", "cryptography", "hashlib", "pathlib", "sys", "zlib"}


def test_a_good_log_and_proof(folder, tmp_path):
    """It accepts what guard wrote."""
    code, output = run(folder, KEY)
    assert (code, output.split(",")[0]) == (0, "ok: 600 entries")
    made = proof.prove(folder, 411)
    path = tmp_path / "entry.tlog-proof"
    path.write_text(proof.text(made))
    assert run(path, KEY) == (0, f"ok: entry 411 of 600: {made.entry.decode()}\n")


def test_a_spoilt_log(folder, tmp_path):
    """A byte changed in any published file, or another key: refused, and entries are named."""
    path = folder / "tile/entries/001"
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"number":300,', b'"number":301,'))
    assert run(folder, KEY) == (1, "bad: entry 300 does not hash to its tile\n")
    path.write_bytes(data)
    chance = random.Random(5)
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.parts[-2] != "journal"):
        name = path.relative_to(folder).as_posix()
        if name in {"lock", "seen"}:
            continue
        data = path.read_bytes()
        offset = chance.randrange(len(data))
        path.write_bytes(data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :])
        assert run(folder, KEY)[0] == 1, name
        path.write_bytes(data)
    assert run(folder, OTHER.public)[0] == 1
    assert run(folder, KEY)[0] == 0


def test_it_knows_the_packed_form_and_the_plain_one(folder, tmp_path):
    """Bundles as guard writes them now, as it wrote them before, and one with other words."""
    made = proof.prove(folder, 411)
    lines = proof.text(made).split("\n")
    path = tmp_path / "entry.tlog-proof"
    path.write_text("\n".join([lines[0], f"extra {base64.b64encode(made.entry).decode()}", *lines[2:]]))
    assert run(path, KEY) == (0, f"ok: entry 411 of 600: {made.entry.decode()}\n")
    other = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, b"other words")
    stream = other.compress(made.entry) + other.flush()
    packed = stream + zlib.crc32(stream).to_bytes(4, "big")
    path.write_text("\n".join([lines[0], f"extra {base64.b64encode(packed).decode()}", *lines[2:]]))
    assert run(path, KEY)[0] == 1


def test_a_spoilt_proof(folder, tmp_path):
    """A changed index, entry or path: refused."""
    text = proof.text(proof.prove(folder, 411))
    lines = text.split("\n")
    path = tmp_path / "entry.tlog-proof"
    for old, new in (("index 411", "index 410"), (lines[1], "extra e30="), (lines[3], lines[4]), ("600", "601")):
        path.write_text(text.replace(old, new, 1))
        assert run(path, KEY)[0] == 1


def test_a_wrong_call():
    """Without its two arguments it explains itself."""
    assert run()[0] == 2
