"""Fits the chain: a conditional random field, by mini-batches with a step for each weight (Adagrad)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import scipy.sparse as sp

from guard.classify.latin.features import REACH, ROWS, seen
from guard.classify.latin.model import EDGE, FORBIDDEN, Model, pair_rows
from guard.classify.latin.tokens import tokens
from training.sentences import Span
from training.sources import common

KINDS = ("PER", "ADR", "LOC", "ORG", "JOB", "NRP", "TTL", "AGE")
LABELS = ("O", *(f"{part}-{kind}" for kind in KINDS for part in "BI"))
SHAKEN = 0.12  # share of the words
_seen = lru_cache(maxsize=400_000)(seen)


def forbidden() -> np.ndarray:
    """The moves that cannot be: into the middle of a thing from outside it."""
    bad = np.zeros((len(LABELS), len(LABELS)), np.float32)
    for i, one in enumerate(LABELS):
        for j, other in enumerate(LABELS):
            if other[0] == "I" and one[2:] != other[2:]:
                bad[i, j] = FORBIDDEN
    return bad


def labelled(text: str, spans: Sequence[Span]) -> tuple[list[str], list[int]]:
    """The tokens of a text and their labels."""
    words, starts = tokens(text)
    labels = [0] * len(words)
    for kind, start, end in spans:
        inside = [i for i, at in enumerate(starts) if start <= at < end]
        for position, i in enumerate(inside):
            labels[i] = LABELS.index(f"{'I' if position else 'B'}-{kind}")
    return words, labels


def shaken(words: list[str], labels: list[int], r: random.Random) -> list[str]:
    """The tokens with some of the words around things put in the place of others: contexts are never quite the same."""
    known = common()
    return [
        r.choice(known) if not label and len(word) > 3 and word.islower() and r.random() < SHAKEN else word
        for word, label in zip(words, labels, strict=True)
    ]


def rows_of(words: list[str]) -> list[list[int]]:
    """The rows of each token."""
    edged = [EDGE] * REACH + words + [EDGE] * REACH
    looked = [_seen(word) for word in edged]
    pairs = [rows.tolist() for rows in pair_rows(np.array([one[5] for one in looked], np.int64))]
    return [
        [row for offset in range(2 * REACH + 1) for row in looked[i + offset][offset]] + [rows[i] for rows in pairs]
        for i in range(len(words))
    ]


class Batch:
    """Some texts of about one length."""

    def __init__(self, texts: Sequence[tuple[list[str], list[int]]]) -> None:
        self.sizes = np.array([len(words) for words, _ in texts])
        self.steps = int(self.sizes.max())
        indices: list[int] = []
        pointers = [0]
        for words, _ in texts:
            for rows in rows_of(words):
                indices += rows
                pointers.append(len(indices))
        self.used, local = np.unique(np.array(indices), return_inverse=True)
        self.features = sp.csr_matrix(
            (np.ones(len(local), np.float32), local, pointers), shape=(len(pointers) - 1, len(self.used))
        )
        self.labels = np.concatenate([np.array(labels) for _, labels in texts])
        self.sequence = np.repeat(np.arange(len(texts)), self.sizes)
        self.place = np.concatenate([np.arange(size) for size in self.sizes])


def _lse(values: np.ndarray, axis: int) -> np.ndarray:
    most = values.max(axis=axis, keepdims=True)
    return np.log(np.exp(values - most).sum(axis=axis)) + most.squeeze(axis)


def gradient(batch: Batch, scores: np.ndarray, moves: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss, and its slope by the scores and by the moves."""
    count = scores.shape[1]
    padded = np.full((batch.steps + 1, len(batch.sizes), count), -1e4, np.float32)
    padded[:, :, 0] = 0.0
    padded[batch.place, batch.sequence] = scores
    forwards = [padded[0] + moves[0]]
    for step in range(1, batch.steps + 1):
        forwards.append(_lse(forwards[-1][:, :, None] + moves, 1) + padded[step])
    total = _lse(forwards[-1], 1)
    backward = np.zeros_like(total[:, None]) + np.zeros(count, np.float32)
    chances = np.zeros_like(padded)
    by_moves = np.zeros_like(moves)
    chances[-1] = np.exp(forwards[-1] - total[:, None])
    for step in range(batch.steps - 1, -1, -1):
        onward = padded[step + 1] + backward
        joint = np.exp(forwards[step][:, :, None] + moves + onward[:, None, :] - total[:, None, None])
        by_moves += joint.sum(axis=0)
        backward = _lse(moves + onward[:, None, :], 2)
        chances[step] = np.exp(forwards[step] + backward - total[:, None])
    by_moves[0] += chances[0].sum(axis=0)
    truth = np.zeros((batch.steps + 1, len(batch.sizes)), int)
    truth[batch.place, batch.sequence] = batch.labels
    before = np.vstack((np.zeros((1, truth.shape[1]), int), truth[:-1]))
    np.subtract.at(by_moves, (before, truth), 1.0)
    rows = np.arange(len(scores))
    by_scores = chances[batch.place, batch.sequence]
    gold = scores[rows, batch.labels].sum() + moves[before, truth].sum()
    by_scores[rows, batch.labels] -= 1.0
    return float(total.sum() - gold), by_scores, by_moves


def fit(texts: list[tuple[list[str], list[int]]], *, epochs: int, size: int, decay: float, seed: int) -> Model:
    """The model of the labelled texts."""
    count = len(LABELS)
    weights = np.zeros((ROWS, count), np.float32)
    squares = np.full_like(weights, 1e-3)
    bad = forbidden()
    moves, moved = np.zeros((count, count), np.float32), np.full((count, count), 1e-2, np.float32)
    r = random.Random(seed)
    ordered = sorted(texts, key=lambda text: len(text[0]))
    batches = [Batch(ordered[at : at + size]) for at in range(0, len(ordered), size)]
    for epoch in range(epochs):
        r.shuffle(batches)
        lost = tokens_read = 0.0
        rate = 0.15 * (1.0 - epoch / (epochs + 1))
        for batch in batches:
            local = weights[batch.used]
            loss, by_scores, by_moves = gradient(batch, batch.features @ local, moves + bad)
            slope = batch.features.T @ by_scores + decay * len(batch.sizes) / len(texts) * local
            squares[batch.used] += slope * slope
            weights[batch.used] = local - rate * slope / np.sqrt(squares[batch.used])
            moved += by_moves * by_moves
            moves -= rate * by_moves / np.sqrt(moved)
            lost += loss
            tokens_read += len(batch.labels)
        print(f"epoch {epoch + 1}: loss {lost / tokens_read:.4f} a token", flush=True)
    scale = float(np.abs(weights).max()) / 127.0
    scale = min(scale, 0.03)
    steps = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
    return Model(LABELS, steps, scale, (moves + bad).astype(np.float32))
