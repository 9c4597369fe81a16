"""Chinese administrative divisions, GB/T 2260, abolished codes included.

The table is python-stdnum's (`stdnum/cn/loc.dat`), read once. A number issued under a code that was abolished later
stays valid for life, so years are not compared.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

# Codes of 2018 for residents of Hong Kong, Macau and Taiwan; they have no counties.
SPECIAL = frozenset({"810000", "820000", "830000"})


@cache
def _rows() -> tuple[tuple[str, str], ...]:
    rows: list[tuple[str, str]] = []
    province = ""
    for line in resources.files("stdnum").joinpath("cn/loc.dat").read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        code, _, rest = line.strip().partition(" ")
        name = rest.split('"')[1] if '"' in rest else ""
        if line[0] != " ":
            province = code
            rows.append((code, name))
        else:
            rows.append((province + code, name))
    return tuple(rows)


@cache
def prefectures() -> frozenset[str]:
    """The four-digit codes (province + prefecture) that exist or existed."""
    return frozenset(code[:4] for code, _ in _rows() if len(code) == 6)


@cache
def names() -> frozenset[str]:
    """The names of provinces, prefectures and counties, as in the table (`北京市`, `朝阳区`)."""
    found: set[str] = set()
    for _, name in _rows():
        for part in name.split(","):
            found.add(part.rpartition("]")[2])
    return frozenset(name for name in found if len(name) >= 2)


def known(code: str) -> bool:
    """True when the first four digits are a province and prefecture; new counties appear every year, so six is too
    strict.

    >>> known("110105"), known("990105")
    (True, False)
    """
    return code[:4] in prefectures()
