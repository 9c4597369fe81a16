"""Witnesses: they cosign what only grew, remember it, and refuse everything else; verifiers can ask for n of m."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from guard.audit import AuditLog, checkpoint, proof, reader, verify
from guard.audit.ask_witness import Reply, WitnessAt, ask, request
from guard.audit.cosign import Algorithm, Cosigner, CosignerKey, Quorum, create, load, merged, message, quorum
from guard.audit.witness import Answer, Witness
from guard.errors import AuditError, IntegrityError, KeyUnavailableError
from guard.model import Checkpoint, Sensitive
from tests.audit.logs import OTHER, SIGNER, build, entry

NOW = 1_790_000_000
ONE = Cosigner("witness.example/w1", Sensitive(b"w" * 32))
TWO = Cosigner("witness.example/w2", Sensitive(b"x" * 32), Algorithm.ML_DSA_44)
LOGS = {SIGNER.public.name: (SIGNER.public,)}


def witness(tmp_path: Path, cosigner: Cosigner = ONE) -> Witness:
    """A witness of the test log."""
    return Witness(cosigner, LOGS, tmp_path / f"{cosigner.public.algorithm}.db", lambda: NOW)


def at(cosigner: Cosigner) -> WitnessAt:
    """Where the log finds it; the port is no real one."""
    return WitnessAt(f"http://{cosigner.public.algorithm:d}", cosigner.public)


def post_to(*witnesses: Witness):
    """Answers as these witnesses do, without a network."""
    by_url = {f"http://{each.public.algorithm:d}/add-checkpoint": each for each in witnesses}

    def post(url: str, body: str) -> Reply:
        answer = by_url[url].add(body)
        return Reply(answer.status, answer.body)

    return post


def head_of(folder: Path) -> Checkpoint:
    """The published checkpoint."""
    found = reader.published(folder)
    assert found is not None
    return found


@pytest.mark.parametrize("cosigner", [ONE, TWO], ids=["ed25519", "ml-dsa-44"])
def test_a_growing_log_is_cosigned(tmp_path, cosigner):
    """Each time the log asks, the witness signs the larger checkpoint and remembers it."""
    seen = witness(tmp_path, cosigner)
    for count in (3, 0, 1, 300):
        build(tmp_path / "log", [count])
        asked = ask(tmp_path / "log", SIGNER.public, [at(cosigner)], post=post_to(seen))
        assert asked.signed == (cosigner.public.name,)
        assert cosigner.public.verify(asked.checkpoint) == NOW
        assert seen.last(SIGNER.public.name).size == asked.checkpoint.size == head_of(tmp_path / "log").size
    report = verify(tmp_path / "log", SIGNER.public, quorum=Quorum((cosigner.public,), 1))
    assert report.ok


def test_proofs_carry_cosignatures(tmp_path):
    """A bundle verifies offline with the log's key and two of two witnesses."""
    build(tmp_path / "log", [5, 5])
    both = [witness(tmp_path, ONE), witness(tmp_path, TWO)]
    ask(tmp_path / "log", SIGNER.public, [at(ONE), at(TWO)], post=post_to(*both))
    build(tmp_path / "log", [5])  # newer entries are proved by the newer checkpoint, which nobody saw yet
    needed = Quorum((ONE.public, TWO.public), 2)
    found, head = proof.verify(proof.parse(proof.text(proof.prove(tmp_path / "log", 4))), SIGNER.public, quorum=needed)
    assert (found.body["number"], head.size) == (4, 10)
    newer = proof.prove(tmp_path / "log", 12)
    assert proof.verify(newer, SIGNER.public)[1].size == 15
    with pytest.raises(IntegrityError, match="seen by 0 of 2 witnesses, 2 are needed"):
        proof.verify(newer, SIGNER.public, quorum=needed)


def test_a_log_that_was_set_back_is_refused(tmp_path):
    """The witness saw more entries than the log now has: it says so, and signs nothing."""
    build(tmp_path / "log", [5])
    shutil.copytree(tmp_path / "log", tmp_path / "old")
    build(tmp_path / "log", [5])
    seen = witness(tmp_path)
    ask(tmp_path / "log", SIGNER.public, [at(ONE)], post=post_to(seen))
    asked = ask(tmp_path / "old", SIGNER.public, [at(ONE)], post=post_to(seen))
    assert asked.signed == ()
    assert asked.refused == ((ONE.public.name, "the witness has seen 10 entries, the log has 5: it was set back"),)
    assert seen.last(SIGNER.public.name).size == 10


@pytest.mark.parametrize("count", [5, 9])
def test_another_history_is_refused_and_kept_as_evidence(tmp_path, count):
    """The owner of the key rewrote the log, to the same or a larger size: the contradiction is kept, signed by them."""
    build(tmp_path / "log", [5])
    seen = witness(tmp_path)
    ask(tmp_path / "log", SIGNER.public, [at(ONE)], post=post_to(seen))
    with AuditLog.open(tmp_path / "forked", SIGNER) as log:
        log.extend([entry(number + 100) for number in range(count)])
    asked = ask(tmp_path / "forked", SIGNER.public, [at(ONE)], post=post_to(seen))
    assert asked.signed == ()
    (fork,) = seen.forks()
    SIGNER.public.verify(checkpoint.parse(fork))
    assert checkpoint.parse(fork).root == head_of(tmp_path / "forked").root
    assert seen.last(SIGNER.public.name).root == head_of(tmp_path / "log").root


def test_requests_are_refused_by_name(tmp_path):
    """Each wrong request gets the status of the protocol, and leaves the state as it was."""
    build(tmp_path / "log", [4])
    build(tmp_path / "other", [4], OTHER)
    seen = witness(tmp_path)
    good = request(tmp_path / "log", 0, head_of(tmp_path / "log"))
    stranger = good.replace("example.org/log", "example.org/gol")
    assert seen.add("old x\n\n").status == 400
    assert seen.add(good.replace("old 0", "old 5")).status == 400
    assert seen.add(good.replace("old 0", "old 00")).status == 400
    assert seen.add(good + "x").status == 400
    assert seen.add(good.replace("\n\n", "\n" * 3, 1)).status == 400
    assert seen.add("old 0\n" * 70_000).status == 400
    assert seen.add(stranger).status == 404
    assert seen.add(request(tmp_path / "other", 0, head_of(tmp_path / "other"))).status == 403
    assert seen.add(good.replace("old 0", "old 2")) == Answer(409, "0\n", "text/x.tlog.size")
    assert seen.add(good.replace("old 0\n", f"old 0\n{'A' * 43}=\n")).status == 422
    assert seen.last(SIGNER.public.name) is None
    assert seen.add(good).status == 200
    assert seen.add(good) == Answer(409, "4\n", "text/x.tlog.size")
    build(tmp_path / "log", [1])
    wrong = request(tmp_path / "log", 3, head_of(tmp_path / "log")).replace("old 3", "old 4")
    assert seen.add(wrong).status == 422


def test_two_requests_at_once_are_signed_in_one_order(tmp_path):
    """Many threads and two witnesses on one state: the remembered size never goes back."""
    heads = []
    for count in range(1, 13):
        build(tmp_path / "log", [count])
        heads.append(head_of(tmp_path / "log"))
    statuses: list[int] = []

    def submit(number: int) -> None:
        own = witness(tmp_path)
        last = own.last(SIGNER.public.name)
        old = last.size if last else 0
        if old <= heads[number].size:
            statuses.append(own.add(request(tmp_path / "log", old, heads[number])).status)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409}
    assert statuses.count(200) >= 1
    last = witness(tmp_path).last(SIGNER.public.name)
    assert last in heads


def test_a_witness_that_cannot_remember_does_not_sign(tmp_path):
    """State that cannot be written: no cosignature leaves."""
    build(tmp_path / "log", [2])
    (tmp_path / f"{Algorithm.ED25519}.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(AuditError, match="witness's state"):
        witness(tmp_path).add(request(tmp_path / "log", 0, head_of(tmp_path / "log")))


def test_a_quorum_counts_witnesses_once(tmp_path):
    """n of m, each by its own key; one witness twice is no quorum, and a forged line is an error."""
    build(tmp_path / "log", [2])
    head = head_of(tmp_path / "log")
    one = merged(head, [ONE.cosign(head, NOW)])
    assert Quorum((ONE.public, TWO.public), 1).require(one) == (ONE.public.name,)
    with pytest.raises(IntegrityError, match="1 of 2 witnesses, 2 are needed"):
        Quorum((ONE.public, TWO.public), 2).require(one)
    with pytest.raises(ValueError, match="different"):
        Quorum((ONE.public, ONE.public), 2)
    with pytest.raises(KeyUnavailableError, match="quorum"):
        quorum([str(ONE.public)], 2)
    forged = merged(head, [ONE.cosign(Checkpoint(head.origin, head.size, b"r" * 32), NOW)])
    with pytest.raises(IntegrityError, match=r"cosignature of `witness\.example/w1` is wrong"):
        Quorum((ONE.public,), 1).require(forged)


def test_what_ed25519_and_ml_dsa_sign():
    """The two messages of C2SP tlog-cosignature, byte by byte."""
    head = Checkpoint("example.com/behind-the-sofa", 20852163, bytes(32))
    assert message(ONE.public, head, 1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    )
    assert message(TWO.public, head, 1) == (
        b"subtree/v1\n\0" + b"\x12witness.example/w2" + (1).to_bytes(8, "big") + b"\x1bexample.com/behind-the-sofa"
        + bytes(8) + (20852163).to_bytes(8, "big") + bytes(32)
    )  # fmt: skip


def test_the_example_of_the_specification():
    """The cosigned checkpoint printed in C2SP tlog-cosignature parses, and its time is where we read it."""
    text = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa"
        " Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nN"
        "o0xUe+mbIUBkBIfZ+qnA==\n"
    )
    found = checkpoint.parse(text)
    raw = checkpoint.decode64(found.signatures[1].split(" ")[1])
    assert (len(raw), int.from_bytes(raw[4:12], "big")) == (4 + 8 + 64, 1679315147)


def test_keys_have_one_spelling_and_foreign_algorithms_are_named(tmp_path):
    """Text and back; SM2 is reserved and says so; a log's own key is no witness's key."""
    for cosigner in (ONE, TWO):
        assert CosignerKey.parse(str(cosigner.public)) == cosigner.public
    made = create(tmp_path / "keys" / "w.key", "witness.example/w3", Algorithm.ML_DSA_44)
    assert load(tmp_path / "keys" / "w.key").public == made.public
    with pytest.raises(KeyUnavailableError, match="cannot be created"):
        create(tmp_path / "keys" / "w.key", "witness.example/w3")
    with pytest.raises(KeyUnavailableError, match="algorithm `sm2` is reserved"):
        CosignerKey.parse("w+00000000+" + "/3NtMgo" + "A" * 40 + "A")
    with pytest.raises(KeyUnavailableError, match="key type 1 is no cosignature"):
        CosignerKey.parse(str(SIGNER.public))
    with pytest.raises(KeyUnavailableError, match="do not fit"):
        CosignerKey.parse(str(ONE.public).replace("w1", "w2"))


def test_over_http(tmp_path):
    """The real server and the real client: asked twice, refused as by the core."""
    import uvicorn

    from guard.audit.witness_server import app

    server = uvicorn.Server(
        uvicorn.Config(app(witness(tmp_path)), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        where = WitnessAt(f"http://127.0.0.1:{port}", ONE.public)
        for count in (2, 300):
            build(tmp_path / "log", [count])
            assert ask(tmp_path / "log", SIGNER.public, [where]).signed == (ONE.public.name,)
        build(tmp_path / "forked", [400])
        assert ask(tmp_path / "forked", SIGNER.public, [where]).refused[0][1].startswith("the witness refused with")
    finally:
        server.should_exit = True
        thread.join()
    gone = ask(tmp_path / "log", SIGNER.public, [where])
    assert gone.refused == ((ONE.public.name, "the witness did not answer (ConnectError)"),)


def test_a_witness_that_forgets_to_look_is_noticed(tmp_path, monkeypatch):
    """Seeded fault: a witness that does not check consistency signs a fork, and the test above would see it."""
    from guard.audit import witness as module

    build(tmp_path / "log", [5])
    seen = witness(tmp_path)
    ask(tmp_path / "log", SIGNER.public, [at(ONE)], post=post_to(seen))
    with AuditLog.open(tmp_path / "forked", SIGNER) as log:
        log.extend([entry(number + 100) for number in range(9)])
    monkeypatch.setattr(module, "consistent", lambda *_: True)
    assert ask(tmp_path / "forked", SIGNER.public, [at(ONE)], post=post_to(seen)).signed == (ONE.public.name,)
