"""Makes the things that sentences speak of: people, addresses, organisations, numbers. All by a seeded generator."""

from __future__ import annotations

import random
import string
from functools import cache

from training import sources, words

R = random.Random

_SYLLABLES = [
    "ba",
    "be",
    "bo",
    "bra",
    "da",
    "de",
    "do",
    "dra",
    "el",
    "en",
    "er",
    "fa",
    "fi",
    "ga",
    "gle",
    "ha",
    "he",
    "in",
    "ka",
    "ke",
    "ki",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "ol",
    "or",
    "pa",
    "pe",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "tra",
    "va",
    "ve",
    "vi",
    "vo",
    "xi",
    "ya",
    "za",
    "zen",
]
_TLDS = ["com", "org", "net", "io", "co", "de", "uk", "fr", "eu", "info"]


def digits(r: R, form: str) -> str:
    """`#` becomes a digit, `%` one that is not zero, `?` a capital."""
    return "".join(
        str(r.randrange(10))
        if c == "#"
        else str(r.randrange(1, 10))
        if c == "%"
        else r.choice(string.ascii_uppercase)
        if c == "?"
        else c
        for c in form
    )


def _blend(r: R, one: str, other: str) -> str:
    """A name that no list has, by the beginning of one and the end of another."""
    return one[: r.randrange(2, max(3, len(one)))] + other[-r.randrange(2, max(3, len(other))) :].lower()


def _names(r: R) -> tuple[list[str], list[str]]:
    roll = r.random()
    if roll < 0.4:
        first, last = sources.census()
        size = r.choice((200, 1000, 5000)), r.choice((500, 5000, 60000))
        return first[: size[0]], last[: size[1]]
    if roll < 0.5:
        return words.ROMANISED_GIVEN, words.ROMANISED_LAST
    return sources.people()[r.choice(sorted(sources.people()))]


def given(r: R) -> str:
    """A given name."""
    pool = _names(r)[0]
    name = r.choice(pool)
    return _blend(r, name, r.choice(pool)) if r.random() < 0.1 else name


def family(r: R) -> str:
    """A surname, sometimes of two parts or with a particle."""
    pool = _names(r)[1]
    name = r.choice(pool)
    roll = r.random()
    if roll < 0.12:
        return _blend(r, name, r.choice(pool))
    if roll < 0.15:
        return f"{name}-{r.choice(pool)}"
    if roll < 0.18:
        return f"{r.choice(('van', 'de', 'von', 'van der', 'al', 'Al', 'El', 'Mac', 'Le', 'da', 'di', 'bin', 'dos'))} {name}"  # noqa: E501 - a table of forms
    return name


def person(r: R) -> str:
    """A full name as people write it."""
    firsts, lasts = _names(r)
    first, last = r.choice(firsts), r.choice(lasts)
    if r.random() < 0.12:
        first = _blend(r, first, r.choice(firsts))
    if r.random() < 0.15:
        last = _blend(r, last, r.choice(lasts))
    roll = r.random()
    if roll < 0.62:
        name = f"{first} {last}"
    elif roll < 0.72:
        name = f"{first} {r.choice(string.ascii_uppercase)}{r.choice(('.', '.', ''))} {last}"
    elif roll < 0.78:
        name = f"{first} {r.choice(firsts)} {last}"
    elif roll < 0.83:
        name = f"{first} {last} {r.choice(lasts)}"
    elif roll < 0.86:
        name = f"{first} {family(r)}"
    elif roll < 0.88:
        name = f"{first}-{r.choice(firsts)} {last}"
    elif roll < 0.91:
        name = f"{last}, {first}"
    elif roll < 0.93:
        name = f"{first[0]}. {last}"
    elif roll < 0.95:
        name = f"{first} {last} {r.choice(('Jr.', 'Sr.', 'III', 'Jr', 'II'))}"
    else:
        name = f"{first} {last}"
    return name.upper() if r.random() < 0.02 else name.lower() if r.random() < 0.02 else name


def place(r: R) -> str:
    """A town, a region or a country."""
    roll = r.random()
    if roll < 0.35:
        name = r.choice(sources.towns()[: r.choice((300, 3000, 40000))])
    elif roll < 0.55:
        name = r.choice(sources.small_towns())
    elif roll < 0.62:
        name = _blend(r, r.choice(sources.towns()), r.choice(sources.small_towns()))
    elif roll < 0.68:
        return f"{r.choice(('North', 'South', 'East', 'West', 'New', 'Port', 'Lake', 'Saint', 'Upper'))} {family(r)}{r.choice(('', 'ville', 'ton', ' Park'))}"  # noqa: E501 - a table of forms
    elif roll < 0.72:
        return family(r) + r.choice(
            ("ville", "ton", "burgh", "bury", "borough", "stad", "berg", "mouth", "view", "fort", "side", "shire")
        )
    elif roll < 0.9:
        name = r.choice(sources.countries()).split(",")[0].split(" (")[0]
    else:
        name = r.choice(sources.regions())
    return name.upper() if r.random() < 0.05 else name


def town(r: R) -> str:
    """A town alone."""
    roll = r.random()
    name = r.choice(sources.towns()) if roll < 0.45 else r.choice(sources.small_towns()) if roll < 0.85 else place(r)
    return name.upper() if r.random() < 0.08 else name


def country(r: R) -> str:
    """A country."""
    return r.choice((*sources.countries(), "USA", "UK", "U.S.A.", "United Kingdom")).split(",")[0].split(" (")[0]


def nationality(r: R) -> str:
    """People of a country, a faith or a party."""
    name = r.choice(words.NATIONALITIES if r.random() < 0.8 else words.NRP)
    return name.lower() if r.random() < 0.1 else name


def job(r: R) -> str:
    """An occupation."""
    name = r.choice(words.JOBS) if r.random() < 0.5 else r.choice(sources.jobs())
    name = name.split(",")[0].split("/")[0].split(" (")[0]
    roll = r.random()
    if roll < 0.15:
        name = f"{r.choice(('senior', 'junior', 'chief', 'assistant', 'lead', 'head', 'deputy', 'associate', 'principal'))} {name.lower()}"  # noqa: E501 - a table of forms
    roll = r.random()
    return name.lower() if roll < 0.6 else name.title() if roll < 0.75 else name[:1].upper() + name[1:]


def _coined(r: R) -> str:
    """The name of a young company."""
    name = "".join(r.choices(_SYLLABLES, k=r.choice((2, 2, 3, 3, 4)))).capitalize()
    roll = r.random()
    if roll < 0.15:
        name += r.choice(
            ("ly", "ify", "io", "lytics", "soft", "tech", "net", "ware", "works", "base", "hub", "labs", "sys", "data")
        )
    elif roll < 0.45:
        one, two = r.choice(sources.common()), r.choice(sources.common())
        if len(one) < 9 and len(two) < 9:
            name = one.capitalize() + (
                two.capitalize() if r.random() < 0.4 else two if r.random() < 0.6 else f" {two.capitalize()}"
            )
    return name


def organisation(r: R) -> str:
    """A company, an office, a club."""
    roll = r.random()
    end, kind = r.choice(words.COMPANY_ENDS[:32]), r.choice(words.COMPANY_WORDS)
    if roll < 0.12:
        return r.choice(words.KNOWN_ORGANISATIONS)
    if roll < 0.2:
        return f"{family(r)} {end}"
    if roll < 0.25:
        return f"{family(r)}-{family(r)}"
    if roll < 0.3:
        return f"{family(r)}, {family(r)} and {family(r)}"
    if roll < 0.35:
        return f"{family(r)} {r.choice(('and', '&'))} {r.choice((family(r), 'Sons', 'Partners', 'Co.', 'Daughters'))}"
    if roll < 0.48:
        return _coined(r)
    if roll < 0.58:
        return f"{_coined(r)} {end}"
    if roll < 0.68:
        return f"{_coined(r)} {kind}"
    if roll < 0.74:
        return f"{family(r)} {kind}"
    if roll < 0.8:
        return f"{r.choice(sources.common()).capitalize()} {kind} {end}"
    if roll < 0.86:
        return f"{place(r)} {kind}"
    if roll < 0.9:
        return f"{r.choice(('University', 'Bank', 'City', 'Museum', 'Port', 'College', 'Ministry', 'Department', 'Institute'))} of {r.choice((place(r), 'Health', 'Finance', 'Justice', 'Science', 'Education', 'Labour', 'Technology'))}"  # noqa: E501 - a table of forms
    if roll < 0.95:
        return f"{r.choice(words.NATIONALITIES)} {kind}{r.choice(('', '', ' ' + r.choice(words.COMPANY_WORDS)))}"
    return acronym(r) if roll < 0.97 else _coined(r)


def acronym(r: R) -> str:
    """A few capitals."""
    return "".join(r.choices(string.ascii_uppercase, k=r.choice((2, 3, 3, 4, 5))))


def number(r: R) -> str:
    """A number of a house."""
    form = r.choice(("%", "%#", "%##", "%##", "%###", "%####", "%#?", "%-%", "%#/%", "#####", "0##", "%#a"))
    return digits(r, form)


def street(r: R) -> str:
    """A street with its number, as one of a dozen countries writes it."""
    roll = r.random()
    n = number(r)
    listed = sources.streets()
    if roll < 0.34:
        named = r.choice(
            (
                family(r),
                family(r),
                r.choice(sources.common()).capitalize(),
                r.choice(
                    (
                        "Main",
                        "High",
                        "Church",
                        "Oak",
                        "2nd",
                        "5th",
                        "Park",
                        "Station",
                        "Elm",
                        "King's",
                        "Queen",
                        "42nd",
                        "Martin Luther King",
                    )
                ),
            )
        )
        kind = r.choice(words.STREET_TYPES[:40] if r.random() < 0.7 else words.STREET_TYPES)
        way = r.choice(("", "", "", "", "N. ", "West ", "S ", "East "))
        return f"{n} {way}{named} {kind}" + r.choice(("", "", "", ".")) * (len(kind) < 5)
    if roll < 0.5:
        name = r.choice(listed[r.choice(sorted(listed))])
        return r.choice((f"{name} {n}", f"{name} {n}", f"{n} {name}"))
    if roll < 0.62:
        stem = r.choice((family(r), town(r).split(" ")[0], r.choice(sources.common()).capitalize()))
        name = stem + r.choice(words.STREET_ENDS)
        return r.choice((f"{name} {n}", f"{name} {n}", f"{n} {name}"))
    if roll < 0.82:
        lead = r.choice(words.STREET_LEADS)
        name = f"{lead} {r.choice(('', 'de la ', 'del ', 'de ', 'des ', 'du ', 'di ', 'da ', '', ''))}{r.choice((person(r), family(r), place(r)))}"  # noqa: E501 - a table of forms
        return r.choice((f"{name} {n}", f"{name}, {n}", f"{n} {name}", f"{n}, {name}"))
    if roll < 0.9:
        name = f"{r.choice((family(r), given(r), town(r)))} {r.choice(('utca', 'u.', 'út', 'tér', 'ulica', 'nám.', 'sokak', 'gata', 'vej', 'street', 'street', 'tie', 'straat', 'cesta', 'ulice'))}"  # noqa: E501 - a table of forms
        return f"{name} {n}"
    return f"{r.choice(('P.O. Box', 'PO Box', 'Postfach', 'Box', 'Apartado'))} {digits(r, r.choice(('%##', '%###', '%#')))}"  # noqa: E501 - a table of forms


def unit(r: R) -> str:
    """A flat, a suite."""
    return f"{r.choice(('Apt.', 'Apt', 'Suite', 'Unit', 'Flat', 'Floor', 'Room', 'Apartment', 'Ste', '#', 'Building', 'Block'))} {digits(r, r.choice(('%', '%#', '%##', '%?', '?', '###')))}".replace(  # noqa: E501 - a table of forms
        "# ", "#"
    )


def postcode(r: R) -> str:
    """A postal code of some country."""
    return digits(
        r,
        r.choice(
            (
                "#####",
                "#####",
                "#####-####",
                "####",
                "#### ??",
                "?#? #?#",
                "?%## %??",
                "??%# %??",
                "### ##",
                "##-###",
                "####-###",
                "######",
                "?-####",
            )
        ),
    )


def address(r: R) -> str:
    """An address, in one line or several, complete or not."""
    parts = [street(r)]
    if r.random() < 0.12:
        parts[0] = f"{number(r)} {parts[0]}"
    flat = unit(r) if r.random() < 0.4 else ""
    roll = r.random()
    if roll < 0.25:
        return parts[0] if not flat else f"{parts[0]}{r.choice((', ', ' '))}{flat}"
    code, city = postcode(r), town(r)
    state = r.choice(
        (
            "CA",
            "NY",
            "TX",
            "IL",
            "WA",
            "FL",
            "OH",
            "NSW",
            "VIC",
            "ON",
            "BC",
            "Kent",
            "Bavaria",
            "MI",
            "SP",
            r.choice(sources.regions()),
            digits(r, "??"),
        )
    )
    land = country(r)
    tail = r.choice(
        (
            f"{city}, {state} {code}",
            f"{code} {city}",
            f"{city} {code}",
            f"{city}, {code}",
            city,
            f"{city} {state}",
            f"{city}, {state}",
            f"{city}, {land}",
            f"{code} {city}, {land}",
            f"{city} {land}",
            f"{city} {land} {code}",
            f"{city}, {state} {code}, {land}",
            f"{city}\n{state}\n{land} {code}",
            f"{city}\n{code}\n{land}",
            f"{city}, {land} {code}",
            f"{code} {city}\n{land}",
            f"{city}\n{land} {code}",
        )
    )
    joiner = r.choice((", ", ", ", "\n", "\n", "\n ", " ", " "))
    if joiner[0] != "\n":
        tail = tail.replace("\n", r.choice((", ", " ")))
    made = (
        r.choice((f"{parts[0]} {flat}", f"{parts[0]}, {flat}", f"{parts[0]}{joiner}{flat}", f"{flat} {parts[0]}"))
        if flat
        else parts[0]
    )
    return f"{made}{joiner}{tail}"


def date(r: R) -> str:
    """A date."""
    month, day, year = r.choice(words.MONTHS), r.randrange(1, 29), r.randrange(1940, 2026)
    return r.choice(
        (
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"{month} {year}",
            str(year),
            f"{year}-{r.randrange(1, 13):02d}-{day:02d}",
            f"{day:02d}/{r.randrange(1, 13):02d}/{year}",
            r.choice(words.WEEKDAYS),
            f"{month} {day}",
            f"{day}.{r.randrange(1, 13)}.{year}",
            f"{month[:3]} {day}",
        )
    )


def mail(r: R) -> str:
    """An e-mail address."""
    return f"{sources.plain(given(r)).lower().replace(' ', '')}{r.choice(('.', '_', '', '-'))}{r.randrange(100)}@{_coined(r).lower().replace(' ', '')}.{r.choice(_TLDS)}"  # noqa: E501 - a table of forms


def phone(r: R) -> str:
    """A telephone number."""
    return digits(
        r,
        r.choice(
            ("+%# %## ### ####", "(###) ###-####", "###-###-####", "0%## ### ###", "+%# (0)## #### ####", "%########")
        ),
    )


def code(r: R) -> str:
    """A number that is nobody's."""
    return digits(
        r,
        r.choice(
            ("%####", "%#######", "??-####", "%###-??", "#%%%%%%%%%%%", "?%#####", "%##,%##", "$%##.##", "%#%", "v%.#")
        ),
    )


def word(r: R) -> str:
    """Any word, with a capital: what begins a sentence, a heading, a product."""
    return r.choice(sources.common()).capitalize()


def salad(r: R) -> str:
    """A few words, the first with a capital."""
    return " ".join((word(r), *r.choices(sources.common(), k=r.randrange(2, 9))))


def lower(r: R) -> str:
    """A few words in small letters, with the little words of English among them."""
    made = [r.choice(_LITTLE) if r.random() < 0.45 else r.choice(sources.common()) for _ in range(r.randrange(1, 7))]
    return " ".join(made)


_LITTLE = [
    "the",
    "a",
    "an",
    "of",
    "to",
    "in",
    "and",
    "that",
    "it",
    "is",
    "was",
    "for",
    "on",
    "with",
    "as",
    "at",
    "by",
    "this",
    "but",
    "not",
    "be",
    "have",
    "are",
    "from",
    "or",
    "they",
    "which",
    "one",
    "you",
    "were",
    "all",
    "her",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "more",
    "no",
    "if",
    "out",
    "so",
    "what",
    "up",
    "into",
    "about",
    "than",
    "them",
    "can",
    "only",
    "other",
    "time",
    "new",
    "some",
    "could",
    "my",
    "me",
    "your",
    "our",
    "his",
    "its",
    "do",
    "did",
    "had",
    "how",
    "after",
    "before",
    "over",
    "because",
    "year",
    "good",
    "get",
    "make",
    "see",
    "know",
    "take",
    "work",
    "call",
    "day",
    "way",
]


def verb(r: R) -> str:
    """What somebody does or did."""
    return r.choice(_verbs())


@cache
def _verbs() -> tuple[str, ...]:
    return tuple(
        word
        for word in sources.common()
        if (word.endswith("ed") and len(word) > 4) or (word.endswith("s") and 3 < len(word) < 8)
    )


def url(r: R) -> str:
    """A web address."""
    return f"{r.choice(('https://', 'http://', 'www.', 'https://www.'))}{_coined(r).replace(' ', '')}.{r.choice(_TLDS)}/{r.choice(('', '', 'news', 'a/b'))}"  # noqa: E501 - a table of forms


def peoples(r: R) -> str:
    """People of a country, in the plural."""
    name = nationality(r) + "s"
    return name.lower() if r.random() < 0.4 else name


def heading(r: R) -> str:
    """A heading in title case, of words that are no names."""
    return " ".join(
        word(r) if r.random() < 0.8 else r.choice(("of", "and", "for", "the", "in")) for _ in range(r.randrange(2, 5))
    )
