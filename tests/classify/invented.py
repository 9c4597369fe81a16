"""Columns that are made up by a seed: harmless ones that must get no tag, and sensitive ones that must.

Written from what databases hold, apart from the detectors: no function of the detectors is used here.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

Make = Callable[[random.Random], Any]

START = dt.datetime(2019, 1, 1)  # noqa: DTZ001 - tables hold times without a zone
WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "red",
    "green",
    "blue",
    "north",
    "south",
    "east",
    "west",
    "small",
    "large",
    "basic",
    "premium",
    "gold",
    "silver",
]
STATES = ["待处理", "处理中", "已完成", "已取消", "正常", "异常", "高级", "普通", "全部", "关闭"]
PRODUCTS = [
    "无线鼠标",
    "机械键盘",
    "高清显示器",
    "苹果手机壳",
    "白色衬衫",
    "黄金项链",
    "金龙鱼食用油",
    "安全帽",
    "方便面",
    "温度计",
    "马克杯",
    "牛奶",
    "高压锅",
]
CITIES = ["北京市", "上海市", "广州市", "成都市", "高雄市", "石家庄市", "武汉市", "金华市", "黄山市", "安庆市"]
US_CITIES = [
    "Chicago",
    "Boston",
    "Austin",
    "Jackson",
    "Charlotte",
    "Denver",
    "Seattle",
    "Portland",
    "Miami",
    "Madison",
    "Dallas",
    "Houston",
]
DEPARTMENTS = ["市场部", "财务部", "人力资源部", "研发中心", "高级管理层", "安全保卫处", "法务部", "采购部"]
COMPANIES = [
    "Acme Corp",
    "Global Foods Ltd",
    "Blue River Inc",
    "Northwind Traders",
    "Contoso Retail",
    "Green Valley LLC",
]
TITLES = ["季度销售报告", "关于加强安全管理的通知", "项目进度说明", "系统维护公告", "年度预算方案"]
ENGLISH = [
    "ok thanks",
    "will ship on monday",
    "customer asked about the refund",
    "no issue found",
    "see the manual for details",
]


def moment(r: random.Random) -> dt.datetime:
    """A moment of the last years."""
    return START + dt.timedelta(seconds=r.randrange(180_000_000))


# name of the column, how a value is made
HARMLESS: tuple[tuple[str, Make], ...] = (
    ("id", lambda r: r.randrange(1, 10**7)),
    ("row_id", lambda r: r.randrange(10**11, 2 * 10**11)),
    ("snowflake_id", lambda r: r.randrange(10**17, 10**18)),
    ("event_id", lambda r: str(r.randrange(10**18, 9 * 10**18))),
    ("order_no", lambda r: moment(r).strftime("%Y%m%d%H%M%S") + f"{r.randrange(10**4):04d}"),
    ("orderNumber", lambda r: moment(r).strftime("%Y%m%d") + f"{r.randrange(10**8):08d}"),
    ("trade_no", lambda r: moment(r).strftime("%Y%m%d%H%M%S") + f"{r.randrange(10**14):014d}"),
    ("serial_no", lambda r: f"SN{r.randrange(10**10):010d}"),
    ("batch_no", lambda r: f"B{moment(r):%y%m%d}{r.randrange(100):02d}"),
    ("sku", lambda r: f"2018060700{r.randrange(10**5):05d}"),
    ("sku_code", lambda r: f"{r.choice('ABCDEFG')}{r.randrange(10**4):04d}-{r.randrange(100):02d}"),
    ("barcode", lambda r: f"69{r.randrange(10**11):011d}"),
    ("created_at", moment),
    ("updated_at", lambda r: moment(r).strftime("%Y-%m-%d %H:%M:%S")),
    ("event_time", lambda r: moment(r).isoformat() + "Z"),
    ("order_date", lambda r: moment(r).date()),
    ("due_date", lambda r: moment(r).strftime("%Y-%m-%d")),
    ("stat_date", lambda r: moment(r).strftime("%Y%m%d")),
    ("ts", lambda r: int(moment(r).timestamp())),
    ("ts_ms", lambda r: int(moment(r).timestamp() * 1000)),
    ("epoch_us", lambda r: int(moment(r).timestamp() * 10**6)),
    ("amount", lambda r: round(r.uniform(1, 99999), 2)),
    ("total_price", lambda r: f"{r.uniform(1, 9999):.2f}"),
    ("discount_rate", lambda r: round(r.random(), 4)),
    ("score", lambda r: round(r.uniform(0, 100), 3)),
    ("temperature", lambda r: round(r.uniform(-20, 40), 4)),
    ("quantity", lambda r: r.randrange(1, 500)),
    ("count_11", lambda r: r.randrange(10**10, 2 * 10**10)),
    ("version", lambda r: f"{r.randrange(1, 9)}.{r.randrange(20)}.{r.randrange(40)}"),
    ("app_version", lambda r: f"{r.randrange(1, 9)}.{r.randrange(9)}.{r.randrange(9)}.{r.randrange(9)}"),
    ("build", lambda r: f"{r.randrange(1, 20)}.{r.randrange(20)}.{r.randrange(9000)}.{r.randrange(5)}"),
    ("is_email_verified", lambda r: r.random() < 0.5),
    ("has_phone", lambda r: r.choice([0, 1])),
    ("phone_verified", lambda r: r.choice(["Y", "N"])),
    ("email_count", lambda r: r.randrange(9)),
    ("email_template", lambda r: r.choice(["welcome", "reset", "receipt", "reminder"])),
    ("phone_type", lambda r: r.choice(["mobile", "home", "work"])),
    ("phone_model", lambda r: r.choice(["iPhone 13", "Mate 60", "Galaxy S21", "Redmi K50"])),
    ("address_type", lambda r: r.choice(["billing", "shipping"])),
    ("card_status", lambda r: r.choice(["active", "blocked", "expired"])),
    ("id_type", lambda r: r.choice(["01", "02", "03"])),
    ("passenger_count", lambda r: r.randrange(1, 6)),
    ("hostname", lambda r: f"web-{r.randrange(90):02d}.prod"),
    ("file_name", lambda r: f"report_{r.randrange(1000)}.pdf"),
    ("table_name", lambda r: r.choice(["orders", "items", "events"]) + f"_{r.randrange(20)}"),
    ("product_name", lambda r: r.choice(PRODUCTS)),
    ("spmc", lambda r: r.choice(PRODUCTS)),
    ("city", lambda r: r.choice(CITIES)),
    ("city_name", lambda r: r.choice(US_CITIES)),
    ("dept_name", lambda r: r.choice(DEPARTMENTS)),
    ("company", lambda r: r.choice(COMPANIES)),
    ("status", lambda r: r.choice(STATES)),
    ("zt", lambda r: r.choice(STATES)),
    ("state", lambda r: r.choice(["NY", "CA", "TX", "WA"])),
    ("category", lambda r: r.choice(WORDS)),
    ("title", lambda r: r.choice(TITLES)),
    ("note", lambda r: r.choice(ENGLISH)),
    ("description", lambda r: " ".join(r.choice(WORDS) for _ in range(6))),
    ("remark", lambda r: r.choice(["已与用户沟通处理完毕", "系统自动关闭该工单", "等待部门进一步核实情况", "无"])),
    ("commit", lambda r: f"{r.getrandbits(160):040x}"),
    ("md5", lambda r: f"{r.getrandbits(128):032x}"),
    ("trace_id", lambda r: f"{r.getrandbits(64):016x}"),
    ("color", lambda r: f"#{r.getrandbits(24):06x}"),
    ("year", lambda r: r.randrange(1990, 2025)),
    ("zone_code", lambda r: f"{r.randrange(10**6):06d}"),
    ("employee_no", lambda r: f"E{r.randrange(10**8):08d}"),
    ("flight", lambda r: f"CA{r.randrange(1000, 9999)}"),
    ("seat", lambda r: f"{r.randrange(1, 40)}{r.choice('ABCDEF')}"),
    ("grade", lambda r: r.choice("ABCD")),
    ("shelf", lambda r: f"{r.choice('ABCDEFGH')}{r.randrange(10, 99)}"),
    ("isbn", lambda r: f"9787{r.randrange(10**9):09d}"),
    ("port", lambda r: r.choice([80, 443, 8080, 5432])),
    ("duration_ms", lambda r: r.randrange(1, 90_000)),
    ("percent", lambda r: f"{r.randrange(100)}%"),
    ("formula", lambda r: r.choice(["C6H12O6", "H2SO4", "NaCl", "CH3COOH", "Fe2O3"])),
    ("currency", lambda r: r.choice(["CNY", "USD", "EUR"])),
    ("language", lambda r: r.choice(["zh-CN", "en-US", "ja-JP"])),
    ("mime", lambda r: r.choice(["image/png", "text/html", "application/json"])),
    ("level", lambda r: r.randrange(1, 6)),
    ("balance_sheet_row", lambda r: r.randrange(1, 400)),
    ("c1", lambda r: f"{r.randrange(10**8):08d}"),
    ("c2", lambda r: f"{r.randrange(10**9):09d}"),
    ("c3", lambda r: f"{r.randrange(10**10):010d}"),
    ("c4", lambda r: f"{r.randrange(10**12):012d}"),
    ("c5", lambda r: f"{r.randrange(10**15):015d}"),
    ("c6", lambda r: f"{r.randrange(10**16):016d}"),
    ("c7", lambda r: f"{r.randrange(10**18):018d}"),
    ("c8", lambda r: f"{r.choice('ABCDEFGHJK')}{r.randrange(10**9):09d}"),
    ("c9", lambda r: f"{r.choice('ABCDEFGHJK')}{r.randrange(10**6):06d}{r.randrange(10)}"),
    ("操作时间", lambda r: moment(r).strftime("%Y-%m-%d %H:%M:%S")),
    ("数量", lambda r: r.randrange(1000)),
    ("单价", lambda r: round(r.uniform(1, 999), 2)),
    ("订单状态", lambda r: r.choice(STATES)),
    ("是否短信通知手机", lambda r: r.choice(["是", "否"])),
    ("手机型号", lambda r: r.choice(["小米14", "华为P60", "荣耀90"])),
    ("证件类型", lambda r: r.choice(["居民身份证", "护照", "军官证"])),
    ("商品名称", lambda r: r.choice(PRODUCTS)),
    ("流水号", lambda r: moment(r).strftime("%Y%m%d%H%M%S") + f"{r.randrange(10**3):03d}"),
)

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华文建国志海晓春梓涵轩怡欣雨晨佳豪博嘉婷雪峰"
_AREAS = ("110105", "310104", "440305", "330106", "510107", "420106", "610113", "350203", "320583", "500103")
_MIIT = ("138", "139", "150", "151", "186", "187", "135", "177", "199", "166", "133", "159")
_FIRST = [
    "Mary",
    "John",
    "Robert",
    "Linda",
    "James",
    "Susan",
    "Karen",
    "Paul",
    "Emily",
    "Kevin",
    "Laura",
    "Brian",
    "Nancy",
    "Daniel",
    "Sarah",
    "Mark",
    "Anna",
    "Peter",
]
_LAST = [
    "Smith",
    "Johnson",
    "Brown",
    "Miller",
    "Davis",
    "Wilson",
    "Moore",
    "Taylor",
    "Clark",
    "Lewis",
    "Walker",
    "Hall",
    "Young",
    "King",
    "Wright",
    "Scott",
]


def resident(r: random.Random) -> str:
    """A resident number with a valid check character, by the weights of the standard."""
    body = (
        r.choice(_AREAS)
        + (dt.date(1945, 1, 1) + dt.timedelta(days=r.randrange(26_000))).strftime("%Y%m%d")
        + f"{r.randrange(1000):03d}"
    )
    total = sum(
        int(digit) * weight
        for digit, weight in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)
    )
    return body + "10X98765432"[total % 11]


def luhn(r: random.Random, prefix: str, length: int) -> str:
    """A card number with a valid check digit."""
    body = prefix + "".join(str(r.randrange(10)) for _ in range(length - len(prefix) - 1))
    total = 0
    for index, char in enumerate(reversed(body)):
        digit = int(char) * (2 if index % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return body + str(-total % 10)


def zh_name(r: random.Random) -> str:
    """A Chinese name of two or three characters."""
    return r.choice(_SURNAMES) + "".join(r.sample(_GIVEN, r.choice((1, 2, 2))))


def zh_address(r: random.Random) -> str:
    """A Chinese address."""
    district = r.choice(("上海市浦东新区", "广东省深圳市南山区", "北京市海淀区", "浙江省杭州市西湖区"))
    road = r.choice(("中山", "人民", "解放", "建设"))
    return f"{district}{road}路{r.randrange(1, 999)}号{r.randrange(1, 30)}幢{r.randrange(101, 2500)}室"


def mobile(r: random.Random) -> str:
    """A mainland mobile number."""
    return r.choice(_MIIT) + f"{r.randrange(10**8):08d}"


SENSITIVE: tuple[tuple[str, tuple[str, ...], Make], ...] = (
    ("cn.resident_id", ("sfzh", "sfzhm", "id_card", "idCardNo", "身份证号", "身分證號", "f1"), resident),
    ("cn.mobile", ("sjh", "lxdh", "mobile", "phoneNumber", "手机号码", "手機", "f2"), mobile),
    ("cn.mobile", ("contact_tel", "sjhm", "f2n"), lambda r: int(mobile(r))),
    ("person.name_zh", ("xm", "user_real_name", "姓名", "lxr", "hzxm", "f3"), zh_name),
    ("person.address_zh", ("jtzz", "home_address", "住址", "户籍地址", "dz", "f4"), zh_address),
    (
        "intl.email",
        ("email", "dzyx", "电子邮箱", "contactEmail", "f5"),
        lambda r: f"{r.choice(_FIRST).lower()}.{r.choice(_LAST).lower()}{r.randrange(99)}@example.com",
    ),
    (
        "cn.bank_card",
        ("yhkh", "bank_card_no", "银行卡号", "f6"),
        lambda r: luhn(r, "62" + f"{r.randrange(10**4):04d}", r.choice((16, 19))),
    ),
    ("intl.credit_card", ("credit_card", "cc_number", "f7"), lambda r: luhn(r, r.choice(("4", "51", "55")), 16)),
    (
        "intl.date_of_birth",
        ("csrq", "birthday", "dob", "出生日期"),
        lambda r: (dt.date(1940, 1, 1) + dt.timedelta(days=r.randrange(28_000))).isoformat(),
    ),
    (
        "intl.date_of_birth",
        ("birth_date", "date_of_birth"),
        lambda r: dt.date(1940, 1, 1) + dt.timedelta(days=r.randrange(28_000)),
    ),
    ("person.sex", ("xb", "gender", "性别"), lambda r: r.choice("男女")),
    ("person.ethnicity", ("mz", "民族"), lambda r: r.choice(("汉族", "回族", "满族", "壮族", "苗族", "藏族"))),
    (
        "cn.plate",
        ("cph", "plate_no", "车牌号", "f8"),
        lambda r: f"{r.choice('京沪粤苏浙川')}{r.choice('ABCDE')}{r.randrange(10**5):05d}",
    ),
    (
        "intl.ipv4",
        ("ip", "login_ip", "f9"),
        lambda r: f"{r.randrange(11, 223)}.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(1, 255)}",
    ),
    ("intl.mac", ("mac", "device_mac", "f10"), lambda r: ":".join(f"{r.randrange(256):02X}" for _ in range(6))),
    ("person.name_en", ("full_name", "customer_name", "f11"), lambda r: f"{r.choice(_FIRST)} {r.choice(_LAST)}"),
    ("person.name_en", ("first_name", "given_name"), lambda r: r.choice(_FIRST)),
    (
        "us.ssn",
        ("ssn", "social_security_number"),
        lambda r: f"{r.randrange(1, 665):03d}-{r.randrange(1, 99):02d}-{r.randrange(1, 9999):04d}",
    ),
    (
        "health.icd10",
        ("icd_code", "zdbm", "诊断编码"),
        lambda r: f"{r.choice('EIJKM')}{r.randrange(10, 99)}.{r.randrange(10)}",
    ),
    (
        "secret.password_hash",
        ("password_hash", "pwd"),
        lambda r: "$2b$12$" + "".join(r.choices("abcdefgABCDEFG0123456789./", k=53)),
    ),
    ("person.age", ("age", "nl", "年龄"), lambda r: r.randrange(1, 99)),
    ("finance.income", ("salary", "月收入"), lambda r: r.randrange(3000, 90_000)),
    ("intl.gps", ("lat", "longitude", "经度"), lambda r: round(r.uniform(20, 50), 6)),
)


def negative_columns(seed: int, times: int, rows: int) -> Iterator[tuple[str, list[Any]]]:
    """`len(HARMLESS) * times` harmless columns."""
    for repeat in range(times):
        for index, (name, make) in enumerate(HARMLESS):
            r = random.Random(f"{seed}/{repeat}/{index}")
            yield name if repeat % 2 == 0 or not name.isascii() else f"t_{name}", [make(r) for _ in range(rows)]


def positive_columns(seed: int, rows: int) -> Iterator[tuple[str, str, list[Any]]]:
    """Sensitive columns: the kind, the name (or a name that says nothing), the values."""
    for index, (kind, names, make) in enumerate(SENSITIVE):
        for name in names:
            r = random.Random(f"{seed}/{index}/{name}")
            yield kind, name, [make(r) for _ in range(rows)]
