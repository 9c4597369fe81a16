"""The most likely label of each token of a chain, and how likely it is: forward and backward over stretches side by
side.

Most tokens of a text are surely nothing; only the stretches where something may be are read as chains, each beginning
and ending in `O`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

LEAST = 4.0  # a token whose best label is this far behind `O` is nothing
JOIN = 2  # stretches that are nearer than this are one
LONGEST = 64  # tokens of a stretch
TOGETHER = 1024  # stretches that are read at a time
_FAR = 40.0  # a score this far before `O` is as good as endlessly far


def stretches(scores: Floats) -> tuple[Places, Places]:
    """Where a label other than `O` is possible: first tokens, and those behind the last."""
    near = np.flatnonzero(scores[:, 1:].max(axis=1) > scores[:, 0] - LEAST)
    if not len(near):
        return near, near
    breaks = np.flatnonzero(np.diff(near) > JOIN)
    starts, ends = near[np.concatenate(([0], breaks + 1))], near[np.concatenate((breaks, [len(near) - 1]))] + 1
    pieces = -(-(ends - starts) // LONGEST)
    within = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    starts = np.repeat(starts, pieces) + within * LONGEST
    return starts, np.minimum(starts + LONGEST, np.repeat(ends, pieces))


def read(scores: Floats, moves: Floats) -> tuple[Places, Floats]:
    """The label of each token, and its probability given the text.

    Args:
        scores: tokens x labels.
        moves: labels x labels, from the one before to the one after.
    """
    labels = np.zeros(len(scores), np.intp)
    sure = np.ones(len(scores), np.float32)
    starts, ends = stretches(scores)
    order = np.argsort(ends - starts, kind="stable")
    odds = np.exp(moves)
    for at in range(0, len(order), TOGETHER):
        some = order[at : at + TOGETHER]
        _together(scores, odds, starts[some], (ends - starts)[some], labels, sure)
    return labels, sure


def _together(scores: Floats, odds: Floats, starts: Places, sizes: Places, labels: Places, sure: Floats) -> None:
    steps = int(sizes.max())
    places = np.minimum(starts + np.arange(steps)[:, None], len(scores) - 1)
    inside = np.arange(steps)[:, None] < sizes
    own = scores[places]
    own = np.exp(np.minimum(own - own[:, :, :1], _FAR))
    every = np.ones((own.shape[2], 1), np.float32)  # a product is quicker than a sum over few columns
    nothing = np.zeros(own.shape[2], np.float32)
    nothing[0] = 1.0  # behind its end a stretch is all `O`, which changes nothing
    own[~inside] = nothing
    forward = np.empty_like(own)
    at = own[0] * odds[0]
    for step in range(steps):
        if step:
            at = (at @ odds) * own[step]
        at /= at @ every
        forward[step] = at
    back = np.broadcast_to(odds[:, 0], at.shape)
    for step in range(steps - 1, -1, -1):
        forward[step] *= back
        back = (own[step] * back) @ odds.T
        back /= back @ every
    forward /= forward @ every
    best = forward.argmax(axis=2)
    labels[places[inside]] = best[inside]
    sure[places[inside]] = np.take_along_axis(forward, best[:, :, None], 2)[:, :, 0][inside]
