"""Writes tiles, entry bundles and the checkpoint that others read; all of it can be written again from the journal."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from guard.audit import checkpoint, reader, tile
from guard.audit.disk import Disk
from guard.audit.tree import HASH_SIZE, Frontier, fold, span
from guard.errors import IntegrityError
from guard.model import Checkpoint


class Publisher:
    """Takes entries in order and publishes them; OWNED BY: the log's writer thread.

    INVARIANT: every tile and bundle that a published checkpoint needs is durable before that checkpoint is.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self._bundles = 0  # full ones written
        self._entries: list[bytes] = []  # behind the last full bundle
        self._tiles = [0]  # full ones written, by level
        self._hashes: list[list[bytes]] = [[]]  # behind the last full tile, by level
        self._roots: deque[bytes] = deque()  # of the level-0 tiles that are complete and not written
        self._partials: dict[int, tuple[int, int]] = {}  # by level: index and width of the partial tile on disk
        self._folders: set[Path] = set()  # known to exist
        self._touched: set[Path] = set()  # folders with names that are not durable yet
        self.published = 0  # size of the published checkpoint

    @property
    def size(self) -> int:
        """How many entries were taken."""
        return self._bundles * tile.WIDTH + len(self._entries)

    def resume(self, head: Checkpoint) -> None:
        """Takes up the state behind a published checkpoint.

        Raises:
            IntegrityError: the tiles do not hash to its root, or something is missing.
        """
        self._check_files(head.size)
        nodes = tile.TileNodes(head.size, lambda *at: reader.tile_bytes(self._folder, *at))
        if head.size and span(0, head.size, nodes) != head.root:
            raise IntegrityError(f"the tiles do not hash to the checkpoint of size {head.size}")
        tiles: list[int] = []
        hashes: list[list[bytes]] = []
        size = head.size
        while size or not tiles:
            size, width = divmod(size, tile.WIDTH)
            data = reader.tile_bytes(self._folder, len(tiles), size, width) if width else b""
            tiles.append(size)
            hashes.append(tile.hashes_of(data))
        width = len(hashes[0])
        names = [tile.tile_path(level, *edge) for level, edge in enumerate(zip(tiles, map(len, hashes), strict=True))]
        parents = [(self._folder / name).parent for name in (*names, tile.bundle_path(tiles[0], width))]
        self._folders = {parent for parent in parents if parent.is_dir()}
        self._entries = reader.bundle(self._folder, tiles[0], width) if width else []
        self._bundles, self._tiles, self._hashes, self.published = tiles[0], tiles, hashes, head.size

    def frontier(self) -> Frontier:
        """The right edge of the tree over all entries taken."""
        nodes: list[bytes] = []
        for hashes in reversed(self._hashes):
            nodes += Frontier().extend(hashes).nodes
        return Frontier(self.size, tuple(nodes))

    def _check_files(self, size: int) -> None:
        """A look at names and lengths: what is missing or cut short is found here, what was edited by `verify`."""
        kept = reader.minimum(self._folder) // tile.WIDTH  # bundles before it were pruned
        for number in range(size // tile.WIDTH):
            bundle = ((tile.bundle_path(number), 1),) if number >= kept else ()
            for name, least in ((tile.tile_path(0, number), tile.WIDTH * HASH_SIZE), *bundle):
                path = self._folder / name
                if not path.is_file() or path.stat().st_size < least:
                    raise IntegrityError(f"`{name}` is missing or cut short")

    def add(self, entries: Sequence[bytes], leaves: Sequence[bytes], roots: Sequence[bytes]) -> None:
        """Takes further entries, their leaf hashes, and the roots of the tiles that they complete."""
        self._entries += entries
        self._hashes[0] += leaves
        self._roots += roots

    def publish(self, head: Checkpoint) -> None:
        """Writes what the checkpoint over all entries taken needs, then the checkpoint.

        Raises:
            OSError: the disk refused; what was published before still stands.
        """
        self._publish_bundles()
        level = 0
        while level < len(self._hashes):  # a full tile adds to the level above
            self._publish_tiles(level)
            level += 1
        for folder in sorted(self._touched):
            self._disk.sync_folder(folder)
        self._touched.clear()
        self._disk.put(self._folder / reader.CHECKPOINT, checkpoint.text(head).encode())
        self._disk.sync_folder(self._folder)
        self.published = head.size

    def _publish_bundles(self) -> None:
        full = len(self._entries) // tile.WIDTH
        for number in range(full):
            part = self._entries[number * tile.WIDTH : (number + 1) * tile.WIDTH]
            self._put_full(tile.bundle_path(self._bundles + number), tile.pack_bundle(part))
        self._bundles += full
        del self._entries[: full * tile.WIDTH]
        if self._entries and self.size != self.published:
            self._put(tile.bundle_path(self._bundles, len(self._entries)), tile.pack_bundle(self._entries))

    def _publish_tiles(self, level: int) -> None:
        hashes = self._hashes[level]
        full = len(hashes) // tile.WIDTH
        if full and level + 1 == len(self._hashes):
            self._hashes.append([])
            self._tiles.append(0)
        for number in range(full):
            part = hashes[number * tile.WIDTH : (number + 1) * tile.WIDTH]
            self._put_full(tile.tile_path(level, self._tiles[level] + number), b"".join(part))
            root = self._roots.popleft() if level == 0 else fold(part)
            self._hashes[level + 1].append(root)
        self._tiles[level] += full
        del hashes[: full * tile.WIDTH]
        here = (self._tiles[level], len(hashes))
        if hashes and self._partials.get(level) != here:
            self._put(tile.tile_path(level, *here), b"".join(hashes))
            self._partials[level] = here

    def _put_full(self, name: str, data: bytes) -> None:
        """Writes a full tile or bundle; its partial forms have served."""
        self._put(name, data)
        partial = self._folder / f"{name}.p"
        if partial in self._folders:
            shutil.rmtree(partial, ignore_errors=True)
            self._folders.discard(partial)
            self._touched.discard(partial)

    def _put(self, name: str, data: bytes) -> None:
        path = self._folder / name
        folder = path.parent
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._touched.update(parent for parent in folder.parents if parent.is_relative_to(self._folder))
            self._folders.add(folder)
        self._touched.add(folder)
        self._disk.put(path, data)
