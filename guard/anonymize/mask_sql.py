"""The SQL forms of all transforms behind the border that enforcement knows (`guard.sql.masking.MaskSql`).

An engine inside this process can call the Arrow form of a transform by a name. DuckDB plans each statement anew and
pays for every node of it, so that a call costs a point query a tenth of what the SQL form costs; the forms agree.
"""

from __future__ import annotations

from sqlglot import exp

from guard.anonymize import mariadb_sql, registry
from guard.anonymize.column_function import column_function, name_of
from guard.anonymize.keys import Keyring
from guard.anonymize.plain_sql import PLAIN, plain_mask
from guard.anonymize.sql_types import sql_type
from guard.errors import PlanError, TransformError
from guard.model import Mask
from guard.sql.masking import Parameters, Provide


class Masks:
    """Looks the transform of a mask up and asks it for its SQL form.

    A keyed mask uses the key of its own `purpose` parameter, else of `purpose` here (the query's); without either
    it fails, and the caller denies. A mask may name a file only where `read` delivers it. With `provide`, masks of
    text become calls of functions that `provide` makes known to the source.
    """

    def __init__(
        self,
        keyring: Keyring | None = None,
        *,
        purpose: str = "",
        read: registry.ReadFile = registry.no_files,
        provide: Provide | None = None,
    ) -> None:
        self._keyring = keyring
        self._purpose = purpose
        self._read = read
        self._provide = provide

    def for_purpose(self, purpose: str, *, provide: Provide | None = None) -> Masks:
        """The same, with the keys of `purpose`."""
        return Masks(self._keyring, purpose=purpose, read=self._read, provide=provide)

    def __call__(
        self, mask: Mask, column: exp.Expression, *, column_type: str, dialect: str, parameters: Parameters
    ) -> exp.Expression:
        """The masked column.

        Raises:
            TransformError: unknown transform, parameters that do not fit, or no form for this type; deny.
            KeyUnavailableError: the transform is keyed and there is no key; deny.
        """
        try:
            params = registry.params(mask.transform, mask.params, read=self._read)
        except PlanError as error:
            msg = f"the mask on `{mask.table}.{mask.column}` does not work: {error.message}"
            raise TransformError(msg, help=error.help) from None
        purpose = getattr(params, "purpose", "") or self._purpose
        keys = self._keyring.bind(purpose) if self._keyring and purpose else None
        transform = registry.find(mask.transform)
        if dialect in PLAIN:
            return plain_mask(transform, mask.transform, column, params, column_type=column_type, dialect=dialect)
        if self._provide and sql_type(column_type, dialect).is_plain_text:
            # A transform without an SQL form has none here either, so that an answer does not hang on the door.
            transform.sql(column, params, column_type=column_type, dialect=dialect, parameters=Parameters(), keys=keys)
            name = name_of(mask.transform, mask.params, keys)
            if self._provide(name, column_function(transform, params, keys)):
                return exp.Anonymous(this=name, expressions=[column.copy()])
        masked = transform.sql(
            column, params, column_type=column_type, dialect=dialect, parameters=parameters, keys=keys
        )
        return mariadb_sql.spell(masked) if dialect == mariadb_sql.DIALECT else masked
