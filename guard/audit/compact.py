"""The entry as a bundle carries it: packed without loss, so that it still hashes to the same leaf.

An entry is mostly words that stand in every entry; a dictionary (`guard.audit.words`) holds them. The first byte says
which form it is:

    {      the entry itself, where packing saves nothing
    0x78   zlib stream (RFC 1950) with the first dictionary, whose Adler-32 the stream's header names
           CRC-32 of the stream, 4 bytes, big-endian
    0x02   deflate stream (RFC 1951) of the skeleton, with the second dictionary
           the bytes that were taken out of the entry
           CRC-32 of all before it, 4 bytes, big-endian

Digests and sealed parts are chance, of which nothing can be saved but their spelling: the skeleton has byte 1 in
place of hex digits, byte 2 in place of base64, and behind it how many bytes are meant (1 to 255). No entry holds such
bytes itself, since JSON escapes them. The CRC is there because deflate has bits that change nothing, and a bundle has
none.

guard writes the last form, and reads all of them for ever.
"""

from __future__ import annotations

import base64
import re
import zlib

from guard.audit.words import FIRST, SECOND
from guard.errors import IntegrityError

FIRST_ID = zlib.adler32(FIRST).to_bytes(4, "big")

_CHECK = 4  # bytes of the CRC-32
_ZLIB = b"\x78"  # deflate with a window of 32 KiB; JSON begins with `{`
_HEADER = 6  # bytes: two of zlib's, and the dictionary's Adler-32
_HAS_DICTIONARY = 0x20
_TAKEN = b"\x02"
_HEX, _BASE64 = b"\x01", b"\x02"
_RAW_WINDOW = -15  # deflate without zlib's header

_CHANCE = re.compile(
    rb"(?P<hex>(?:[0-9a-f]{2}){8,255})"
    rb'|(?<="commitment":")(?P<commitment>[A-Za-z0-9+/]{43}=)|(?<="sealed":")(?P<sealed>[A-Za-z0-9+/]{8,338}={0,2})(?=")'
)
_MARK = re.compile(rb"([\x01\x02])([\x01-\xff])", re.DOTALL)


def pack(entry: bytes) -> bytes:
    """The packed form, or the entry itself where that is not shorter."""
    taken: list[bytes] = []

    def take(found: re.Match[bytes]) -> bytes:
        spelt = found[0]
        mark, data = (_HEX, bytes.fromhex(spelt.decode())) if found["hex"] else (_BASE64, _decoded(spelt))
        if not data:
            return spelt
        taken.append(data)
        return mark + bytes([len(data)])

    skeleton = _CHANCE.sub(take, entry)
    packed = _TAKEN + _deflated(skeleton) + b"".join(taken)
    packed += zlib.crc32(packed).to_bytes(_CHECK, "big")
    # Bytes that are no entry may hold the marks themselves; those stand as they are.
    good = len(packed) < len(entry) and not (_HEX in entry or _BASE64 in entry)
    return packed if good else entry


def unpack(packed: bytes, limit: int) -> bytes:
    """The entry of any form, of at most `limit` bytes.

    Raises:
        IntegrityError: the bytes are not exactly one packed entry, or name a dictionary that guard does not know.
    """
    form = packed[:1]
    if form not in (_ZLIB, _TAKEN):
        return packed
    body, check = packed[:-_CHECK], packed[-_CHECK:]
    if zlib.crc32(body).to_bytes(_CHECK, "big") != check:
        raise _refused("its checksum does not fit")
    if form == _TAKEN:
        skeleton, taken = _inflated(body[1:], zlib.decompressobj(_RAW_WINDOW, SECOND), limit)
        return _filled(skeleton, taken, limit)
    if len(body) < _HEADER or not body[1] & _HAS_DICTIONARY or body[2:_HEADER] != FIRST_ID:
        raise _refused(f"it is packed with dictionary `{body[2:_HEADER].hex()}`, guard knows `{FIRST_ID.hex()}`")
    entry, rest = _inflated(body, zlib.decompressobj(zdict=FIRST), limit)
    if rest:
        raise _refused("something stands behind it")
    return entry


def _deflated(skeleton: bytes) -> bytes:
    """The shorter of two ways: codes made for this text, which must be told first, or deflate's own."""
    ways = []
    for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED):
        packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_WINDOW, 9, strategy, SECOND)
        ways.append(packer.compress(skeleton) + packer.flush())
    return min(ways, key=len)


def _inflated(stream: bytes, unpacker: zlib._Decompress, limit: int) -> tuple[bytes, bytes]:
    """The text of a deflate stream, and what stands behind it.

    Raises:
        IntegrityError: it is no such stream, or of a longer text.
    """
    try:
        text = unpacker.decompress(stream, limit + 1)
    except zlib.error:
        raise _refused("it does not unpack") from None
    if len(text) > limit or not unpacker.eof:
        raise _refused("it is longer than an entry, or cut short")
    return text, unpacker.unused_data


def _filled(skeleton: bytes, taken: bytes, limit: int) -> bytes:
    """The skeleton with what was taken out of it.

    Raises:
        IntegrityError: it is not exactly that what it lacks.
    """
    at = 0

    def spelt(mark: re.Match[bytes]) -> bytes:
        nonlocal at
        data = taken[at : at + mark[2][0]]
        at += mark[2][0]
        return data.hex().encode() if mark[1] == _HEX else base64.b64encode(data)

    entry = _MARK.sub(spelt, skeleton)
    if at != len(taken) or len(entry) > limit:
        raise _refused("it does not hold exactly what was taken out of the entry")
    return entry


def _decoded(spelt: bytes) -> bytes:
    """The bytes of base64; none where it is not the one spelling of them."""
    data = base64.b64decode(spelt) if len(spelt) % 4 == 0 else b""
    return data if base64.b64encode(data) == spelt else b""


def _refused(cause: str) -> IntegrityError:
    return IntegrityError(f"not a log proof: the packed entry is damaged: {cause}")
