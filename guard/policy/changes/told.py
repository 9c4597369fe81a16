"""What one exposure lets be seen that another did not, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

from guard.policy.changes.exposure import Exposure

Direction: TypeAlias = Literal["widened", "narrowed", "changed"]
OPENED = "deny becomes allow"
CLOSED = "allow becomes deny"


def told(
    name: Callable[[str], str], old: Exposure | None, new: Exposure | None
) -> tuple[Direction, tuple[str, ...]] | None:
    """The direction of a change and what it consists of; None when there is none. None for a cell that is denied.

    `name` gives the kind behind the id of a label set.
    """
    if old is None or new is None:
        if old is new:
            return None
        return ("widened", (OPENED,)) if old is None else ("narrowed", (CLOSED,))
    if old == new:
        return None
    found = [*_masks(name, old, new), *_filters(old, new), *_limits(old, new)]
    wider = any(direction == "widened" for direction, _ in found)
    narrower = any(direction == "narrowed" for direction, _ in found)
    # A cell that opens in one place and closes in another is one that widened: somebody sees more.
    direction: Direction = "widened" if wider else "narrowed" if narrower else "changed"
    return direction, tuple(sorted({text for _, text in found}))


def _masks(name: Callable[[str], str], old: Exposure, new: Exposure) -> Iterator[tuple[Direction, str]]:
    olds = {tag: (strength, name, params) for tag, strength, name, params in old.masks}
    news = {tag: (strength, name, params) for tag, strength, name, params in new.masks}
    for tag in sorted(olds.keys() | news.keys()):
        kind = name(tag)
        was, now = olds.get(tag), news.get(tag)
        if was == now:
            continue
        if now is None and was is not None:
            yield "widened", f"`{kind}` was masked with `{was[1]}` and is shown"
        elif was is None and now is not None:
            yield "narrowed", f"`{kind}` was shown and is masked with `{now[1]}`"
        elif was is not None and now is not None:
            direction: Direction = "changed" if was[0] == now[0] else "widened" if now[0] < was[0] else "narrowed"
            yield direction, f"`{kind}` was masked with `{was[1]}` ({was[0]}) and is with `{now[1]}` ({now[0]})"


def _filters(old: Exposure, new: Exposure) -> Iterator[tuple[Direction, str]]:
    for table in sorted({table for table, _ in (*old.row_filters, *new.row_filters)}):
        was = {predicate for name, predicate in old.row_filters if name == table}
        now = {predicate for name, predicate in new.row_filters if name == table}
        if was - now:  # whatever came in its place, rows that were hidden may be seen
            yield "widened", f"a row filter of `{table}` is gone"
        if now - was:
            yield "narrowed", f"`{table}` has another row filter"


def _limits(old: Exposure, new: Exposure) -> Iterator[tuple[Direction, str]]:
    if old.minimum_group != new.minimum_group:
        wider = new.minimum_group < old.minimum_group
        yield (
            "widened" if wider else "narrowed",
            f"the smallest group was {old.minimum_group} and is {new.minimum_group}",
        )
    if old.max_rows != new.max_rows:
        wider = new.max_rows < 0 or 0 <= old.max_rows < new.max_rows
        words = ["no limit" if rows < 0 else str(rows) for rows in (old.max_rows, new.max_rows)]
        yield "widened" if wider else "narrowed", f"the most rows were {words[0]} and are {words[1]}"
    # A limit that guard cannot rank here counts as wider when it goes, whatever comes in its place.
    for kind, value in sorted({*old.others} ^ {*new.others}):
        if (kind, value) in old.others:
            yield "widened", f"the limit `{kind}` is gone or another"
        else:
            yield "narrowed", f"there is a limit `{kind}`"
