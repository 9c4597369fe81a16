"""The verdict on a field: values, name, comment, type, table and neighbours, as bits that add up.

For each kind the score is the sum of the weights of its evidence, in bits of log-odds: prior, values, name, comment,
SQL type, table, neighbours. The probability is 1 / (1 + 2^-score), so every label can be recomputed from its
evidence. Name, comment, table and neighbours together are capped below certainty: only values make sure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from guard.classify import masked, values
from guard.classify.cells import Cells
from guard.classify.lexicon import AGAINST_BITS, Lexicon
from guard.classify.odds import probability, upper_bound
from guard.classify.registry import detectors
from guard.classify.taxonomy import Taxonomy
from guard.model import Evidence, FieldLabel, FieldRef, Label, State

# What is left to doubt when nothing was found: of the hand-labelled columns of 32 real tables in which guard finds
# nothing, .040 are sensitive (`classify-columns` tells the calibration that follows).
DOUBT_BITS = -4.6
PRIOR_BITS = -7.0
FREE_TEXT = "person.free_text"  # texts that hold other kinds
WORDS_CAP = 11.0  # bits: names, comments, table and neighbours together; with the prior 4 bits, 94 %
TABLE_BITS = 1.5
NEIGHBOUR_BITS = 1.0
_FITS_BITS = 1.5  # values look as the taxonomy says they must
_MISFIT_BITS = -9.0
_WRONG_TYPE_BITS = -12.0
_OTHERS_FROM = 0.05  # probability
_MOST_OTHERS = 5
_BOOLEAN = re.compile(r"bool|bit\(1\)|bit\Z|tinyint\(1\)", re.IGNORECASE)
_TEMPORAL = re.compile(r"timestamp|datetime|time\b|date", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:big|small|tiny|medium|huge|u)?int|integer|numeric|decimal|double|float|real|number", re.IGNORECASE
)
_DIGITS = (
    "9",
    "99",
    "999",
    "9999",
    "999999",
    "99999999",
    "9" * 11,
    "9" * 15,
    "9" * 16,
    "9" * 18,
    "9" * 19,
    "99.9999",
    "999.99",
)


@dataclass(frozen=True)
class Subject:
    """A field to be judged.

    Attributes:
        ref: where it is.
        type: the engine's spelling of its type.
        cells: its values; None when they cannot be read.
        comment: the column's comment.
        reason: why its values cannot be read.
    """

    ref: FieldRef
    type: str
    cells: Cells | None
    comment: str = ""
    reason: str = ""


@dataclass
class Draft:
    """A field with the evidence for each kind, before its neighbours are known."""

    subject: Subject
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    hits: Mapping[str, set[int]] = field(default_factory=dict)
    in_texts: Set[str] = frozenset()  # kinds that stand inside of longer texts
    unread: int = 0  # values that nobody looked at
    masked: str = ""

    def score(self, kind: str) -> float:
        """The sum of the weights, in bits."""
        return sum(item.weight for item in self.evidence[kind])

    def best(self) -> str:
        """The kind with the highest score; the one with more values when scores tie, then the first by id."""
        return min(self.evidence, key=lambda kind: (-self.score(kind), -len(self.hits.get(kind, ())), kind), default="")


class Judge:
    """Judges the fields of one table.

    Args:
        taxonomy: levels, and what the cells of kinds without a detector look like.
        lexicon: what names say.
        version: the version of the rules, for the labels.
    """

    def __init__(self, taxonomy: Taxonomy, lexicon: Lexicon, version: str) -> None:
        self._taxonomy = taxonomy
        self._lexicon = lexicon
        self._version = version
        self._loose = {kind: re.compile(row.values) for kind, row in taxonomy.kinds.items() if row.values}

    def table(self, subjects: Sequence[Subject], table_words: str) -> list[FieldLabel]:
        """A label for every field, in order; `table_words` are the table's name and comment."""
        people = self._lexicon.about_people(table_words)
        drafts = [self._draft(subject, people) for subject in subjects]
        personal = sum(self._is_personal(draft) for draft in drafts)
        return [self._label(self._with_neighbours(draft, personal - self._is_personal(draft))) for draft in drafts]

    # --- evidence -----------------------------------------------------------------------------------------

    def _draft(self, subject: Subject, people: float) -> Draft:
        draft = Draft(subject)
        words = self._words(subject)
        cells = subject.cells
        judged = values.judge(cells, words.keys()) if cells is not None and cells.values else None
        if judged:
            draft.hits = judged.hits
            draft.in_texts = judged.in_texts
            draft.unread = judged.unread
        if cells is not None and masked.share(cells.shapes) > 0.5:
            draft.masked = masked.kind_of(cells.shapes) or "*"
        kinds = set(words) | {kind for kind, (bits, _) in judged.bits.items() if bits > 0.0} if judged else set(words)
        if draft.masked not in {"", "*"}:
            kinds.add(draft.masked)
        against = self._lexicon.against(subject.ref.path)
        for kind in sorted(kinds & self._taxonomy.kinds.keys()):
            evidence = [Evidence("prior", "how common the kind is among columns", PRIOR_BITS)]
            evidence += self._value_evidence(draft, kind, judged)
            spoken = list(words.get(kind, ()))
            inside = judged is not None and kind in judged.in_texts
            if against and not inside and not any(item.source == "name" and item.weight > 5.0 for item in spoken):
                spoken.append(Evidence("name", f"last word `{against}` names something else", AGAINST_BITS))
            if people and spoken and self._taxonomy[kind].personal and spoken[0].weight > 0:
                spoken.append(
                    Evidence(
                        "table", "a table about people" if people > 0 else "a table about things", TABLE_BITS * people
                    )
                )
            draft.evidence[kind] = evidence + _capped(spoken) + self._type_evidence(subject, kind)
        return draft

    def _words(self, subject: Subject) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for match in self._lexicon.of_name(subject.ref.path):
            found.setdefault(match.kind, []).append(Evidence("name", f"name token {match.phrase}", match.bits))
        for match in self._lexicon.of_comment(subject.comment):
            bits = match.bits if match.kind not in found else min(match.bits, 3.0)
            found.setdefault(match.kind, []).append(Evidence("comment", f"comment says {match.phrase}", bits))
        return found

    def _value_evidence(self, draft: Draft, kind: str, judged: values.Verdicts | None) -> list[Evidence]:
        cells = draft.subject.cells
        if cells is None or not cells.values or judged is None:
            return []
        if draft.masked:
            bits = masked.MASKED_BITS if draft.masked == kind else 0.0
            return [Evidence("value", "values are masked already", bits)]
        strict, words = judged.bits.get(kind, (-20.0, "no value passes the rules of the kind"))
        loose = self._loose_bits(kind, cells)
        if loose is not None and loose > strict:
            fits = "values look as this kind's must" if loose > 0 else "values do not look as this kind's must"
            return [Evidence("value", fits, loose)]
        return [Evidence("value", words, strict)]

    def _loose_bits(self, kind: str, cells: Cells) -> float | None:
        form = self._loose.get(kind)
        if form is None:
            return None
        fitting = sum(bool(form.fullmatch(shape)) for shape in cells.shapes) / len(cells.shapes)
        return _FITS_BITS if fitting >= 0.8 else _MISFIT_BITS * (1.0 - fitting)

    def _type_evidence(self, subject: Subject, kind: str) -> list[Evidence]:
        cells, spelled = subject.cells, subject.type
        if (cells is not None and cells.boolean) or _BOOLEAN.match(spelled):
            return [Evidence("type", "a truth value holds no data of this kind", 2 * _WRONG_TYPE_BITS)]
        if (cells is not None and cells.temporal) or (_TEMPORAL.match(spelled) and cells is None):
            if kind == "intl.date_of_birth":
                return []
            return [Evidence("type", "a date or time", _WRONG_TYPE_BITS)]
        if (cells is None or not cells.values) and _NUMBER.match(spelled) and not self._takes_digits(kind):
            return [Evidence("type", "a number type cannot hold this kind", _WRONG_TYPE_BITS)]
        return []

    def _takes_digits(self, kind: str) -> bool:
        detector = detectors().get(kind)
        return bool(
            (detector and any(detector.shape.fullmatch(shape) for shape in _DIGITS))
            or (kind in self._loose and any(self._loose[kind].fullmatch(shape) for shape in _DIGITS))
        )

    # --- neighbours ---------------------------------------------------------------------------------------

    def _is_personal(self, draft: Draft) -> bool:
        kind = draft.best()
        return (
            bool(kind) and self._taxonomy[kind].personal and self._taxonomy[kind].sensitive and draft.score(kind) >= 2.0
        )

    def _with_neighbours(self, draft: Draft, personal: int) -> Draft:
        if personal < 2:
            return draft
        for kind, evidence in draft.evidence.items():
            spoken = sum(item.weight for item in evidence if item.source in {"name", "comment", "table"})
            room = min(NEIGHBOUR_BITS, WORDS_CAP - spoken)
            if self._taxonomy[kind].personal and spoken > 0 and room > 0:
                evidence.append(Evidence("neighbour", f"{personal} other columns are about people", room))
        return draft

    # --- the label ----------------------------------------------------------------------------------------

    def _label(self, draft: Draft) -> FieldLabel:
        subject, cells = draft.subject, draft.subject.cells
        looked_at = cells.looked_at if cells is not None else 0
        nulls = cells.nulls if cells is not None else 0
        distinct = cells.distinct if cells is not None else 0
        bound = upper_bound(looked_at - draft.unread)
        kind = draft.best()
        score = draft.score(kind) if kind else PRIOR_BITS
        common = {
            "type": subject.type,
            "looked_at": looked_at,
            "nulls": nulls,
            "distinct": distinct,
            "rules_version": self._version,
        }
        if kind and score >= 0.0 and (self._taxonomy[kind].sensitive or looked_at):
            if self._is_free_text(draft, kind):
                return self._free_text(draft, kind, common)
            row = self._taxonomy[kind]
            state = State.MASKED if draft.masked else State.RAW
            return FieldLabel(
                subject.ref,
                "sensitive" if row.sensitive else "clean",
                Label(kind, row.level, state),
                probability(score),
                tuple(draft.evidence[kind]),
                self._others(draft, kind),
                upper_bound=1.0 if row.sensitive else bound,
                **common,  # type: ignore[arg-type]  # one mapping for the three ways out
            )
        others = self._others(draft, "")
        if cells is None or looked_at == 0:
            reason = subject.reason or "no values were read, and its name says nothing"
            return FieldLabel(subject.ref, "not_scanned", others=others, reason=reason, **common)  # type: ignore[arg-type]  # as above
        evidence = tuple(draft.evidence[kind]) if kind else ()
        rest = DOUBT_BITS - (score if kind else 0.0)
        if rest > 0.0 or not kind:
            evidence += (Evidence("prior", "one such field in twenty-five is sensitive all the same", rest),)
            score = DOUBT_BITS
        return FieldLabel(
            subject.ref,
            "clean",
            score=probability(score),
            evidence=evidence,
            others=others,
            upper_bound=bound,
            **common,  # type: ignore[arg-type]  # as above
        )

    def _is_free_text(self, draft: Draft, kind: str) -> bool:
        """True when the kind stands inside of texts, and nothing says that the column itself is of this kind."""
        named = any(item.source in {"name", "comment"} and item.weight > 0 for item in draft.evidence[kind])
        return kind in draft.in_texts and not named and FREE_TEXT in self._taxonomy.kinds

    def _free_text(self, draft: Draft, kind: str, common: Mapping[str, Any]) -> FieldLabel:
        """A text is not of the kind that it holds: a mask made for a number would leave the words around it."""
        inside = ((kind, probability(draft.score(kind))), *self._others(draft, kind))
        levels = [self._taxonomy[each].level for each, likely in inside if likely >= 0.5]
        return FieldLabel(
            draft.subject.ref,
            "sensitive",
            Label(FREE_TEXT, max([self._taxonomy[FREE_TEXT].level, *levels]), State.RAW),
            probability(draft.score(kind)),
            tuple(draft.evidence[kind]),
            inside,
            **common,
        )

    def _others(self, draft: Draft, chosen: str) -> tuple[tuple[str, float], ...]:
        """Further kinds, without the values that the chosen one explains."""
        explained = draft.hits.get(chosen, set()) if chosen else set()
        rest = []
        for kind in draft.evidence:
            if kind == chosen:
                continue
            score = draft.score(kind)
            hits = draft.hits.get(kind, set())
            if explained and hits and draft.subject.cells is not None:
                value = next((item.weight for item in draft.evidence[kind] if item.source == "value"), 0.0)
                score += min(0.0, values.without(draft.subject.cells, kind, explained, hits) - value)
            if probability(score) >= _OTHERS_FROM:
                rest.append((kind, probability(score)))
        return tuple(sorted(rest, key=lambda item: (-item[1], item[0]))[:_MOST_OTHERS])


def _capped(spoken: list[Evidence]) -> list[Evidence]:
    total = sum(item.weight for item in spoken)
    if total <= WORDS_CAP:
        return spoken
    last = spoken[-1]
    return [*spoken[:-1], Evidence(last.source, last.detail, last.weight - (total - WORDS_CAP))]


@lru_cache(maxsize=1024)
def table_words(name: str, comment: str) -> str:
    """What a table's name and comment say together, without its path and file ending."""
    last = re.split(r"[/\\.]", re.sub(r"\.(?:csv|parquet|json|ndjson|jsonl|tsv)\Z", "", name))[-1]
    return f"{last} {comment}"
