"""Evidence that stands alone: the bundle, and everything that can be wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.audit import AuditLog, checkpoint, keys, proof
from guard.audit.tree import consistent
from guard.errors import AuditError, GuardError, IntegrityError
from guard.model import Proof
from tests.audit.logs import OTHER, SIGNER, build, entry

SIZE = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A closed log of 300 entries."""
    folder = tmp_path_factory.mktemp("log")
    assert build(folder, [1, 7, 248, 44]) == SIZE
    return folder


def test_every_entry_is_proved(folder):
    """Each index has a bundle that reads back and verifies to its entry with one public key."""
    for index in range(SIZE):
        made = proof.prove(folder, index)
        text = proof.text(made)
        assert proof.parse(text) == made
        logged, head = proof.verify(proof.parse(text), SIGNER.public)
        assert (logged.body["number"], head.size) == (index, SIZE)


def test_the_bundle_is_c2sp_tlog_proof(folder):
    """The text has the lines of the specification."""
    lines = proof.text(proof.prove(folder, 5)).split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    assert lines[lines.index("") + 1 :][:2] == ["example.org/log", "300"]


def test_any_flipped_bit_is_noticed(folder):
    """Each single bit of a bundle, exhaustively: it does not read, or does not verify."""
    good = proof.text(proof.prove(folder, 77)).encode()
    for at in range(len(good)):
        for bit in range(8):
            changed = good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]
            with pytest.raises((GuardError, UnicodeDecodeError)):
                proof.verify(proof.parse(changed.decode()), SIGNER.public)


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_reads_or_is_refused(text):
    """No text makes the parser fail in another way."""
    with pytest.raises(IntegrityError):
        proof.parse(text)
    with pytest.raises(IntegrityError):
        proof.parse(f"{proof.HEADER}\nextra AA==\nindex 0\n{text}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index 77", "index 077"),
        ("index 77", "index +77"),
        ("index 77", "index  77"),
        ("index 77", "index 9223372036854775808"),
        ("index 77\n", ""),
        ("extra ", "Extra "),
        ("@v1", "@v2"),
        ("\n\n", "\n"),
    ],
)
def test_other_spellings_are_refused(folder, old, new):
    """A bundle has one spelling."""
    text = proof.text(proof.prove(folder, 77))
    with pytest.raises(IntegrityError):
        proof.parse(text.replace(old, new, 1))


def test_caps(folder):
    """Length and depth are bounded before anything is decoded."""
    text = proof.text(proof.prove(folder, 77))
    with pytest.raises(IntegrityError, match="longer than"):
        proof.parse(text + "x" * proof.MAX_PROOF)
    line = text.split("\n")[3]
    with pytest.raises(IntegrityError, match="too long"):
        proof.parse(text.replace(line, "\n".join([line] * 64), 1))


def test_another_log_s_key_is_refused(folder):
    """A key of the same name, and a key of another name."""
    made = proof.prove(folder, 0)
    with pytest.raises(IntegrityError, match="not signed by"):
        proof.verify(made, OTHER.public)
    with pytest.raises(IntegrityError, match="is of log"):
        proof.verify(made, keys.PublicKey("elsewhere", SIGNER.public.raw))


def test_signing_a_wrong_root_does_not_help(folder):
    """Seeded fault: the right signature over another root does not carry the entry."""
    made = proof.prove(folder, 5)
    forged = checkpoint.text(keys.sign(SIGNER, SIZE, bytes(32)))
    with pytest.raises(IntegrityError, match="entry 5 does not hash"):
        proof.verify(Proof(made.index, made.entry, made.path, forged), SIGNER.public)


def test_no_such_entry(folder, tmp_path):
    """An index beyond the log, or no log, is the asker's mistake."""
    for index in (-1, SIZE):
        with pytest.raises(AuditError, match=f"has no entry {index}; it holds 300"):
            proof.prove(folder, index)
    with pytest.raises(AuditError, match="not been published"):
        proof.prove(tmp_path, 0)


def test_an_open_log_proves_what_it_just_acknowledged(tmp_path):
    """`prove` publishes first, so the newest entry has its evidence at once."""
    with AuditLog.open(tmp_path, SIGNER) as log:
        for number in range(3):
            assert log.append(entry(number)) == number
            logged, head = proof.verify(log.prove(number), SIGNER.public)
            assert (logged.body["number"], head.size) == (number, number + 1)


def test_extension_between_checkpoints(folder):
    """The log shows that it only grew since a checkpoint that somebody kept."""
    from guard.audit import reader, tile, tree

    head = reader.published(folder)
    nodes = tile.TileNodes(SIZE, lambda *at: reader.tile_bytes(folder, *at))
    for old in range(1, SIZE):
        old_root = tree.span(0, old, nodes)
        assert consistent(old, old_root, SIZE, head.root, proof.extension(folder, old))
    with pytest.raises(AuditError, match="not yet 301"):
        proof.extension(folder, 301)
