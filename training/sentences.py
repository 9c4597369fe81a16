"""Texts with their labels, from `templates.txt` and the things that fill it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from training import things, words

LABELLED: dict[str, tuple[str, Callable[[random.Random], str]]] = {
    "PER": ("PER", things.person),
    "FIRST": ("PER", things.given),
    "LAST": ("PER", things.family),
    "ADR": ("ADR", things.address),
    "LOC": ("LOC", things.place),
    "TOWN": ("LOC", things.town),
    "COUNTRY": ("LOC", things.country),
    "ORG": ("ORG", things.organisation),
    "JOB": ("JOB", things.job),
    "NRP": ("NRP", things.nationality),
    "TTL": ("TTL", lambda r: r.choice(words.HONORIFICS[:14] if r.random() < 0.9 else words.HONORIFICS)),
    "nrps": ("NRP", things.peoples),
    "AGE": ("AGE", lambda r: str(r.randrange(1, 99))),
}
PLAIN: dict[str, Callable[[random.Random], str]] = {
    "date": things.date,
    "mail": things.mail,
    "phone": things.phone,
    "code": things.code,
    "word": things.word,
    "salad": things.salad,
    "heading": things.heading,
    "zip": things.postcode,
    "lower": things.lower,
    "verb": things.verb,
    "url": things.url,
    "han": lambda r: "".join(
        r.choices("的一是在了有和客户地址联系手机号电话网系统公司请用于接入异常打开与及", k=r.randrange(1, 7))
    ),
    "acronym": things.acronym,
    "num": lambda r: str(r.randrange(1, 120)),
}

Span = tuple[str, int, int]
_CHOICE = re.compile(r"(?<!\\)\(([^()\\]*(?:\\.[^()\\]*)*)\)")
_SLOT = re.compile(r"\{(\w+)\}")


@cache
def templates() -> tuple[str, ...]:
    """The lines of the file."""
    lines = Path(__file__).with_name("templates.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _chosen(template: str, r: random.Random) -> str:
    """One of the texts that a template allows; inner choices first."""
    while found := _CHOICE.search(template):
        template = template[: found.start()] + r.choice(re.split(r"(?<!\\)\|", found[1])) + template[found.end() :]
    template = re.sub(r"([,:])\?", lambda mark: r.choice((mark[1], "")), template)  # `,?` may be left out
    template = template.replace(r"\n", "\n").replace(r"\t", "\t").replace("%d", str(r.randrange(2, 20)))
    return re.sub(r"\\([()?|])", r"\1", template)


def sentence(template: str, r: random.Random) -> tuple[str, list[Span]]:
    """A text of a template, and what stands where."""
    chosen = _chosen(template, r)
    text, spans, position = "", [], 0
    for slot in _SLOT.finditer(chosen):
        text += chosen[position : slot.start()]
        position = slot.end()
        if slot[1] in LABELLED:
            label, make = LABELLED[slot[1]]
            made = make(r)
            spans.append((label, len(text), len(text) + len(made)))
        else:
            made = PLAIN[slot[1]](r)
        text += made
    return text + chosen[position:], spans


def texts(count: int, seed: str) -> Iterator[tuple[str, list[Span]]]:
    """So many texts, each of one to three sentences."""
    r = random.Random(seed)
    for _ in range(count):
        text, spans = "", []
        for _ in range(r.choice((1, 1, 1, 2, 3))):
            more, found = sentence(r.choice(templates()), r)
            if text:
                text += r.choice((" ", " ", "\n", "\n\n"))
            spans += [(label, start + len(text), end + len(text)) for label, start, end in found]
            text += more
        roll = r.random()
        if roll < 0.03:
            text = text.lower()
        elif roll < 0.04 and len(text.upper()) == len(text):
            text = text.upper()
        yield text, spans
