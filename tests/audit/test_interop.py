"""Logs, proofs and cosignatures against other people's code, in both directions.

`interop/main.go` uses `golang.org/x/mod/sumdb/{tlog,note}` (the Go checksum database) and transparency-dev's `formats`
and `merkle` (Tessera, Rekor v2).
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from guard.audit import AuditLog, PublicKey, ask_witness, checkpoint, cosign, proof, reader, tree, words
from guard.audit import entry as canonical
from guard.audit.cosign import Algorithm, Cosigner, CosignerKey
from guard.audit.witness import Witness
from guard.model import Entry, Sensitive
from tests.audit.logs import OTHER, SIGNER, entry
from tests.servers import go

KEY = str(SIGNER.public)
SIZE, OLD = 600, 257
NAME = "example.org/other"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built program."""
    return go.build(Path(__file__).parent / "interop", tmp_path_factory.mktemp("go") / "interop")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed log of 600 entries, and a key for its dictionary."""
    folder = tmp_path_factory.mktemp("interop") / "log"
    with AuditLog.open(folder, SIGNER) as log:
        for count in (1, OLD - 1, SIZE - OLD):
            log.extend([entry(log.size + at) for at in range(count)])
    (folder.parent / "dictionary").write_bytes(words.SECOND)
    return folder


def run(program: Path, *arguments: object, given: str = "") -> Any:
    """What the program answers; its message where it refuses."""
    done = subprocess.run([program, *map(str, arguments)], input=given, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def bytes_of(hashes: list[str]) -> tuple[bytes, ...]:
    """Hashes as the program prints them."""
    return tuple(map(base64.b64decode, hashes))


def test_others_read_guard_s_log(program, folder):
    """Signature, every tile, every entry, all inclusion proofs and a consistency proof, byte for byte as guard's."""
    found = run(program, "check", folder, KEY, OLD)
    head = reader.published(folder)
    assert (found["size"], base64.b64decode(found["root"])) == (head.size, head.root)
    assert [bytes_of(each or []) for each in found["records"]] == [
        proof.prove(folder, index).path for index in range(SIZE)
    ]
    assert bytes_of(found["extension"]) == proof.extension(folder, OLD)


def test_others_notice_what_was_changed(program, folder, tmp_path):
    """Seeded faults: another tile, another entry, another key, and the program says so."""
    copy = tmp_path / "log"
    for name in ("tile/0/001", "tile/entries/001", "tile/1/000.p/2", "checkpoint"):
        shutil.copytree(folder, copy)
        data = bytearray((copy / name).read_bytes())
        data[len(data) // 2] ^= 1
        (copy / name).write_bytes(data)
        assert isinstance(run(program, "check", copy, KEY, OLD), str), name
        shutil.rmtree(copy)
    assert "no verifiable signatures" in run(program, "check", folder, OTHER.public, OLD)


@pytest.mark.parametrize("index", [0, OLD, SIZE - 1])
def test_others_verify_guard_s_proof(program, folder, tmp_path, index):
    """The bundle is what they would write, its entry unpacks with any deflate, and its path leads to the checkpoint."""
    path = tmp_path / "entry.tlog-proof"
    made = proof.prove(folder, index)
    path.write_text(proof.text(made))
    found = run(program, "proof", path, KEY, folder.parent / "dictionary")
    assert found == {"index": index, "size": SIZE, "entry": made.entry.decode()}
    text = path.read_text()
    path.write_text(text.replace(f"index {index}\n", f"index {index ^ 1}\n"))
    assert isinstance(run(program, "proof", path, KEY, folder.parent / "dictionary"), str)


def test_guard_reads_others_log(program, tmp_path):
    """A log that they wrote: its signature, tiles, proofs of every entry, and that it grew from an older checkpoint."""
    entries = [
        Entry(v=1, kind="config", time=f"2026-01-31T09:30:00.{number:06d}Z", actor="s-1", body={"number": number})
        for number in range(SIZE)
    ]
    lines = b"".join(canonical.encode(each) + b"\n" for each in entries).decode()
    found = run(program, "write", tmp_path, NAME, OLD, given=lines)
    public = PublicKey.parse(found["key"])
    head = reader.published(tmp_path)
    before = checkpoint.parse(found["before"])
    assert checkpoint.text(head) == found["checkpoint"]
    public.verify(head)
    public.verify(before)
    for index in range(SIZE):
        assert proof.verify(proof.prove(tmp_path, index), public) == (entries[index], head)
    extension = proof.extension(tmp_path, OLD)
    assert extension == bytes_of(found["extension"])
    assert tree.consistent(before.size, before.root, head.size, head.root, extension)


@pytest.mark.parametrize("kind", ["ed25519", "ml-dsa-44"])
def test_guard_reads_others_cosignatures(program, folder, kind):
    """A witness of theirs, Ed25519 and ML-DSA-44, signs a checkpoint of guard's; guard verifies it, and no other's."""
    head = reader.published(folder)
    found = run(program, "cosign", kind, "witness.example/w1", folder / "checkpoint")
    key = CosignerKey.parse(found["key"])
    cosigned = cosign.merged(head, [found["line"]])
    assert key.verify(cosigned)
    assert cosign.quorum([found["key"]]).require(checkpoint.parse(checkpoint.text(cosigned))) == ("witness.example/w1",)
    assert key.verify(head) is None


def test_others_read_guard_s_cosignatures(program, folder, tmp_path):
    """guard's witnesses, Ed25519 and ML-DSA-44, cosign; their verifiers find both, in the log and in a proof."""
    witnesses = []
    for number, kind in enumerate((Algorithm.ED25519, Algorithm.ML_DSA_44)):
        cosigner = Cosigner(f"witness.example/w{number}", Sensitive(bytes([number]) * 32), kind)
        logs = {SIGNER.public.name: (SIGNER.public,)}
        witnesses.append(Witness(cosigner, logs, tmp_path / f"{number}.db", lambda: 1_780_000_000))
    asked = [ask_witness.WitnessAt(f"http://{number}", each.public) for number, each in enumerate(witnesses)]

    def post(url: str, body: str) -> ask_witness.Reply:
        answer = witnesses[int(url.split("/")[2])].add(body)
        return ask_witness.Reply(answer.status, answer.body)

    done = ask_witness.ask(folder, SIGNER.public, asked, post=post)
    assert (done.signed, done.refused) == (("witness.example/w0", "witness.example/w1"), ())
    keys = [str(each.public) for each in witnesses]
    assert run(program, "check", folder, KEY, OLD, *keys)["size"] == SIZE
    path = tmp_path / "entry.tlog-proof"
    path.write_text(proof.text(proof.prove(folder, 7)))
    assert run(program, "proof", path, KEY, folder.parent / "dictionary", *keys)["index"] == 7
    (folder / reader.WITNESSED).unlink()
