"""Check-digit arithmetic agrees with python-stdnum and with the published vectors, on random and on mutated numbers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from stdnum import luhn as std_luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2 as std_mod_11_2
from stdnum.iso7064 import mod_11_10 as std_mod_11_10
from stdnum.tw import ubn

from guard.classify import checkdigit
from guard.classify.detectors.cn import resident_id
from guard.classify.detectors.cn import uscc as our_uscc
from guard.classify.detectors.tw import company_number
from tests.classify.invented import resident

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mutants(number: str) -> Iterator[str]:
    """Every single-digit error and every swap of neighbours."""
    for index, char in enumerate(number):
        yield from (number[:index] + other + number[index + 1 :] for other in "0123456789" if other != char)
    for index in range(len(number) - 1):
        yield number[:index] + number[index + 1] + number[index] + number[index + 2 :]


def std_check(number: str) -> bool:
    """python-stdnum's check digit of the resident number, without its region and date rules."""
    return number[:17].isdecimal() and ric.calc_check_digit(number) == number[-1]


def test_resident_check_character_against_stdnum_and_the_standard() -> None:
    """On random and mutated resident numbers the check character agrees with python-stdnum and with the weights of GB
    11643."""
    r = random.Random(11643)
    numbers = [f"{r.randrange(10**17):017d}{r.choice('0123456789X')}" for _ in range(20_000)]
    for _ in range(200):
        numbers += [mutant for mutant in mutants(resident(r)) if mutant[:17].isdecimal()]
    differ = 0
    for number in numbers:
        by_weights = "10X98765432"[sum(int(d) * w for d, w in zip(number, WEIGHTS, strict=False)) % 11] == number[-1]
        differ += not (checkdigit.mod_11_2(number) == std_check(number) == by_weights)
    assert differ == 0
    assert len(numbers) > 50_000


def test_resident_rules_accept_what_stdnum_accepts() -> None:
    """A number that python-stdnum accepts whole is accepted here: this detector is never the stricter one on valid
    numbers."""
    r = random.Random(2260)
    valid = [number for number in (resident(r) for _ in range(2_000)) if ric.is_valid(number)]
    assert len(valid) > 500
    assert [number for number in valid if not resident_id.check(number)] == []


@pytest.mark.parametrize(
    ("ours", "theirs", "digits"),
    [
        (checkdigit.luhn, std_luhn.is_valid, 16),
        (checkdigit.luhn, std_luhn.is_valid, 19),
        (checkdigit.mod_11_2, std_mod_11_2.is_valid, 18),
        (checkdigit.mod_11_10, std_mod_11_10.is_valid, 15),
    ],
)
def test_random_numbers_against_stdnum(ours: Callable[[str], bool], theirs: Callable[[str], bool], digits: int) -> None:
    """Each algorithm gives python-stdnum's answer on random numbers."""
    r = random.Random(digits)
    numbers = [f"{r.randrange(10**digits):0{digits}d}" for _ in range(10_000)]
    assert [number for number in numbers if ours(number) != theirs(number)] == []


def test_single_errors_are_caught() -> None:
    """MOD 11-2 catches every single-digit error and every swap of unequal neighbours."""
    r = random.Random(7064)
    for _ in range(100):
        number = resident(r)
        assert [
            mutant
            for mutant in mutants(number)
            if mutant != number and mutant[:17].isdecimal() and checkdigit.mod_11_2(mutant)
        ] == []


def test_a_seeded_fault_is_noticed() -> None:
    """A check table that is shifted by one would differ from python-stdnum at once."""
    r = random.Random(1)
    wrong = [
        number
        for number in (resident(r) for _ in range(100))
        if "01X98765432"[(2 * int(number[:-1], 13)) % 11] != number[-1]
    ]
    assert wrong


def test_credit_code_check_character_against_stdnum() -> None:
    """On random codes the check character modulo 31 agrees with python-stdnum."""
    r = random.Random(32100)
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for _ in range(5_000):
        body = "91" + f"{r.randrange(10**6):06d}" + "".join(r.choices(alphabet, k=9))
        code = body + r.choice((uscc.calc_check_digit(body), r.choice(alphabet)))
        assert our_uscc._check_character(code) == (uscc.calc_check_digit(code[:17]) == code[17])


def test_company_number_of_taiwan_against_stdnum() -> None:
    """The detector never accepts less than python-stdnum; where it accepts more, it is the rule of 2023 (a sum modulo
    five)."""

    def theirs(number: str) -> bool:
        try:
            return bool(ubn.validate(number))
        except ValidationError:
            return False

    r = random.Random(8)
    numbers = [f"{r.randrange(10**8):08d}" for _ in range(5_000)]
    assert [number for number in numbers if theirs(number) and not company_number.check(number)] == []


PUBLISHED = [
    ("cn.resident_id", "11010519491231002X"),
    ("cn.organisation_code", "D2143569-X"),
    ("cn.uscc", "91350100M000100Y43"),
    ("intl.iban", "GB29NWBK60161331926819"),
    ("intl.vin", "1M8GDM9AXKP042788"),
    ("intl.imei", "490154203237518"),
    ("intl.credit_card", "4111111111111111"),
    ("hk.identity_card", "A123456(3)"),
    ("tw.national_id", "A123456789"),
]


@pytest.mark.parametrize(("kind", "number"), PUBLISHED)
def test_published_vectors(kind: str, number: str) -> None:
    """Examples printed in the standards and by the issuers pass."""
    from guard.classify.registry import detectors

    assert detectors()[kind].check(number)
