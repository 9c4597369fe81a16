"""Answering a private question: charge, read, add noise, keep, say what it cost.

The order is the guarantee. The charge is durable before the data is read, and it depends on the statement alone; the
noisy numbers are durable before anybody sees them, so that the same question is never noised twice; the entry in the
log is durable before the answer leaves. What a crash cuts off is spent and not answered, never the other way round.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import msgspec

from guard.anonymize.dp.account import Limit
from guard.anonymize.dp.budget import StoreLedger
from guard.anonymize.dp.ledger import LedgerKey, Receipt, window_of
from guard.anonymize.dp.sql.accept import Accepted, names_of
from guard.anonymize.dp.sql.answer import (
    Draw,
    Measured,
    Plan,
    draw,
    measured,
    rank_error,
    rows_of,
)
from guard.anonymize.dp.sql.bounding import Chosen
from guard.anonymize.dp.sql.post import Cell, arranged, shown
from guard.anonymize.dp.sql.store_form import decoded, encoded
from guard.engine.dp import PrivateQuery
from guard.model import (
    EnforcedQuery,
    Value,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.config import DpSection
    from guard.sources.source import Limits, Source
    from guard.store.answers import AnswerRepository

LOCKS: Final = 64  # questions answered at once are told apart by this many locks


class Privacy(Value, frozen=True):
    """What an answer cost and how far off it may be.

    `deviations` holds, for each column that is an aggregate, the standard deviation of the noise in each row, and
    `intervals` the ends of an interval that holds the true (bounded) value with about 95 %. A quantile, MIN or MAX has
    no such interval; `ranks` says by how many rows its rank is off at most, with 95 %. `groups` and `rows` bound
    what one person counted. `threshold` is the noisy number of persons below which a group is not shown, and
    `suppressed` about how many groups were not, itself a noisy number of deviation `suppressed_deviation`; None where
    all groups are public. `fresh` is False for an answer that was paid for before.
    """

    epsilon: str
    delta: str
    rho: str
    mechanism: str
    fresh: bool
    groups: int
    rows: int
    threshold: int | None
    fingerprint: str
    deviations: Mapping[str, tuple[float, ...]] = {}
    intervals: Mapping[str, tuple[tuple[float, float], ...]] = {}
    ranks: Mapping[str, int] = {}
    suppressed: int | None = None
    suppressed_deviation: float | None = None
    spent: str = ""  # epsilon of the budget so far, by its own notion
    budget: str = ""  # epsilon of the budget
    remaining: str = ""  # what is left of it


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose budget an answer is charged to, and when; with a reservation it is drawn from that."""

    subject: str  # the pseudonym
    purpose: str
    source: str
    now: datetime
    reservation: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer with what it cost; `receipt` is None for one that was paid for before."""

    table: pa.Table
    privacy: Privacy
    receipt: Receipt | None

    def body(self) -> dict[str, Any]:
        """What the audit log remembers: cost and budget row, no number of the answer."""
        privacy, receipt = self.privacy, self.receipt
        return {
            "fingerprint": privacy.fingerprint,
            "epsilon": privacy.epsilon,
            "delta": privacy.delta,
            "rho": privacy.rho,
            "fresh": privacy.fresh,
            "row": receipt.index if receipt is not None else -1,
            "digest": receipt.digest if receipt is not None else "",
        }


def default_limit(settings: DpSection) -> Limit:
    """The budget of whom nobody has set one for."""
    delta = Fraction(settings.delta)
    return Limit(Fraction(settings.epsilon), delta, delta * Fraction(settings.key_share), settings.notion)


class PrivateAnswers:
    """Answers private queries: one charge and one noise for each question, whoever phrases it how."""

    def __init__(
        self, ledger: StoreLedger, answers: AnswerRepository, settings: DpSection, *, noise_of: Draw = draw
    ) -> None:
        self._ledger = ledger
        self._answers = answers
        self._settings = settings
        self._noise_of = noise_of
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    @property
    def grid(self) -> float:
        """Seconds between the moments at which answers leave."""
        return float(self._settings.grid_ms) / 1000

    def answer(self, query: PrivateQuery, source: Source, limits: Limits, asked: Asked) -> Answer:
        """The answer, paid for.

        Raises:
            BudgetSpentError: the budget does not hold the cost; nothing was read.
            SourceError: the source failed; the cost stays charged.
            StoreError: the ledger or the store of answers failed.
        """
        key = LedgerKey(
            subject=asked.subject,
            purpose=asked.purpose,
            dataset=asked.source,
            window=window_of(self._settings.window, asked.now),
        )
        scope = "\x00".join((key.subject, key.purpose, key.dataset, key.window, source.version()))
        fingerprint = query.fingerprint(scope)
        receipt: Receipt | None = None
        with self._locks[int(fingerprint[:8], 16) % LOCKS]:
            kept = self._answers.find(fingerprint)
            if kept is None:
                receipt = self._paid(key, query, asked, fingerprint)
                made = self._measured(query, source, limits)
                kept = self._answers.keep(fingerprint, encoded(*made), now=asked.now)
        chosen, noisy = decoded(kept)
        planned, _ = _planned(query, chosen)
        return Answer(*_finished(query, planned, noisy, self._said(query, planned, receipt, fingerprint, key)), receipt)

    def _paid(self, key: LedgerKey, query: PrivateQuery, asked: Asked, fingerprint: str) -> Receipt:
        cost = query.cost()
        if asked.reservation is not None:
            return self._ledger.draw(asked.reservation, key, cost, now=asked.now, query_fingerprint=fingerprint)
        return self._ledger.charge(key, cost, limit=self._limit(key), now=asked.now, query_fingerprint=fingerprint)

    def _limit(self, key: LedgerKey) -> Limit:
        return self._ledger.limit(key) or default_limit(self._settings)

    def _measured(self, query: PrivateQuery, source: Source, limits: Limits) -> tuple[Chosen, Measured]:
        chosen = Chosen(query.accepted, query.rule, *_declared(query.accepted))
        if query.search is not None:
            assert query.looked is not None
            chosen = query.search.chosen(_rows(source.run(query.looked, limits=limits)), noise_of=self._noise_of)
        planned, statements = query.built(chosen)
        answers = [_rows(source.run(statement, limits=limits)) for statement in statements]
        return chosen, measured(planned, answers, noise_of=self._noise_of)

    def _said(
        self, query: PrivateQuery, planned: Plan, receipt: Receipt | None, fingerprint: str, key: LedgerKey
    ) -> Privacy:
        cost = query.cost()
        limit = self._limit(key)
        spent = self._ledger.remaining(key).spent
        by_now = limit.epsilon_of(spent)
        return Privacy(
            epsilon=str(query.rule.epsilon),
            delta=str(cost.delta),
            rho=str(float(cost.rho)),
            mechanism=query.rule.mechanism,
            fresh=receipt is not None,
            groups=planned.groups,
            rows=planned.rows,
            threshold=planned.tau,
            fingerprint=fingerprint,
            spent="" if by_now is None else f"{float(by_now):.6g}",
            budget=f"{float(limit.epsilon):.6g}",
            remaining="" if by_now is None else f"{max(0.0, float(limit.epsilon - by_now)):.6g}",
        )


def _planned(query: PrivateQuery, chosen: tuple[int, int, Mapping[str, Any]]) -> tuple[Plan, Sequence[EnforcedQuery]]:
    groups, rows, detail = chosen
    if query.first is not None:
        return query.first
    assert query.search is not None
    return query.built(query.search.again(groups, rows, detail))


def _declared(accepted: Accepted) -> tuple[int, int]:
    groups, rows = accepted.most_groups, accepted.most_rows
    return (1 if isinstance(groups, str) else groups), (1 if isinstance(rows, str) else rows)


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def _finished(query: PrivateQuery, planned: Plan, noisy: Measured, privacy: Privacy) -> tuple[pa.Table, Privacy]:
    import pyarrow as pa
    from sqlglot import exp

    post = query.accepted.post
    cells, estimates = rows_of(planned, noisy)
    for number, row in enumerate(cells):
        row["#"] = number
    kept = arranged(post, cells)
    if query.max_rows is not None:
        kept = kept[: query.max_rows]
    titles = names_of(post.columns)
    columns = [[shown(post, column.node, row) for row in kept] for column in post.columns]
    table = pa.table([_array(column) for column in columns], names=titles)
    deviations: dict[str, tuple[float, ...]] = {}
    intervals: dict[str, tuple[tuple[float, float], ...]] = {}
    ranks: dict[str, int] = {}
    for title, column, values in zip(titles, post.columns, columns, strict=True):
        name = str(column.node.this) if isinstance(column.node, exp.Placeholder) else ""
        if not name.startswith("a"):
            continue
        measure = query.accepted.aggregates[int(name[1:])].measure
        if planned.accepted.measures[measure].kind == "histogram":
            ranks[title] = rank_error(planned, measure)
            continue
        behind = [estimates[_index(row)][name] for row in kept]
        deviations[title] = tuple(each.deviation for each in behind)
        intervals[title] = tuple(
            (float(value) - each.half, float(value) + each.half) if isinstance(value, int | Fraction) else (0.0, 0.0)
            for value, each in zip(values, behind, strict=True)
        )
    said = msgspec.structs.replace(privacy, deviations=deviations, intervals=intervals, ranks=ranks)
    if noisy.keys is not None and planned.keys_noise is not None:
        said = msgspec.structs.replace(
            said,
            suppressed=max(0, noisy.keys - len(noisy.sums)),
            suppressed_deviation=planned.keys_noise.deviation(),
        )
    return table, said


def _index(row: Mapping[str, Cell]) -> int:
    number = row["#"]
    assert isinstance(number, int)
    return number


def _array(values: Sequence[Cell]) -> pa.Array:
    """A column of the answer; here, and not before, an exact number becomes a float."""
    import pyarrow as pa

    present = [value for value in values if value is not None]
    if present and all(isinstance(value, int) and not isinstance(value, bool) for value in present):
        if all(-(2**63) <= int(str(value)) < 2**63 for value in present):
            return pa.array(values, pa.int64())
        return pa.array([None if value is None else float(int(str(value))) for value in values], pa.float64())
    if present and all(isinstance(value, int | Fraction) and not isinstance(value, bool) for value in present):
        return pa.array([None if value is None else float(Fraction(str(value))) for value in values], pa.float64())
    return pa.array(values)


@contextmanager
def on_grid(
    seconds: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
) -> Iterator[None]:
    """Lets the block end, also with an error, at a multiple of `seconds` after it began."""
    began = clock()
    try:
        yield
    finally:
        if seconds > 0:
            sleep(seconds - (clock() - began) % seconds)
