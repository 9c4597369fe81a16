"""The worst time that a detector needs for one megabyte of hostile text: none may take more than linear work.

Each detector reads each text with its own rules (`check` and `explain`); kinds that running text finds by an anchored
pass of their own are read by that pass, on the page that the one tokenising pass made. The texts repeat what patterns
stumble over: starts without an end, separators without values, almost right values, nested optional parts.

Names, addresses and the like are no patterns: reading them costs what it costs anywhere, two megabytes a second or
more. What must hold for them, and for the whole of `classify_text`, is that the time grows as the text does: the
context has the most that four times the text took, in times of the time of the text (4 is linear).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.result import Result
from guard.classify import english_name_text, han_address, han_name_text, prose
from guard.classify.latin import entities
from guard.classify.latin.tokens import tokens
from guard.classify.page import page_of
from guard.classify.registry import detectors
from guard.classify.text import classify_text

SIZE = 1_000_000  # bytes in UTF-8
UNITS = (
    "1", "a", "A", "Aa", "1 ", "1-", "a@", "a.a@", "@", "1.", "1:", ":", "-", " ", "(1", "((", "a://", "a://b:c@", "http://",
    "0x", "AA00", "Aa ", "Aa-", "a=b&", "password", "password=", "pwd", "token: ", "api_key='", "$2b$12$", "$argon2id$",
    "-----BEGIN ", "eyJ.", "1.2345,a ", "+86 ", "王", "王小", "欧阳", "路", "路1号", "市", "省市区",
    "京A", "机密", "密码:", "1990年", "年", "０", "ab1cd2-", "A1-", "1/1/", "\u200b", "㎏",
)  # fmt: skip
# Every few characters are a finding: the time is that of writing the findings down.
DENSE = ("1.234,", "13800138000 ", "a@b.com ", "王小明，", "上海市浦东新区世纪大道100号，", "John Smith, ")
SPARSE = 100  # characters to a finding; where there are more findings, writing them down is the work
ENDS = ("!",)  # what makes a pattern that wants an end fail

Read = Callable[[str], object]


# What must grow as the text does.
GROWING: dict[str, Read] = {
    "person.name_zh (text)": lambda text: list(han_name_text.find(text)),
    "person.address_zh (text)": lambda text: list(han_address.find(text)),
    "names by lists (text)": lambda text: list(english_name_text.find(text)),
    "the chain (text)": lambda text: list(entities.find(*tokens(text))),
    "classify_text": classify_text,
}
GROWN, TIMES = 100_000, 4  # bytes of the larger text, and how much larger it is


def _text(unit: str, end: str, size: int = SIZE) -> str:
    return unit * (size // len(unit.encode())) + end


def run() -> Result:
    """Every detector against every text; the slowest pair, and how the rest grows."""
    readers: dict[str, list[Read]] = {kind: [one.check, one.explain] for kind, one in detectors().items()}
    readers["the one pass (text)"] = [page_of]
    classify_text(_text("王小明 13800138000 a@b.com John Smith 上海市浦东新区世纪大道100号 ", "", 50_000))
    worst: list[tuple[float, str, str]] = []
    dense: list[tuple[float, str, str]] = []
    growth: list[tuple[float, str, str]] = []
    for unit in UNITS + DENSE:
        for end in ENDS:
            text = _text(unit, end)
            page = page_of(text)
            readers["anchored kinds (text)"] = [lambda _, page=page: list(prose.identifiers(page))]  # type: ignore[misc]
            for name, reads in readers.items():
                for read in reads:
                    found = read(text)
                    many = isinstance(found, list) and len(found) * SPARSE > len(text)
                    (dense if many or unit in DENSE else worst).append((_milliseconds(read, text), name, unit))
            for name, read in GROWING.items():
                small, large = (_text(unit, end, size) for size in (GROWN // TIMES, GROWN))
                growth.append((_milliseconds(read, large) / max(_milliseconds(read, small), 2.0), name, unit))
    for title, rows in (("worst, ms", worst), ("dense, ms", dense), (f"{TIMES} times the text, times", growth)):
        rows.sort(reverse=True)
        print(title, *(f"{value:8.1f}  {name:28} {unit!r}" for value, name, unit in rows[:8]), sep="\n  ")
    context = {
        "worst": worst[0][1:],
        "dense_ms": round(dense[0][0], 1),
        "dense": dense[0][1:],
        "growth": round(growth[0][0], 2),
        "growth_of": growth[0][1:],
        "detectors": len(detectors()),
        "texts": len(UNITS) * len(ENDS),
    }
    return Result({"worst_ms": round(worst[0][0], 2)}, dict(context))


def _milliseconds(read: Read, text: str) -> float:
    """CPU time, the better of two when the first is long: a busy machine is not the pattern's fault."""
    best = 1e9
    for _ in range(2):
        begun = time.process_time()
        read(text)
        best = min(best, (time.process_time() - begun) * 1000)
        if best < 40:
            break
    return best
