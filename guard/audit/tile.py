"""Where hashes and entries stand on disk: C2SP tlog-tiles (https://c2sp.org/tlog-tiles).

A tile is up to 256 hashes of one level; each hash of level L + 1 is the root of a full tile of level L. An entry
bundle is up to 256 entries, each behind its length as a big-endian uint16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import pack

from guard.audit.tree import HASH_SIZE, fold
from guard.errors import IntegrityError

WIDTH = 256  # hashes in a full tile, entries in a full bundle
HEIGHT = 8  # levels of the tree in one tile
MAX_LEVEL = 7  # 256**8 entries pass every size that guard accepts


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """`tile/1/x001/x234/067.p/17`: the path of a tile relative to the log's folder."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """`tile/entries/x001/067`: the path of an entry bundle relative to the log's folder."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def _number(index: int) -> str:
    text = f"{index % 1000:03d}"
    while index := index // 1000:
        text = f"x{index % 1000:03d}/{text}"
    return text


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile `index` of `level` holds in a tree of `size`; 0 when it does not exist."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def pack_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle."""
    return b"".join([pack(">H", len(entry)) + entry for entry in entries])


def unpack_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle, or of a run of bundles.

    Raises:
        ValueError: the bytes end inside an entry.
    """
    entries: list[bytes] = []
    at, end = 0, len(data)
    append = entries.append
    while at < end:
        start = at + 2
        at = start + ((data[at] << 8) | data[at + 1] if start <= end else end)
        if at > end:
            msg = "the bundle ends inside an entry"
            raise ValueError(msg)
        append(data[start:at])
    return entries


def hashes_of(tile: bytes) -> list[bytes]:
    """The hashes of a tile in order."""
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


class TileNodes:
    """The `node` of a tree of `size` whose tiles `read(level, index, width)` gives; tiles are kept once read.

    `read` returns exactly `width` hashes, or raises.
    """

    def __init__(self, size: int, read: Callable[[int, int, int], bytes]) -> None:
        self._size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, HEIGHT)
        first = index << rest
        number, offset = divmod(first, WIDTH)
        tile = self._tile(level, number)
        start, stop = offset * HASH_SIZE, (offset + (1 << rest)) * HASH_SIZE
        if stop > len(tile):
            msg = f"tile `{tile_path(level, number)}` does not reach hash {offset + (1 << rest) - 1}"
            raise IntegrityError(msg)
        return fold(hashes_of(tile[start:stop]))

    def _tile(self, level: int, number: int) -> bytes:
        tile = self._tiles.get((level, number))
        if tile is None:
            tile = self._read(level, number, width_at(level, number, self._size))
            self._tiles[level, number] = tile
        return tile
