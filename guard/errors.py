"""The one error tree.

Each error knows the exit code of the command line and the HTTP status of the sidecar. A message follows one
grammar: lower case, no final stop, the offending name in backticks, then the cause; the cure stands apart in
`help`. An error never holds a data value: names of tables, columns, rules and files are allowed, cells and SQL
literals are not.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

EXIT_CLEAN = 0
EXIT_FINDINGS = 1  # findings, or a denial
EXIT_USAGE = 2  # wrong arguments or configuration
EXIT_NOTHING = 3  # nothing was looked at
EXIT_INCOMPLETE = 4  # not everything could be looked at, or an internal error


class GuardError(Exception):
    """Base of all errors that guard raises on purpose.

    Attributes:
        message: what is wrong and where, in guard's grammar.
        help: the cure, one sentence; empty only where there is none.
        code: a stable name for programs, `kebab-case`.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_INCOMPLETE
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the word the user reads
        super().__init__(message)
        self.message = message
        self.help = help

    def diagnostics(self) -> str:
        """The text a person reads: the message, then the cure on its own line."""
        return f"{self.message}\n  help: {self.help}" if self.help else self.message


class UsageError(GuardError):
    """The caller asked for something that makes no sense."""

    code = "usage"
    exit_code = EXIT_USAGE
    http_status = 400


class ConfigError(UsageError):
    """`guard.toml`, the environment or a rule file says something guard does not understand."""

    code = "config"


class PlanError(UsageError):
    """An anonymisation plan does not fit its table."""

    code = "plan"


class NothingScannedError(GuardError):
    """No input matched, so nothing was looked at; never reported as clean."""

    code = "nothing-scanned"
    exit_code = EXIT_NOTHING
    http_status = 404


class SourceError(GuardError):
    """A source cannot be opened or read."""

    code = "source"
    http_status = 502


class ParseError(GuardError):
    """SQL that guard will not judge: too large, not parsable, or not one statement.

    `gap` is the code of the gap that a decision reports for it (`guard.model.Gap.code`).
    """

    code = "parse"
    exit_code = EXIT_FINDINGS
    http_status = 422

    def __init__(
        self,
        message: str,
        *,
        help: str = "",  # noqa: A002 - the word the user reads
        gap: Literal["unparsed_sql", "too_large", "unsupported_statement"] = "unparsed_sql",
    ) -> None:
        super().__init__(message, help=help)
        self.gap = gap


class PolicyError(ConfigError):
    """A rule pack does not compile or its data does not fit; names file and line."""

    code = "policy"


class PolicyUnavailableError(GuardError):
    """The policy engine did not answer; the caller must deny."""

    code = "policy-unavailable"
    http_status = 503


class AccessDeniedError(GuardError):
    """A decision denied access. `decision_id` finds the whole decision in the audit log.

    `decision` is the decision itself where one was made; its type is `guard.model.Decision`, which this module,
    the lowest of all, does not know.
    """

    code = "denied"
    exit_code = EXIT_FINDINGS
    http_status = 403

    def __init__(self, message: str, *, help: str = "", decision_id: str = "", decision: Any = None) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.decision_id = decision_id
        self.decision = decision


class KeyUnavailableError(GuardError):
    """A secret key is missing, of the wrong version, or its file is readable by others."""

    code = "key"
    exit_code = EXIT_USAGE


class TransformError(GuardError):
    """A transform cannot be applied to a column; nothing was written."""

    code = "transform"
    http_status = 422


class StoreError(GuardError):
    """guard's own state cannot be read or written."""

    code = "store"


class AuditError(GuardError):
    """The audit log cannot be appended to or read; the effect it should record must not happen."""

    code = "audit"
    http_status = 503


class IntegrityError(AuditError):
    """The audit log, a proof or a checkpoint does not verify; names the first bad index."""

    code = "integrity"
    exit_code = EXIT_FINDINGS
