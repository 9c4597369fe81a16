"""Generates the invented city's database: 210,000 rows in four tables, the same for the same seed.

Identity numbers carry GB 11643 check digits and card numbers Luhn digits, so that they look to a classifier as
the real ones do. Column names are what one meets: English, pinyin initials, with comments in Chinese.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from guard.demo import words

if TYPE_CHECKING:
    import pyarrow as pa

RESIDENTS = 50_000
VISITS = 80_000
CARDS = 40_000
CALLS = 40_000
TODAY = date(2026, 6, 30)  # fixed, so that the data does not depend on the day

COMMENTS: dict[str, dict[str, str]] = {
    "residents": {
        "resident_no": "内部编号",
        "xm": "姓名",
        "sfzh": "公民身份号码",
        "phone": "手机号码",
        "email": "电子邮箱",
        "district": "所属行政区",
        "address": "住址",
        "birth_date": "出生日期",
        "registered_at": "登记时间",
    },
    "visits": {
        "visit_no": "就诊流水号",
        "sfzh": "患者身份证号",
        "district": "所属行政区",
        "hospital": "医院名称",
        "department": "科室",
        "diagnosis_code": "诊断编码 ICD-10",
        "diagnosis": "诊断",
        "visited_on": "就诊日期",
        "cost": "费用（元）",
    },
    "cards": {
        "card_no": "银行卡号",
        "sfzh": "持卡人身份证号",
        "bank": "开户银行",
        "balance": "余额（元）",
        "opened_on": "开卡日期",
    },
    "calls": {
        "call_no": "工单号",
        "phone": "来电号码",
        "district": "所属行政区",
        "agent": "坐席",
        "called_at": "来电时间",
        "note": "通话记录",
    },
}


def tables(seed: int = 7) -> dict[str, pa.Table]:
    """The four tables by name; about three seconds on one core."""
    import pyarrow as pa

    rng = random.Random(seed)  # noqa: S311 - invented data, not a secret
    residents = list(_residents(rng))
    return {
        "residents": pa.Table.from_pylist(residents),
        "visits": pa.Table.from_pylist(list(_visits(rng, residents))),
        "cards": pa.Table.from_pylist(list(_cards(rng, residents))),
        "calls": pa.Table.from_pylist(list(_calls(rng, residents))),
    }


def write(path: Path, seed: int = 7) -> int:
    """Writes the city into a new DuckDB database at `path`; returns the number of rows.

    Raises:
        FileExistsError: something is there already; a demo never overwrites.
    """
    import duckdb

    if path.exists():
        raise FileExistsError(path)
    rows = 0
    with duckdb.connect(str(path)) as connection:
        for name, table in tables(seed).items():
            connection.register("incoming", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
            connection.unregister("incoming")
            for column, comment in COMMENTS[name].items():
                connection.execute(f"COMMENT ON COLUMN {name}.{column} IS '{comment}'")
            rows += table.num_rows
    return rows


def resident_id(region: str, born: date, sequence: int) -> str:
    """An 18-character citizen identity number (GB 11643) with its ISO 7064 MOD 11-2 check character."""
    body = f"{region}{born:%Y%m%d}{sequence:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]


def card_number(prefix: str, account: int) -> str:
    """A 19-digit card number that starts with `prefix` and ends with its Luhn digit (ISO/IEC 7812-1)."""
    body = f"{prefix}{account:012d}"
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{body}{-total % 10}"


def _residents(rng: random.Random) -> Iterator[dict[str, object]]:
    for number in range(RESIDENTS):
        district, region = rng.choice(words.DISTRICTS)
        born = date(1938, 1, 1) + timedelta(days=rng.randrange(85 * 365))
        foreign = rng.random() < 0.04
        english = f"{rng.choice(words.ENGLISH_GIVEN)} {rng.choice(words.ENGLISH_FAMILY)}"
        mailbox = f"{english.split(maxsplit=1)[0].lower() if foreign else 'u'}{rng.randrange(10**6):06d}"
        street = f"{rng.choice(words.STREETS)}{rng.randrange(1, 900)}号{rng.randrange(101, 2600)}室"
        yield {
            "resident_no": 100_000 + number,
            "xm": english if foreign else _chinese_name(rng),
            "sfzh": resident_id(region, born, rng.randrange(1, 999)),
            "phone": f"{rng.choice(words.MOBILE_PREFIXES)}{rng.randrange(10**8):08d}",
            "email": f"{mailbox}@{rng.choice(words.MAIL_HOSTS)}" if rng.random() < 0.8 else None,
            "district": district,
            "address": f"上海市{district}{street}",
            "birth_date": born,
            "registered_at": datetime(2019, 1, 1) + timedelta(minutes=rng.randrange(7 * 365 * 24 * 60)),  # noqa: DTZ001
        }


def _chinese_name(rng: random.Random) -> str:
    compound = rng.random() < 0.01
    surname = rng.choice(words.COMPOUND_SURNAMES) if compound else rng.choice(words.SURNAMES)
    return surname + "".join(rng.choice(words.GIVEN) for _ in range(rng.choice((1, 2, 2))))


def _visits(rng: random.Random, residents: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    for number in range(VISITS):
        patient = rng.choice(residents)
        code, diagnosis = rng.choice(words.DIAGNOSES)
        yield {
            "visit_no": f"V{20260000 + number:010d}",
            "sfzh": patient["sfzh"],
            "district": patient["district"],
            "hospital": rng.choice(words.HOSPITALS),
            "department": rng.choice(words.DEPARTMENTS),
            "diagnosis_code": code,
            "diagnosis": diagnosis,
            "visited_on": TODAY - timedelta(days=rng.randrange(3 * 365)),
            "cost": round(rng.lognormvariate(5.5, 0.8), 2),
        }


def _cards(rng: random.Random, residents: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    for _ in range(CARDS):
        bank, prefix = rng.choice(words.BANKS)
        yield {
            "card_no": card_number(prefix, rng.randrange(10**12)),
            "sfzh": rng.choice(residents)["sfzh"],
            "bank": bank,
            "balance": round(rng.lognormvariate(8.5, 1.2), 2),
            "opened_on": TODAY - timedelta(days=rng.randrange(12 * 365)),
        }


def _calls(rng: random.Random, residents: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    for number in range(CALLS):
        caller = rng.choice(residents)
        english = f"{rng.choice(words.ENGLISH_GIVEN)} {rng.choice(words.ENGLISH_FAMILY)}"
        note = rng.choice(words.NOTES).format(
            name=caller["xm"],
            phone=caller["phone"],
            id=caller["sfzh"],
            street=rng.choice(words.STREETS),
            english=english,
            email=f"{english.split(maxsplit=1)[0].lower()}@{words.MAIL_HOSTS[-1]}",
        )
        yield {
            "call_no": f"C{number:08d}",
            "phone": caller["phone"],
            "district": caller["district"],
            "agent": rng.choice(words.AGENTS),
            "called_at": datetime(2026, 1, 1) + timedelta(minutes=rng.randrange(180 * 24 * 60)),  # noqa: DTZ001
            "note": note,
        }
