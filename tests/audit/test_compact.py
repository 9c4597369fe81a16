"""The packed form of entries in bundles: nothing is lost, nothing else is accepted, the dictionary never changes."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.audit import compact, proof
from guard.errors import GuardError, IntegrityError
from tests.audit.logs import SIGNER, build

LIMIT = proof.MAX_ENTRY
ENTRY = (
    b'{"actor":"s-8ef6f9aec251118c9a38362d65ab3080","body":{"columns":["main.residents.xm:output"],"decision":"d-8b3b",'
    b'"outcome":"allow","sql":"SELECT xm FROM residents"},"kind":"query","time":"2026-01-31T09:30:00.000000Z","v":1}'
)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "proof-format.md"


def packed_by(stream: bytes) -> bytes:
    """A stream with its checksum, as a stranger would write it."""
    return stream + zlib.crc32(stream).to_bytes(4, "big")


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=100)
def test_nothing_is_lost(data):
    """Whatever an entry holds comes back, and packing never makes it longer."""
    entry = b"{" + data
    packed = compact.pack(entry)
    assert (compact.unpack(packed, LIMIT), len(packed) <= len(entry)) == (entry, True)


def test_the_dictionary_is_frozen():
    """Bundles that were handed out name it; another dictionary would be a second one."""
    assert (compact.DICTIONARY_ID.hex(), len(compact.DICTIONARY)) == ("d43129d3", 934)


def test_the_page_prints_the_dictionary():
    """An auditor without guard finds it, whole, in the documentation."""
    text = PAGE.read_text(encoding="utf-8")
    shown = text.split("```text\n")[1].split("\n```")[0].replace("\n", "")
    assert shown.encode() == compact.DICTIONARY
    assert f"`{compact.DICTIONARY_ID.hex()}`" in text


def test_every_flipped_bit_is_noticed():
    """Deflate has bits that change nothing; the checksum leaves none."""
    packed = compact.pack(ENTRY)
    assert packed[:1] == b"\x78"
    for at in range(len(packed)):
        for bit in range(8):
            changed = packed[:at] + bytes([packed[at] ^ 1 << bit]) + packed[at + 1 :]
            if changed[:1] == b"\x78":
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
    """No more is unpacked than an entry may hold, and nothing stands behind it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, compact.DICTIONARY)
    bomb = packer.compress(b"{" + bytes(10 * LIMIT)) + packer.flush()
    for stream in (bomb, compact.pack(ENTRY)[:-4] + b"x", compact.pack(ENTRY)[:-8], b"\x78"):
        with pytest.raises(IntegrityError):
            compact.unpack(packed_by(stream), LIMIT)


def test_a_bundle_of_an_older_guard_is_read(tmp_path):
    """Bundles carried the entry as it is; they verify as before, and so does their one-bit damage."""
    import base64

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
