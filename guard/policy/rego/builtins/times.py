"""time.*: nanoseconds since 1970, time zones, Go's layouts. The clock is the caller's."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guard.policy.rego.builtins import go_layout
from guard.policy.rego.builtins.registry import builtin, wrong_type
from guard.policy.rego.errors import BuiltinError, OperandError
from guard.policy.rego.numbers import Number, integer
from guard.policy.rego.runtime import Run
from guard.policy.rego.values import NUMBERS, Value

SECOND: Final = 1_000_000_000
MIN_NS, MAX_NS = -(1 << 63), (1 << 63) - 1
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}


@builtin("time.now_ns", needs_run=True)
def now_ns(run: Run) -> int:
    """The time of the evaluation, as the caller gave it."""
    if run.now_ns is None:
        raise BuiltinError("`time.now_ns`: the caller gave no clock")
    return run.now_ns


def _checked(name: str, number: int | None) -> int:
    if number is None:
        raise OperandError(f"`{name}`: operand 1 must be an integer")
    if not MIN_NS <= number <= MAX_NS:
        raise BuiltinError(f"`{name}`: timestamp too big")
    return number


def zone(name: str, text: str) -> tzinfo:
    """A time zone by its IANA name; empty is UTC."""
    if text in {"", "UTC"}:
        return UTC
    if text == "Local" or text.startswith(("/", ".")) or ".." in text:
        raise BuiltinError(f"`{name}`: unknown time zone")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BuiltinError(f"`{name}`: unknown time zone") from error


def moment(name: str, value: Value) -> tuple[int, tzinfo, str]:
    """Nanoseconds, zone and layout of `ns`, `[ns, zone]` or `[ns, zone, layout]`."""
    if type(value) in NUMBERS:
        return _checked(name, integer(value)), UTC, ""
    if type(value) is not list:
        raise wrong_type(name, 1, "number|array", value)
    if not 1 <= len(value) <= 3 or type(value[0]) not in NUMBERS or any(type(item) is not str for item in value[1:]):
        raise OperandError(f"`{name}`: operand 1 must be [ns, zone] or [ns, zone, layout]")
    layout = value[2] if len(value) == 3 else ""
    return _checked(name, integer(value[0])), zone(name, value[1] if len(value) > 1 else ""), layout


def local(name: str, value: Value) -> tuple[datetime, int]:
    """The wall-clock time of a moment and the nanoseconds of its second."""
    ns, where, _ = moment(name, value)
    seconds, rest = divmod(ns, SECOND)
    return (EPOCH + timedelta(seconds=seconds)).astimezone(where), rest


def nanoseconds(when: datetime, fraction: int = 0) -> int:
    """Nanoseconds since 1970 of an aware time."""
    passed = when - EPOCH
    return (passed.days * 86400 + passed.seconds) * SECOND + fraction


@builtin("time.date", "any")
def date(value: Value) -> list[int]:
    """[year, month, day]."""
    when, _ = local("time.date", value)
    return [when.year, when.month, when.day]


@builtin("time.clock", "any")
def clock(value: Value) -> list[int]:
    """[hour, minute, second]."""
    when, _ = local("time.clock", value)
    return [when.hour, when.minute, when.second]


@builtin("time.weekday", "any")
def weekday(value: Value) -> str:
    """The day of the week, in English."""
    when, _ = local("time.weekday", value)
    return WEEKDAYS[when.weekday()]


def _in_range(name: str, ns: int) -> int:
    if not MIN_NS <= ns <= MAX_NS:
        raise BuiltinError(f"`{name}`: time outside of valid range")
    return ns


@builtin("time.parse_ns", "string", "string")
def parse_ns(layout: str, text: str) -> int:
    """The moment that a text names in Go's layout."""
    name = "time.parse_ns"
    try:
        when, fraction = go_layout.parse(go_layout.NAMED.get(layout, layout), text)
        return _in_range(name, nanoseconds(when, fraction))
    except (ValueError, OverflowError) as error:
        raise BuiltinError(f"`{name}`: the text does not fit the layout") from error


@builtin("time.parse_rfc3339_ns", "string")
def parse_rfc3339_ns(text: str) -> int:
    """The moment that an RFC 3339 text names."""
    try:
        when, fraction = go_layout.parse(go_layout.NAMED["RFC3339Nano"], text)
        return _in_range("time.parse_rfc3339_ns", nanoseconds(when, fraction))
    except (ValueError, OverflowError) as error:
        raise BuiltinError("`time.parse_rfc3339_ns`: the text is not RFC 3339") from error


@builtin("time.format", "any")
def format_(value: Value) -> str:
    """The moment in a layout; RFC 3339 with nanoseconds when none is given."""
    _, _, layout = moment("time.format", value)
    when, fraction = local("time.format", value)
    return go_layout.format_time(go_layout.NAMED.get(layout, layout or go_layout.NAMED["RFC3339Nano"]), when, fraction)


@builtin("time.parse_duration_ns", "string")
def parse_duration_ns(text: str) -> int:
    """`1h30m`, `-1.5s`, `300ms` in nanoseconds."""
    from decimal import Decimal

    rest, sign = text, 1
    if rest[:1] in {"+", "-"}:
        sign, rest = (-1 if rest[0] == "-" else 1), rest[1:]
    if rest == "0":
        return 0
    total = Decimal(0)
    while rest:
        number = rest[: next((i for i, c in enumerate(rest) if c not in "0123456789."), len(rest))]
        rest = rest[len(number) :]
        unit = rest[: next((i for i, c in enumerate(rest) if c in "0123456789."), len(rest))]
        rest = rest[len(unit) :]
        if unit not in UNITS or number.count(".") > 1 or not number.strip(".") or len(number) > 30:
            raise BuiltinError("`time.parse_duration_ns`: invalid duration")
        total += Decimal(number) * UNITS[unit]
    if not text.strip("+-"):
        raise BuiltinError("`time.parse_duration_ns`: invalid duration")
    return _in_range("time.parse_duration_ns", sign * int(total))


def _whole(name: str, position: int, number: Number) -> int:
    found = integer(number)
    if found is None or abs(found) > 1_000_000_000:
        raise OperandError(f"`{name}`: operand {position} must be a small integer")
    return found


@builtin("time.add_date", "any", "number", "number", "number")
def add_date(value: Value, years: Number, months: Number, days: Number) -> int:
    """The moment some years, months and days later; overflowing days go on into the next month."""
    name = "time.add_date"
    when, fraction = local(name, value)
    month = when.month - 1 + _whole(name, 3, months)
    year = when.year + _whole(name, 2, years) + month // 12
    try:
        first = when.replace(year=year, month=month % 12 + 1, day=1, tzinfo=None, fold=0)
        moved = (first + timedelta(days=when.day - 1 + _whole(name, 4, days))).replace(tzinfo=when.tzinfo)
    except (ValueError, OverflowError) as error:
        raise BuiltinError(f"`{name}`: time outside of valid range") from error
    return _in_range(name, nanoseconds(moved, fraction))


@builtin("time.diff", "any", "any")
def diff(a: Value, b: Value) -> list[int]:
    """[years, months, days, hours, minutes, seconds] between two moments, in the zone of the first."""
    name = "time.diff"
    _, where, _ = moment(name, a)
    first, second = local(name, a)[0], local(name, b)[0].astimezone(where)
    if first > second:
        first, second = second, first
    parts = [
        getattr(second, field) - getattr(first, field) for field in ("year", "month", "day", "hour", "minute", "second")
    ]
    if parts[5] < 0:
        parts[5], parts[4] = parts[5] + 60, parts[4] - 1
    if parts[4] < 0:
        parts[4], parts[3] = parts[4] + 60, parts[3] - 1
    if parts[3] < 0:
        parts[3], parts[2] = parts[3] + 24, parts[2] - 1
    if parts[2] < 0:
        parts[2] += calendar.monthrange(first.year, first.month)[1]
        parts[1] -= 1
    if parts[1] < 0:
        parts[1], parts[0] = parts[1] + 12, parts[0] - 1
    return parts
