"""Plans: which transform each field gets, for which purpose. YAML in, YAML out, strict in between.

    version: 1
    purpose: research
    fields:
      phone: {transform: partial, first: 3, last: 4}
      resident_id: {transform: pseudonym, domain: person}
      city: {transform: keep, reason: "coarse enough"}
      note: {transform: drop}
    default: refuse

`keep` and `drop` stand beside the transforms. `default` says what happens to fields that the plan does not name:
`refuse` (an error, and what holds when nothing is said), `redact`, `drop` or `keep`.

`rows` leaves rows out: each column there goes through its transform once more, for this question only, and a row whose
answer is null is not in the result:

    rows:
      resident_id: {transform: sample, share: 0.1}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from guard.anonymize import registry
from guard.anonymize.plan_yaml import dump_yaml, load_yaml
from guard.anonymize.transform import MAX_FILE_BYTES, File
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

Default: TypeAlias = Literal["refuse", "redact", "drop", "keep"]

ACTIONS = ("keep", "drop")
MAX_FIELDS = 10_000


class Field(Value, frozen=True):
    """What one field gets. `params` are the strict parameters of the transform; None for `keep` and `drop`.

    `as_` is `text` where the column is made text first, so that a transform for texts fits a number or a date.
    """

    column: str
    transform: str
    params: Any = None
    as_: Literal["", "text"] = ""
    reason: str = ""

    @property
    def state(self) -> State:
        """How exposed the field is afterwards."""
        if self.params is None:
            return State.NONE if self.transform == "drop" else State.RAW
        return registry.find(self.transform).guarantee(self.params).state

    @property
    def reads(self) -> tuple[str, ...]:
        """Other columns that the transform needs."""
        wide = registry.wide(self.transform) if self.params is not None else None
        return wide.reads(self.params) if wide else ()

    @property
    def keyed(self) -> bool:
        """True when the transform needs a key."""
        return self.params is not None and registry.find(self.transform).guarantee(self.params).keyed


class Plan(Value, frozen=True):
    """Fields in the order of the file; each column stands once. `rows` decide which rows stay."""

    purpose: str
    fields: tuple[Field, ...]
    default: Default = "refuse"
    rows: tuple[Field, ...] = ()

    def __post_init__(self) -> None:
        if not self.purpose or len(self.purpose.encode()) > 256:
            msg = "a plan needs a `purpose` of 1 to 256 bytes"
            raise PlanError(msg, help="say what the result is for: pseudonyms of two purposes cannot be linked")
        names = [field.column for field in self.fields]
        if len(names) > MAX_FIELDS or len(set(names)) != len(names):
            msg = f"a plan names a column twice, or more than {MAX_FIELDS} columns"
            raise PlanError(msg, help="each column stands once under `fields`")

        if any(field.params is None for field in self.rows):
            msg = "`rows` of the plan has a column with `keep` or `drop`"
            raise PlanError(msg, help="name a transform that makes some values null, such as `sample`")

    @classmethod
    def load(cls, path: Path) -> Plan:
        """The plan in a file; files that it names are looked up from its folder.

        Raises:
            PlanError: the file cannot be read, or is not a plan.
        """
        text = _read(path, str(path)).decode("utf-8", "replace")
        return cls.parse(text, read=lambda name: _read(path.parent / name, name))

    @classmethod
    def parse(cls, text: str, *, read: registry.ReadFile = registry.no_files) -> Plan:
        """The plan of a text.

        Raises:
            PlanError: not YAML, an unknown or repeated key, an unknown transform, or parameters that do not fit.
        """
        return cls.from_mapping(_mapping(load_yaml(text), "the plan"), read=read)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], *, read: registry.ReadFile = registry.no_files) -> Plan:
        """The plan of a mapping as a plan file holds it, for instance from JSON.

        Raises:
            PlanError: an unknown key, an unknown transform, or parameters that do not fit.
        """
        _only(raw, ("version", "purpose", "fields", "default", "rows"), "the plan")
        if raw.get("version") != 1:
            msg = "the plan has no `version`, or not 1"
            raise PlanError(msg, help="begin the plan with `version: 1`")
        default = raw.get("default", "refuse")
        if default not in ("refuse", "redact", "drop", "keep"):
            msg = "`default` of the plan is not refuse, redact, drop or keep"
            raise PlanError(msg, help="leave it out to be told of fields that the plan does not name")
        purpose = raw.get("purpose", "")
        if not isinstance(purpose, str):
            msg = "`purpose` of the plan is not a text"
            raise PlanError(msg, help="put it in quotation marks")
        fields = _mapping(raw.get("fields") or {}, "`fields` of the plan")
        rows = _mapping(raw.get("rows") or {}, "`rows` of the plan")
        made, filters = (
            tuple(make_field(name, body, read=read) for name, body in part.items()) for part in (fields, rows)
        )
        return cls(purpose, made, default, filters)

    def to_yaml(self) -> str:
        """The plan as a file: `Plan.parse(plan.to_yaml())` is the plan again."""
        fields = {field.column: _body(field) for field in self.fields}
        rows = {"rows": {field.column: _body(field) for field in self.rows}} if self.rows else {}
        return dump_yaml({"version": 1, "purpose": self.purpose, "fields": fields, "default": self.default, **rows})

    def check(self, columns: Sequence[str] | pa.Schema) -> tuple[Field, ...]:
        """One field for each column, in the order of the columns, with the default filled in.

        Raises:
            PlanError: a column of the plan does not exist or stands twice, or one is not named and the default refuses.
        """
        names = list(columns) if isinstance(columns, Sequence) else list(columns.names)
        planned = {field.column: field for field in self.fields}
        read = [name for field in self.fields + self.rows for name in (field.column, *field.reads)]
        missing = [name for name in read if name not in names]
        if missing:
            msg = f"the plan names `{missing[0]}`, and there is no such column"
            raise PlanError(msg, help=f"the columns are {', '.join(names[:20])}")
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            msg = f"the column `{twice}` stands twice in the table"
            raise PlanError(msg, help="give each column its own name")
        unnamed = [name for name in names if name not in planned]
        if unnamed and self.default == "refuse":
            more = f" and {len(unnamed) - 1} more" if unnamed[1:] else ""
            msg = f"the plan says nothing about `{unnamed[0]}`{more}"
            raise PlanError(msg, help="name them (`transform: keep` where they are harmless), or give a `default`")
        return tuple(planned.get(name) or _default(name, self.default) for name in names)

    def summary(self) -> dict[str, str]:
        """Column to transform: what an audit entry holds of a plan."""
        rows = {f"rows by {field.column}": field.transform for field in self.rows}
        return {**{field.column: field.transform for field in self.fields}, "*": self.default, **rows}


def make_field(column: str, body: Any, *, read: registry.ReadFile = registry.no_files) -> Field:
    """The field of a mapping such as `{transform: partial, first: 3}`.

    Raises:
        PlanError: an unknown transform, or parameters that do not fit; names the column.
    """
    given = dict(_mapping(body, f"the field `{column}`"))
    transform, reason, as_ = given.pop("transform", None), given.pop("reason", ""), given.pop("as", "")
    if transform is None and "transform" in body:
        transform = "null"  # the transform is called like YAML's null
    if not isinstance(transform, str) or not isinstance(reason, str) or as_ not in ("", "text"):
        msg = f"the field `{column}` names no transform, or its `reason` or `as` is not a text"
        raise PlanError(msg, help=f"write for example `{column}: {{transform: redact}}`; `as` may only be text")
    if transform in ACTIONS:
        _only(given, (), f"the field `{column}`")
        return Field(column, transform, None, "", reason)
    try:
        return Field(column, transform, registry.params(transform, given, read=read), as_, reason)
    except PlanError as error:
        msg = f"the field `{column}` does not work: {error.message}"
        raise PlanError(msg, help=error.help) from None


def _default(column: str, default: Default) -> Field:
    if default == "redact":
        return Field(column, "redact", registry.params("redact", {}), "", "default")
    return Field(column, default, None, "", "default")


def _body(field: Field) -> dict[str, Any]:
    body: dict[str, Any] = {"transform": field.transform}
    if field.as_:
        body["as"] = field.as_
    for info in msgspec.structs.fields(field.params) if field.params is not None else ():
        value = getattr(field.params, info.name)
        if value != info.default:
            body[info.encode_name] = value.name if isinstance(value, File) else value
    return {**body, "reason": field.reason} if field.reason else body


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        msg = f"{what} is not a mapping with names as keys"
        raise PlanError(msg, help="see docs/how-to/anonymise-a-file.md for a whole plan")
    return value


def _only(raw: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    unknown = next((key for key in raw if key not in known), None)
    if unknown is not None:
        msg = f"{what} has an unknown key `{unknown[:64]}`"
        raise PlanError(msg, help=f"it knows {', '.join(known)}" if known else "it takes no parameters")


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        msg = f"the file `{name}` cannot be read: {error.strerror}"
        raise PlanError(msg, help="paths in a plan are looked up from the folder of the plan") from None
