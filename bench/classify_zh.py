"""Identifiers in running Chinese text: precision and recall over 45 kinds and more, half of it hard negatives.

The sentences and the numbers in them are made here, from the published rules and not by the detectors. A sentence
with an identifier counts as found when guard reports the kind at a span that overlaps it; anything else reported in
any sentence, of a kind under test, is a false alarm. Hard negatives are what Chinese systems are full of: order
numbers, snowflake ids, timestamps, masked values, and identifiers with a wrong check digit, behind plain words.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from bench.result import Result

SENTENCES = 20_000
Make = Callable[[random.Random], str]
_REGIONS = ("110105", "310115", "440305", "330106", "510104", "320506", "420111", "370202", "610113", "350203")
_BASE31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORG = (3, 7, 9, 10, 5, 8, 4, 2)
_TW = {letter: value for value, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", start=10)}


def d(count: int) -> Make:
    """So many digits."""
    return lambda r: "".join(r.choices("0123456789", k=count))


def luhn(prefix: str, length: int) -> Make:
    """A number with the check digit of Luhn."""

    def make(r: random.Random) -> str:
        body = prefix + d(length - len(prefix) - 1)(r)
        total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(reversed(body)))
        return body + str(-total % 10)

    return make


def born(r: random.Random) -> str:
    """A birth date."""
    return f"{r.randrange(1940, 2012)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}"


def mod_11_2(body: str) -> str:
    """With the check character of GB 11643, by its weights."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def resident(r: random.Random) -> str:
    """A resident number."""
    return mod_11_2(r.choice(_REGIONS) + born(r) + d(3)(r))


def organisation(r: random.Random) -> str:
    """Nine characters of GB 11714."""
    body = d(8)(r)
    check = 11 - sum(int(c) * w for c, w in zip(body, _ORG, strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(check, str(check))


def credit_code(r: random.Random) -> str:
    """Eighteen characters of GB 32100."""
    while True:
        body = "91" + r.choice(_REGIONS) + organisation(r)
        if body[-1] in _BASE31:
            total = sum(_BASE31.index(c) * pow(3, i, 31) for i, c in enumerate(body))
            return body + _BASE31[-total % 31]


def business(r: random.Random) -> str:
    """Fifteen digits of GS 15."""
    body = r.choice(_REGIONS) + d(8)(r)
    product = 10
    for c in body:
        product = ((product + int(c)) % 10 or 10) * 2 % 11
    return body + str((11 - product) % 10)


def taiwan(second: str) -> Make:
    """A letter, a second character, seven digits and a check digit."""

    def make(r: random.Random) -> str:
        letter, sex = r.choice("ABCDEFGH"), r.choice(second)
        serial = d(7)(r)
        number = f"{_TW[letter]}{_TW[sex] % 10 if sex.isalpha() else sex}{serial}"
        total = sum(int(c) * w for c, w in zip(number, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1), strict=True))
        return letter + sex + serial + str(-total % 10)

    return make


def company(r: random.Random) -> str:
    """Eight digits whose weighted digit sum divides by five."""
    while True:
        number = d(8)(r)
        if (
            number[6] != "7"
            and not sum(sum(divmod(int(c) * w, 10)) for c, w in zip(number, (1, 2, 1, 2, 1, 2, 4, 1), strict=True)) % 5
        ):
            return number


def hongkong(r: random.Random) -> str:
    """A letter, six digits and a check character in brackets."""
    letter, serial = r.choice("ABCDEFGHKPRVYZ"), d(6)(r)
    total = 36 * 9 + (ord(letter) - 55) * 8 + sum(int(c) * w for c, w in zip(serial, range(7, 1, -1), strict=True))
    return f"{letter}{serial}({'0123456789A'[-total % 11]})"


def vin(r: random.Random) -> str:
    """Seventeen characters with the check digit at the ninth."""
    value = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
    number = (
        "L"
        + "".join(r.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=7))
        + "0"
        + "".join(r.choices("ABCDEFGHJKLMNPRST", k=2))
        + d(6)(r)
    )
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    check = sum((value.get(c) or int(c)) * w for c, w in zip(number, weights, strict=True)) % 11
    return number[:8] + "0123456789X"[check] + number[9:]


def patent(r: random.Random) -> str:
    """A patent number with its check character."""
    body = f"{r.randrange(1990, 2024)}{r.choice('123')}" + d(7)(r)
    check = sum(int(c) * w for c, w in zip(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)) % 11
    return f"ZL{body}.{'0123456789X'[check]}"


def pick(text: str, count: int) -> Make:
    """So many of the characters."""
    return lambda r: "".join(r.choices(text, k=count))


def join(*parts: str | Make) -> Make:
    """Texts and makers one after another."""
    return lambda r: "".join(part if isinstance(part, str) else part(r) for part in parts)


_UP, _HEX = "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789abcdef"
CHECKED: dict[str, tuple[str, Make]] = {
    "cn.resident_id": ("身份证号", resident),
    "cn.residence_permit": (
        "居住证号",
        lambda r: mod_11_2(r.choice(("810000", "820000", "830000")) + born(r) + d(3)(r)),
    ),
    "cn.uscc": ("统一社会信用代码", credit_code),
    "cn.organisation_code": ("组织机构代码", lambda r: (n := organisation(r))[:8] + "-" + n[8]),
    "cn.business_registration": ("营业执照注册号", business),
    "cn.bank_card": ("银行卡号", luhn("6222", 19)),
    "cn.student_number": ("学籍号", join("G", resident)),
    "cn.disability_certificate": ("残疾人证号", join(resident, pick("1234567", 1), pick("1234", 1))),
    "cn.taxpayer_15": ("纳税人识别号", lambda r: r.choice(_REGIONS) + organisation(r)),
    "cn.patent_number": ("专利号", patent),
    "tw.national_id": ("身分證字號", taiwan("12")),
    "tw.resident_certificate": ("居留證號", taiwan("ABCD")),
    "tw.company_number": ("統一編號", company),
    "hk.identity_card": ("香港身份證", hongkong),
    "intl.vin": ("车架号", vin),
    "intl.imei": ("IMEI号", luhn("35", 15)),
    "intl.iccid": ("SIM卡ICCID", luhn("898600", 20)),
    "intl.credit_card": ("信用卡号", luhn("4", 16)),
}
CONTEXT: dict[str, tuple[str, Make]] = {
    "cn.mobile": ("手机号", join("13", d(9))),
    "cn.landline": ("固定电话", join("010-6", d(7))),
    "cn.iot_number": ("物联网卡号", join("140", d(10))),
    "cn.resident_id_15": ("身份证号", lambda r: r.choice(_REGIONS) + born(r)[2:] + d(3)(r)),
    "cn.passport": ("护照号", join("E", d(8))),
    "cn.hk_macau_permit": ("回乡证号", join("H", d(8))),
    "cn.taiwan_permit": ("台胞证号", d(8)),
    "cn.exit_entry_permit": ("往来港澳通行证", join("C", d(8))),
    "cn.plate": ("车牌", join(pick("京沪粤苏浙川", 1), pick("ABCDE", 1), d(5))),
    "cn.qq": ("QQ号", join(pick("123456789", 1), d(8))),
    "cn.wechat": ("微信号", join("wx_", pick("abcdefgh", 5), d(3))),
    "cn.postcode": ("邮政编码", join(pick("123456", 1), d(5))),
    "cn.secrecy_mark": ("密级", lambda r: r.choice(("机密★10年", "秘密★5年", "绝密★30年"))),
    "cn.marriage_certificate": ("结婚证", join("J", lambda r: r.choice(_REGIONS), "-2015-", d(6))),
    "cn.psb_record": ("京公网安备", join(lambda r: r.choice(_REGIONS), d(8))),
    "cn.drug_approval": ("国药准字", join("H20", d(6))),
    "cn.food_licence": ("食品生产许可证", join("SC101", lambda r: r.choice(_REGIONS), d(5))),
    "cn.invoice_number": ("发票号码", join("2411", d(16))),
    "cn.stock_code": ("股票代码", join("600", d(3))),
    "cn.wechat_openid": ("openid", join("o", pick(_UP, 9), d(9), pick("abcdefgh", 9))),
    "cn.wechat_app_id": ("小程序appid", join("wx", pick(_HEX, 16))),
    "cn.alipay_user_id": ("支付宝账号", join("2088", d(12))),
    "cn.waybill": ("快递单号", join("SF", d(13))),
    "cn.degree_certificate": ("毕业证书编号", join("10001", "1", "2019", "05", d(6))),
    "cn.birth_certificate": ("出生医学证明", join("P", "11", d(7))),
    "cn.cnaps_code": ("联行号", join("1021", d(8))),
    "tw.mobile": ("手機", join("09", d(8))),
    "tw.landline": ("市話", join("02-2", d(3), "-", d(4))),
    "tw.passport": ("護照號碼", join("3", d(8))),
    "tw.invoice_number": ("發票號碼", join(pick(_UP, 2), "-", d(8))),
    "tw.citizen_certificate": ("自然人憑證", join("TP", d(14))),
    "mo.identity_card": ("澳門身份證", join("5", d(6), "(", d(1), ")")),
    "hk.phone": ("香港电话", join("9", d(3), " ", d(4))),
    "mo.phone": ("澳門電話", join("66", d(2), " ", d(4))),
}
BEFORE = ("请核对", "经查,", "客户来电称", "系统显示", "附件中", "他填写的", "")
AFTER = ("已登记。", ",请尽快办理。", "有误。", "即可。", "审核通过", "、联系窗口")


def negative(r: random.Random) -> str:
    """A sentence that holds no identifier, though it looks like it."""
    wrong = resident(r)
    wrong = wrong[:16] + str((int(wrong[16]) + 1 + r.randrange(8)) % 10) + wrong[17:]
    card = luhn("6222", 19)(r)
    return r.choice(
        (
            f"订单号{born(r)}{d(10)(r)}已发货",
            f"消息编号{r.randrange(10**17, 10**18)}处理失败",
            f"时间戳{r.randrange(1_400_000_000_000, 1_800_000_000_000)}毫秒",
            f"手机号138****{d(4)(r)}已隐藏",
            f"证件号110***********{d(4)(r)}已脱敏",
            f"身份证号{wrong}校验未通过",
            f"流水号{card[:-1]}{(int(card[-1]) + 1 + r.randrange(8)) % 10}已入账",
            f"产品编码SKU{d(12)(r)}缺货",
            f"合计金额{r.randrange(10**7)}.{d(2)(r)}元,共{r.randrange(900)}件",
            f"版本{r.randrange(9)}.{r.randrange(20)}.{r.randrange(99)}已发布",
            f"批次{born(r)}共{r.randrange(10**5)}条记录",
        )
    )


def run(sentences: int = SENTENCES) -> Result:
    """Precision and recall, checksummed kinds and context kinds apart.

    Args:
        sentences: how many; half of them are negatives.
    """
    from guard.classify.text import classify_text

    r = random.Random(32100)
    tables = {"checksummed": CHECKED, "context": CONTEXT}
    group = {kind: name for name, table in tables.items() for kind in table}
    found: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false: Counter[str] = Counter()
    kinds = list(group)
    for number in range(sentences):
        kind, span, text = "", (0, 0), negative(r)
        if number % 2:
            kind = kinds[number // 2 % len(kinds)]
            label, make = tables[group[kind]][kind]
            value = make(r)
            head = r.choice(BEFORE) + label + r.choice((":", "为", " ", "" if label[-1] > "\x7f" else "是"))
            text, span = head + value + r.choice(AFTER), (len(head), len(head) + len(value))
        seen = [f for f in classify_text(text) if f.kind in group]
        hit = any(f.kind == kind and f.start < span[1] and f.end > span[0] for f in seen)
        if kind:
            (found if hit else missed)[kind] += 1
        for finding in seen:
            if finding.kind != kind:
                false[finding.kind] += 1
    figures: dict[str, float] = {"kinds": float(len(group))}
    for name, table in tables.items():
        right, wrong, lost = (sum(count[kind] for kind in table) for count in (found, false, missed))
        figures[f"{name}_precision"] = right / max(1, right + wrong)
        figures[f"{name}_recall"] = right / max(1, right + lost)
    for kind in sorted(group, key=lambda kind: -(missed[kind] + false[kind])):
        if missed[kind] or false[kind]:
            print(f"{kind}: found {found[kind]}, missed {missed[kind]}, false {false[kind]}")
    return Result(figures, {"sentences": sentences})
