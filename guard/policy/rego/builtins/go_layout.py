"""Go's way to describe the form of a time: by how the reference time `Mon Jan 2 15:04:05 MST 2006` looks in it.

Reference: package `time` of the Go library, `Layout` and the constants below.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

NAMED: Final = {
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
}
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_PART = re.compile(
    r"(?P<part>January|Jan|Monday|Mon|MST|2006|__2|_2006|_2|002|01|02|03|04|05|06|15|PM|pm"
    r"|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|[1-5])"
)

_DIGITS: Final = {
    "2006": r"(?P<year>\d{4})",
    "06": r"(?P<year2>\d{2})",
    "01": r"(?P<month>\d{2})",
    "1": r"(?P<month>\d{1,2})",
    "02": r"(?P<day>\d{2})",
    "_2": r"(?P<day> ?\d{1,2})",
    "2": r"(?P<day>\d{1,2})",
    "002": r"(?P<yearday>\d{3})",
    "__2": r"(?P<yearday>[ \d]{2}\d)",
    "15": r"(?P<hour>\d{2})",
    "03": r"(?P<hour12>\d{2})",
    "3": r"(?P<hour12>\d{1,2})",
    "04": r"(?P<minute>\d{2})",
    "4": r"(?P<minute>\d{1,2})",
    "05": r"(?P<second>\d{2})",
    "5": r"(?P<second>\d{1,2})",
    "PM": r"(?P<half>AM|PM)",
    "pm": r"(?P<half>am|pm)",
    "MST": r"(?P<abbreviation>[A-Z]{3,5}|[+-]\d{2,4})",
    "January": rf"(?P<monthname>{'|'.join(MONTHS)})",
    "Jan": rf"(?P<monthname>{'|'.join(name[:3] for name in MONTHS)})",
    "Monday": rf"(?:{'|'.join(DAYS)})",
    "Mon": rf"(?:{'|'.join(name[:3] for name in DAYS)})",
}


def _split(layout: str) -> list[tuple[bool, str]]:
    """The layout as parts that stand for something and text between them."""
    parts: list[tuple[bool, str]] = []
    position = 0
    for match in _PART.finditer(layout):
        if match.start() > position:
            parts.append((False, layout[position : match.start()]))
        text = match["part"]
        if text == "_2006":
            parts += [(False, "_"), (True, "2006")]
        else:
            parts.append((True, text))
        position = match.end()
    if position < len(layout):
        parts.append((False, layout[position:]))
    return parts


def parse(layout: str, text: str) -> tuple[datetime, int]:
    """The time that a text names, and the nanoseconds of its second.

    Raises:
        ValueError: the text does not fit the layout.
    """
    if len(layout) > 200 or len(text) > 200:
        raise ValueError("too long")
    expression = ""
    for stands, part in _split(layout):
        if not stands:
            expression += re.escape(part)
        elif part[0] in ".,":
            expression += (
                r"(?:[.,](?P<fraction>\d+))?" if part[1] == "9" else rf"[.,](?P<fraction>\d{{{len(part) - 1}}})"
            )
        elif part[0] in "Z-" and part != "-":
            expression += _offset_pattern(part)
        else:
            expression += _DIGITS[part]
            if (
                part in {"05", "5"}
                and "(?P<fraction>" not in expression
                and not _PART.search(layout, layout.find(part) + len(part), layout.find(part) + len(part) + 2)
            ):
                expression += r"(?:[.,](?P<fraction>\d+))?"
    match = re.fullmatch(expression, text, re.ASCII)
    if match is None:
        raise ValueError("the text does not fit")
    return _moment(match.groupdict())


def _offset_pattern(part: str) -> str:
    colon = ":" if ":" in part else ""
    digits = part.strip("Z-").replace(":", "")
    groups = rf"[+-]\d{{2}}{f'{colon}[0-9]{{2}}' * (len(digits) // 2 - 1)}"
    return rf"(?P<offset>{'Z|' if part[0] == 'Z' else ''}{groups})"


def _moment(found: dict[str, str | None]) -> tuple[datetime, int]:
    def number(name: str, default: int) -> int:
        text = found.get(name)
        return int(text.strip()) if text is not None else default

    year = number("year", 0)
    if found.get("year2") is not None:
        short = number("year2", 0)
        year = short + (1900 if short >= 69 else 2000)
    month = number("month", 1)
    if name := found.get("monthname"):
        month = next(position for position, full in enumerate(MONTHS, 1) if full.startswith(name))
    hour = number("hour", 0)
    if found.get("hour12") is not None:
        hour = number("hour12", 0) % 12 + (12 if (found.get("half") or "").upper() == "PM" else 0)
    fraction = int((found.get("fraction") or "0")[:9].ljust(9, "0"))
    when = datetime(
        max(year, 1), month, number("day", 1), hour, number("minute", 0), number("second", 0), tzinfo=_zone(found)
    )
    if found.get("yearday") is not None:
        when = when.replace(month=1, day=1) + timedelta(days=number("yearday", 1) - 1)
    if year < 1:
        raise ValueError("years before 1 are out of range")
    return when, fraction


def _zone(found: dict[str, str | None]) -> timezone:
    text = found.get("offset")
    if text is None or text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(6, "0")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    if hours > 24 or minutes > 59 or seconds > 59:
        raise ValueError("zone offset out of range")
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-offset if text[0] == "-" else offset)


def format_time(layout: str, when: datetime, fraction: int) -> str:
    """The time as the layout shows it; `fraction` is the nanoseconds of its second."""
    return "".join([_shown(part, when, fraction) if stands else part for stands, part in _split(layout)])


def _shown(part: str, when: datetime, fraction: int) -> str:
    if part[0] in ".,":
        digits = f"{fraction:09d}"[: len(part) - 1]
        if part[1] == "9":
            digits = digits.rstrip("0")
            return f"{part[0]}{digits}" if digits else ""
        return part[0] + digits
    if part[0] in "Z-":
        return _offset(part, when)
    hour12 = when.hour % 12 or 12
    texts = {
        "2006": f"{when.year:04d}",
        "06": f"{when.year % 100:02d}",
        "01": f"{when.month:02d}",
        "1": str(when.month),
        "Jan": MONTHS[when.month - 1][:3],
        "January": MONTHS[when.month - 1],
        "02": f"{when.day:02d}",
        "_2": f"{when.day:2d}",
        "2": str(when.day),
        "002": f"{when.timetuple().tm_yday:03d}",
        "__2": f"{when.timetuple().tm_yday:3d}",
        "Mon": DAYS[when.weekday()][:3],
        "Monday": DAYS[when.weekday()],
        "15": f"{when.hour:02d}",
        "03": f"{hour12:02d}",
        "3": str(hour12),
        "04": f"{when.minute:02d}",
        "4": str(when.minute),
        "05": f"{when.second:02d}",
        "5": str(when.second),
        "PM": "PM" if when.hour >= 12 else "AM",
        "pm": "pm" if when.hour >= 12 else "am",
        "MST": when.tzname() or "UTC",
    }
    return texts[part]


def _offset(part: str, when: datetime) -> str:
    offset = when.utcoffset() or timedelta()
    if part[0] == "Z" and not offset:
        return "Z"
    total = int(abs(offset).total_seconds())
    pieces = [f"{total // 3600:02d}", f"{total // 60 % 60:02d}", f"{total % 60:02d}"]
    count = len(part.strip("Z-").replace(":", "")) // 2
    return ("-" if offset < timedelta() else "+") + (":" if ":" in part else "").join(pieces[:count])
