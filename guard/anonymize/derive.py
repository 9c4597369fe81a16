"""Plans derived from labels: each field gets the transform that a data file names for its kind, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from guard.anonymize.plan import Field, Plan, make_field
from guard.anonymize.plan_yaml import load_yaml
from guard.errors import ConfigError, PlanError
from guard.model import FieldLabel, State, Value

Language: TypeAlias = Literal["en", "zh-Hans", "zh-Hant"]


class Choice(Value, frozen=True):
    """What a kind, level or verdict gets: the body of a plan's field, and the reason by language."""

    body: Mapping[str, Any]
    reason: Mapping[str, str]

    def field(self, column: str, language: Language) -> Field:
        """The plan's field for a column."""
        return make_field(column, {**self.body, "reason": self.reason[language]})


class ReleaseModel(Value, frozen=True):
    """Who will get the result: what that changes, by kind first and then by how exposed the kind's own choice is."""

    kinds: Mapping[str, Choice]
    states: Mapping[str, Choice]


class Defaults(Value, frozen=True):
    """`rules/anonymize/defaults.yaml`."""

    kinds: Mapping[str, Choice]
    levels: Mapping[str, Choice]
    clean: Choice
    not_scanned: Choice
    models: Mapping[str, ReleaseModel]

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
        if not isinstance(raw, dict) or set(raw) != {"version", "clean", "not_scanned", "levels", "kinds", "models"}:
            msg = "the defaults do not have exactly version, clean, not_scanned, levels, kinds and models"
            raise PlanError(msg, help="compare with the pack that guard ships")
        kinds, levels = ({key: _choice(key, body) for key, body in raw[name].items()} for name in ("kinds", "levels"))
        if raw["version"] != 1 or set(levels) != {"1", "2", "3", "4", "5"}:
            msg = "the defaults are not of version 1, or do not have the levels 1 to 5"
            raise PlanError(msg, help="each level needs a transform, so that a new kind is never shown by accident")
        models = {name: _model(name, body) for name, body in raw["models"].items()}
        return cls(kinds, levels, _choice("clean", raw["clean"]), _choice("not_scanned", raw["not_scanned"]), models)

    def model(self, name: str) -> ReleaseModel:
        """The release model of a name; the empty name changes nothing.

        Raises:
            PlanError: there is no such model.
        """
        if not name:
            return ReleaseModel({}, {})
        if name not in self.models:
            msg = f"there is no release model `{name[:64]}`"
            raise PlanError(msg, help=f"choose one of {', '.join(self.models)}")
        return self.models[name]

    def choose(self, label: FieldLabel, model: str = "", levels: Mapping[str, int] | None = None) -> Choice:
        """What a field gets: what the release model says of its kind, or of how exposed it would be without.

        Raises:
            PlanError: there is no such model.
        """
        changes = self.model(model)
        found = _longest(changes.kinds, label.label.kind) if label.label is not None else None
        if found is not None and label.verdict not in {"clean", "not_scanned"}:
            return found
        usual = self._usual(label, levels or {})
        state = usual.field("column", "en").state.value
        return usual if usual is self.clean else changes.states.get(state, usual)

    def _usual(self, label: FieldLabel, levels: Mapping[str, int]) -> Choice:
        """The longest entry that the kind begins with, else what the level says: the scheme's, else the label's own."""
        if label.verdict == "clean":
            return self.clean
        if label.verdict == "not_scanned" or label.label is None:
            return self.not_scanned
        kind = label.label.kind
        return _longest(self.kinds, kind) or self.levels.get(str(levels.get(kind, label.label.level)), self.levels["5"])


def _longest(choices: Mapping[str, Choice], kind: str) -> Choice | None:
    """The choice of the longest entry that a kind equals or begins with."""
    fitting = [key for key in choices if kind == key or kind.startswith((key.rstrip(".") + ".", key + "_"))]
    return choices[max(fitting, key=len)] if fitting else None


def derive(
    labels: Iterable[FieldLabel],
    defaults: Defaults,
    *,
    purpose: str,
    language: Language = "en",
    model: str = "",
    levels: Mapping[str, int] | None = None,
) -> Plan:
    """A plan for the labelled fields of one dataset; a field that nobody labelled is refused when it is applied.

    `model` is the release model; `levels` gives the level of a kind by a classification scheme, where the label's own
    is not meant.

    Raises:
        PlanError: the labels belong to more than one dataset, or name a field twice; or there is no such model.
    """
    given = tuple(labels)
    if len({label.field.dataset for label in given}) > 1:
        msg = "the labels belong to more than one dataset"
        raise PlanError(msg, help="derive one plan for each table")
    defaults.model(model)
    chosen = ((label, defaults.choose(label, model, levels)) for label in given)
    fields = tuple(choice.field(label.field.path, language) for label, choice in chosen)
    return Plan(purpose, fields)


def _model(name: str, body: Any) -> ReleaseModel:
    if not isinstance(body, dict) or set(body) - {"kinds", "states"}:
        msg = f"the release model `{name}` has more than kinds and states"
        raise PlanError(msg, help="give `kinds` and `states`, each with transforms and reasons, or {}")
    kinds, states = (
        {key: _choice(key, value) for key, value in (body.get(part) or {}).items()} for part in ("kinds", "states")
    )
    unknown = set(states) - {state.value for state in State}
    if unknown:
        msg = f"the release model `{name}` names no state: `{min(unknown)[:32]}`"
        raise PlanError(msg, help=f"states are {', '.join(state.value for state in State)}")
    return ReleaseModel(kinds, states)


def _choice(key: str, body: Any) -> Choice:
    reason = body.get("reason") if isinstance(body, dict) else None
    if not isinstance(reason, dict) or set(reason) != {"en", "zh-Hans", "zh-Hant"}:
        msg = f"the entry `{key}` has no reason in en, zh-Hans and zh-Hant"
        raise PlanError(msg, help="say in each language why")
    choice = Choice({name: value for name, value in body.items() if name != "reason"}, reason)
    choice.field(key, "en")
    return choice
