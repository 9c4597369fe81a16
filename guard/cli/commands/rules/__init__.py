"""`guard rules ...`: the rule pack as a security team works with it. A command is found by being in this folder."""

from __future__ import annotations

import importlib
import pkgutil

import typer

group = typer.Typer(help="The rule pack: write, test, lint, compare, replay, bundle.")

for _found in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_found.name}")
    if hasattr(_module, "group"):
        group.add_typer(_module.group, name=_found.name.rstrip("_"))
    elif hasattr(_module, "command"):
        group.command(_found.name.rstrip("_"))(_module.command)
