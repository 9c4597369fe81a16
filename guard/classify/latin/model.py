"""The weights, and what they say of each token of a text by itself and its neighbours.

`model.bin` is written by `python -m training fit`. A weight is a signed byte: a row for each hashed feature, a column
for each label. The tables of a spelling are added up once and remembered, so that a text costs a few gathers.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from guard.classify.latin import lexicon
from guard.classify.latin.features import REACH, ROWS, seen

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

FILE = "model.bin"
FORBIDDEN = -1e4
EDGE = "\n\n"  # before and after a text is an empty line
# Pairs of classes: the offsets of the two tokens.
PAIRS = ((-1, 0), (0, 1), (-1, 1), (-2, -1), (1, 2))
_REMEMBERED = 32_768  # spellings


@dataclass(frozen=True)
class Model:
    """A linear chain.

    Attributes:
        labels: `O`, then `B-X` and `I-X` for each kind of thing X.
        weights: a row a feature, a column a label.
        scale: what one step of a weight is worth.
        moves: from the label of a token to that of the next.
    """

    labels: tuple[str, ...]
    weights: npt.NDArray[np.int8]
    scale: float
    moves: Floats


def pack(model: Model) -> bytes:
    """The file of a model."""
    head = json.dumps({"v": 1, "labels": model.labels, "scale": model.scale}).encode()
    body = model.moves.astype("<f4").tobytes() + np.ascontiguousarray(model.weights.T).tobytes()
    return zlib.compress(len(head).to_bytes(4, "little") + head + body, 9)


def unpack(content: bytes) -> Model:
    """The model of a file."""
    raw = zlib.decompress(content)
    size = int.from_bytes(raw[:4], "little")
    head = json.loads(raw[4 : 4 + size])
    labels = tuple(head["labels"])
    count, at = len(labels), 4 + size
    moves = np.frombuffer(raw, "<f4", count * count, at).reshape(count, count)
    weights = np.frombuffer(raw, np.int8, ROWS * count, at + moves.nbytes).reshape(count, ROWS)
    return Model(labels, np.ascontiguousarray(weights.T), float(head["scale"]), moves)


def content() -> bytes:
    """The two files that decide, for the version of the rules."""
    folder = files(__package__)
    return (folder / FILE).read_bytes() + (folder / lexicon.FILE).read_bytes()


@cache
def model() -> Model:
    """The model that guard comes with, read once."""
    return unpack((files(__package__) / FILE).read_bytes())


def pair_rows(classes: Integers) -> list[npt.NDArray[np.intp]]:
    """The rows of the pairs around each token but `REACH` at either end.

    Args:
        classes: the classes of the tokens, edges included.
    """
    inner = len(classes) - 2 * REACH
    unsigned = classes.astype(np.uint64)
    rows = []
    for salt, (left, right) in enumerate(PAIRS):
        one = unsigned[REACH + left : REACH + left + inner] * np.uint64(0x9E3779B97F4A7C15)
        two = unsigned[REACH + right : REACH + right + inner] * np.uint64(0xC2B2AE3D27D4EB4F)
        mixed = one + two + np.uint64(salt * 0x165667B19E3779F9)
        rows.append(((mixed >> np.uint64(40)) & np.uint64(ROWS - 1)).astype(np.intp))
    return rows


@lru_cache(maxsize=_REMEMBERED)
def _table(word: str) -> tuple[Floats, int]:
    """What a spelling says of the tokens two after it to two before it."""
    weights = model().weights
    *rows, group = seen(word)
    return np.stack([weights[list(one)].sum(axis=0, dtype=np.float32) for one in rows]), group


def scores(words: list[str]) -> Floats:
    """The score of each label for each token, without its neighbours' labels."""
    edged = [EDGE] * REACH + words + [EDGE] * REACH
    kinds = {word: number for number, word in enumerate(dict.fromkeys(edged))}
    ids = np.fromiter(map(kinds.__getitem__, edged), np.intp, len(edged))
    made = [_table(word) for word in kinds]
    tables = np.stack([table for table, _ in made])
    classes = np.fromiter((group for _, group in made), np.int64, len(made))[ids]
    count = len(words)
    total = tables[ids[0:count], 0].copy()
    for offset in range(1, 2 * REACH + 1):
        total += tables[ids[offset : offset + count], offset]
    weights = model().weights
    for rows in pair_rows(classes):
        total += weights[rows]
    scaled: Floats = total * np.float32(model().scale)
    return scaled
