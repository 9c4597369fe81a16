"""The entry as a bundle carries it: packed without loss, so that it still hashes to the same leaf.

    zlib stream (RFC 1950, deflate) with a preset dictionary, whose Adler-32 the stream's header names
    CRC-32 of the stream, 4 bytes, big-endian: deflate has bits that change nothing, and a bundle has none

An entry is mostly words that stand in every entry; the dictionary holds them. It is a part of the format: it is printed
in `docs/reference/proof-format.md`, any zlib takes it (`inflateSetDictionary`), and it never changes. Other words would
be a second dictionary with another Adler-32. Where packing saves nothing the entry stands as it is; it begins with
`{`, a packed one with 0x78.
"""

from __future__ import annotations

import zlib

from guard.errors import IntegrityError

# The members of entries in canonical order, with the words of their values; what is most frequent stands last.
# INVARIANT: frozen. Bundles that were handed out name it by its Adler-32, and a test holds the number.
DICTIONARY = (
    b'unclassified_column:unparsed_sql:deny"},"kind":"decisionscan" UNION ALL SELECT DISTINCT CASE WHEN  THEN  ELSE '
    b" END COALESCE(EXISTS( HAVING MAX(MIN(AVG( OVER (PARTITION BY WITH  IN (?, ? LIKE ? OR SUM(COUNT(*) AS  LEFT "
    b"JOIN  ON  WHERE  = ? AND  > ? GROUP BY  ORDER BY  DESC LIMIT ?:join+filter+group+order+output:aggregate"
    b'","output.MinimumGroup:row_filter:rows.by_regionperson.name=intl.finance.health.cn./2/4/3/raw","mask:name:redact'
    b':partial:masking.by_kind","kind":"query","time":"202Z","v":1}{"actor":"s-","body":{"columns":[":output",'
    b'"decision":"d-","determined_by":["access.role_for_purpose"],"edges":"","engine":"embedded","errored":[],'
    b'"fingerprint":"v1:","gaps":[],"labels":[],"obligations":["mask:main."MaxRows:output.max_rows"],"outcome":"allow"'
    b',"purpose":"","revision":"sha256:","source":"duckdb:///postgresql://","sql":"SELECT  FROM ","tables":["public.'
    b'main."],"who":{"commitment":"=","sealed":"A="}},"kind":"query","time":"'
)
DICTIONARY_ID = zlib.adler32(DICTIONARY).to_bytes(4, "big")

_CHECK = 4  # bytes of the CRC-32
_PACKED = b"\x78"  # deflate with a window of 32 KiB; JSON begins with `{`
_HEADER = 6  # bytes: two of zlib's, and the dictionary's Adler-32
_HAS_DICTIONARY = 0x20


def pack(entry: bytes) -> bytes:
    """The packed form, or the entry itself where that is not shorter."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    stream = packer.compress(entry) + packer.flush()
    packed = stream + zlib.crc32(stream).to_bytes(_CHECK, "big")
    return packed if len(packed) < len(entry) else entry


def unpack(packed: bytes, limit: int) -> bytes:
    """The entry of either form, of at most `limit` bytes.

    Raises:
        IntegrityError: the bytes are not exactly one packed entry, or name a dictionary that guard does not know.
    """
    if not packed.startswith(_PACKED):
        return packed
    stream, check = packed[:-_CHECK], packed[-_CHECK:]
    if len(stream) < _HEADER or zlib.crc32(stream).to_bytes(_CHECK, "big") != check:
        raise _refused("its checksum does not fit")
    if not stream[1] & _HAS_DICTIONARY or stream[2:_HEADER] != DICTIONARY_ID:
        raise _refused(f"it is packed with dictionary `{stream[2:_HEADER].hex()}`, guard knows `{DICTIONARY_ID.hex()}`")
    unpacker = zlib.decompressobj(zdict=DICTIONARY)
    try:
        entry = unpacker.decompress(stream, limit + 1)
    except zlib.error:
        raise _refused("it does not unpack") from None
    if len(entry) > limit or not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise _refused("it is longer than an entry, or something stands behind it")
    return entry


def _refused(cause: str) -> IntegrityError:
    return IntegrityError(f"not a log proof: the packed entry is damaged: {cause}")
