"""The options that several commands share, and how they become values."""

from __future__ import annotations

import enum
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from guard.errors import UsageError
from guard.model import Attribute, Subject

# Short, because a fraction of a large exponent takes hours to make.
_SHARE = re.compile(r"([0-9]{1,9}/[1-9][0-9]{0,8}|[0-9]{1,3}(?:\.[0-9]{1,12})?(?:e-[0-9])?)(%?)")
MAX_INPUT_BYTES = 16 * 1024 * 1024  # of a text that is read from a file or from standard input

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A guard.toml; by default the one in the working folder.")
]
SourceUri = Annotated[
    str,
    typer.Option(
        "--source",
        "-s",
        help="postgresql://..., duckdb:///lake.db, sqlite:///crm.db, a file, a glob, a folder, or a configured name.",
    ),
]
Sql = Annotated[str, typer.Argument(help="One SELECT; `-` reads standard input, `@FILE` a file.")]
Who = Annotated[str, typer.Option("--as", metavar="USER", help="The subject who asks.")]
Roles = Annotated[list[str], typer.Option("--role", metavar="ROLE", help="A role of the subject; may repeat.")]
Attributes = Annotated[
    list[str] | None,
    typer.Option("--attr", metavar="NAME=VALUE", help="An attribute of the subject; repeat a name for a list."),
]


Scheme = Annotated[
    str, typer.Option("--scheme", help="Answer by a law or standard: pipl, gbt45574, jrt0197 ...; see rules/schemes.")
]
AsOf = Annotated[str, typer.Option("--as-of", metavar="DAY", help="As the scheme stood on a day, as 2025-10-31.")]


class Language(enum.StrEnum):
    """The languages of names."""

    EN = "en"
    ZH_HANS = "zh-Hans"
    ZH_HANT = "zh-Hant"


NamesIn = Annotated[Language, typer.Option("--language", help="The language of names.")]
Purpose = Annotated[str, typer.Option("--purpose", "-p", help="What the data is asked for, as the rule pack names it.")]


def rate_of(text: str) -> Fraction | None:
    """A share of cells: `1/1000`, `0.001` or `0.1%`; None when nothing is asked for.

    Raises:
        UsageError: it is none of these.
    """
    if not text:
        return None
    said = _SHARE.fullmatch(text.strip())
    share = Fraction(said[1]) / (100 if said[2] else 1) if said else Fraction(0)
    if not 0 < share < 1:
        raise UsageError("`--rate` is no share of cells", help="write it as 1/1000, 0.001 or 0.1%")
    return share


def subject_of(who: str, roles: list[str], attributes: list[str] | None) -> Subject:
    """The subject that the options describe.

    Raises:
        UsageError: an attribute is not `NAME=VALUE`, or the id is empty or too long.
    """
    collected: dict[str, list[str]] = {}
    for text in attributes or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError("an `--attr` is not `NAME=VALUE`", help="write --attr districts=浦东新区")
        collected.setdefault(name, []).append(value)
    frozen: dict[str, Attribute | list[str]] = {
        name: values[0] if len(values) == 1 else tuple(values) for name, values in collected.items()
    }
    try:
        return Subject(id=who, roles=tuple(roles), attributes=frozen)
    except ValueError as error:
        raise UsageError(str(error), help="give --as the name of who asks") from None


def check_choice(chosen: str, choices: tuple[str, ...]) -> None:
    """Refuses a format before the work begins.

    Raises:
        UsageError: it is none of `choices`.
    """
    if chosen not in choices:
        raise UsageError(f"unknown format `{chosen}`", help=f"choose one of {', '.join(choices)}")


def read_text(text: str) -> str:
    """What an argument stands for: itself, standard input for `-`, or the content of a file for `@FILE`.

    Raises:
        UsageError: the file is not there, is not UTF-8, or is larger than `MAX_INPUT_BYTES`.
    """
    if text == "-":
        return _decoded(sys.stdin.buffer.read(MAX_INPUT_BYTES + 1), "standard input")
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            with path.open("rb") as file:
                return _decoded(file.read(MAX_INPUT_BYTES + 1), f"`{path}`")
        except OSError as error:
            cause = (error.strerror or "unknown cause").lower()
            raise UsageError(
                f"`{path}` cannot be read: {cause}", help="check the path after `@`; `-` reads standard input"
            ) from None
    return text


def _decoded(content: bytes, where: str) -> str:
    if len(content) > MAX_INPUT_BYTES:
        raise UsageError(f"{where} is larger than {MAX_INPUT_BYTES} bytes", help="send less at once")
    try:
        return content.decode("utf-8-sig")  # editors on some systems begin a file with a mark
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not UTF-8", help="convert it to UTF-8") from None
