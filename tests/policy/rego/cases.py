"""Reads the cases of this folder's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).resolve().parents[2] / "cases" / "rego"


def load(name: str) -> list[Any]:
    """The cases of a YAML file."""
    return list(yaml.safe_load((CASES / name).read_text(encoding="utf-8")))


def expressions() -> list[str]:
    """The expressions that are held to OPA."""
    lines = (CASES / "expressions.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]
