"""What a scan remembers of a table's fields, so that changed rules weigh them again without reading a cell.

A memory holds counts, which of the distinct values (by number) each detector passed, and shapes with how often they
occur. It holds no value: a shape keeps punctuation only, and letters of scripts that shapes do not know are blotted.
It also knows which detectors there were. A field is recalled only where none of them could see anything else today.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from guard.classify.cells import Cells
from guard.classify.detector import Detector
from guard.classify.nested import Part
from guard.classify.reader import detector_digests, reader_digest
from guard.classify.registry import detectors
from guard.classify.values import Observed, Seen, asks_for_a_word, spread, would_see
from guard.errors import StoreError
from guard.model import Value

VERSION = 2
LARGEST = 64 << 20  # bytes of one table's memory, unpacked
# Kinds that are tried for the memory even where no name speaks of them. Trying those of sixty other countries too would
# make a scan cost three times as much; a column that a new rule names so is read again instead.
TRIED = ("cn.", "hk.", "intl.", "mo.", "secret.", "tw.")
_COMPACT = str.maketrans("", "", " -")


class SeenKind(Value, frozen=True, array_like=True):
    """What one detector made of a field; `hits` is the set of values that passed, a bit each, in hexadecimal."""

    kind: str
    hits: str
    spread: int
    written: int
    in_texts: int
    whole_texts: int
    tried: int
    cells: int


class FieldMemory(Value, frozen=True, array_like=True):
    """One field: what was counted, and what the detectors saw; `asked` is what they see where a name speaks of them."""

    path: str
    type: str
    parent: str
    reason: str
    read: bool  # False: its values could not be read
    looked_at: int = 0
    nulls: int = 0
    distinct: int = 0
    boolean: bool = False
    numeric: bool = False
    temporal: bool = False
    shapes: tuple[tuple[str, int], ...] = ()
    texts: int = 0
    seen: tuple[SeenKind, ...] = ()
    asked: tuple[SeenKind, ...] = ()
    unread: int = 0  # texts
    named: tuple[str, ...] = ()  # further kinds that were tried, because its name spoke of them

    @property
    def column(self) -> str:
        """The column that the field is in; only a path has a parent, and it begins with its column."""
        return self.path if not self.parent else ""


class TableMemory(Value, frozen=True):
    """The fields of a table in order, and the detectors that saw them."""

    v: int
    reader: str
    detectors: dict[str, str]
    types: dict[str, str]  # by column, as the engine spells them
    fields: tuple[FieldMemory, ...]

    def packed(self) -> bytes:
        """As the store keeps it."""
        return zlib.compress(msgspec.msgpack.encode(self), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> TableMemory | None:
        """What was kept; None when another version of guard kept it.

        Raises:
            StoreError: it is damaged.
        """
        try:
            unpacker = zlib.decompressobj()
            raw = unpacker.decompress(packed, LARGEST)
            if unpacker.unconsumed_tail:
                raise StoreError("what a scan remembers of a table is too large", help="scan again with `--full`")
            if msgspec.msgpack.decode(raw).get("v") != VERSION:
                return None
            return _decoder.decode(raw)
        except (zlib.error, msgspec.DecodeError, AttributeError):
            raise StoreError(
                "what a scan remembers of a table cannot be read", help="scan again with `--full`"
            ) from None


_decoder = msgspec.msgpack.Decoder(TableMemory)


def remember(read: Sequence[Part], types: Mapping[str, str]) -> TableMemory:
    """The memory of fields that were judged; `types` are those of the columns."""
    return TableMemory(VERSION, reader_digest(), dict(detector_digests()), dict(types), tuple(map(_field, read)))


def recall(memory: TableMemory, named: Callable[[FieldMemory], Collection[str]]) -> dict[str, list[Part]]:
    """By column, its fields as they were read; a column of which some detector could see more today is left out.

    Args:
        memory: what was kept.
        named: the kinds that the rules of now see in the name and comment of a field.
    """
    if memory.reader != reader_digest():
        return {}
    now = detector_digests()
    changed = [detector for kind, detector in detectors().items() if memory.detectors.get(kind) != now[kind]]
    columns: dict[str, list[FieldMemory]] = {}
    column = ""
    for field in memory.fields:
        column = field.column or column
        columns.setdefault(column, []).append(field)
    return {
        name: [_part(field) for field in fields]
        for name, fields in columns.items()
        if not any(_concerns(detector, field) for detector in changed for field in fields)
        and not any(_untried(field, named(field)) for field in fields)
    }


def _untried(field: FieldMemory, named: Collection[str]) -> bool:
    """True when a name speaks of a kind that was never tried on the values, and they could be of it."""
    known = detectors()
    missing = [known[kind] for kind in named if kind in known and kind not in field.named]
    return any(
        asks_for_a_word(detector) and not detector.id.startswith(TRIED) and _fits(detector, field)
        for detector in missing
    )


class _Recalled(Cells):
    """Cells whose values are gone."""

    __slots__ = ("field",)

    def __init__(self, field: FieldMemory) -> None:
        self.field = field
        super().__init__([], field.looked_at, field.nulls)
        self.distinct, self.nulls = field.distinct, field.nulls
        self.shapes = [shape for shape, count in field.shapes for _ in range(count)]
        self.values = [""] * len(self.shapes)
        self.counts = [1] * len(self.shapes)
        self.boolean, self.numeric, self.temporal = field.boolean, field.numeric, field.temporal
        self.seen = _Kept(field)


class _Kept:
    """`Observed` of a memory, whatever names speak of now."""

    def __init__(self, field: FieldMemory) -> None:
        self._field = field

    def under(self, named: Collection[str]) -> Observed:
        """What a fresh look would have seen with these kinds named."""
        known, field = detectors(), self._field
        kinds = {each.kind: _seen(each) for each in field.seen if each.kind in known}
        asked = {each.kind: each for each in field.asked if each.kind in known}
        for kind in named:
            if kind in asked:
                kinds[kind] = _seen(asked[kind])
        return Observed(kinds, field.texts, field.unread, frozenset(named))


def _field(part: Part) -> FieldMemory:
    cells = part.cells
    if cells is None:
        return FieldMemory(part.path, part.type, part.parent, part.reason, read=False)
    if isinstance(cells, _Recalled):
        return cells.field
    observed: Observed = cells.seen if cells.seen is not None else Observed({}, 0)
    unasked, asked = _both(cells, observed)
    return FieldMemory(
        path=part.path,
        type=part.type,
        parent=part.parent,
        reason=part.reason,
        read=True,
        looked_at=cells.looked_at,
        nulls=cells.nulls,
        distinct=cells.distinct,
        boolean=cells.boolean,
        numeric=cells.numeric,
        temporal=cells.temporal,
        shapes=tuple(sorted(Counter(map(_blotted, cells.shapes)).items())),
        texts=observed.read,
        unread=observed.unread,
        seen=tuple(_told(cells, unasked)),
        asked=tuple(_told(cells, asked)),
        named=tuple(sorted(observed.named)),
    )


def _both(cells: Cells, observed: Observed) -> tuple[dict[str, Seen], dict[str, Seen]]:
    """What is seen where no name speaks of a kind, and what is seen otherwise where one does."""
    if not cells.values:
        return {}, {}
    wordy = {
        kind
        for kind, detector in detectors().items()
        if asks_for_a_word(detector) and (kind.startswith(TRIED) or kind in observed.named)
    }
    asked = would_see(cells, wordy, asked=True)
    unasked = dict(observed.kinds)
    named = wordy & observed.named
    alone = would_see(cells, named, asked=False) if named else {}
    for kind in wordy & (observed.kinds.keys() | asked.keys()):
        texts = observed.kinds.get(kind, Seen())
        if kind in named:
            unasked[kind] = _with_texts(alone.get(kind, Seen()), texts)
        asked[kind] = _with_texts(asked.get(kind, Seen()), texts)
    same = {kind for kind in asked if asked[kind] == unasked.get(kind)}
    return (
        {kind: seen for kind, seen in unasked.items() if seen.hits or seen.in_texts},
        {kind: seen for kind, seen in asked.items() if kind not in same and (seen.hits or seen.in_texts)},
    )


def _with_texts(whole: Seen, texts: Seen) -> Seen:
    return Seen(whole.hits, whole.written, texts.in_texts, texts.whole_texts, whole.tried, whole.cells)


def _told(cells: Cells, seen: Mapping[str, Seen]) -> Iterator[SeenKind]:
    for kind, found in sorted(seen.items()):
        bits = _as_bits(found.hits) if found.hits else ""
        worth = spread(cells, found.hits) if found.hits else 0
        yield SeenKind(kind, bits, worth, found.written, found.in_texts, found.whole_texts, found.tried, found.cells)


def _as_bits(hits: Collection[int]) -> str:
    row = bytearray(b"0") * (max(hits) + 1)
    for index in hits:
        row[-1 - index] = 49  # "1"; the first value is the lowest bit
    return format(int(row, 2), "x")


def _seen(told: SeenKind) -> Seen:
    bits = int(told.hits, 16) if told.hits else 0
    hits = {index for index in range(bits.bit_length()) if bits >> index & 1}
    return Seen(hits, told.written, told.in_texts, told.whole_texts, told.tried, told.cells, told.spread)


def _part(field: FieldMemory) -> Part:
    cells = _Recalled(field) if field.read else None
    return Part(field.path, field.type, cells, field.parent, field.reason)


def _concerns(detector: Detector, field: FieldMemory) -> bool:
    """True when the detector, as it is now, could pass a value of the field or stand in one of its texts."""
    if field.texts and detector.text:
        return True
    return _fits(detector, field)


def _fits(detector: Detector, field: FieldMemory) -> bool:
    form = detector.shape
    return any(form.fullmatch(shape) or form.fullmatch(shape.translate(_COMPACT)) for shape, _ in field.shapes)


def _blotted(shape: str) -> str:
    """The shape without letters and digits of other scripts, which it keeps as they are."""
    if shape.isascii():
        return shape
    return "".join("?" if char.isalnum() and char not in "9Aa汉" else char for char in shape)
