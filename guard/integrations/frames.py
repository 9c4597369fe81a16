"""`frame.guard` on polars and pandas frames: `import guard.integrations.frames` adds it to those that are installed.

    import guard.integrations.frames
    df.guard.labels()              # what each column is
    df.guard.sensitive()           # the names of the sensitive ones
    df.guard.anonymize(plan)       # a frame of the same kind

Labels come from the default rule pack, or from that of a `Guard` that `use` names; nothing is recorded without one.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from guard.model import Dataset, FieldLabel

if TYPE_CHECKING:
    from guard.anonymize.plan import Plan
    from guard.classify import Classifier
    from guard.engine import Guard

NAME = "guard"
_chosen: list[Any] = []


def use(guard: Guard | None) -> None:
    """The guard whose rules and record the accessors use; None for the default rules and no record."""
    _chosen[:] = [] if guard is None else [guard]


class FrameAccessor:
    """What guard says of one frame, and does to it."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def labels(self, name: str | None = None) -> list[FieldLabel]:
        """The label of each column and of each field inside one; with a `name` it goes on record."""
        if _chosen:
            found: list[FieldLabel] = _chosen[0].classify_table(self._frame, name)
            return found
        from guard.sources.arrow import to_arrow

        return _classifier().classify_table(to_arrow(self._frame), dataset=Dataset("frame", name or "frame"))

    def sensitive(self) -> list[str]:
        """The paths of the sensitive fields, in order."""
        return [label.field.path for label in self.labels() if label.verdict == "sensitive"]

    def anonymize(self, plan: Plan, *, name: str | None = None) -> Any:
        """The frame after a plan, of the same kind.

        Raises:
            UsageError: no guard was named by `use`: keys and record are its.
        """
        from guard.errors import UsageError

        if not _chosen:
            raise UsageError("no guard holds the keys", help="call `guard.integrations.frames.use(guard)` first")
        table = _chosen[0].anonymize(self._frame, plan, name=name)
        if type(self._frame).__module__.partition(".")[0] == "polars":
            import polars as pl

            return pl.from_arrow(table)
        return table.to_pandas()


def _classifier() -> Classifier:
    if not _default:
        from guard.classify import Classifier
        from guard.config import default_rules

        _default.append(Classifier.load(default_rules()))
    return _default[0]


_default: list[Classifier] = []

if find_spec("polars"):
    import polars as pl

    pl.api.register_dataframe_namespace(NAME)(FrameAccessor)
if find_spec("pandas"):
    import pandas as pd

    pd.api.extensions.register_dataframe_accessor(NAME)(FrameAccessor)
