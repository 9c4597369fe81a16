"""Column flow as edges in OpenLineage's vocabulary (column lineage facet 1-2-0)."""

from __future__ import annotations

from guard.model import Dataset, Edge, EdgeSubtype, FieldRef, OutputColumn
from guard.sql.flow import FlowResult
from guard.sql.marks import DIRECT, LOW, SUBTYPES, Flow
from guard.sql.ways import Ways

EVERY_COLUMN = "*"
BETWEEN = " > "  # the steps of a way


def edges(
    result: FlowResult, target: Dataset, names: tuple[str, ...] | None
) -> tuple[tuple[OutputColumn, ...], tuple[Edge, ...]]:
    """The outputs with their own edges, and the edges that act on every output (target path `*`).

    `names` are the target's columns by position; without them the query's own names are the target's.
    """
    outputs: list[OutputColumn] = []
    spelled = names is not None and not any(column.key == EVERY_COLUMN for column in result.columns)
    if names == ():  # nothing goes into a column; the rows alone change
        return (), _into(result.rows, FieldRef(dataset=target, path=EVERY_COLUMN), result.ways)
    for position, column in enumerate(result.columns):
        if names is not None and spelled:
            if position >= len(names):
                break
            name = names[position]
        else:
            name = column.name or f"_col{position}"
        outputs.append(
            OutputColumn(name=name, edges=_into(column.flow, FieldRef(dataset=target, path=name), result.ways))
        )
    return tuple(outputs), _into(result.rows, FieldRef(dataset=target, path=EVERY_COLUMN), result.ways)


def copy(source: Dataset, target: Dataset, name: str) -> Edge:
    """A column goes over as it is: a rename, a clone."""
    return Edge(
        source=FieldRef(dataset=source, path=name),
        target=FieldRef(dataset=target, path=name),
        type="DIRECT",
        subtype="IDENTITY",
    )


def _into(flow: Flow, target: FieldRef, ways: Ways | None) -> tuple[Edge, ...]:
    found = []
    for base, mark in flow.items():
        source = FieldRef(dataset=base.dataset, path=base.column)
        for bits, subtype in SUBTYPES:
            if mark & bits:
                kind = "DIRECT" if bits & DIRECT else "INDIRECT"
                how = _how(ways, mark, subtype) if ways is not None and mark > LOW else ()
                found.append(Edge(source=source, target=target, type=kind, subtype=subtype, how=how))  # type: ignore[arg-type]  # of two literals
    return tuple(sorted(found))


def _how(ways: Ways, mark: int, subtype: EdgeSubtype) -> tuple[str, ...]:
    """The ways of a mark that make an edge of this subtype."""
    if subtype not in ("TRANSFORMATION", "AGGREGATION"):
        return ()
    summed = subtype == "AGGREGATION"
    return tuple(BETWEEN.join(way) for way in ways.read(mark) if way and ways.aggregates(way) == summed)
