"""Builds `guard/classify/latin/lexicon.bin`."""

from __future__ import annotations

from collections.abc import Iterable

from guard.classify.latin import lexicon as at_work
from guard.classify.latin.tokens import tokens
from training import sources, words

MOST_SURNAMES = 60_000  # of the census, most frequent first
FREQUENT = 4_000
LARGE = 4_000  # towns


def build() -> dict[int, int]:
    """Classes by hash."""
    found: dict[int, int] = {}

    def add(bit: int, texts: Iterable[str], *, shortest: int = 2) -> None:
        for text in texts:
            for word in tokens(text)[0]:
                if len(word) >= shortest and word[0].isalpha():
                    for spelled in {word, sources.plain(word)}:
                        hashed = at_work.key(spelled)
                        found[hashed] = found.get(hashed, 0) | bit

    first, last = sources.census()
    add(at_work.SURNAME, last[:MOST_SURNAMES])
    add(at_work.FREQUENT_SURNAME, last[:FREQUENT])
    add(at_work.GIVEN, first)
    for given, family in sources.people().values():
        add(at_work.GIVEN, given)
        add(at_work.SURNAME, family)
        add(at_work.FREQUENT_SURNAME, family[:1500] if len(family) <= 1500 else [])
    add(at_work.GIVEN, words.ROMANISED_GIVEN)
    add(at_work.SURNAME | at_work.FREQUENT_SURNAME, words.ROMANISED_LAST)
    add(at_work.TOWN, sources.towns(), shortest=4)
    add(at_work.TOWN, sources.small_towns(), shortest=4)
    add(at_work.LARGE_TOWN, sources.towns()[:LARGE], shortest=4)
    add(at_work.COUNTRY, sources.countries(), shortest=4)
    add(at_work.COUNTRY, sources.regions(), shortest=4)
    add(at_work.COUNTRY, ("USA", "UK", "US", "UAE"))
    add(at_work.PEOPLE, words.NRP)
    add(at_work.PEOPLE, (word + "s" for word in words.NRP))
    add(at_work.STREET, words.STREET_TYPES + words.STREET_LEADS + words.STREET_ENDS)
    add(at_work.UNIT, words.UNIT_WORDS)
    add(at_work.COMPANY, words.COMPANY_ENDS + words.COMPANY_WORDS)
    add(at_work.KNOWN_ORGANISATION, words.KNOWN_ORGANISATIONS, shortest=2)
    add(at_work.JOB, sources.jobs() + words.JOBS, shortest=3)
    add(at_work.JOB, (job + "s" for job in words.JOBS))
    add(at_work.HONORIFIC, words.HONORIFICS)
    add(
        at_work.TIME,
        words.MONTHS + words.WEEKDAYS + [month[:3] for month in words.MONTHS] + [day[:3] for day in words.WEEKDAYS],
    )
    add(at_work.COMMON, sources.common(), shortest=1)
    # Little words inside names of towns and organisations say nothing about a word.
    for word in (
        "and",
        "the",
        "of",
        "for",
        "with",
        "from",
        "upon",
        "sous",
        "sur",
        "nad",
        "pri",
        "near",
        "over",
        "under",
    ):
        found[at_work.key(word)] = at_work.COMMON
    return found
