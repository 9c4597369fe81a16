"""Which of several overlapping findings stand: the one with more evidence, then the longer one, then the first by
id."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from math import log2

from guard.classify.odds import MOST_BITS, probability
from guard.model import Evidence, Finding

EVEN = 0.5
AGREE_BITS = 2.0  # another source sees the same kind in the same place


def resolve(candidates: Iterable[tuple[float, Finding]]) -> list[Finding]:
    """The findings that stand, in order of position; `candidates` come with their bits.

    >>> a, b = Finding("a", 0, 4, 0.9), Finding("b", 2, 6, 0.8)
    >>> [finding.kind for finding in resolve([(1.0, b), (2.0, a)])]
    ['a']
    """
    kept: list[Finding] = []
    cluster: list[tuple[float, Finding]] = []
    end = 0
    for item in sorted(candidates, key=_start):
        finding = item[1]
        if finding.start >= end and cluster:
            kept += _best(cluster)
            cluster = []
        cluster.append(item)
        end = max(end, finding.end)
    return kept + _best(cluster)


def _start(item: tuple[float, Finding]) -> int:
    return item[1].start


def _best(cluster: list[tuple[float, Finding]]) -> list[Finding]:
    """The findings that stand among some that hang together, in order of position."""
    if len(cluster) <= 1:
        return [finding for _, finding in cluster]
    ranked = sorted(cluster, key=lambda item: (-item[0], item[1].start - item[1].end, item[1].start, item[1].kind))
    starts: list[int] = []
    kept: list[Finding] = []
    for _, finding in ranked:
        at = bisect_left(starts, finding.start)
        if at < len(kept) and kept[at].start < finding.end:
            continue
        if at and kept[at - 1].end > finding.start:
            continue
        starts.insert(at, finding.start)
        kept.insert(at, finding)
    return kept


def combine(ours: list[Finding], theirs: list[Finding]) -> list[Finding]:
    """Our findings with what other sources say: agreement adds evidence, what only they see is added where ours do
    not stand.

    >>> mine, same, new = Finding("a", 0, 4, 0.8), Finding("a", 0, 4, 0.5), Finding("b", 6, 9, 0.7)
    >>> [(finding.kind, round(finding.score, 2)) for finding in combine([mine], [same, new])]
    [('a', 0.94), ('b', 0.7)]
    """
    if not theirs:
        return ours
    spots = {(finding.kind, finding.start, finding.end): finding for finding in theirs}
    agreed = []
    for finding in ours:
        other = spots.get((finding.kind, finding.start, finding.end))
        if other is not None:
            detail = other.evidence[0].detail if other.evidence else "another source"
            source = other.evidence[0].source if other.evidence else "user"
            before = _bits(finding.score)
            bits = max(before, min(MOST_BITS, before + AGREE_BITS))
            evidence = (*finding.evidence, Evidence(source, detail, bits - before))
            agreed.append(Finding(finding.kind, finding.start, finding.end, probability(bits), evidence))
        else:
            agreed.append(finding)
    free = [(finding.score, finding) for finding in theirs if finding.score >= EVEN and not _touches(finding, agreed)]
    return sorted([*agreed, *resolve(free)], key=lambda finding: finding.start)


def _touches(finding: Finding, others: list[Finding]) -> bool:
    at = bisect_left(others, finding.start, key=lambda other: other.start)
    after = at < len(others) and others[at].start < finding.end
    return after or (at > 0 and others[at - 1].end > finding.start)


def _bits(score: float) -> float:
    return MOST_BITS if score >= 1.0 else log2(score / (1.0 - score))
