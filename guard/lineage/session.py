"""One statement after another: each has its lineage, and may leave tables that the next one reads."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlglot import exp

from guard.lineage import edges as edge
from guard.lineage.variables import Assigned, Variables
from guard.lineage.write import UnknownWriteError, Write
from guard.lineage.writes import writes
from guard.model import Column, Dataset, Gap, OutputColumn, QueryLineage, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.flow import FlowResult, flow
from guard.sql.ways import Ways


class Session:
    """Follows statements in order; `unknown` says whether a table outside the catalogue is a gap or open.

    `how` asks for the functions that values pass, in `Edge.how`.
    """

    def __init__(
        self, catalogue: Catalogue, *, namespace: str, unknown: Literal["gap", "open"], how: bool = False
    ) -> None:
        self._how = how
        self._catalogue = catalogue
        self._namespace = namespace
        self._unknown: Literal["gap", "open"] = unknown
        self._written: dict[Dataset, None] = {}  # under the names that they have now; what was dropped is not there
        self._made: set[Dataset] = set()
        self._variables = Variables()
        self._inner: set[Dataset] = set()  # variables
        self._gone: set[Dataset] = set()  # made and dropped here: nobody outside could read it

    def told(self, lineage: QueryLineage) -> QueryLineage:
        """The lineage of the whole script, whose targets are what it leaves: renamed, and without what it dropped."""
        return msgspec.structs.replace(
            lineage,
            inputs=tuple(one for one in lineage.inputs if one not in self._gone and one not in self._inner),
            targets=tuple(one for one in self._written if one not in self._inner),
        )

    def run(
        self, statement: exp.Expression, *, declared: frozenset[str] = frozenset(), into: tuple[str, ...] = ()
    ) -> QueryLineage:
        """The lineage of `statement`, which is left as it was.

        `declared` are the variables and parameters of the routine around it, `into` those that its answer fills.
        """
        dialect = self._catalogue.dialect
        try:
            self._variables.enter(declared)
            copied = self._variables.replaced(statement.copy(), self._columns_read(statement) if declared else ())
            assigned = self._variables.filled(copied, into) if into else self._variables.assigned(copied)
            if assigned is not None:
                return together(dialect, [QueryLineage(dialect=dialect), *(self._assign(one) for one in assigned)])
            found = writes(copied, self._catalogue)
        except UnknownWriteError as error:
            gap = Gap(code="unsupported_statement", what=str(error), help="declare its lineage by hand")
            return QueryLineage(dialect=dialect, gaps=(gap,))
        return together(dialect, [self._write(write) for write in found])

    def _columns_read(self, statement: exp.Expression) -> set[str]:
        """Columns of the tables in a statement, in lower case: those come before variables, but not in MySQL."""
        if self._catalogue.dialect == "mysql":
            return set()
        known = (self._catalogue.find(table) for table in statement.find_all(exp.Table))
        return {column.name.lower() for table in known if table is not None for column in table.columns}

    def _assign(self, one: Assigned) -> QueryLineage:
        """A variable holds something else from here on; nobody outside of the script reads it."""
        node = exp.Table(this=exp.to_identifier(one.name, quoted=True))
        dataset = self._dataset(node)
        if one.query is None:
            self._remember(node, dataset, list(one.columns))
            self._inner.add(dataset)
            return QueryLineage(dialect=self._catalogue.dialect)
        lineage = self._write(Write(node, one.query, one.columns or None, creates=True))
        self._inner.add(dataset)
        return lineage

    def _write(self, write: Write) -> QueryLineage:
        dialect = self._catalogue.dialect
        target = self._dataset(write.target)
        if write.drops and write.target is not None:
            self._drop(write.target, target)
            return QueryLineage(dialect=dialect)
        if write.renames and write.target is not None:
            return self._rename_column(write.target, target, *(write.names or ()))
        if write.copies is not None:
            return self._copy(write, write.copies, target)
        if write.target is not None and not write.inlined:
            self._keep(target, made=write.creates)
        if write.query is None:
            return QueryLineage(dialect=dialect, target=target.name, targets=(target,))
        result = flow(
            write.query,
            self._catalogue,
            unknown=self._unknown,
            namespace=self._namespace,
            ways=Ways() if self._how else None,
        )
        outputs, on_rows = edge.edges(result, target, write.names)
        if write.inlined and write.target is not None:
            self._define(write.target, target, write.query, [output.name for output in outputs])
            return QueryLineage(dialect=dialect, gaps=result.gaps)
        if write.creates and write.target is not None:
            self._remember(write.target, target, [output.name for output in outputs])
        own = [one for output in outputs for one in output.edges]
        return QueryLineage(
            dialect=dialect,
            target=target.name,
            outputs=outputs,
            edges=tuple(dict.fromkeys((*own, *on_rows))),
            gaps=tuple(
                dict.fromkeys((*result.gaps, *_unresolved(result), *self._contradicted(write, result, outputs)))
            ),
            inputs=self._inputs(result, target if write.in_place else None),
            targets=(target,) if write.target is not None else (),
        )

    def _contradicted(self, write: Write, result: FlowResult, outputs: tuple[OutputColumn, ...]) -> list[Gap]:
        """Columns that the target does not have, and values that no column takes: the schema is another one."""
        known = self._catalogue.find(write.target) if write.target is not None and not write.creates else None
        if known is None or write.names == ():
            return []
        if write.names and len(result.columns) > len(write.names) and edge.EVERY_COLUMN not in write.names:
            what = f"{len(result.columns)} values for {len(write.names)} columns of {known.name}"
            return [Gap(code="unknown_column", what=what[:120], help="scan the target again, or name its columns")]
        stored = self._catalogue.names_of.stored
        has = {stored(column.name) for column in known.columns} | {edge.EVERY_COLUMN}
        missing = [output.name for output in outputs if stored(output.name) not in has]
        help_ = "scan the target again, or check the spelling of the column"
        return [Gap(code="unknown_column", what=f"{known.name}.{name}"[:120], help=help_) for name in missing]

    def _copy(self, write: Write, original: exp.Table, target: Dataset) -> QueryLineage:
        """The whole of one table becomes another: column by column where they are known."""
        source = self._dataset(original)
        known = self._catalogue.find(original)
        names = [column.name for column in known.columns] if known is not None else [edge.EVERY_COLUMN]
        if write.moves:
            self._move(original, source, target)
        else:
            self._keep(target, made=write.creates)
        if write.creates and write.target is not None:
            self._remember(write.target, target, names)
        outputs = tuple(OutputColumn(name=name, edges=(edge.copy(source, target, name),)) for name in names)
        return QueryLineage(
            dialect=self._catalogue.dialect,
            target=target.name,
            outputs=outputs,
            edges=tuple(one for output in outputs for one in output.edges),
            inputs=() if write.moves else (source,),
            targets=() if write.moves else (target,),
        )

    def _rename_column(self, node: exp.Table, target: Dataset, old: str, new: str) -> QueryLineage:
        """A column under a new name, which it has for the statements behind."""
        known = self._catalogue.find(node)
        stored = self._catalogue.names_of.stored
        if known is not None:
            columns = tuple(
                msgspec.structs.replace(one, name=new) if stored(one.name) == stored(old) else one
                for one in known.columns
            )
            renamed = msgspec.structs.replace(known, columns=columns)
            self._renew([renamed if table is known else table for table in self._catalogue.tables])
        one = edge.copy(target, target, old)
        one = msgspec.structs.replace(one, target=msgspec.structs.replace(one.target, path=new))
        outputs = (OutputColumn(name=new, edges=(one,)),)
        return QueryLineage(dialect=self._catalogue.dialect, target=target.name, outputs=outputs, edges=(one,))

    def _keep(self, target: Dataset, *, made: bool) -> None:
        self._written[target] = None
        self._gone.discard(target)
        if made:
            self._made.add(target)

    def _drop(self, node: exp.Table, target: Dataset) -> None:
        self._forget(node)
        self._written.pop(target, None)
        if target in self._made:
            self._gone.add(target)

    def _move(self, node: exp.Table, source: Dataset, target: Dataset) -> None:
        """A rename reads and writes no rows; what the script wrote has the new name from here on."""
        self._forget(node)
        if source in self._written:
            self._written = {target if one == source else one: None for one in self._written}
        if source in self._made:
            self._gone.add(source)
            self._made.add(target)

    def _inputs(self, result: FlowResult, target: Dataset | None) -> tuple[Dataset, ...]:
        """The relations read; a view only by what stands behind it."""
        found = []
        for name, table in result.tables.items():
            if table is None or table.kind != "view":
                dataset = table.dataset if table is not None else Dataset(namespace=self._namespace, name=str(name))
                if dataset != target:
                    self._gone.discard(dataset)  # read after it was dropped: then it is another one
                    found.append(dataset)
        return tuple(found)

    def _dataset(self, node: exp.Table | None) -> Dataset:
        if node is None:
            return Dataset(namespace=self._namespace, name="")
        known = self._catalogue.find(node)
        return known.dataset if known is not None else Dataset(namespace=self._namespace, name=self._spelled(node))

    def _spelled(self, node: exp.Table) -> str:
        """The name as the engine compares it, so that a table written and one read are the same dataset."""
        of = self._catalogue.names_of.of
        return ".".join(of(part) if isinstance(part, exp.Identifier) else part.name for part in node.parts)

    def _remember(self, node: exp.Table, dataset: Dataset, names: list[str]) -> None:
        """The table exists from here on; with a `*` among its columns it stays open."""
        self._forget(node)
        if edge.EVERY_COLUMN not in names:
            columns = tuple(Column(name=name, type="") for name in names)
            self._renew([*self._catalogue.tables, Table(name=_name(node), dataset=dataset, columns=columns)])

    def _define(self, node: exp.Table, dataset: Dataset, query: exp.Expression, names: list[str]) -> None:
        """A name for a query: what reads it reads what stands behind."""
        self._forget(node)
        columns = tuple(Column(name=name, type="") for name in names)
        text = query.sql(self._catalogue.dialect or None)
        table = Table(name=_name(node), dataset=dataset, columns=columns, kind="view", definition=text)
        self._renew([*self._catalogue.tables, table])

    def _forget(self, node: exp.Table) -> None:
        known = self._catalogue.find(node)
        if known is not None:
            self._renew([table for table in self._catalogue.tables if table is not known])

    def _renew(self, tables: list[Table]) -> None:
        old = self._catalogue
        self._catalogue = Catalogue(
            tables,
            dialect=old.dialect,
            default_schema=old.default_schema,
            catalog=old.catalog,
            version=old.version,
            names_of=old.names_of,
        )


def together(dialect: str, lineages: list[QueryLineage]) -> QueryLineage:
    """One lineage for several statements; `target` and `outputs` are those of the last one that writes."""
    if len(lineages) == 1:
        return lineages[0]
    last = next((one for one in reversed(lineages) if one.target), lineages[-1] if lineages else None)
    return QueryLineage(
        dialect=dialect,
        target=last.target if last is not None else "",
        outputs=last.outputs if last is not None else (),
        edges=tuple(dict.fromkeys(one for lineage in lineages for one in lineage.edges)),
        gaps=tuple(dict.fromkeys(one for lineage in lineages for one in lineage.gaps)),
        inputs=tuple(dict.fromkeys(one for lineage in lineages for one in lineage.inputs)),
        targets=tuple(dict.fromkeys(one for lineage in lineages for one in lineage.targets)),
    )


def _unresolved(result: FlowResult) -> list[Gap]:
    """A `*` over a table whose columns are not known."""
    help_ = "give the schema of the table to resolve its columns"
    tables = {
        str(base.table): None for column in result.columns for base in column.flow if base.column == edge.EVERY_COLUMN
    }
    return [Gap(code="unknown_table", what=name, help=help_) for name in tables]


def _name(node: exp.Table) -> TableName:
    parts = [part.name for part in node.parts]
    return TableName(name=parts[-1], schema=parts[-2] if len(parts) > 1 else "", catalog=".".join(parts[:-2]))
