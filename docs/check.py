"""`python -m docs.check`: the documents agree with the code. `--write` makes the generated ones anew.

Checked: generated pages are current, every relative link leads somewhere, and nothing names a machine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MACHINE = re.compile(r"/(?:work|root|home)/\w")


def cli_page() -> str:
    """Every command with its help, as the program prints it."""
    import typer.main

    from guard.cli.main import build

    lines = ["# Commands", "", "Made by `python -m docs.check --write` from the program itself.", "", EXIT_CODES, ""]

    def describe(command: Any, name: str) -> None:
        lines.extend([f"## `{name}`", "", (command.help or "").strip(), ""])
        if hasattr(command, "commands"):
            for child in sorted(command.commands):
                describe(command.commands[child], f"{name} {child}")
            return
        for parameter in command.params:
            if parameter.name == "help":
                continue
            is_option = parameter.param_type_name == "option"
            label = ", ".join(parameter.opts) if is_option else parameter.metavar or parameter.name.upper()
            text = getattr(parameter, "help", "") or ""
            lines.append(f"- `{label}`{' (required)' * bool(parameter.required)}: {text}")
        lines.append("")

    describe(typer.main.get_command(build()), "guard")
    return "\n".join(lines).rstrip() + "\n"


EXIT_CODES = """\
Exit codes of every command: 0 clean; 1 findings, or a denial; 2 wrong arguments or configuration; 3 nothing was
looked at; 4 not everything could be looked at, or an internal error. Answers go to stdout, everything about the run
to stderr; `NO_COLOR` is respected."""


def config_page() -> str:
    """Every setting with its default and its variable."""
    from guard.config import Config

    lines = [
        "# Settings",
        "",
        "Made by `python -m docs.check --write` from `guard/config.py`.",
        "",
        "Settings stand in `guard.toml`, or under `[tool.guard]` in `pyproject.toml`; the environment wins over the",
        "file, arguments over both. An unknown key is an error. Secrets stand here by reference only: `env:NAME` or",
        "`file:/path` (mode 0600). `guard doctor` shows each value with its origin.",
        "",
    ]

    def table(model: type[BaseModel], section: str) -> None:
        title = f"## `[{section}]`" if section else "## Top level"
        about = (model.__doc__ or "").strip() if section else ""
        lines.extend([title, "", *([about, ""] if about else [])])
        lines.extend(["| key | default | variable |", "|---|---|---|"])
        for key, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                continue
            default = field.get_default(call_default_factory=True)
            variable = f"GUARD_{section.upper()}__{key.upper()}" if section else f"GUARD_{key.upper()}"
            lines.append(f"| `{key}` | `{'' if default is None else default}` | `{variable}` |")
        lines.append("")

    table(Config, "")
    for key, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            table(field.annotation, key)
    return "\n".join(lines).rstrip() + "\n"


GENERATED: dict[str, Callable[[], str]] = {"reference/cli.md": cli_page, "reference/config.md": config_page}


def problems() -> Iterator[str]:
    """What does not agree, one line each."""
    for name, make in GENERATED.items():
        path = DOCS / name
        if not path.is_file() or path.read_text(encoding="utf-8") != make():
            yield f"docs/{name} is not current: run `python -m docs.check --write`"
    for path in sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]):
        text = path.read_text(encoding="utf-8")
        place = path.relative_to(ROOT)
        for target in LINK.findall(text):
            file, _, _ = target.partition("#")
            if file and "://" not in file and not (path.parent / file).exists():
                yield f"{place}: the link `{target}` leads nowhere"
        if MACHINE.search(text):
            yield f"{place}: names a path of one machine"


def main(arguments: list[str]) -> int:
    """Checks, or writes the generated pages."""
    if arguments == ["--write"]:
        for name, make in GENERATED.items():
            path = DOCS / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(), encoding="utf-8")
        return 0
    found = list(problems())
    print("\n".join(found) or "the documents agree with the code")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
