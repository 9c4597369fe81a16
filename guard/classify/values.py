"""What the values of a column say, kind by kind, in bits.

Shapes first: values of one shape share the detectors that can accept it, so most columns are decided by a few
dictionary look-ups. Texts are read as texts, a bounded number of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from guard.classify.cells import Cells
from guard.classify.detector import Detector
from guard.classify.odds import clip, of_few, of_values
from guard.classify.registry import column_dispatch, detectors
from guard.classify.text import classify_text

_LONG = 40  # characters from which a value is read as text ...
_TEXT_FROM = 12  # ... or this many with Chinese or spaces in it
_TEXT_LENGTH = 4_000  # characters of one text that are read
_ALIKE, _ALIKE_AFTER = 0.95, 40  # texts of which this share is nothing but one kind, after so many
_TEXT_SCORE = 0.7  # findings below it do not count for a column
_WHOLE = 0.8  # share of a text that a finding covers when the text is nothing else
_LOOSE_TEXT_RATE = 0.02  # how often a text holds a chance name
_TEXT_RATE = 1e-4  # ... or a chance identifier
_NUMBER_FROM = 7  # digits that words can stand around
_SPREAD_FROM = 8  # characters
_SPREAD_TAIL = 4  # digits that a sequence runs through
_LOOSE_RATE = 0.02  # as in `odds.of_values`: above it only a column full of the kind counts
_FIRST = 64  # distinct values of a shape that are tried first
_FEW = 8  # ... or for a kind that stands only beside a word
_ASKS_FOR_A_WORD = -7.0  # bits of prior
_COMPACT = str.maketrans("", "", " -")
_FEW_SHARE = 0.05  # of the cells: fewer are judged by the values of their own form
_STRICT_RATE = 1e-3
_PROVES = 12.0  # bits: the ceiling from which a form is its own proof, even in a column of other things
_WEAK_CEILING = 1.0
_WORDS_CEILING = 3.0  # of kinds that are words of a list
_TEXT_CEILING = 14.0  # values in texts had their own context


@dataclass
class Seen:
    """What one kind's detector made of a column: which distinct values pass, and how sure that makes."""

    hits: set[int] = field(default_factory=set)
    written: int = 0
    in_texts: int = 0
    whole_texts: int = 0  # texts that are nothing but the kind
    tried: int = 0  # values of a form that the detector reads
    cells: int = 0  # that hold a value which passes
    spread: int | None = None  # how many independent values the hits are worth, where the values are gone


@dataclass(frozen=True)
class Observed:
    """What all detectors made of a column: enough to weigh it again under other rules, without its values."""

    kinds: Mapping[str, Seen]
    read: int  # texts that were read
    unread: int = 0  # texts that were not
    named: frozenset[str] = frozenset()  # kinds that the name spoke of then


@dataclass(frozen=True)
class Verdicts:
    """Per kind the bits and the words for them, the values that pass, and which kinds stand inside of texts."""

    bits: dict[str, tuple[float, str]]
    hits: dict[str, set[int]]
    in_texts: frozenset[str]
    unread: int  # values that nobody looked at


@runtime_checkable
class Kept(Protocol):
    """What was seen of a column in an earlier scan."""

    def under(self, named: Collection[str]) -> Observed:
        """What a fresh look would see with these kinds named."""


def judge(cells: Cells, named: Collection[str] = ()) -> Verdicts:
    """Bits for every kind that at least one value passes.

    Args:
        cells: the column.
        named: kinds that the name or comment speaks of; those whose values alone say nothing are tried only then.
    """
    if cells.seen is None:
        cells.seen = observe(cells, named)
    observed = cells.seen.under(named) if isinstance(cells.seen, Kept) else cells.seen
    return _verdicts(cells, observed)


def observe(cells: Cells, named: Collection[str] = ()) -> Observed:
    """What the detectors make of the values; see `judge`."""
    seen: defaultdict[str, Seen] = defaultdict(Seen)
    tried: Counter[str] = Counter()
    by_shape: defaultdict[str, list[int]] = defaultdict(list)
    texts: list[int] = []
    for index, shape in enumerate(cells.shapes):
        by_shape[shape].append(index)
    for shape in [shape for shape in by_shape if _is_text(shape)]:
        texts += by_shape.pop(shape)
    for shape, indices in by_shape.items():
        if _may_hold_one(shape):
            texts += indices
    texts.sort()
    for shape, indices in by_shape.items():
        for detector in _fitting(shape):
            if detector.id in named:
                _check(cells, detector, shape, indices, seen, asked=True)
            elif detector.ceiling > _WEAK_CEILING:
                _check(cells, detector, shape, indices, seen, asked=False)
            tried[detector.id] += len(indices)
    _count(cells, seen, tried)
    read = _read_texts(cells, texts, seen)
    return Observed(seen, read, len(texts) - read, frozenset(named))


def _verdicts(cells: Cells, observed: Observed) -> Verdicts:
    known, seen, read = detectors(), observed.kinds, observed.read
    total = len(cells.values)
    bits = {kind: _bits(cells, known[kind], found, total, read) for kind, found in sorted(seen.items())}
    inside = frozenset(
        kind
        for kind, found in seen.items()
        if found.in_texts > len(found.hits) and 2 * found.whole_texts < found.in_texts
    )
    unread = observed.unread + cells.distinct - len(cells.values)
    return Verdicts(bits, {kind: found.hits for kind, found in seen.items()}, inside, unread)


def without(cells: Cells, kind: str, explained: set[int], hits: set[int]) -> float:
    """The bits of `kind` when the values in `explained` already have a better reading."""
    left = hits - explained
    rest = len(cells.values) - len(explained)
    if not left or rest <= 0:
        return -20.0
    detector = detectors()[kind]
    return clip(
        of_values(len(left), len(cells.values) - len(left), detector.column_rate, detector.recall), detector.ceiling
    )


def _is_text(shape: str) -> bool:
    length = len(shape)
    if length >= _LONG:
        return " " in shape or "汉" in shape or length > 300
    return length >= _TEXT_FROM and (shape.count("汉") >= _TEXT_FROM or (shape.count(" ") >= 4 and "a" in shape))


def _may_hold_one(shape: str) -> bool:
    """True for a few words that may have an identifier among them (`Tel: 021-...`), or be one as a whole."""
    if len(shape) < _TEXT_FROM or not ("@" in shape or shape.count("9") >= _NUMBER_FROM):
        return False
    return "汉" in shape or ((" " in shape or ":" in shape) and "a" in shape)


def _check(
    cells: Cells, detector: Detector, shape: str, indices: list[int], seen: dict[str, Seen], *, asked: bool
) -> None:
    check, values, prefixes = detector.check, cells.values, detector.prefixes
    if prefixes:
        indices = [index for index in indices if values[index].startswith(prefixes)]
    if len(indices) == 1:  # a column of hashes has as many shapes as values
        if check(values[indices[0]]):
            _passed(detector, shape, indices, seen)
        return
    if detector.prior <= _ASKS_FOR_A_WORD and not asked and len(indices) > 2 * _FEW:
        few = indices[:_FEW]
        if sum(check(values[index]) for index in few) * 2 < len(few):
            return  # no name speaks of the kind: only a column full of it would count
    first = indices[:_FIRST]
    passed = [index for index in first if check(values[index])]
    if detector.column_rate > _LOOSE_RATE and len(passed) * 2 < len(first) and len(indices) > 2 * _FIRST:
        return  # such a kind needs most of the values, and half of the first ones fail
    if not passed and detector.ceiling <= _WORDS_CEILING and not asked and len(indices) > 2 * _FIRST:
        return  # a few words of a list among others say nothing
    passed += [index for index in indices[_FIRST:] if check(values[index])]
    if passed:
        _passed(detector, shape, passed, seen)


def _passed(detector: Detector, shape: str, passed: list[int], seen: dict[str, Seen]) -> None:
    found = seen[detector.id]
    found.hits.update(passed)
    if detector.written is not None and detector.written.fullmatch(shape):
        found.written += len(passed)


def _read_texts(cells: Cells, texts: list[int], seen: dict[str, Seen]) -> int:
    """Reads some of the texts, evenly spread, within a budget of characters; says how many.

    Where a third of them are nothing but one kind, as addresses are, the others are not read.
    """
    most = cells.effort.texts
    step = max(1, len(texts) // most)
    chosen = texts[::step][:most]
    read, budget = 0, cells.effort.characters
    for index in (*chosen[::3], *chosen[1::3], *chosen[2::3]):
        if budget <= 0 or (read == _ALIKE_AFTER and any(one.whole_texts >= _ALIKE * read for one in seen.values())):
            break
        text = cells.values[index][:_TEXT_LENGTH]
        read, budget = read + 1, budget - len(text)
        widest: dict[str, int] = {}
        for finding in classify_text(text, chain=False):  # a column is judged by kinds that stand in columns
            if finding.score >= _TEXT_SCORE:
                widest[finding.kind] = max(widest.get(finding.kind, 0), finding.end - finding.start)
        for kind, width in widest.items():
            seen[kind].in_texts += 1
            seen[kind].whole_texts += width >= _WHOLE * len(text)
    return read


def _bits(cells: Cells, detector: Detector, found: Seen, total: int, read: int) -> tuple[float, str]:
    strict, words = -20.0, ""
    if found.hits:
        hits = len(found.hits)
        effective = min(hits, spread(cells, found.hits) if found.spread is None else found.spread)
        strict = of_values(effective, (total - hits) * effective / hits, detector.column_rate, detector.recall)
        ceiling = detector.ceiling
        if detector.written is not None and found.written * 2 < hits:
            ceiling = min(ceiling, _WEAK_CEILING)
        if hits < detector.minimum:
            ceiling = min(ceiling, _WEAK_CEILING)
        strict = max(-20.0, min(ceiling, strict))
        words = f"{hits} of {total} distinct values pass the rules of the kind"
        few = clip(_few_bits(cells, detector, found, effective), ceiling)
        if few > strict and ceiling >= _PROVES:
            strict, words = few, f"{words}, of {found.tried} that have its form"
    if found.in_texts and read:
        loose_kind = detector.id.startswith("person.")
        rate = _LOOSE_TEXT_RATE if loose_kind else min(_TEXT_RATE, detector.pass_rate)
        loose = max(-20.0, min(_TEXT_CEILING, of_values(found.in_texts, read - found.in_texts, rate, 0.98)))
        if loose > strict:
            return loose, f"{found.in_texts} of {read} texts hold one"
    return strict, words


def _few_bits(cells: Cells, detector: Detector, found: Seen, effective: float) -> float:
    """What a few cells of the kind say in a column of other things, `effective` of them independent."""
    if found.cells > _FEW_SHARE * (cells.looked_at - cells.nulls) or detector.prior <= _ASKS_FOR_A_WORD:
        return -20.0
    hits = len(found.hits)
    if hits * 2 < found.tried and detector.column_rate > _STRICT_RATE:
        return -20.0  # most of the form fail: a rule of the column's own, as of versions that look like addresses
    rate = detector.pass_rate if hits * 2 >= found.tried else detector.column_rate
    return of_few(effective, (found.tried - hits) * effective / hits, rate)


def spread(cells: Cells, hits: set[int]) -> int:
    """How many independent values the hits are worth: a run of consecutive numbers is one."""
    values, shapes = cells.values, cells.shapes
    numbers = {shape for shape in {shapes[index] for index in hits} if _is_number(shape)}
    return len({values[index][:-_SPREAD_TAIL] if shapes[index] in numbers else values[index] for index in hits})


def _is_number(shape: str) -> bool:
    return len(shape) >= _SPREAD_FROM and shape.count("9") * 10 >= len(shape) * 8


def asks_for_a_word(detector: Detector) -> bool:
    """True for a kind whose detector is not tried, or gives up sooner, where no name speaks of it."""
    return detector.ceiling <= _WEAK_CEILING or detector.prior <= _ASKS_FOR_A_WORD


def would_see(cells: Cells, kinds: Collection[str], *, asked: bool) -> dict[str, Seen]:
    """What the detectors of these kinds make of the whole values, with and without a name that speaks of them."""
    seen: defaultdict[str, Seen] = defaultdict(Seen)
    tried: Counter[str] = Counter()
    by_shape: defaultdict[str, list[int]] = defaultdict(list)
    for index, shape in enumerate(cells.shapes):
        if not _is_text(shape):
            by_shape[shape].append(index)
    for shape, indices in by_shape.items():
        for detector in _fitting(shape):
            if detector.id in kinds and (asked or detector.ceiling > _WEAK_CEILING):
                _check(cells, detector, shape, indices, seen, asked=asked)
                tried[detector.id] += len(indices)
    _count(cells, seen, tried)
    return seen


def _count(cells: Cells, seen: Mapping[str, Seen], tried: Mapping[str, int]) -> None:
    """What is known of each kind once all values were tried."""
    for kind, found in seen.items():
        found.tried = tried[kind]
        found.cells = sum(cells.counts[index] for index in found.hits)


def _fitting(shape: str) -> tuple[Detector, ...]:
    """The detectors that a shape can be, as written or without its spaces and hyphens."""
    pool = column_dispatch().of_shape(shape)
    compact = shape.translate(_COMPACT)
    if len(compact) != len(shape):
        pool += tuple(d for d in column_dispatch().of_shape(compact) if d not in pool)
    return pool
