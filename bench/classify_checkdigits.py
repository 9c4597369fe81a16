"""Check digits against python-stdnum: a million random and mutated numbers, and how often the answers differ.

Guard's own arithmetic (`guard.classify.checkdigit` and the checks inside detectors) meets python-stdnum's on random
numbers and on single-digit errors and swaps of neighbours of valid ones. Kinds whose rules *are* python-stdnum's
(`guard.classify.published`) are left out: there is nothing to compare.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.result import Result

NUMBERS = 1_000_000
_VALID_OF_TEN = 3  # of ten numbers, so many are mutants of a valid one
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Pair:
    """One algorithm, twice; `body` makes a number without its check, `final` are the characters it can end in."""

    ours: Callable[[str], bool]
    theirs: Callable[[str], bool]
    body: Callable[[random.Random], str]
    final: str = "0123456789"


def pairs() -> dict[str, Pair]:
    """The algorithms that both have."""
    from stdnum import imei as std_imei
    from stdnum import luhn as std_luhn
    from stdnum.cn import ric, uscc
    from stdnum.iso7064 import mod_11_2 as std_mod_11_2
    from stdnum.iso7064 import mod_11_10 as std_mod_11_10

    from guard.classify import checkdigit
    from guard.classify.detectors.cn import uscc as our_uscc
    from guard.classify.detectors.intl import imei

    def digits(count: int) -> Callable[[random.Random], str]:
        return lambda r: f"{r.randrange(10**count):0{count}d}"

    def code(r: random.Random) -> str:
        return "91" + f"{r.randrange(10**6):06d}" + "".join(r.choices(_ALPHABET, k=9))

    def ric_check(number: str) -> bool:
        return number[:17].isdecimal() and ric.calc_check_digit(number) == number[-1]

    return {
        "luhn_16": Pair(checkdigit.luhn, std_luhn.is_valid, digits(15)),
        "luhn_19": Pair(checkdigit.luhn, std_luhn.is_valid, digits(18)),
        "iso7064_mod_11_2": Pair(checkdigit.mod_11_2, std_mod_11_2.is_valid, digits(17), "0123456789X"),
        "cn_resident_id": Pair(checkdigit.mod_11_2, ric_check, digits(17), "0123456789X"),
        "iso7064_mod_11_10": Pair(checkdigit.mod_11_10, std_mod_11_10.is_valid, digits(14)),
        "cn_uscc": Pair(
            our_uscc._check_character,  # noqa: SLF001 - the check alone, without the region
            lambda n: uscc.calc_check_digit(n[:17]) == n[17],
            code,
            _ALPHABET,
        ),
        "imei": Pair(imei.check, lambda n: std_imei.is_valid(n) and n[:2] != "00", lambda r: "35" + digits(12)(r)),
    }


def numbers(pair: Pair, count: int, r: random.Random) -> Iterator[str]:
    """Random numbers, and errors of one character and swaps of neighbours in valid ones."""
    made = 0
    while made < count:
        body = pair.body(r)
        if r.randrange(10) >= _VALID_OF_TEN:
            yield body + r.choice(pair.final)
            made += 1
            continue
        valid = next((body + last for last in pair.final if pair.theirs(body + last)), body + pair.final[0])
        at = r.randrange(2, len(valid) - 2)
        yield valid
        yield valid[:at] + r.choice(pair.final[:10]) + valid[at + 1 :]
        yield valid[:at] + valid[at + 1] + valid[at] + valid[at + 2 :]
        made += 3


def run(count: int = NUMBERS) -> Result:
    """Counts the numbers on which the two disagree.

    Args:
        count: how many numbers in all.
    """
    r = random.Random(7064)
    differ: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    known = pairs()
    each = -(-count // len(known))
    for name, pair in known.items():
        for number in numbers(pair, each, r):
            ours = pair.ours(number)
            differ[name] += ours != pair.theirs(number)
            passed[name] += ours
    for name in known:
        print(f"{name}: {each} numbers, {passed[name]} pass, {differ[name]} differ")
    return Result({"differences": sum(differ.values())}, {"numbers": each * len(known), "passed": dict(passed)})
