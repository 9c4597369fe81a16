"""The worst time that a detector needs for one megabyte of hostile text: none may take more than linear work.

Each detector reads each text in two ways: its own rules over the whole (`check` and `explain`), and, for kinds that
running text finds by a pass of their own, that pass. The texts repeat what patterns stumble over: starts without an
end, separators without values, almost right values, nested optional parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.result import Result
from guard.classify import english_name_text, han_address, han_name_text, prose
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
ENDS = ("!",)  # what makes a pattern that wants an end fail

Read = Callable[[str], object]


def _passes() -> dict[str, Read]:
    return {
        "person.name_zh (text)": lambda text: list(han_name_text.find(text)),
        "person.address_zh (text)": lambda text: list(han_address.find(text)),
        "person.name_en (text)": lambda text: list(english_name_text.find(text)),
        "kinds of prose (text)": lambda text: list(prose.identifiers(page_of(text))),
    }


def _text(unit: str, end: str) -> str:
    return unit * (SIZE // len(unit.encode())) + end


def run() -> Result:
    """Every detector against every text; the slowest pair, and how long the whole of `classify_text` takes."""
    readers: dict[str, list[Read]] = {kind: [one.check, one.explain] for kind, one in detectors().items()}
    readers |= {name: [read] for name, read in _passes().items()}
    classify_text(_text("王小明 13800138000 a@b.com ", "")[:50_000])
    worst: list[tuple[float, str, str]] = []
    whole: list[tuple[float, str, str]] = []
    dense: list[tuple[float, str, str]] = []
    for unit in UNITS + DENSE:
        for end in ENDS:
            text = _text(unit, end)
            for name, reads in readers.items():
                for read in reads:
                    (dense if unit in DENSE else worst).append((_milliseconds(read, text), name, unit))
        begun = time.process_time()
        classify_text(text)
        whole.append(((time.process_time() - begun) * 1000, "classify_text", unit))
    for title, rows in (("worst", worst), ("dense", dense), ("whole", whole)):
        rows.sort(reverse=True)
        print(title, *(f"{time:8.1f} ms  {name:28} {unit!r}" for time, name, unit in rows[:8]), sep="\n  ")
    figures = {"worst_ms": round(worst[0][0], 2)}
    context = {
        "worst": worst[0][1:],
        "dense_ms": round(dense[0][0], 1),
        "dense": dense[0][1:],
        "whole_text_ms": round(whole[0][0], 1),
        "whole_text": whole[0][2],
        "detectors": len(detectors()),
        "texts": len(UNITS) * len(ENDS),
    }
    return Result(figures, dict(context))


def _milliseconds(read: Read, text: str) -> float:
    """CPU time, the better of two when the first is long: a busy machine is not the pattern's fault."""
    best = 1e9
    for _ in range(2):
        begun = time.process_time()
        read(text)
        best = min(best, (time.process_time() - begun) * 1000)
        if best < 20:
            break
    return best
