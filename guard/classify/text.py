"""Running text: which kinds stand where.

    fold -> tokens -> shape -> detectors that accept the shape -> check -> odds -> overlaps
    fold -> prose (plates, keys, names, addresses) -----------> check -> odds -/

The odds of a candidate are its kind's prior, the rarity of a chance pass, and the words around it, in bits; it is
reported when they are even or better. Spans refer to the text as given.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.classify import context, prose
from guard.classify.detector import Detector
from guard.classify.fold import fold
from guard.classify.odds import clip, probability, rarity
from guard.classify.overlap import resolve
from guard.classify.registry import detectors, token_dispatch
from guard.classify.shape import shape_of
from guard.classify.token import INSIDE, RUN, readings, windows
from guard.model import Evidence, Finding

CHUNK = 1_000_000  # characters that are read at a time; a value across the seam is found because chunks overlap
OVERLAP = 512
SHORTEST = 5  # characters of a token that can be anything
MOST_TAKEN = 32  # readings of one run that hide their parts
REPORT_BITS = 0.0
WRITTEN_BITS = 3.0  # the way it is written is evidence by itself
_COMPACT = str.maketrans("", "", " -")

Scored = tuple[float, Finding]


def classify_text(text: str, *, names: bool = True) -> list[Finding]:
    """The kinds found in `text`, in order of position, without overlaps.

    Args:
        text: any text; the size is not limited, it is read in pieces of a million characters.
        names: also look for personal names and addresses, which costs most of the time.

    >>> [(finding.kind, finding.start, finding.end) for finding in classify_text("手机号13800138000")]
    [('cn.mobile', 3, 14)]
    """
    folded, origin = fold(text)
    if len(folded) <= CHUNK:
        scored = list(_scan(folded, names=names))
    else:
        scored = []
        for start in range(0, len(folded), CHUNK - OVERLAP):
            scored += (
                (bits, _moved(finding, start)) for bits, finding in _scan(folded[start : start + CHUNK], names=names)
            )
    found = resolve(scored)
    if isinstance(origin, range):
        return found
    return [
        Finding(finding.kind, origin[finding.start], origin[finding.end - 1] + 1, finding.score, finding.evidence)
        for finding in found
    ]


def _moved(finding: Finding, by: int) -> Finding:
    return Finding(finding.kind, finding.start + by, finding.end + by, finding.score, finding.evidence)


def _scan(text: str, *, names: bool) -> Iterator[Scored]:
    yield from _tokens(text)
    known = detectors()
    for kind, start, end, extra in prose.identifiers(text):
        detector = known[kind]
        if detector.check(text[start:end]):
            yield from _scored(text, start, end, detector, extra)
    if names:
        for kind, start, end, bits in prose.names(text):
            yield from _named(text, start, end, known[kind], bits)


def _tokens(text: str) -> Iterator[Scored]:
    for run in RUN.finditer(text):
        for start, end in windows(*run.span()):
            yield from _run(text, start, end)


def _run(text: str, first: int, last: int) -> Iterator[Scored]:
    """Reads one run, coarse readings first; what a sure reading covers is not read in parts."""
    dispatch = token_dispatch()
    taken: list[tuple[int, int]] = []
    for start, end, cut in readings(text, first, last):
        if end - start < SHORTEST or any(a <= start and end <= b for a, b in taken):
            continue
        token = text[start:end]
        shape = shape_of(token)
        candidates = dispatch.of_shape(shape)
        compact = shape.translate(_COMPACT)
        if len(compact) != len(shape):
            candidates += tuple(d for d in dispatch.of_shape(compact) if d not in candidates)
        for detector in candidates:
            if detector.prefixes and not token.startswith(detector.prefixes):
                continue
            if not detector.check(token):
                continue
            for scored in _scored(text, start, end, detector, cut):
                if cut != INSIDE and len(taken) < MOST_TAKEN:
                    taken.append((start, end))
                yield scored


def _scored(text: str, start: int, end: int, detector: Detector, cut: float) -> Iterator[Scored]:
    rare = rarity(detector.pass_rate)
    if detector.written is not None and detector.written.fullmatch(shape_of(text[start:end])):
        rare += WRITTEN_BITS
    near, word = context.bits(text, start, end, detector)
    bits = clip(detector.prior + rare + near + cut)
    if bits < REPORT_BITS:
        return
    evidence = [
        Evidence("prior", "how common the kind is among texts of this shape", detector.prior),
        Evidence("value", "passes the rules of the kind", bits - detector.prior - near - cut),
    ]
    if near:
        evidence.append(Evidence("context", f"word {word}", near))
    if cut:
        evidence.append(Evidence("context", "part of a longer code", cut))
    yield bits, Finding(detector.id, start, end, probability(bits), tuple(evidence))


def _named(text: str, start: int, end: int, detector: Detector, bits: float) -> Iterator[Scored]:
    near, word = (0.0, "") if detector.id == "person.name_zh" else context.bits(text, start, end, detector)
    near = max(near, 0.0)
    total = clip(bits + near, 10.0)
    if total < REPORT_BITS:
        return
    evidence = [Evidence("value", "reads as one, by its parts and its neighbours", total - near)]
    if near:
        evidence.append(Evidence("context", f"word {word}", near))
    yield total, Finding(detector.id, start, end, probability(total), tuple(evidence))
