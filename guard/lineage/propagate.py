"""What becomes of a label on its way: which function keeps, weakens or takes it off, by rule and with evidence.

A label that reaches a field by several ways has the state of the *worst* one. Along one way the strongest protection
that a rule proves holds, and a function without a rule changes nothing. An INDIRECT edge brings no label, only the
name of the kind that decided (`influenced_by`). Pure: rules and labels in, labels out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guard.lineage.edges import BETWEEN
from guard.lineage.label_rules import LabelRules, Parts
from guard.model import Contradiction, Edge, FieldLabel, FieldRef, Label, State, Value

# From worst to best (design, section 4).
ORDER: Mapping[State, int] = {state: rank for rank, state in enumerate(State)}
_UNKNOWN_MASK = "guard.mask"
MIN_GROUP = 2  # an enforced group of one is none
GROUPS = "guard:groups"  # the step of an enforced minimum group: `guard:groups(10)`
UNKNOWN_GROUP = "group size unknown"
_AT_LEAST = "groups of at least "


class Carried(Value, frozen=True, order=True):
    """A label as it stands on a field: `rules` weakened it, in that order; `notes` are what a reader must know."""

    kind: str
    level: int
    state: State = State.RAW
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sensitive(self) -> bool:
        """False only where a rule proves that no value of a person is left.

        A summary counts while nobody enforces a minimum group; pseudonyms and masks are personal data still.
        """
        return self.state not in (State.NONE, State.DP) and not (
            self.state is State.AGGREGATED and any(note.startswith(_AT_LEAST) for note in self.notes)
        )


def carried(label: Label) -> Carried:
    """A label where it was found."""
    return Carried(label.kind, label.level, label.state)


def worst(labels: Iterable[Carried]) -> tuple[Carried, ...]:
    """One for each kind: the worst state, the highest level; of equal ones the shortest account."""
    found: dict[str, Carried] = {}
    for one in labels:
        other = found.get(one.kind)
        if other is None:
            found[one.kind] = one
        elif other != one:
            first, second = (one, other) if _rank(one) < _rank(other) else (other, one)
            if second.level > first.level:
                first = Carried(first.kind, second.level, first.state, first.rules, first.notes)
            found[one.kind] = first
    return tuple(found[kind] for kind in sorted(found))


def _rank(one: Carried) -> tuple[object, ...]:
    return ORDER[one.state], one.sensitive is False, len(one.rules), one.rules, one.notes, -one.level


def over(edge: Edge, labels: Iterable[Carried], rules: LabelRules, *, group: int | None = None) -> tuple[Carried, ...]:
    """The labels at the end of an edge.

    `group` is the minimum group size that the policy enforced on the target, if any.
    """
    if edge.type == "INDIRECT":
        return ()
    ways = [tuple(way.split(BETWEEN)) for way in edge.how]
    if not ways:  # a copy, or an edge from elsewhere that does not say how
        ways = [()] if edge.subtype == "IDENTITY" else [("~",)]
    found = [after for label in labels for way in ways for after in through(label, way, rules, group=group)]
    if edge.masking and not any(step.startswith("guard:") for way in ways for step in way):
        # guard hid it, but the edge does not say by which transform: the least that it can be.
        found = [_becomes(one, State.GENERALISED, _UNKNOWN_MASK) for one in found]
    return worst(one for one in found if one.state is not State.NONE)


def through(
    label: Carried, way: tuple[str, ...], rules: LabelRules, *, group: int | None = None
) -> tuple[Carried, ...]:
    """What is left of a label after the functions of one way, and the labels of what was cut out of it."""
    found = [(label, True)]  # True: the characters still stand at their places
    for step in way:
        found = [after for one, exact in found for after in _step(one, step, rules, exact=exact, group=group)]
    return tuple(one for one, _ in found)


def _step(one: Carried, step: str, rules: LabelRules, *, exact: bool, group: int | None) -> list[tuple[Carried, bool]]:
    name, _, arguments = step.partition("(")
    if name == GROUPS:
        return [(_grouped(one, arguments.rstrip(")")), exact)]
    if name in rules.transparent:
        return [(one, exact)]
    parts = rules.parts.get(one.kind)
    if name in _CUTS and exact and one.state is State.RAW and parts is not None:
        span = _span(name, arguments.rstrip(")"), parts.length)
        if span is not None:
            return [(cut, False) for cut in _cut(one, parts, *span)]
    for rule in (*rules.functions.get(step, ()), *(rules.functions.get(name, ()) if arguments else ())):
        if not rule.kinds or one.kind in rule.kinds:
            notes = [rule.note] if rule.note else []
            if rule.becomes is State.DP and arguments:
                notes = [f"dp({arguments}"]
            if rule.becomes is State.AGGREGATED and group is not None and group >= MIN_GROUP:
                notes = [f"{_AT_LEAST}{group}"]
            if rule.becomes is State.PSEUDONYMISED and rule.id == "hash.unkeyed" and one.kind in rules.enumerable:
                notes.append("enumerable")
            return [(_becomes(one, rule.becomes, rule.id, notes), False)]
    return [(one, False)]


def _grouped(one: Carried, size: str) -> Carried:
    """A summary over groups that guard held to a minimum; anything else stays what it is."""
    if one.state is not State.AGGREGATED or not size.isdigit() or int(size) < MIN_GROUP:
        return one
    kept = tuple(note for note in one.notes if note != UNKNOWN_GROUP and not note.startswith(_AT_LEAST))
    return Carried(one.kind, one.level, one.state, one.rules, (*kept, f"{_AT_LEAST}{int(size)}"))


def _becomes(one: Carried, state: State, rule: str, notes: Iterable[str] = ()) -> Carried:
    if ORDER[state] <= ORDER[one.state]:
        return one  # protected as well or better already
    return Carried(one.kind, one.level, state, (*one.rules, rule), tuple(dict.fromkeys((*one.notes, *notes))))


_CUTS = frozenset({"substring", "substr", "left", "right"})


def _span(name: str, arguments: str, length: int) -> tuple[int, int] | None:
    """First and last character of a cut; None where it is not known."""
    try:
        numbers = [int(part) for part in arguments.split(",")]
    except ValueError:
        return None
    if name == "left":
        first, last = 1, numbers[0]
    elif name == "right":
        first, last = length - numbers[0] + 1, length
    else:
        first, last = numbers[0], numbers[0] + numbers[1] - 1 if len(numbers) > 1 else length
    if first < 1 and name != "right":
        return None  # engines differ on what lies before the first character
    return max(first, 1), min(last, length)


def _cut(one: Carried, parts: Parts, first: int, last: int) -> list[Carried]:
    """The rest of the label on the cut, and a label for each piece that it touches."""
    rule = f"part.{parts.kind}"
    if last < first:
        return []
    if parts.length - (last - first + 1) < parts.hidden:
        return [one]
    found = [_becomes(one, State.GENERALISED, rule)]
    for piece in parts.pieces:
        if piece.first <= last and first <= piece.last:
            whole = first <= piece.first and piece.last <= last
            state = State.RAW if whole else State.GENERALISED
            found.append(Carried(piece.kind, piece.level, state, (*one.rules, rule), ("derived",)))
    return found


def contradictions(
    told: Mapping[FieldRef, tuple[Carried, ...]], scanned: Iterable[FieldLabel]
) -> tuple[Contradiction, ...]:
    """Where a scan of a field says otherwise than its lineage.

    Worse than told: the rule that weakened the label does not hold here. Told raw and found clean: the scan missed
    it, or an edge is wrong. A kind that lineage does not know of is no contradiction, only news.
    """
    found = []
    for label in scanned:
        here = {one.kind: one for one in told.get(label.field, ())}
        seen = label.label
        if label.verdict == "sensitive" and seen is not None and seen.kind in here:
            one = here[seen.kind]
            if ORDER[seen.state] < ORDER[one.state]:
                cure = f"look at {' and '.join(f'`{rule}`' for rule in one.rules) or 'the source of the label'}"
                found.append(Contradiction(label.field, seen.kind, one.state, seen.state, cure))
        elif label.verdict == "clean":
            cure = "scan again with a larger sample, or correct the edge"
            found += [
                Contradiction(label.field, one.kind, one.state, None, cure)
                for one in here.values()
                if one.state is State.RAW
            ]
    return tuple(found)
