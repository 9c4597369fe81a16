"""Reads an export of Ranger's and says it as data for two rules of guard's, with a list of what it could not say.

What Ranger means is kept: of a policy's items the first that fits the subject holds; of several tag masks on a column
the policy whose name sorts first; without a fitting item there is no mask and no filter. What cannot be said exactly
is left out and named, never guessed; an unknown kind of mask becomes NULL, which hides more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from guard.errors import UsageError
from guard.model import Value
from guard.policy.ranger.custom_mask import custom
from guard.policy.ranger.filter_expression import predicate

CUSTOM_STRENGTH = 45  # as the masks that show a part
EVERYBODY = "public"  # Ranger's group of all users
MASK_TYPE, FILTER_TYPE = 1, 2
# Ranger's masks: transform, parameters and strength; `MASK_NONE` shows the column to whom it fits.
MASKS: dict[str, tuple[str, dict[str, Any], int]] = {
    "MASK": ("partial", {"first": 0, "last": 0}, 70),
    "MASK_SHOW_LAST_4": ("partial", {"first": 0, "last": 4}, 45),
    "MASK_SHOW_FIRST_4": ("partial", {"first": 4, "last": 0}, 45),
    "MASK_DATE_SHOW_YEAR": ("date_year", {}, 45),
    "MASK_NULL": ("null", {}, 90),
    "NULL": ("null", {}, 90),
    "MASK_NONE": ("", {}, 0),
}


class _Values(msgspec.Struct, frozen=True, rename="camel"):
    values: tuple[str, ...] = ()
    is_excludes: bool = False


class _Mask(msgspec.Struct, frozen=True, rename="camel"):
    data_mask_type: str = ""
    value_expr: str | None = None  # of CUSTOM


class _Filter(msgspec.Struct, frozen=True, rename="camel"):
    filter_expr: str = ""


class _Item(msgspec.Struct, frozen=True, rename="camel"):
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    conditions: tuple[Any, ...] = ()
    data_mask_info: _Mask = _Mask()
    row_filter_info: _Filter = _Filter()


class _Policy(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    policy_type: int = 0
    is_enabled: bool = True
    resources: dict[str, _Values] = {}
    additional_resources: tuple[Any, ...] = ()
    conditions: tuple[Any, ...] = ()
    validity_schedules: tuple[Any, ...] = ()
    data_mask_policy_items: tuple[_Item, ...] = ()
    row_filter_policy_items: tuple[_Item, ...] = ()


class _Export(msgspec.Struct, frozen=True):
    policies: tuple[_Policy, ...]


_DECODER = msgspec.json.Decoder(_Export)


class Left(Value, frozen=True):
    """A policy that was left out, or an item that became stricter, and why."""

    policy: str
    why: str


class Converted(Value, frozen=True):
    """`data` for `data.config.ranger`, and what it does not hold."""

    data: dict[str, Any]
    left_out: tuple[Left, ...]
    stricter: tuple[Left, ...]


def convert(text: bytes, tags: Mapping[str, str]) -> Converted:
    """The export in `text`; `tags` names for each of Ranger's tags a kind or a category of guard's.

    Raises:
        UsageError: it is no export of Ranger's policies.
    """
    try:
        policies = _DECODER.decode(text).policies
    except (msgspec.DecodeError, RecursionError):
        raise UsageError(
            "the file is no export of Ranger's policies", help="export the policies of a service as JSON"
        ) from None
    masks: list[dict[str, Any]] = []
    filters: dict[str, list[dict[str, Any]]] = {}
    left: list[Left] = []
    stricter: list[Left] = []
    for policy in sorted(policies, key=lambda one: one.name):
        if not policy.is_enabled:
            continue
        try:
            _check(policy)
            if policy.policy_type == MASK_TYPE:
                masks += _masks(policy, tags, stricter)
            else:
                entries = _filters(policy)
                for table in _tables(policy):
                    filters.setdefault(table, []).extend(entries)
        except UsageError as error:
            left.append(Left(policy.name, error.message))
    return Converted({"masks": masks, "row_filters": filters}, tuple(left), tuple(stricter))


def _check(policy: _Policy) -> None:
    """Refuses what guard's two rules cannot say."""
    if policy.policy_type not in {MASK_TYPE, FILTER_TYPE}:
        raise UsageError("it grants access; say it in config/grants")
    items = (*policy.data_mask_policy_items, *policy.row_filter_policy_items)
    if policy.conditions or policy.validity_schedules or any(item.conditions for item in items):
        raise UsageError("it has conditions or a time of validity")
    if policy.additional_resources or any(one.is_excludes for one in policy.resources.values()):
        raise UsageError("it has further resources, or excludes some")
    if any("{" in user for item in items for user in item.users):
        raise UsageError("it names users by a macro")


def _masks(policy: _Policy, tags: Mapping[str, str], stricter: list[Left]) -> list[dict[str, Any]]:
    if set(policy.resources) != {"tag"}:
        raise UsageError("it masks columns by name; guard masks by what a column holds, so mask a tag")
    unknown = [tag for tag in policy.resources["tag"].values if tag not in tags]
    if unknown:
        raise UsageError(f"the tag `{unknown[0]}` has no kind or category; give one with --tag")
    found = []
    for item in policy.data_mask_policy_items:
        named = item.data_mask_info.data_mask_type.rpartition(":")[2]  # tag policies write `hive:MASK`
        form = _form(named, item.data_mask_info, policy, stricter)
        covers = [tags[tag] for tag in policy.resources["tag"].values]
        found.append({**_who(item), "policy": policy.name, "covers": covers} | form)
    return found


def _form(named: str, info: _Mask, policy: _Policy, stricter: list[Left]) -> dict[str, Any]:
    """What the mask shows; NULL where guard cannot say the same."""
    if named == "CUSTOM":
        try:
            return {**custom(info.value_expr or ""), "strength": CUSTOM_STRENGTH}
        except UsageError as error:
            stricter.append(Left(policy.name, f"a custom mask becomes NULL: {error.message}"))
    elif named not in MASKS:
        stricter.append(Left(policy.name, f"the mask `{named}` has no counterpart and becomes NULL"))
    transform, params, strength = MASKS.get(named, MASKS["NULL"])
    return {"transform": transform, "params": params, "strength": strength, "cases": []}


def _tables(policy: _Policy) -> list[str]:
    """`schema.table` of each table that the policy names."""
    resources = policy.resources
    schemas = resources.get("database", resources.get("schema", _Values())).values
    tables = resources.get("table", _Values()).values
    if not tables or any(mark in name for name in (*schemas, *tables) for mark in "*?"):
        raise UsageError("it names its tables by a pattern, or names none")
    return [f"{schema}.{table}" for schema in schemas for table in tables] or list(tables)


def _filters(policy: _Policy) -> list[dict[str, Any]]:
    return [
        {**_who(item), "policy": policy.name, "predicate": predicate(item.row_filter_info.filter_expr)}
        for item in policy.row_filter_policy_items
    ]


def _who(item: _Item) -> dict[str, Any]:
    """Users by id; groups and roles are roles; the group of all is everybody."""
    roles = sorted({*item.groups, *item.roles} - {EVERYBODY})
    return {"users": sorted(item.users), "roles": roles, "everybody": EVERYBODY in item.groups}
