"""Where a question becomes an answer in the log: open sources, prepared asks, and their entries."""

from __future__ import annotations

import dataclasses
import secrets
import threading
from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from guard.audit.people import WHO
from guard.audit.ticket import Ticket
from guard.engine.cache import Cache
from guard.engine.opened import OpenSource
from guard.engine.places import place_of
from guard.engine.prepare import Ask, DpRules, Prepared, Rooms, prepare
from guard.engine.record import entry, explain
from guard.engine.shared_masks import SharedMasks
from guard.errors import AccessDeniedError, ParseError, UsageError
from guard.model import Decision, Job, Subject
from guard.policy.enforce import SHAPED
from guard.sql.lexed import shape_of
from guard.sql.parse import lex

if TYPE_CHECKING:
    from guard.config import Loaded
    from guard.engine.components import Components
    from guard.engine.dp_form import Tables

CACHED_ASKS = 4096  # prepared statements kept
KEPT_TABLES = 512  # enforced tables kept for private questions


class Desk:
    """What every question passes. Safe to share between threads."""

    def __init__(self, parts: Components, loaded: Loaded, clock: Callable[[], datetime]) -> None:
        self.parts = parts
        self.clock = clock
        self._loaded = loaded
        self._lock = threading.Lock()
        # OWNED BY: _lock. A frame is kept beside its source: were it gone, another one could have its number.
        self._sources: dict[object, tuple[object, OpenSource]] = {}
        self._asks: Cache[Prepared] = Cache(CACHED_ASKS)
        self._enforced_tables: Tables = Cache(KEPT_TABLES)  # for private questions
        self._shapes: Cache[Prepared] = Cache(CACHED_ASKS)  # by shape; literals of the first stand in `enforced`
        self._masks = SharedMasks(lambda: parts.masks)

    def close(self) -> None:
        """Closes the sources; safe to call twice."""
        with self._lock:
            sources, self._sources = list(self._sources.values()), {}
        for _, opened in sources:
            opened.source.close()

    def forget_asks(self) -> None:
        """Prepares every question anew: pseudonyms or keys changed."""
        self._asks.clear()
        self._shapes.clear()
        self._masks.clear()

    def opened(self, source: object) -> OpenSource:
        """The open source behind a URI, a path or a table.

        Raises:
            SourceError, UsageError: it cannot be opened.
        """
        from guard.sources.open import open_source

        where = self._loaded.source(str(source)) if isinstance(source, str | Path) else source
        key: object = where if isinstance(where, str) else id(where)
        with self._lock:
            found = self._sources.get(key)
            if found is None:
                opened = OpenSource(open_source(where, root=self._loaded.root), self.parts.store.catalogue.labels)
                found = self._sources[key] = (where, opened)
            return found[1]

    def prepare(
        self,
        sql: str,
        subject: Subject,
        purpose: str,
        source: object,
        dialect: str | None,
        *,
        runs_here: bool = False,
    ) -> tuple[Prepared, OpenSource]:
        """The answer to an ask. What guard runs itself may call masks by name; what it hands out is plain SQL."""
        opened = self.opened(source)
        if dialect is not None and dialect != opened.source.dialect:
            raise UsageError(
                f"dialect `{dialect}` is not the dialect of the source, `{opened.source.dialect}`",
                help="leave `dialect` out",
            )
        catalogue, labels, epoch = opened.snapshot()
        # Rules may look at the time, so an answer is kept for the minute it was given in.
        minute = self.clock().replace(second=0, microsecond=0)
        engine = self.parts.engine  # once: a reload may replace it at any moment
        key = (sql, id(opened), epoch, subject, purpose, engine.revision, minute, runs_here)
        prepared = self._asks.get(key)
        if prepared is not None:
            return prepared, opened
        like, values = self._like(sql, opened.source.dialect, key)
        prepared = self._of_shape(like, values, key)
        if prepared is None:
            ask = Ask(sql=sql, dialect=opened.source.dialect, subject=subject, purpose=purpose, now=minute)
            provide = opened.source.provide if runs_here else None
            rooms = Rooms(
                engine,
                self._masks.of(purpose, (minute, id(opened) if runs_here else 0), provide=provide),
                self.category_of,
                self.parts.label_rules.identifiers if self._loaded.config.lineage.subjects else frozenset(),
                dp=DpRules(lambda: self.parts.units, self.parts.bounding_salt, self._enforced_tables),
            )
            prepared = prepare(ask, opened.source, catalogue, labels, rooms)
            person = self.parts.people.of(subject.id)
            place = place_of(subject)
            body = prepared.body.plus(**{WHO: person.member, **({"place": dict(place)} if place else {})})
            prepared = dataclasses.replace(prepared, actor=person.pseudonym, body=body, place=place)
            if prepared.edges:
                self.parts.store.lineage.keep(prepared.digest, prepared.edges)
            if not any(gap.code == "policy_unavailable" for gap in prepared.decision.gaps):
                self._asks.put(key, prepared)
                if prepared.template is not None and like is not None:
                    self._shapes.put(like, prepared)
        return prepared, opened

    def _like(self, sql: str, dialect: str, key: tuple[Hashable, ...]) -> tuple[Hashable, dict[int, str]]:
        """What the answer to a statement of the same shape is kept by, and the statement's own free literals."""
        if dialect not in SHAPED:
            return None, {}
        try:
            shape = shape_of(lex(sql, dialect))
        except ParseError:
            return None, {}
        return (shape.key, *key[1:]), shape.values

    def _of_shape(self, like: Hashable, values: dict[int, str], key: Hashable) -> Prepared | None:
        """The answer for a statement that differs from a prepared one in free literals only: these are put in."""
        known = self._shapes.get(like) if like is not None else None
        if known is None or known.enforced is None or known.template is None:
            return None
        enforced = msgspec.structs.replace(known.enforced, sql=known.template.filled(values))
        prepared = dataclasses.replace(known, enforced=enforced)
        self._asks.put(key, prepared)
        return prepared

    def submit(self, prepared: Prepared) -> tuple[Decision, Job, Ticket]:
        """Hands the entry of a query to the log; it is durable once the ticket was waited for."""
        decision = msgspec.structs.replace(prepared.decision, id=_new_id())
        time = self.time()
        body = prepared.body.plus(decision=decision.id)
        recorded = self.parts.log.begin_soon(entry("query", time=time, actor=prepared.actor, body=body))
        job = Job(
            id=decision.id,
            kind="query",
            name=prepared.fingerprint,
            started=time,
            subject=prepared.actor,
            purpose=decision.purpose,
            place=prepared.place,
        )
        return decision, job, recorded

    def category_of(self, kind: str) -> str:
        """The category of a kind in the taxonomy; empty for an unknown one."""
        known = self.parts.classifier.taxonomy.kinds.get(kind)
        return known.category if known else ""

    def record(self, prepared: Prepared) -> Decision:
        """The decision with its id, durable in the log."""
        decision = msgspec.structs.replace(prepared.decision, id=_new_id())
        body = prepared.body.plus(decision=decision.id)
        self.parts.log.append(entry("decision", time=self.time(), actor=prepared.actor, body=body))
        return decision

    def record_refusal(self, prepared: Prepared, why: str) -> Decision:
        """A decision that allowed, and whose answer was refused for what was answered before; durable in the log."""
        decision = msgspec.structs.replace(prepared.decision, id=_new_id(), outcome="deny")
        body = prepared.body.plus(decision=decision.id, outcome="deny", differencing=why)
        self.parts.log.append(entry("decision", time=self.time(), actor=prepared.actor, body=body))
        return decision

    def time(self) -> str:
        """Now, as the log spells it."""
        from guard.audit import timestamp

        return timestamp(self.clock())


def _new_id() -> str:
    return f"d-{secrets.token_hex(10)}"


def denial(decision: Decision) -> AccessDeniedError:
    """The error of a denial: what determined it, and a cure."""
    message, cure = explain((*decision.determined_by, *decision.errored), decision.gaps)
    return AccessDeniedError(f"denied: {message}", help=cure, decision_id=decision.id, decision=decision)
