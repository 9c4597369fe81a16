"""What a verification says."""

from __future__ import annotations

from guard.errors import IntegrityError
from guard.model import Value

MAX_PROBLEMS = 100  # reported; the first matters most


class Problem(Value, frozen=True, order=True):
    """Something that does not agree, and the first entry that it puts in doubt."""

    index: int
    what: str


class VerifyReport(Value, frozen=True):
    """What a verification found. `size` and `root` are those of the last checkpoint that holds."""

    size: int
    root: bytes
    checkpoint: str  # the signed note of that size, as text; keep it to hold the log to it later
    problems: tuple[Problem, ...] = ()
    refused_times: int = 0  # entries whose own time was refused, since it lay behind an earlier entry's (`claimed`)
    first_refused: int | None = None  # the first of them

    @property
    def ok(self) -> bool:
        """True when everything agrees."""
        return not self.problems

    @property
    def first_bad(self) -> int | None:
        """The first entry in doubt, or None."""
        return min(problem.index for problem in self.problems) if self.problems else None

    def require(self) -> VerifyReport:
        """The report itself, when everything agrees.

        Raises:
            IntegrityError: something does not; names the first bad index.
        """
        if self.problems:
            first = min(self.problems)
            raise IntegrityError(f"audit log is bad from entry {first.index}: {first.what}")
        return self
