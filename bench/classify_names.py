"""Chinese personal names and addresses in running text: F1 of exact spans on a set that was written and labelled by
hand, apart from any generator, after the detectors were finished. `names_zh_seen.txt` is the set before it, whose
misses were looked at; its figures stand in the context and are no measurement.

`names_en.txt` holds English texts, written by hand apart from the templates that the chain is trained with; its F1 over
people, addresses, places, organisations, occupations, nationalities, titles, ages and dates stands in the context.
"""

from __future__ import annotations

import re
from pathlib import Path

from bench.result import Result
from guard.classify.text import classify_text

FILE = Path(__file__).parent / "classify_inputs" / "names_zh.txt"
SEEN = FILE.with_name("names_zh_seen.txt")
ENGLISH = FILE.with_name("names_en.txt")
KINDS = {"n": "person.name_zh", "a": "person.address_zh"}
ENGLISH_KINDS = {
    "p": "person.name_en", "a": "person.address_en", "l": "place.name", "o": "org.name", "j": "person.occupation",
    "n": "person.nationality", "t": "person.title", "g": "person.age", "d": "intl.date",
}  # fmt: skip
_MARK = re.compile(r"\{([a-z]):([^}]*)\}")

Span = tuple[str, int, int]


def read(line: str, kinds: dict[str, str] = KINDS) -> tuple[str, set[Span]]:
    """A line without its marks, and the spans that they gave."""
    text, spans, position = "", set(), 0
    for mark in _MARK.finditer(line):
        text += line[position : mark.start()]
        spans.add((kinds[mark[1]], len(text), len(text) + len(mark[2])))
        text += mark[2]
        position = mark.end()
    return text + line[position:], spans


def _counts(file: Path, *, show: bool, kinds: dict[str, str] = KINDS) -> dict[str, int]:
    """Hits, extra findings and misses of the kinds."""
    counts = dict.fromkeys((f"{kind} {what}" for kind in kinds.values() for what in ("hit", "extra", "missed")), 0)
    for line in file.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        text, wanted = read(line.replace("\\n", "\n"), kinds)
        found = {(one.kind, one.start, one.end) for one in classify_text(text) if one.kind in kinds.values()}
        for what, spans in (("hit", found & wanted), ("extra", found - wanted), ("missed", wanted - found)):
            for kind, start, end in sorted(spans):
                counts[f"{kind} {what}"] += 1
                if show and what != "hit":
                    print(f"{what:7} {kind:18} {text[start:end]}")
    return counts


def _f1(counts: dict[str, int], kind: str) -> float:
    hit = counts[f"{kind} hit"]
    return round(2 * hit / (2 * hit + counts[f"{kind} extra"] + counts[f"{kind} missed"]), 4) if hit else 0.0


def run() -> Result:
    """Both sets; the figures are those of the set that was not looked at."""
    counts, seen = _counts(FILE, show=True), _counts(SEEN, show=False)
    figures = {"zh_name_f1": _f1(counts, KINDS["n"]), "zh_address_f1": _f1(counts, KINDS["a"])}
    english = _counts(ENGLISH, show=True, kinds=ENGLISH_KINDS)
    total = {
        f"all {what}": sum(english[f"{kind} {what}"] for kind in ENGLISH_KINDS.values())
        for what in ("hit", "extra", "missed")
    }
    by_kind = {f"{kind}_f1": _f1(english, kind) for kind in ENGLISH_KINDS.values()}
    counts |= {"en_f1": _f1(total, "all"), **by_kind}
    return Result(figures, {**counts, "seen_name_f1": _f1(seen, KINDS["n"]), "seen_address_f1": _f1(seen, KINDS["a"])})
