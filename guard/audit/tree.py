"""The Merkle tree of RFC 6962, section 2.1, as pure functions over SHA-256 hashes.

Leaves and nodes are hashed under different first bytes, so that no node can pass for an entry. A `node` callable
gives the hash of the complete subtree of height `h` and index `i`, which spans leaves `[i << h, (i + 1) << h)`;
where the hashes live (tiles on disk, a list in a test) is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TypeAlias

from guard.model import Value

HASH_SIZE = 32  # bytes
MAX_SIZE = 2**63 - 1  # entries; a size beyond it is refused wherever one is parsed
EMPTY_ROOT = sha256(b"").digest()

Node: TypeAlias = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes (or over the roots of equal, complete subtrees); empty gives `EMPTY_ROOT`.

    A last odd hash rises unchanged, which is the same tree as RFC 6962's split at the largest power of two.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        pairs = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            pairs.append(row[-1])
        row = pairs
    return row[0]


class Frontier(Value, frozen=True):
    """The right edge of a tree: the roots of its complete subtrees, largest first; one for each set bit of `size`."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.nodes) != self.size.bit_count():
            msg = "a frontier has one node for each set bit of its size"
            raise ValueError(msg)

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after these leaf hashes; about one node hash a leaf."""
        return self.grow(leaves, 0)[0]

    def grow(self, leaves: Iterable[bytes], height: int) -> tuple[Frontier, list[bytes]]:
        """The frontier after these leaf hashes, and the roots of the subtrees of `height` that they complete."""
        row, old = list(leaves), list(self.nodes)
        size, rest = self.size + len(row), self.size
        new: list[bytes] = []  # smallest subtree first
        completed: list[bytes] = []
        at = 0
        while row:
            if at == height:
                completed = list(row)
            if rest & 1:
                row.insert(0, old.pop())
            if len(row) & 1:
                new.append(row[-1])
            row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
            rest >>= 1
            at += 1
        return Frontier(size, (*old, *reversed(new))), completed

    @property
    def root(self) -> bytes:
        """The tree's root hash."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def inclusion(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size`, from the leaf's sibling up (RFC 6962, 2.1.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        msg = f"no leaf {index} in a tree of {size}"
        raise ValueError(msg)
    path = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(span(middle, high, node))
            high = middle
        else:
            path.append(span(low, middle, node))
            low = middle
    return tuple(reversed(path))


def consistency(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """The proof that the tree of `old` entries is a prefix of the tree of `new` (RFC 6962, 2.1.2).

    It is empty from 0 and from a tree to itself.

    Raises:
        ValueError: `old` is larger than `new`.
    """
    if not 0 <= old <= new:
        msg = f"a tree of {new} does not extend one of {old}"
        raise ValueError(msg)
    if old in (0, new):
        return ()
    path = []
    low, high = 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(span(middle, high, node))
            high = middle
        else:
            path.append(span(low, middle, node))
            low = middle
    if low:  # the verifier does not know this subtree; from 0 it is the old root itself
        path.append(span(low, high, node))
    return tuple(reversed(path))


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to, or None when its length cannot belong to this leaf (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    here, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            root = node_hash(sibling, root)
            while here and not here & 1:
                here >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        here >>= 1
        last >>= 1
    return root if last == 0 else None


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """True when the proof shows that the new tree only added to the old one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    proof = list(path)
    if old & (old - 1) == 0:
        proof.insert(0, old_root)
    if not proof:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here >>= 1
        last >>= 1
    first = second = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while here and not here & 1:
                here >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        here >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root


def span(low: int, high: int, node: Node) -> bytes:
    """The root over leaves `[low, high)`, where `low` starts a subtree at least that wide."""
    width = high - low
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return node(height, low >> height)
    middle = low + _split(width)
    return node_hash(span(low, middle, node), span(middle, high, node))


def _split(width: int) -> int:
    """The largest power of two smaller than `width`, which is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)
