"""Running text: which kinds stand where.

    fold -> tokens -> shape -> detectors that accept the shape -> check -> odds -> overlaps
    fold -> prose (plates, keys, names, addresses) -----------> check -> odds -/

The odds of a candidate are its kind's prior, the rarity of a chance pass, and the words around it, in bits; it is
reported when they are even or better. Spans refer to the text as given.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from guard.classify import context, prose, said
from guard.classify.context import Around
from guard.classify.fold import fold
from guard.classify.odds import clip, probability
from guard.classify.overlap import resolve
from guard.classify.page import page_of
from guard.classify.reading import PLANS, REPORT_BITS, Entry, Plan, Pool, entry_of, held
from guard.classify.registry import detectors
from guard.classify.shape import shape_of
from guard.classify.token import INSIDE, LONGEST, windows
from guard.model import Evidence, Finding

CHUNK = 131_072  # characters that are read at a time: their tables stay in the cache of the processor
SEAM = 8_192  # a piece ends with the last line that ends in its last characters
OVERLAP = 512  # ... and where no line ends, pieces overlap, so that a value across the seam is found
MOST_TAKEN = 32  # readings of one run that hide their parts

_ASKS_WORDS = frozenset({"person.address_zh"})  # the others have the words around them in their bits

Scored = tuple[float, Finding]


def classify_text(text: str, *, names: bool = True, chain: bool = True) -> list[Finding]:
    """The kinds found in `text`, in order of position, without overlaps.

    Args:
        text: any text; the size is not limited, it is read in pieces of a million characters.
        names: also look for people, addresses, places, organisations and dates, which costs most of the time.
        chain: read Latin letters with the trained chain; without it, by the lists of frequent names alone.

    >>> [(finding.kind, finding.start, finding.end) for finding in classify_text("手机号13800138000")]
    [('cn.mobile', 3, 14)]
    """
    folded, origin = fold(text)
    scored: list[Scored] = []
    for start, end in _pieces(folded):
        _Reader(folded[start:end], start, scored).read(names=names, chain=chain)
    found = resolve(scored)
    if isinstance(origin, range):
        return found
    return [
        Finding(finding.kind, origin[finding.start], origin[finding.end - 1] + 1, finding.score, finding.evidence)
        for finding in found
    ]


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """A text in pieces that end at the end of a line; where there is none they overlap."""
    start = 0
    while len(text) - start > CHUNK:
        line = text.rfind("\n", start + CHUNK - SEAM, start + CHUNK) + 1
        yield start, line or start + CHUNK
        start = line or start + CHUNK - OVERLAP
    yield start, len(text)


class _Reader:
    """Reads one piece of a text, and adds what it finds, `shift` characters on, to `scored`."""

    __slots__ = ("_lower", "_scored", "_shift", "_text")

    def __init__(self, text: str, shift: int, scored: list[Scored]) -> None:
        self._text = text
        self._lower = ""
        self._shift = shift
        self._scored = scored

    def read(self, *, names: bool, chain: bool) -> None:
        """Runs, then prose, then names and addresses when they are asked for."""
        page = page_of(self._text)
        self._lower = page.lower
        for first, last in page.runs:
            if last - first <= LONGEST:
                plan = PLANS[page.shapes[first:last]]
                if not plan.idle:  # most runs: times, amounts, versions
                    self._run(first, plan)
            else:
                for start, end in windows(first, last):
                    self._run(start, PLANS[page.shapes[start:end]])
        known = detectors()
        for kind, start, end in prose.identifiers(page):
            value = self._text[start:end]
            if known[kind].check(value):
                around = Around(self._text, start, end)
                self._score(entry_of(known[kind], shape_of(value)), around, start, end, 0.0)
        if names:
            for kind, start, end, bits in prose.names(self._text, chain=chain):
                self._named(start, end, kind, bits)

    def _run(self, first: int, plan: Plan) -> None:
        """Reads one run, coarse readings first; what a sure reading covers is not read in parts."""
        whole = plan.whole
        if whole is not None and self._try(first + whole.start, first + whole.end, whole.pool, whole.cut):
            return
        any_hit = False
        taken: list[tuple[int, int]] = []
        for reading in plan.rest():
            start, end = first + reading.start, first + reading.end
            if taken and any(a <= start and end <= b for a, b in taken):
                continue
            hit = self._try(start, end, reading.pool, reading.cut)
            any_hit = any_hit or hit
            if hit and reading.cut != INSIDE and len(taken) < MOST_TAKEN:
                taken.append((start, end))
        if plan.number is not None and not any_hit:
            self._said(first + plan.number[0], first + plan.number[1])

    def _said(self, start: int, end: int) -> None:
        """A number that no detector knows is what the words beside it say."""
        kind, word = said.kind_of(self._text, self._lower, start, end)
        if kind:
            value = Evidence("value", "has the form of such numbers", 0.0)
            finding = Finding(
                kind, start + self._shift, end + self._shift, _probability(said.BITS), (value, _word(word, said.BITS))
            )
            self._scored.append((said.BITS, finding))

    def _try(self, start: int, end: int, pool: Pool, cut: float) -> bool:
        """Checks one part against the kinds that it can be; true when one of them stands."""
        value = self._text[start:end]
        around: Around | None = None
        hit = False
        for entry in pool.alone:
            if (not entry.prefixes or value.startswith(entry.prefixes)) and entry.check(value):
                around = around or Around(self._text, start, end)
                hit = self._score(entry, around, start, end, cut) or hit
        if pool.index is not None and pool.index.maybe(self._text, self._lower, start, end):
            around = around or Around(self._text, start, end)
            for index in pool.index.seen(around):
                entry = pool.asking[index]
                if (not entry.prefixes or value.startswith(entry.prefixes)) and entry.check(value):
                    hit = self._score(entry, around, start, end, cut) or hit
        return hit

    def _score(self, entry: Entry, around: Around, start: int, end: int, cut: float) -> bool:
        near, word = around.bits(entry.words)
        bits, evidence = held(entry, near, cut)
        if bits < REPORT_BITS:
            return False
        if near:
            evidence += (_word(word, near),)
        if cut:
            evidence += (_CUT[cut],)
        shift = self._shift
        self._scored.append((bits, Finding(entry.kind, start + shift, end + shift, _probability(bits), evidence)))
        return True

    def _named(self, start: int, end: int, kind: str, bits: float) -> None:
        near, word = context.bits(self._text, start, end, detectors()[kind]) if kind in _ASKS_WORDS else (0.0, "")
        near = max(near, 0.0)
        total = clip(bits + near, 10.0)
        if total < REPORT_BITS:
            return
        evidence = [Evidence("value", "reads as one, by its parts and its neighbours", total - near)]
        if near:
            evidence.append(_word(word, near))
        shift = self._shift
        self._scored.append((total, Finding(kind, start + shift, end + shift, _probability(total), tuple(evidence))))


@lru_cache(maxsize=4096)
def _word(word: str, bits: float) -> Evidence:
    return Evidence("context", f"word {word}", bits)


_probability = lru_cache(maxsize=4096)(probability)
_CUT = {INSIDE: Evidence("context", "part of a longer code", INSIDE)}
