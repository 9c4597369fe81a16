"""guard's transforms as operators of presidio-anonymizer, for who has an `AnonymizerEngine` already.

    from presidio_anonymizer import AnonymizerEngine, OperatorConfig
    engine = AnonymizerEngine()
    for operator in operators(keys):
        engine.add_anonymizer(operator)
    engine.anonymize(text, found, {"PHONE_NUMBER": OperatorConfig("guard_partial", {"first": 3, "last": 4})})

presidio hands over one value at a time, so this is far slower than a plan over a column. A result that is null is an
empty text here. Transforms that need other columns or the whole table are not offered: presidio has neither.

Needs the extra `presidio`. Reference: presidio-anonymizer 2.2, `Operator`, `OperatorsFactory`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from guard.anonymize import registry
from guard.anonymize.grant import ReidentificationGrant, require
from guard.errors import GuardError, PlanError, UsageError

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys

PREFIX = "guard_"
THEIR_KEYS = frozenset({"entity_type"})  # what presidio adds to the parameters by itself

Change = Callable[[Any, Any], Any]  # an Arrow array of one text and the parameters, to an array of one text


def operators(keys: Keys | None = None, *, read: registry.ReadFile = registry.no_files) -> tuple[type[Any], ...]:
    """One operator class for each transform that works on a single value: `guard_partial`, `guard_ff1`, ...

    Args:
        keys: for the keyed ones; without keys they raise `KeyUnavailableError` when they are used.
        read: delivers files that parameters name; by default none.

    Raises:
        UsageError: presidio-anonymizer is not installed.
    """
    names = [name for name in registry.ids() if registry.wide(name) is None]
    return tuple(
        _operator(name, lambda one, params, name=name: registry.find(name).apply(one, params, keys), read, back=False)  # type: ignore[misc]
        for name in names
    )


def deanonymizer(keys: Keys, grant: ReidentificationGrant, *, read: registry.ReadFile = registry.no_files) -> type[Any]:
    """The operator that turns back the transform of the grant, until as many values as the grant is for.

    Raises:
        UsageError: presidio-anonymizer is not installed, or there is no way back from this transform.
    """
    module: Any = registry.find(grant.transform)
    if not hasattr(module, "invert"):
        msg = f"there is no way back from `{grant.transform}`"
        raise UsageError(msg, help="use a transform whose guarantee is reversible, such as `siv`")
    counted, lock = [0], threading.Lock()

    def change(one: Any, params: Any) -> Any:
        with lock:  # presidio asks value by value, and each call alone would be within the limit
            counted[0] += 1
            require(grant, grant.transform, keys, counted[0])
        return module.invert(one, params, keys, grant)

    return _operator(grant.transform, change, read, back=True)


def _operator(transform: str, change: Change, read: registry.ReadFile, *, back: bool) -> type[Any]:
    try:
        from presidio_anonymizer.entities import InvalidParamError
        from presidio_anonymizer.operators import Operator, OperatorType
    except ImportError:
        msg = "presidio-anonymizer is not installed"
        raise UsageError(msg, help="install guard with its extra: pip install 'guard[presidio]'") from None

    def parsed(params: Mapping[str, Any] | None) -> Any:
        given = {key: value for key, value in (params or {}).items() if key not in THEIR_KEYS}
        return registry.params(transform, given, read=read)

    def operate(_self: Any, text: str | None = None, params: Mapping[str, Any] | None = None) -> str:
        import pyarrow as pa

        changed = change(pa.array([text], pa.string()), parsed(params))[0].as_py()
        return "" if changed is None else str(changed)

    def validate(_self: Any, params: Mapping[str, Any] | None = None) -> None:
        try:
            parsed(params)
        except PlanError as error:
            raise InvalidParamError(_told(error)) from None

    verbs = {
        "operate": operate,
        "validate": validate,
        "operator_name": lambda _self: PREFIX + transform,
        "operator_type": lambda _self: OperatorType.Deanonymize if back else OperatorType.Anonymize,
        "__doc__": registry.find(transform).__doc__,
    }
    return type(f"Guard{transform.title().replace('_', '')}", (Operator,), verbs)


def _told(error: GuardError) -> str:
    return f"{error.message}; {error.help}" if error.help else error.message
