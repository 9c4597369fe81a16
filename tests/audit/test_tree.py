"""The Merkle tree against RFC 6962 read literally, exhaustively up to 300 entries."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guard.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency,
    consistent,
    fold,
    inclusion,
    leaf_hash,
    node_hash,
    root_from_inclusion,
)
from tests.spec.merkle import Reference, mth

SIZES = 300
CASES = Path(__file__).parents[1] / "cases" / "audit"

ENTRIES = [f"entry {number}".encode() for number in range(SIZES)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
REFERENCE = Reference(ENTRIES)
ROOTS = [REFERENCE.mth(0, size) for size in range(SIZES + 1)]


def node(height: int, index: int) -> bytes:
    """A complete subtree of the tests' entries."""
    return REFERENCE.mth(index << height, (index + 1) << height)


def test_published_vectors():
    """The roots are those that Certificate Transparency publishes."""
    case = yaml.safe_load((CASES / "rfc6962.yml").read_text())
    entries = [bytes.fromhex(entry) for entry in case["entries"]]
    leaves = [leaf_hash(entry) for entry in entries]
    expected = {size: bytes.fromhex(root) for size, root in case["roots"].items()}
    assert {size: fold(leaves[:size]) for size in expected} == expected
    assert {size: Frontier().extend(leaves[:size]).root for size in expected} == expected
    assert {size: mth(entries[:size]) for size in expected} == expected


def test_roots_of_all_sizes():
    """Folding and the frontier, grown one by one, give the reference's root at each size."""
    frontier, roots = Frontier(), [EMPTY_ROOT]
    for leaf in LEAVES:
        frontier = frontier.extend([leaf])
        roots.append(frontier.root)
    assert roots == ROOTS
    assert [fold(LEAVES[:size]) for size in range(SIZES + 1)] == ROOTS


def test_frontier_grows_in_any_steps():
    """A frontier grown by any step from any size is the one grown at once."""
    whole = [Frontier().extend(LEAVES[:size]) for size in range(80)]
    for size in range(80):
        for more in range(80 - size):
            assert whole[size].extend(LEAVES[size : size + more]) == whole[size + more]


def test_frontier_tells_completed_subtrees():
    """`grow` gives exactly the subtrees of the asked height that the new leaves complete."""
    for size in range(0, 60, 7):
        for more in (0, 1, 5, 16, 33, 100):
            _, roots = Frontier().extend(LEAVES[:size]).grow(LEAVES[size : size + more], 3)
            first, last = size // 8, (size + more) // 8
            assert roots == [node(3, index) for index in range(first, last)], (size, more)


def test_frontier_dies_when_inconsistent():
    """A frontier whose nodes do not fit its size cannot be made."""
    with pytest.raises(ValueError, match="one node for each set bit"):
        Frontier(3, (b"x" * 32,))


def test_inclusion_of_every_leaf_in_every_size():
    """The path is the RFC's, and leads to the root."""
    for size in range(1, SIZES + 1):
        for index in range(size):
            path = inclusion(index, size, node)
            assert list(path) == REFERENCE.path(index, 0, size), (index, size)
            assert root_from_inclusion(index, size, LEAVES[index], path) == ROOTS[size], (index, size)


def test_consistency_between_all_sizes():
    """The proof is the RFC's, and holds; every pair of sizes."""
    for new in range(1, SIZES + 1):
        for old in range(1, new):
            path = consistency(old, new, node)
            assert list(path) == REFERENCE.proof(old, new), (old, new)
            assert consistent(old, ROOTS[old], new, ROOTS[new], path), (old, new)


def test_consistency_at_the_ends():
    """From the empty tree and from a tree to itself the proof is empty, and nothing else is accepted."""
    assert consistency(0, 9, node) == consistency(9, 9, node) == ()
    assert consistent(0, EMPTY_ROOT, 9, ROOTS[9], ())
    assert consistent(9, ROOTS[9], 9, ROOTS[9], ())
    assert not consistent(0, ROOTS[1], 9, ROOTS[9], ())
    assert not consistent(9, ROOTS[9], 9, ROOTS[8], ())
    assert not consistent(9, ROOTS[9], 9, ROOTS[9], (ROOTS[1],))
    assert not consistent(9, ROOTS[9], 8, ROOTS[8], ())


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_no_path_for_no_leaf(index, size):
    """Asking for a leaf that is not there is the caller's mistake."""
    with pytest.raises(ValueError, match="no leaf"):
        inclusion(index, size, node)
    assert root_from_inclusion(index, size, LEAVES[0], ()) is None


def test_altered_inclusion_proofs_fail():
    """Each hash flipped, dropped, doubled or swapped, and each other index: never the same root."""
    for size in (1, 2, 3, 7, 8, 13, 64, 100):
        for index in range(size):
            path = list(inclusion(index, size, node))
            wrong = [[*path[:at], bytes(32), *path[at + 1 :]] for at in range(len(path))]
            wrong += [[*path[:at], *path[at + 1 :]] for at in range(len(path))]
            wrong += [[*path, bytes(32)], [bytes(32), *path]]
            wrong += [[*path[:at], path[at + 1], path[at], *path[at + 2 :]] for at in range(len(path) - 1)]
            assert all(root_from_inclusion(index, size, LEAVES[index], each) != ROOTS[size] for each in wrong)
            others = [other for other in range(size) if other != index]
            assert all(root_from_inclusion(other, size, LEAVES[index], path) != ROOTS[size] for other in others)


def test_altered_consistency_proofs_fail():
    """Each hash flipped, dropped or added, and each other root: never consistent."""
    for new in (2, 3, 7, 8, 13, 64):
        for old in range(1, new):
            path = list(consistency(old, new, node))
            wrong = [[*path[:at], bytes(32), *path[at + 1 :]] for at in range(len(path))]
            wrong += [[*path[:at], *path[at + 1 :]] for at in range(len(path))]
            wrong += [[*path, bytes(32)]]
            assert not any(consistent(old, ROOTS[old], new, ROOTS[new], each) for each in wrong), (old, new)
            assert not consistent(old, ROOTS[old - 1], new, ROOTS[new], path)
            assert not consistent(old, ROOTS[old], new, ROOTS[new - 1], path)


@given(st.binary(max_size=100))
def test_a_node_never_passes_for_an_entry(entry):
    """Seeded fault: without the prefix byte an entry made of two hashes would hash like their parent."""
    pair = LEAVES[0] + LEAVES[1]
    assert leaf_hash(pair) != node_hash(LEAVES[0], LEAVES[1])
    assert leaf_hash(entry) != leaf_hash(b"\x01" + entry)
