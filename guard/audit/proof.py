"""Offline evidence that an entry is in the log: C2SP tlog-proof, with the entry itself as its extra data.

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry, packed as `compact` says>
    index 73894
    <base64 of a hash>            the audit path, one hash a line, from the leaf's sibling up
    ...

    <the checkpoint>

A bundle verifies with one public key and nothing else. `parse(text(p)) == p`. A bundle whose entry is not
packed is read as well.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from guard.audit import checkpoint, compact, reader
from guard.audit import entry as canonical
from guard.audit.checkpoint import decode64
from guard.audit.cosign import Quorum
from guard.audit.keys import PublicKey
from guard.audit.tile import HEIGHT, WIDTH, TileNodes, bundle_path, tile_path, width_at
from guard.audit.tree import HASH_SIZE, MAX_SIZE, consistency, inclusion, leaf_hash, root_from_inclusion
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint, Entry, Proof

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_ENTRY = canonical.MAX_ENTRY + canonical.CLAIM_SIZE  # bytes
MAX_PATH = 63  # hashes; no tree that guard accepts is deeper
MAX_PROOF = 128 * 1024  # characters: the largest entry in base64, the path, and the note

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


def prove(folder: Path, index: int) -> Proof:
    """The proof of a published entry; reads a handful of tiles.

    It stands on the checkpoint that witnesses cosigned, when that covers the entry, else on the published one.

    Raises:
        AuditError: there is no such entry.
        IntegrityError: the folder's tiles do not lead from the entry to the checkpoint.
    """
    head = reader.published(folder)
    if head is None:
        raise AuditError("the audit log has not been published yet", help="append an entry, or open and close the log")
    seen = reader.witnessed(folder)
    if seen is not None and index < seen.size <= head.size:
        head = seen
    _fetch_ahead(folder, index, head.size)
    data = reader.entry_bytes(folder, index, head.size)
    path = inclusion(index, head.size, TileNodes(head.size, lambda *at: reader.tile_bytes(folder, *at)))
    if root_from_inclusion(index, head.size, leaf_hash(data), path) != head.root:
        raise IntegrityError(f"entry {index} does not hash to the checkpoint of size {head.size}")
    return Proof(index=index, entry=data, path=path, checkpoint=checkpoint.text(head))


def _fetch_ahead(folder: Path, index: int, size: int) -> None:
    """Asks the disk for all that the proof needs at once, since a cold disk answers one question as slowly as ten."""
    if not 0 <= index < size:
        return
    needed: set[tuple[int, int]] = set()

    def note(height: int, number: int) -> bytes:
        level, rest = divmod(height, HEIGHT)
        needed.add((level, (number << rest) // WIDTH))
        return b""

    inclusion(index, size, note)
    tiles = {(tile_path(level, at), tile_path(level, at, width_at(level, at, size))) for level, at in needed}
    reader.fetch_ahead(folder, tiles)
    bundle, offset = divmod(index, WIDTH)
    names = (bundle_path(bundle), bundle_path(bundle, width_at(0, bundle, size)))
    reader.fetch_ahead(folder, {names}, share=(offset + 1) / WIDTH)


def extension(folder: Path, old: int, *, to: Checkpoint | None = None) -> tuple[bytes, ...]:
    """The consistency proof from the log's first `old` entries to `to`, by default its published checkpoint.

    Raises:
        AuditError: the log has not so many entries.
    """
    head = to or reader.published(folder)
    if head is None or not 0 <= old <= head.size:
        raise AuditError(f"the audit log has not yet {old} published entries")
    return consistency(old, head.size, TileNodes(head.size, lambda *at: reader.tile_bytes(folder, *at)))


def verify(proof: Proof, public: PublicKey, *, quorum: Quorum | None = None) -> tuple[Entry, Checkpoint]:
    """The entry that is proved to be in the log, and the checkpoint that vouches for it.

    With a `quorum` so many witnesses must have seen that checkpoint.

    Raises:
        IntegrityError: the signature, the path or the entry does not hold, or too few witnesses saw it.
    """
    head = checkpoint.parse(proof.checkpoint)
    if head.origin != public.name:
        raise IntegrityError(f"the proof is of log `{head.origin}`, the key of `{public.name}`")
    public.verify(head)
    if quorum is not None:
        quorum.require(head)
    if root_from_inclusion(proof.index, head.size, leaf_hash(proof.entry), proof.path) != head.root:
        raise IntegrityError(f"entry {proof.index} does not hash to the checkpoint of size {head.size}")
    return canonical.decode(proof.entry), head


def text(proof: Proof) -> str:
    """The bundle as it is stored in a `.tlog-proof` file."""
    extra = _encode(compact.pack(proof.entry))
    lines = [HEADER, f"extra {extra}", f"index {proof.index}", *map(_encode, proof.path), ""]
    return "\n".join(lines) + "\n" + proof.checkpoint


def parse(bundle: str) -> Proof:
    """The proof of a bundle, unverified.

    Raises:
        IntegrityError: the text is not exactly a bundle.
    """
    if len(bundle) > MAX_PROOF:
        raise _refused(f"it is longer than {MAX_PROOF} characters")
    head, gap, note = bundle.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) < 3 or lines[0] != HEADER or not lines[1].startswith("extra "):
        raise _refused("it does not begin with its header and the entry")
    index = _INDEX.fullmatch(lines[2])
    if index is None or int(index[1]) > MAX_SIZE or len(lines) > 3 + MAX_PATH:
        raise _refused("the index is not a plain decimal, or the path is too long")
    checkpoint.parse(note)
    return Proof(
        index=int(index[1]),
        entry=compact.unpack(decode64(lines[1].removeprefix("extra ")), MAX_ENTRY),
        path=tuple(decode64(line, size=HASH_SIZE) for line in lines[3:]),
        checkpoint=note,
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _refused(cause: str) -> IntegrityError:
    return IntegrityError(f"not a log proof: {cause}")
