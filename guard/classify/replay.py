"""A verdict, said again from its record alone: does its evidence add up, and what would change it.

No data is read. The record holds the evidence with its weights in bits of log-odds; their sum is the score, and the
probability is 1 / (1 + 2^-score).
"""

from __future__ import annotations

from math import inf, log2

from guard.classify.odds import probability
from guard.model import FieldLabel, Value

TOLERANCE = 1e-9  # of a probability that was added up in another order


class Replay(Value, frozen=True):
    """What the record of a label says.

    `bits` is the sum of the weights, `score` the probability it stands for, `adds_up` whether that is the recorded one.
    `turning` says, a sentence each, what would change the verdict.
    """

    bits: float
    score: float
    adds_up: bool
    turning: tuple[str, ...]


def replay(label: FieldLabel, *, version: str = "") -> Replay:
    """Adds up the evidence of a label; `version` is that of the rules of now."""
    bits = sum(item.weight for item in label.evidence)
    score = probability(bits) if label.evidence else 0.0
    return Replay(bits, score, abs(score - label.score) <= TOLERANCE, tuple(_turning(label, bits, version)))


def _turning(label: FieldLabel, bits: float, version: str) -> list[str]:
    said = []
    if label.verdict == "not_scanned":
        said.append(f"reading it: it was not looked at, because {label.reason or 'no reason was kept'}")
    elif label.verdict == "sensitive":
        alone = [item for item in label.evidence if item.weight > 0 and item.weight > bits]
        said += [f"without `{item.detail}` ({item.weight:+.2f} bits) it would not be a finding" for item in alone]
        if not alone:
            said.append(f"no single piece of evidence: {bits:.2f} bits would have to go")
    else:
        if label.evidence:
            against = [item for item in label.evidence if item.weight < 0 and bits - item.weight >= 0]
            said += [f"without `{item.detail}` ({item.weight:+.2f} bits) it would be a finding" for item in against]
            said.append(f"{-bits:.2f} bits more for its best kind would make it a finding")
        said.append(
            f"values that were not read: with {label.looked_at} looked at and none found, up to"
            f" {label.upper_bound:.4%} of all values can be sensitive at 95 % confidence"
        )
    best = max(label.others, key=lambda other: other[1], default=None)
    if best is not None and label.label is not None and label.evidence:
        gap = bits - _bits(best[1])
        said.append(f"{abs(gap):.2f} bits {'more for' if gap > 0 else 'less for'} `{best[0]}` would put it first")
    if version and label.rules_version and version != label.rules_version:
        said.append(f"the rules are {version} now: the next scan weighs it again")
    return said


def _bits(likely: float) -> float:
    return log2(likely / (1.0 - likely)) if 0.0 < likely < 1.0 else (inf if likely >= 1.0 else -inf)
