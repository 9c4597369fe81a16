"""The packed form of entries in bundles: nothing is lost, nothing else is accepted, the dictionary never changes."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import zlib
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.audit import compact, proof, words
from guard.errors import GuardError, IntegrityError
from tests.audit.logs import SIGNER, build

LIMIT = proof.MAX_ENTRY
ENTRY = (
    b'{"actor":"s-8ef6f9aec251118c9a38362d65ab3080","body":{"columns":["main.residents.xm:output"],"decision":"d-8b3b",'
    b'"outcome":"allow","sql":"SELECT xm FROM residents"},"kind":"query","time":"2026-01-31T09:30:00.000000Z","v":1}'
)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "proof-format.md"
EXAMPLES = Path(__file__).parents[2] / "examples"


def packed_by(stream: bytes) -> bytes:
    """A stream with its checksum, as a stranger would write it."""
    return stream + zlib.crc32(stream).to_bytes(4, "big")


def in_old_form(entry: bytes) -> bytes:
    """An entry as bundles of the first packed form have it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, words.FIRST)
    return packed_by(packer.compress(entry) + packer.flush())


OLD_FORM = in_old_form(ENTRY)


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=100)
def test_nothing_is_lost(data):
    """Whatever an entry holds comes back, and packing never makes it longer."""
    entry = b"{" + data
    packed = compact.pack(entry)
    assert (compact.unpack(packed, LIMIT), len(packed) <= len(entry)) == (entry, True)


def test_the_dictionaries_are_frozen():
    """Bundles that were handed out need them; other words would be another form."""
    found = [(sha256(each).hexdigest()[:16], zlib.adler32(each), len(each)) for each in (words.FIRST, words.SECOND)]
    assert found == [("1594b95d360fd364", 0xD43129D3, 934), ("9941c57b00373dee", 0xF0056365, 3454)]


def test_the_page_and_the_files_hold_the_dictionaries():
    """An auditor without guard finds them, whole, in the documentation and beside the second verifier."""
    text = PAGE.read_text(encoding="utf-8")
    shown = [each.split("\n```")[0].replace("\n", "") for each in text.split("```text\n")[1:]]
    files = [(EXAMPLES / "proof-words" / name).read_bytes() for name in ("1", "2")]
    assert [re.sub(r"\\x([0-9a-f]{2})", lambda at: chr(int(at[1], 16)), each).encode() for each in shown] == files
    assert files == [words.FIRST, words.SECOND]
    assert f"`{compact.FIRST_ID.hex()}`" in text


@pytest.mark.parametrize("name", ["1", "2"])
def test_a_bundle_of_every_form_verifies(name):
    """What earlier versions handed out is read for ever, by guard and by the second verifier."""
    path = EXAMPLES.parent / "tests" / "cases" / "audit" / f"packed-{name}.tlog-proof"
    text = path.read_text(encoding="utf-8")
    found = proof.parse(text)
    logged, head = proof.verify(found, SIGNER.public)
    assert (logged.kind, logged.body["outcome"], found.index, head.size) == ("query", "allow", 2, 5)
    done = subprocess.run(
        [sys.executable, "-I", str(EXAMPLES / "verify_log.py"), str(path), str(SIGNER.public)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"ok: entry 2 of 5: {found.entry.decode()}\n")


def test_an_ordinary_entry_takes_a_third():
    """An entry of a query: digests and sealed parts to the byte, and little for the words around them."""
    found = proof.parse((EXAMPLES.parent / "tests/cases/audit/packed-2.tlog-proof").read_text(encoding="utf-8"))
    assert len(compact.pack(found.entry)) < len(found.entry) / 3


@pytest.mark.parametrize("packed", [compact.pack(ENTRY), OLD_FORM])
def test_every_flipped_bit_is_noticed(packed):
    """Deflate has bits that change nothing; the checksum leaves none."""
    assert compact.unpack(packed, LIMIT) == ENTRY
    for at in range(len(packed)):
        for bit in range(8):
            changed = packed[:at] + bytes([packed[at] ^ 1 << bit]) + packed[at + 1 :]
            if changed[:1] in (b"\x78", b"\x02"):
                with pytest.raises(IntegrityError):
                    compact.unpack(changed, LIMIT)


def test_a_dictionary_that_guard_does_not_know_is_named():
    """A bundle of a later version says which words it needs."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, b"other words")
    stream, words = packer.compress(ENTRY) + packer.flush(), f"{zlib.adler32(b'other words'):08x}"
    with pytest.raises(IntegrityError, match=f"packed with dictionary `{words}`, guard"):
        compact.unpack(packed_by(stream), LIMIT)
    with pytest.raises(IntegrityError, match="packed with dictionary"):
        compact.unpack(packed_by(zlib.compress(ENTRY)), LIMIT)


def test_bombs_and_appendices_are_refused():
    """No more is unpacked than an entry may hold, nothing stands behind it, and nothing is lacking."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, words.SECOND)
    bomb = b"\x02" + packer.compress(b"{" + bytes(10 * LIMIT)) + packer.flush()
    packed = compact.pack(ENTRY)[:-4]
    old = OLD_FORM[:-4]
    for body in (in_old_form(b"{" + bytes(10 * LIMIT))[:-4], old + b"x", old[:-4], b"\x78"):
        with pytest.raises(IntegrityError):
            compact.unpack(packed_by(body), LIMIT)
    for body in (bomb, packed + b"x", packed[:-1], packed[:20], b"\x02"):
        with pytest.raises(IntegrityError):
            compact.unpack(packed_by(body), LIMIT)


@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=300).map(lambda data: data.hex().encode()),
            st.binary(min_size=30, max_size=90).map(lambda data: b'"sealed":"' + base64.b64encode(data) + b'"'),
            st.binary(min_size=32, max_size=32).map(lambda data: b'"commitment":"' + base64.b64encode(data) + b'"'),
            st.sampled_from([b'"sealed":"ab=="', b'"sealed":"abcdefgh="', b",", b'"edges":"', b"SELECT "]),
        ),
        max_size=12,
    )
)
@settings(deadline=None, max_examples=100)
def test_what_is_taken_out_comes_back(parts):
    """Digests and sealed parts of any length, beside each other, spelt in the one way or in another."""
    entry = b"{" + b"".join(parts) + b"}"
    assert compact.unpack(compact.pack(entry), LIMIT) == entry


def test_a_bundle_of_an_older_guard_is_read(tmp_path):
    """Bundles carried the entry as it is; they verify as before, and so does their one-bit damage."""
    build(tmp_path, [5])
    made = proof.prove(tmp_path, 3)
    lines = proof.text(made).split("\n")
    old = "\n".join([lines[0], f"extra {base64.b64encode(made.entry).decode()}", *lines[2:]])
    assert proof.parse(old) == made
    assert proof.verify(proof.parse(old), SIGNER.public)[0].body["number"] == 3
    assert len(proof.text(made)) < len(old)
    for at in range(len(old)):
        with pytest.raises((GuardError, UnicodeDecodeError)):
            proof.verify(proof.parse(old[:at] + chr(ord(old[at]) ^ 1) + old[at + 1 :]), SIGNER.public)
