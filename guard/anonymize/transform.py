"""The shape that every module under `transforms/` has; the tree is the registry and the id is the file name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from guard.model import Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.guarantee import Guarantee
    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters

MAX_FILE_BYTES = 16 * 1024 * 1024


class File(Value, frozen=True):
    """A file that a parameter names, already read: transforms do no IO. It is written back as its name."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"File({self.name!r}, len={len(self.content)})"


class Transform(Protocol):
    """A module of `guard.anonymize.transforms`.

    All three forms agree: for every value `v` of a column, the SQL form in each dialect and `apply` give the
    same answer, null stays null, and the type of the column is kept. What cannot be said in the column's type
    is a null (a mask made for text, on a number) or a `TransformError` (a pseudonym in 16 bits).
    """

    Params: type[Any]

    def apply(self, values: pa.Array | pa.ChunkedArray, params: Any, keys: Keys | None) -> pa.Array:
        """The safer values: same length, same type, nulls where there were nulls.

        Raises:
            TransformError: the transform makes no sense for this type.
            KeyUnavailableError: it needs a key and there is none.
        """

    def guarantee(self, params: Any) -> Guarantee:
        """What holds of the output."""

    def sql(
        self,
        column: exp.Expression,
        params: Any,
        *,
        column_type: str,
        dialect: str,
        parameters: Parameters,
        keys: Keys | None,
    ) -> exp.Expression:
        """The same mapping as an expression of the column's own type, which raises on no value.

        Raises:
            TransformError: there is no such expression for this type or dialect; the caller denies.
            KeyUnavailableError: it needs a key and there is none.
        """
