"""A second opinion on a guard audit log, written from the public formats alone; it shares no code with guard.

    python verify_log.py FOLDER 'NAME+ID+KEY'            re-reads the published log: checkpoint, tiles, entry bundles
    python verify_log.py BUNDLE.tlog-proof 'NAME+ID+KEY' checks one entry's proof, offline

Formats: RFC 6962, C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof. Needs `cryptography` for Ed25519.
Exit code 0 when all holds; 1 with the first bad entry or line named; 2 for a wrong call.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import zlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# The dictionaries that entries are packed with in proofs; also printed in docs/reference/proof-format.md.
WORDS = Path(__file__).with_name("proof-words")


class BadError(Exception):
    """What does not hold."""


def b64(text: str) -> bytes:
    """Strict base64: what it decodes to must encode to the same text."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise BadError("a line is not canonical base64")
    return raw


def number(text: str) -> int:
    """A decimal without sign, spaces or leading zeros."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or str(int(text)) != text:
        raise BadError("a number is not a plain decimal")
    return int(text)


def open_note(note: str, key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed."""
    name, key_id, encoded = [*key.split("+", 2), "", ""][:3]
    public = b64(encoded)
    expected_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    if len(public) != 33 or public[0] != 1 or expected_id.hex() != key_id:
        raise BadError("the key is not an Ed25519 verifier key, or its id is wrong")
    text, separator, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) != 3 or lines[0] != name or not signatures.endswith("\n"):
        raise BadError(f"the checkpoint is not one of {name}")
    mine = 0
    for line in signatures.removesuffix("\n").split("\n"):
        dash, signer, signature = [*line.split(" "), "", ""][:3]
        if line != f"{dash} {signer} {signature}" or dash != "—":
            raise BadError("a signature line is malformed")
        if signer != name or b64(signature)[:4] != expected_id:
            continue
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(b64(signature)[4:], (text + "\n").encode())
        mine += 1
    root = b64(lines[2])
    if not mine or len(root) != 32:
        raise BadError("the checkpoint is not signed by this key, or its root is not 32 bytes")
    return number(lines[1]), root


def unpacked(extra: bytes) -> bytes:
    """The entry of a proof: as it is, or packed in one of two forms and followed by a CRC-32."""
    if extra[:1] not in (b"\x78", b"\x02"):
        return extra
    first = extra[:1] == b"\x78"  # a zlib stream; the other a deflate stream, and behind it what it has marks for
    unpack = zlib.decompressobj(15 if first else -15, (WORDS / ("1" if first else "2")).read_bytes())
    entry = unpack.decompress(extra[0 if first else 1 : -4], 1 << 16)
    if not unpack.eof or (first and unpack.unused_data) or zlib.crc32(extra[:-4]).to_bytes(4, "big") != extra[-4:]:
        raise BadError("the packed entry is damaged")
    return entry if first else filled(entry, unpack.unused_data)


def filled(skeleton: bytes, taken: bytes) -> bytes:
    """Byte 1 and a count stand for so many bytes in hex, byte 2 and a count for so many in base64."""
    entry, rest = b"", skeleton
    while (at := next((at for at, byte in enumerate(rest) if byte in (1, 2)), -1)) >= 0:
        count = int.from_bytes(rest[at + 1 : at + 2], "big")
        here = taken[:count]
        entry += rest[:at] + (here.hex().encode() if rest[at] == 1 else base64.b64encode(here))
        rest, taken = rest[at + 2 :], taken[count:]
    return entry + rest


def digest(*parts: bytes) -> bytes:
    """RFC 6962: a zero byte stands before an entry, a one before the two children of a node."""
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(row: list[bytes]) -> bytes:
    """The root over leaf hashes, or over the roots of equal complete subtrees."""
    while len(row) > 1:
        odd = row[-1:] if len(row) % 2 else []
        row = [digest(b"\1", row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)] + odd
    return row[0] if row else hashlib.sha256().digest()


def resource(folder: Path, kind: str, index: int, width: int) -> bytes:
    """The bytes of a tile or bundle, from its partial or its full file."""
    text = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03d}/{text}"
    names = [f"tile/{kind}/{text}"] if width == 256 else [f"tile/{kind}/{text}.p/{width}", f"tile/{kind}/{text}"]
    for name in names:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    raise BadError(f"{names[0]} is missing")


def entries_of(bundle: bytes) -> list[bytes]:
    """The entries of a bundle: each behind its length, two bytes, big-endian."""
    entries = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2:end])
        bundle = bundle[end:]
    return entries


def check_log(folder: Path, key: str) -> str:
    """Every published entry against its tile, every tile against the one above, the whole against the checkpoint."""
    size, root = open_note((folder / "checkpoint").read_text(encoding="utf-8"), key)
    row: list[bytes] = []
    pruned = number((folder / "minimum").read_text().strip()) if (folder / "minimum").exists() else 0
    for start in range(0, size, 256):
        width = min(256, size - start)
        tile = resource(folder, "0", start // 256, width)
        if start + width <= pruned:  # the entries are gone under a retention policy; their hashes still count
            row += [tile[at : at + 32] for at in range(0, 32 * width, 32)]
            continue
        hashes = [digest(b"\0", entry) for entry in entries_of(resource(folder, "entries", start // 256, width))]
        for at in range(width):
            if at >= len(hashes) or hashes[at] != tile[32 * at : 32 * at + 32]:
                raise BadError(f"entry {start + at} does not hash to its tile")
        row += hashes[:width]
    level, below = 0, row
    while below:
        level, full = level + 1, [below[at : at + 256] for at in range(0, len(below) - 255, 256)]
        above = [root_of(part) for part in full]
        for at in range(0, len(above), 256):
            part = above[at : at + 256]
            if resource(folder, str(level), at // 256, len(part))[: 32 * len(part)] != b"".join(part):
                raise BadError(f"tile {at // 256} of level {level}, over entries from {at << (8 * level)}, is wrong")
        below = above
    if root_of(row) != root:
        raise BadError(f"the {size} entries do not hash to the signed root")
    return f"ok: {size} entries{f' from {pruned} on' if pruned else ''}, root {root.hex()}"


def check_proof(bundle: str, key: str) -> str:
    """One entry against the checkpoint in its bundle."""
    head, separator, note = bundle.partition("\n\n")
    lines = head.split("\n")
    begins = [line.partition(" ")[0] for line in lines[:3]]
    if not separator or begins != ["c2sp.org/tlog-proof@v1", "extra", "index"]:
        raise BadError("this is not a tlog-proof with its entry and index")
    entry, index = unpacked(b64(lines[1][6:])), number(lines[2][6:])
    size, root = open_note(note, key)
    here, last, node = index, size - 1, digest(b"\0", entry)
    for sibling in map(b64, lines[3:]):
        if last <= 0 or len(sibling) != 32:
            raise BadError("the path is too long")
        if here % 2 or here == last:
            node = digest(b"\1", sibling, node)
            while here and here % 2 == 0:
                here, last = here // 2, last // 2
        else:
            node = digest(b"\1", node, sibling)
        here, last = here // 2, last // 2
    if not index < size or last != 0 or node != root:
        raise BadError(f"entry {index} does not hash to the signed root")
    return f"ok: entry {index} of {size}: {entry.decode()}"


def main(arguments: list[str]) -> int:
    """Runs the check that the first argument asks for."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    path = Path(arguments[0])
    try:
        print(check_log(path, arguments[1]) if path.is_dir() else check_proof(path.read_text("utf-8"), arguments[1]))
    except (BadError, OSError, ValueError, InvalidSignature, zlib.error) as bad:
        print(f"bad: {str(bad) or 'a signature is wrong'}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
