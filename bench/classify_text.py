"""Speed on running text, one core: identifiers alone, with names and addresses, with the hyperscan extra, and
Presidio's rules in the same run.

The text is mixed Chinese and English as mail, notices, notes and logs hold it, made up by a seed. Of a hundred lines
about fifteen hold something that identifies; the rest are prose, log lines with times and paths, and rows of numbers
that only look like identifiers.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from bench.result import Result
from guard.classify.text import classify_text

Make = Callable[[random.Random], str]

HOLDING = 0.15  # of lines; text of mail and notices has less, address books have more

_CHINESE = """
根据年度工作安排，市里将在下半年组织一次覆盖全部社区的设施检修，各单位要提前做好准备，确保居民的正常生活不受影响。
会议听取了上半年的经济运行情况汇报，分析了当前面临的困难和挑战，并对下一阶段的重点任务作出了部署。
近日，有市民反映小区门口的道路积水严重，工作人员到现场查看后，决定更换一段老化的排水管道。
这款软件的新版本修复了若干已知问题，提升了启动速度，同时优化了夜间模式下的阅读体验。
医院提醒，换季时节气温变化较大，老人和儿童应当注意保暖，出现持续发热等症状时要及时就诊。
昨天下午的比赛中，主队在落后两球的情况下顽强追平，最终凭借加时赛的进球拿下三分。
为了方便群众办事，服务大厅增加了自助终端，大部分业务可以在网上预约，平均等待时间缩短了一半。
研究人员表示，这种材料在高温环境下仍能保持良好的强度，有望用于下一代发动机的关键部件。
双方就合作的范围、方式和期限进行了充分的交流，约定在下个月签署正式的协议。
由于供应商延迟交货，本批次产品的上线时间推迟到下周三，请各部门相应调整计划。
""".strip().splitlines()
_ENGLISH = """
The committee met on Tuesday to review the draft budget and asked for more detail on the cost of maintenance.
Please find attached the minutes of the last meeting; comments are welcome until the end of the week.
The service was restarted after the upgrade and response times went back to normal within a few minutes.
Our team is looking for someone who enjoys working with customers and can explain difficult things simply.
Rainfall in the region has been well below average for the third year in a row, according to the report.
You can change the default behaviour in the settings; most people will never need to do that, however.
The library opens at nine and closes at six, except on public holidays, when it stays closed all day.
An error in the configuration led to duplicate messages being sent, which has since been corrected.
""".strip().splitlines()
_STREETS = ("Mill Lane", "High Street", "Station Road", "Park Avenue")


def _digits(r: random.Random, count: int) -> str:
    return str(r.randrange(10 ** (count - 1), 10**count))


def _resident(r: random.Random) -> str:
    head = r.choice(("110105", "310115", "440305", "510104", "330106"))
    head += f"{r.randrange(1950, 2010)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}{r.randrange(1000):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(c) * w for c, w in zip(head, weights, strict=True)) % 11]


def _card(r: random.Random) -> str:
    head = "6222" + _digits(r, 11)
    total = sum(sum(divmod(int(c) * (2 - i % 2), 10)) for i, c in enumerate(head))
    return head + str(-total % 10)


def _mobile(r: random.Random) -> str:
    return r.choice(("138", "139", "150", "186", "177", "199")) + f"{r.randrange(10**8):08d}"


def _time(r: random.Random) -> str:
    return f"2024-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d} {r.randrange(24):02d}:{r.randrange(60):02d}:07"


def _mail(r: random.Random) -> str:
    name = "".join(r.choices("abcdefghijklmnoprstuvw", k=r.randrange(4, 10)))
    return f"{name}{r.randrange(100)}@{r.choice(('mail', 'post', 'corp'))}.example.{r.choice(('com', 'cn', 'org'))}"


_HOLDING: tuple[Make, ...] = (
    lambda r: f"客户来电，手机号{_mobile(r)}，希望更换套餐，工单已经转交给值班的同事处理。",
    lambda r: f"请在办理时出示身份证{_resident(r)}的原件，并携带近期的照片两张。",
    lambda r: f"退款将原路返回到尾号相同的银行卡{_card(r)}，预计三个工作日内到账。",
    lambda r: f"如有疑问请发邮件到{_mail(r)}，我们会在一个工作日内回复。",
    lambda r: f"Please contact {_mail(r)} or call +44 20 7946 {r.randrange(1000):04d} during office hours.",
    lambda r: (
        f"The parcel goes to {r.randrange(1, 200)} {r.choice(_STREETS)}; phone (202) 555-{r.randrange(9999):04d}."
    ),
    lambda r: (
        f"{_time(r)} INFO login ok user={r.randrange(10**6)} ip=10.{r.randrange(256)}.{r.randrange(256)}.7 path=/api"
    ),
    lambda r: f"详情见https://www.example.cn/news/{r.randrange(10**5)}，报名截止到本月底。",
)
_EMPTY: tuple[Make, ...] = (
    *([lambda r: r.choice(_CHINESE)] * 5),
    *([lambda r: r.choice(_ENGLISH)] * 4),
    lambda r: f"订单号2024{_digits(r, 12)}已发货，共{r.randrange(1, 9)}件，金额{r.randrange(10, 999)}.50元。",
    lambda r: f"{_time(r)} WARN worker-{r.randrange(16)} queue depth {r.randrange(5000)} took {r.randrange(900)}ms",
    lambda r: (
        f"build {_digits(r, 5)} of version 3.{r.randrange(20)}.{r.randrange(9)} passed in {r.randrange(9)} minutes"
    ),
)


def mixed(characters: int, seed: str = "mixed") -> str:
    """About so many characters of text."""
    r = random.Random(seed)
    lines: list[str] = []
    size = 0
    while size < characters:
        make = r.choice(_HOLDING) if r.random() < HOLDING else r.choice(_EMPTY)
        lines.append(make(r))
        size += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


SIZE = 2_000_000  # characters
PEER_SIZE = 60_000  # characters: Presidio needs a second for a hundred kilobytes
TURNS = 5


def _rate(read: Callable[[str], object], text: str) -> float:
    """Megabytes (UTF-8) a second of CPU time."""
    begun = time.process_time()
    read(text)
    return len(text.encode()) / 1e6 / (time.process_time() - begun)


def run() -> Result:
    """All of them in turns, so that all see the same noise of the machine; medians."""
    text, small = mixed(SIZE), mixed(PEER_SIZE, "peer")
    ours = lambda text: classify_text(text, names=False)  # noqa: E731
    ours(mixed(SIZE // 10, "warm"))
    presidio = _presidio()
    readers: dict[str, tuple[Callable[[str], object], str]] = {
        "identifiers": (ours, text),
        "presidio rules": (presidio, small),
        "with names": (classify_text, text[: SIZE // 4]),
    }
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(TURNS):
        for name, (read, what) in readers.items():
            rates[name].append(_rate(read, what))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, rate in medians.items():
        print(f"{name:16} {rate:8.2f} MB/s")
    figures = {
        "mb_per_s": medians["identifiers"],
        "ratio_vs_presidio": medians["identifiers"] / medians["presidio rules"],
        "mb_per_s_with_names": medians["with names"],
    }
    megabytes = len(text.encode()) / 1e6
    found = len(classify_text(text, names=False))
    return Result(
        {name: round(value, 2) for name, value in figures.items()},
        {"megabytes": round(megabytes, 2), "findings_per_megabyte": round(found / megabytes)},
    )


def _presidio() -> Callable[[str], object]:
    """Presidio's own recognisers for English over a blank pipeline: its rules, and no model."""
    from presidio_analyzer import AnalyzerEngine

    from guard.classify import presidio

    engine: AnalyzerEngine = presidio.engine(builtin=True)
    for language in presidio.LANGUAGES:
        engine.registry.remove_recognizer("GuardRecognizer", language=language)
    assert not any(one.name == "GuardRecognizer" for one in engine.registry.recognizers)
    return lambda text: [engine.analyze(line, language="en") for line in text.splitlines()]
