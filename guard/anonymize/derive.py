"""Plans derived from labels: each field gets the transform that a data file names for its kind, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from guard.anonymize.plan import Field, Plan, make_field
from guard.anonymize.plan_yaml import load_yaml
from guard.errors import ConfigError, PlanError
from guard.model import FieldLabel, Value

Language: TypeAlias = Literal["en", "zh-Hans", "zh-Hant"]


class Choice(Value, frozen=True):
    """What a kind, level or verdict gets: the body of a plan's field, and the reason by language."""

    body: Mapping[str, Any]
    reason: Mapping[str, str]

    def field(self, column: str, language: Language) -> Field:
        """The plan's field for a column."""
        return make_field(column, {**self.body, "reason": self.reason[language]})


class Defaults(Value, frozen=True):
    """`rules/anonymize/defaults.yaml`."""

    kinds: Mapping[str, Choice]
    levels: Mapping[str, Choice]
    clean: Choice
    not_scanned: Choice

    @classmethod
    def load(cls, rules: Path) -> Defaults:
        """The defaults of a rule pack, all tried out.

        Raises:
            ConfigError: the file is missing or does not fit.
        """
        path = rules / "anonymize" / "defaults.yaml"
        try:
            return cls.parse(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            msg = f"the file `{path}` cannot be read"
            raise ConfigError(msg, help="the rule pack needs anonymize/defaults.yaml") from None
        except PlanError as error:
            msg = f"the file `{path}` does not fit: {error.message}"
            raise ConfigError(msg, help=error.help) from None

    @classmethod
    def parse(cls, text: str) -> Defaults:
        """The defaults of a text.

        Raises:
            PlanError: it does not fit.
        """
        raw = load_yaml(text)
        if not isinstance(raw, dict) or set(raw) != {"version", "clean", "not_scanned", "levels", "kinds"}:
            msg = "the defaults do not have exactly version, clean, not_scanned, levels and kinds"
            raise PlanError(msg, help="compare with the pack that guard ships")
        kinds, levels = ({key: _choice(key, body) for key, body in raw[name].items()} for name in ("kinds", "levels"))
        if raw["version"] != 1 or set(levels) != {"1", "2", "3", "4", "5"}:
            msg = "the defaults are not of version 1, or do not have the levels 1 to 5"
            raise PlanError(msg, help="each level needs a transform, so that a new kind is never shown by accident")
        return cls(kinds, levels, _choice("clean", raw["clean"]), _choice("not_scanned", raw["not_scanned"]))

    def choose(self, label: FieldLabel) -> Choice:
        """What a field gets: the longest entry that its kind begins with, else what its level says."""
        if label.verdict == "clean":
            return self.clean
        if label.verdict == "not_scanned" or label.label is None:
            return self.not_scanned
        kind = label.label.kind
        fitting = [key for key in self.kinds if kind == key or kind.startswith((key.rstrip(".") + ".", key + "_"))]
        if fitting:
            return self.kinds[max(fitting, key=len)]
        return self.levels.get(str(label.label.level), self.levels["5"])


def derive(labels: Iterable[FieldLabel], defaults: Defaults, *, purpose: str, language: Language = "en") -> Plan:
    """A plan for the labelled fields of one dataset; a field that nobody labelled is refused when it is applied.

    Raises:
        PlanError: the labels belong to more than one dataset, or name a field twice.
    """
    given = tuple(labels)
    if len({label.field.dataset for label in given}) > 1:
        msg = "the labels belong to more than one dataset"
        raise PlanError(msg, help="derive one plan for each table")
    fields = tuple(defaults.choose(label).field(label.field.path, language) for label in given)
    return Plan(purpose, fields)


def _choice(key: str, body: Any) -> Choice:
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(reason, dict) or set(reason) != {"en", "zh-Hans", "zh-Hant"}:
        msg = f"the entry `{key}` has no reason in en, zh-Hans and zh-Hant"
        raise PlanError(msg, help="say in each language why")
    choice = Choice({name: value for name, value in body.items() if name != "reason"}, reason)
    choice.field(key, "en")
    return choice
