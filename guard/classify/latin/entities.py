"""What the chain finds in a text: people, addresses, places, organisations, occupations, nationalities, titles and
ages."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

import numpy as np

from guard.classify.latin import lattice
from guard.classify.latin.model import model, scores

KINDS = {
    "PER": "person.name_en",
    "ADR": "person.address_en",
    "LOC": "place.name",
    "ORG": "org.name",
    "JOB": "person.occupation",
    "NRP": "person.nationality",
    "TTL": "person.title",
    "AGE": "person.age",
}
MOST_BITS = 9.0
_BLOCK = 50_000  # tokens that are scored at a time


def find(words: list[str], starts: list[int]) -> Iterator[tuple[str, int, int, float]]:
    """The things in a text as `(kind, start, end, bits)`.

    Args:
        words: its tokens.
        starts: where each begins.

    >>> from guard.classify.latin.tokens import tokens
    >>> [(kind, start, end) for kind, start, end, _ in find(*tokens("My name is John Smith."))]
    [('person.name_en', 11, 21)]
    """
    for at in range(0, len(words), _BLOCK):
        yield from _block(words[at : at + _BLOCK], starts[at : at + _BLOCK])


def _block(words: list[str], starts: list[int]) -> Iterator[tuple[str, int, int, float]]:
    made = model()
    labels, sure = lattice.read(scores(words), made.moves)
    inside = np.flatnonzero(labels).tolist()
    names = [made.labels[label] for label in labels.tolist()]
    position = 0
    while position < len(inside):
        first = last = inside[position]
        kind = names[first][2:]
        position += 1
        while position < len(inside) and inside[position] == last + 1 and names[last + 1] == f"I-{kind}":
            last += 1
            position += 1
        if kind != "AGE" and not any(word[0].isalpha() for word in words[first : last + 1]):
            continue  # a number by itself is for the detectors
        chance = min(max(float(sure[first : last + 1].min()), 1e-6), 1.0 - 1e-6)
        bits = min(MOST_BITS, log2(chance / (1.0 - chance)))
        yield KINDS[kind], starts[first], starts[last] + len(words[last]), bits
