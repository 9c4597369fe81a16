"""The published vectors of the ciphers: NIST's samples, and Wycheproof's files beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from guard.anonymize.crypto.cipher import cipher
from guard.anonymize.crypto.feistel import Feistel
from guard.anonymize.crypto.feistel_batch import FeistelBatch
from guard.errors import GuardError
from guard.model import Sensitive
from tests.anonymize.cases import FOLDER

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "wycheproof"
FF1_FILES = ("aes_ff1_base10", "aes_ff1_radix10", "aes_ff1_radix36", "aes_ff1_radix65536")


def wycheproof(name: str, folder: Path = SHARED) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each test of a file with its group."""
    path = folder / f"{name}_test.json"
    if not path.is_file():
        pytest.skip(f"the vectors of Wycheproof are not beside this checkout ({path})")
    for group in json.loads(path.read_text("utf-8"))["testGroups"]:
        for test in group["tests"]:
            yield group, test


def nist() -> list[dict[str, Any]]:
    """The nine FF1 samples of NIST."""
    return yaml.safe_load((FOLDER / "ff1_nist.yml").read_text("utf-8"))


def ff1_failures(folder: Path = SHARED) -> tuple[int, int]:
    """Vectors on which one value or the column form differs, or an invalid one passes; and how many were tried."""
    cases = [(sample, 36 if sample["radix"] == 36 else sample["radix"], True) for sample in nist()]
    for name in FF1_FILES:
        cases += [(test, group["radix"], test["result"] == "valid") for group, test in wycheproof(name, folder)]
    return sum(_passes(test, radix) != valid for test, radix, valid in cases), len(cases)


def _passes(test: dict[str, Any], radix: int) -> bool:
    try:
        message, expected = _numerals(test["msg"]), _numerals(test["ct"])
        block = cipher("aes", Sensitive(bytes.fromhex(test["key"])))
        core = Feistel(block, radix, len(message), bytes.fromhex(test["tweak"]))
        one = core.numerals(message) == expected and core.numerals(expected, inverse=True) == message
        return one and (not FeistelBatch.fits(core) or _column(FeistelBatch(block, core), message, expected))
    except (GuardError, ValueError):
        return False


def _numerals(text: str | list[int]) -> list[int]:
    return [int(character, 36) for character in text] if isinstance(text, str) else text


def _column(batch: FeistelBatch, message: list[int], expected: list[int]) -> bool:
    halves, wanted = _halves(batch.core, message), _halves(batch.core, expected)
    a, b = (np.array([half] * 3, np.uint64) for half in halves)
    batch.encrypt(a, b)
    there = (int(a[1]), int(b[1])) == wanted
    batch.decrypt(a, b)
    return there and (int(a[2]), int(b[2])) == halves


def _halves(core: Feistel, numerals: list[int]) -> tuple[int, int]:
    cut = core.length // 2
    numbers = []
    for part in (numerals[:cut], numerals[cut:]):
        number = 0
        for numeral in part:
            number = number * core.radix + numeral
        numbers.append(number)
    return numbers[0], numbers[1]
