"""Chinese personal names in running text: a surname, one or two characters that given names use, and what stands
before and after.

The bits of every place are added up in arrays with the neighbours judged by one character each, generously; only
places that can reach a name at all are then read in full, so that a text costs a few nanoseconds a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from guard.classify import han_name
from guard.classify.page import codes_of
from guard.classify.shape import HAN

BASE = -5.5
_LABEL_BITS, _HONORIFIC_BITS = 6.0, 5.0
_BOUNDARY_BITS, _FOLLOWS_BITS = 2.0, 1.5
_INSIDE_BEFORE, _INSIDE_AFTER = -2.0, -2.5
_INSIDE_AFTER_LABEL = -1.0
_IMPOSSIBLE = -20.0

_LABELS_TEXT = """
姓名 名字 联系人 聯絡人 聯繫人 患者 病人 客户 客戶 用户 申请人 申請人 法定代表人 法人代表 法人 收件人
收货人 寄件人 户主 户名 持卡人 报案人 当事人 原告 被告 嫌疑人 经办人 负责人 負責人 学生 家长 员工
职工 医生 醫生 护士 老师 教授 经理 主任 书记 市长 省长 局长 董事长 总裁 记者 导演 演员 教练 球员
选手 律师 法官 同志 我叫 名叫 叫做 我是 本人 投保人 被保险人 受益人 居民 乘客 司机 车主 业主 租客
房东 院士 博士 院长 校长 处长 科长 站长 队长 会长 村民 市民 总监 总经理 副总裁 研究员 工程师 分析师
发言人 创始人 主席 总理 部长 委员 代表 作者 作家 诗人 歌手 主持人 签收人 签字人 审核人 复核人 制表人
监护人 借款人 担保人 出租人 承租人 甲方 乙方 队员 队友 门将 前锋 后卫 中场 主帅 同学 民警 顾客 店主
店员 老板 摄影师 设计师 策划人 责任编辑 编辑 通讯员 丈夫 妻子 儿子 女儿 父亲 母亲 哥哥 弟弟 姐姐
妹妹 爷爷 奶奶 外公 外婆 朋友 邻居 同事 网友 干部 党员 战士 户籍人 收款人 付款人 主任医师 副教授
讲师 冠军 亚军 得主 总编 主编 副主任 副局长 副市长 副书记 副院长 副校长
"""
LABELS = frozenset(_LABELS_TEXT.split())
_LABEL_LENGTHS = tuple(sorted({len(label) for label in LABELS}, reverse=True))
_AFTER_LABEL = " :是为叫、\"'(“"
# What a role or title ends in: 消防员, 首席财务官, 被告人.
_ROLE_ENDS = frozenset("人员師师长長官生者手家友主民警")
_NOT_ROLES_TEXT = (
    "大家 国家 人家 专家 作者 或者 人民 市民 居民 先生 发生 产生 卫生 出生 学生 民生 双手 分手 增长 成长 延长 机长"
)
_NOT_ROLES = frozenset(_NOT_ROLES_TEXT.split()) - LABELS
_ROLE_BITS = 3.5
_OTHER_BITS = (
    -0.75
)  # of a given character that is not in the lists: there it is as in other words, here a name is likely
_LESS_LIKE_A_NAME = -4.0  # it begins as another word does: 叶子, 高级
# What people do, said right after their names; and what is done to them, said right before.
_DOES_TEXT = """
承诺 表示 认为 告诉 介绍 反映 放弃 主演 饰演 执导 负责 承认 指出 强调 透露 宣布 出席 主持 获得 荣获 当选 担任 参加
来到 前往 带领 领着 分别 先后 由于 丢失 预约 称其 坦言 回忆 感叹 建议 呼吁 希望 觉得 发现 决定 准备 开始 继续 接受
拒绝 提出 要求 同意 坚持 写道 说道 笑道 出生 去世 逝世 毕业 就读 现住 家住 居住 赛后 赛前 随后 等人 夫妇 夫婦 一家
本人 团队 教授 诉称 辩称 起诉 签订 支付 受伤 被困 获救 打进 攻入 夺得 击败 率队 出任 履新 调任 视察 調研 调研 会见
签署 讲话 发言 致辞 报道 不知 不想 没有 正在 曾在 已经 冲进 终于 说起 最终 之间 民间 电话 手机 身份 联系 性别 出庭
表演 解释 补充 总结 证实 否认 质疑 批评 赞扬 感谢 祝贺 邀请 陪同 拿出 走进 走上 站在 坐在 回到 离开 加入 退出 进入
"""
_DOES = frozenset(_DOES_TEXT.split())
_DONE_TEXT = """
证明 通知 联系 询问 采访 邀请 任命 聘任 推荐 提名 祝贺 感谢 介绍 委托 授权 起诉 逮捕 以及 包括 还有 看到 见到 找到
遇到 支持 帮助 陪同 选举 评为 会见 拜访 抓获 救出 得知 听说 据称 其中 属于 来自 记得 告诉 交给 送给 转给 写给
"""
_DONE = frozenset(_DONE_TEXT.split())

_HONORIFIC = re.compile(
    r"先生|女士|小姐|同学|老师|老師|医生|醫生|大夫|主任|经理|教授|同志|局长|处长|科长|书记|律师|师傅|阿姨|叔叔|奶奶|"
    r"爷爷|院士|博士|总裁|董事长|记者|警官|护士|院长|校长|部长|市长|省长|总监|导演|教练|法官|代表|委员|队长"
)
_FOLLOWS = re.compile(
    r"[说表称指认在于的和与、为是已因曾将对向来从到等及担出报致反投因今昨前现身手电性男女住家年生就也则告介透强坦回"
    r"答接受获被把给让跟同获夺赢率带主参当荣]|,|。|\)|:|联系|电话|今年|申请|办理|购买|签"
)
_FOLLOWS_STARTS = frozenset(
    "说表称指认在于的和与、为是已因曾将对向来从到等及担出报致反投因今昨前现身手电性男女住家年生就也则告介透强坦回答接受获"
    "被把给让跟同获夺赢率带主参当荣,。):联电今申办购签"
)
_BEFORE = frozenset('由和与向给请对被找叫为跟同及、让是因把将派见,(:"“')
_HAN = re.compile(f"[{HAN}]+")
_LETTER = re.compile(rf"[{HAN}A-Za-z]")

_Bits = npt.NDArray[np.float32]


def find(text: str) -> Iterator[tuple[int, int, float]]:
    """The names in a folded text as `(start, end, bits)`; several readings of a place may be given.

    >>> [(start, end) for start, end, _ in find("患者王小明，")][0]
    (2, 5)
    """
    if text.isascii() or len(text) < 2:
        return
    for place in _places(text):
        start = int(place)
        length = han_name.surname_length(text[start : start + 2])
        if not length:
            continue
        if _HONORIFIC.match(text, start + length):
            continue  # 王先生 is a surname and a title
        before = _before(text, start)
        for given in (2, 1):
            end = start + length + given
            own = _own_bits(text[start:end], length, given)
            if own > _IMPOSSIBLE:
                bits = own + before + _after(text, end, before)
                if given == 2 and text[end - 1 : end + 1] in _DOES:
                    bits -= 4.0  # 温江承诺: the last character belongs to what follows
                if bits > 0.0:
                    yield start, end, bits


@lru_cache(maxsize=65_536)
def _own_bits(name: str, length: int, given: int) -> float:
    """The bits that a name has by itself."""
    if len(name) < length + given or name in han_name.NOT_NAMES:
        return _IMPOSSIBLE
    rest = name[length:]
    if not _HAN.fullmatch(rest):
        return _IMPOSSIBLE
    bits = BASE + (0.5 if given == 2 else -0.25)
    for char in rest:
        own = han_name.given_bits(char)
        if own <= _IMPOSSIBLE:
            return _IMPOSSIBLE
        bits += own if own > 0 or given == 1 else _OTHER_BITS  # one character alone has to be a usual one
    if name[:2] in han_name.NOT_NAMES:
        bits += _LESS_LIKE_A_NAME
    return bits + (3.0 if length == 2 else 1.0 if name[0] in han_name.TOP else -1.0)


def _places(text: str) -> npt.NDArray[np.intp]:
    """The places of surnames from which a name can reach more than no bits."""
    surname, given, _, _ = _tables()
    codes = codes_of(text)
    places = np.flatnonzero(surname[codes] > _IMPOSSIBLE)
    padded = np.concatenate((codes, np.full(6, 10, codes.dtype)))  # a line ends behind the text
    least = BASE + surname[codes[places]] + _most_before(codes, places)
    first, second, third = (given[padded[places + step]] for step in (1, 2, 3))
    after_one, after_two, after_three = (_most_after(padded, places + step) for step in (2, 3, 4))
    one = first - 0.25 + after_one
    two = first + second + 0.5 + after_two
    # A surname of two characters: worth more, and its second character is not a given name's.
    three = np.maximum(second + after_two, second + third + after_three) + 3.0
    best = np.maximum(np.maximum(one, two), np.where(surname[codes[places]] >= 3.0, three, _IMPOSSIBLE))
    found: npt.NDArray[np.intp] = places[least + best > 0.0]
    return found


def _most_before(codes: npt.NDArray[np.unsignedinteger], places: npt.NDArray[np.intp]) -> _Bits:
    """The most that what stands before can give: a label is told by its last two characters."""
    _, _, before, _ = _tables()
    parts = _parts()
    last, other = codes[np.maximum(places - 1, 0)], codes[np.maximum(places - 2, 0)]
    label = ((parts[last] & _LABEL_END) != 0) & ((parts[other] & _LABEL_INNER) != 0)
    role = (parts[last] & _ROLE) != 0
    spaced = ((parts[last] & _SPACER) != 0) & ((parts[other] & (_SPACER | _LABEL_END)) != 0)
    most: _Bits = np.where(
        label | spaced, np.float32(_LABEL_BITS), np.where(role, np.float32(_ROLE_BITS), before[last])
    )
    return np.where(places > 0, most, np.float32(_BOUNDARY_BITS))


def _most_after(padded: npt.NDArray[np.unsignedinteger], places: npt.NDArray[np.intp]) -> _Bits:
    """The most that what follows can give: a title is told by its first two characters."""
    _, _, _, after = _tables()
    parts = _parts()
    title = ((parts[padded[places]] & _TITLE_START) != 0) & ((parts[padded[places + 1]] & _TITLE_INNER) != 0)
    return np.where(title, np.float32(_HONORIFIC_BITS), after[padded[places]])


_LABEL_END, _LABEL_INNER, _SPACER, _TITLE_START, _TITLE_INNER, _ROLE = 1, 2, 4, 8, 16, 32


@cache
def _parts() -> npt.NDArray[np.uint8]:
    """By code: where in a label or title the character can stand."""
    parts = np.zeros(0x10000, np.uint8)
    for char in _ROLE_ENDS:
        parts[ord(char)] |= _LABEL_END | _ROLE
    for word in _DONE:
        parts[ord(word[-1])] |= _LABEL_END
        parts[ord(word[-2])] |= _LABEL_INNER
    for label in LABELS:
        parts[ord(label[-1])] |= _LABEL_END
        parts[ord(label[-2])] |= _LABEL_INNER
    for char in _AFTER_LABEL:
        parts[ord(char)] |= _SPACER
    for title in (*_HONORIFIC.pattern.split("|"), *_DOES):
        parts[ord(title[0])] |= _TITLE_START
        parts[ord(title[1])] |= _TITLE_INNER
    return parts


@cache
def _tables() -> tuple[_Bits, _Bits, _Bits, _Bits]:
    """By code: bits of a surname, of a character of a given name, and the most that a neighbour can give."""
    size = 0x10000
    surname = np.full(size, 2 * _IMPOSSIBLE, np.float32)
    given = np.full(size, _IMPOSSIBLE, np.float32)
    before = np.full(size, _BOUNDARY_BITS, np.float32)
    after = np.full(size, _BOUNDARY_BITS, np.float32)
    for code in range(size):
        char = chr(code)
        if not _LETTER.match(char):
            continue
        before[code], after[code] = _INSIDE_BEFORE, _INSIDE_AFTER
        if char.isascii():
            continue
        bits = han_name.given_bits(char)
        given[code] = given[code] if bits <= _IMPOSSIBLE else max(bits, _OTHER_BITS)
        if char in han_name.SURNAMES:
            surname[code] = 1.0 if char in han_name.TOP else -1.0
    for name in han_name.COMPOUND:
        surname[ord(name[0])] = 3.0
    for char in _FOLLOWS_STARTS:
        after[ord(char)] = max(_FOLLOWS_BITS, after[ord(char)])
    for char in _BEFORE:
        before[ord(char)] = _BOUNDARY_BITS
    return surname, given, before, after


def labelled(before: str) -> bool:
    """True when a text ends in a word that people's names follow: a label, a role, a title.

    >>> labelled("申请人:"), labelled("他说")
    (True, False)
    """
    cut = before.rstrip(_AFTER_LABEL)
    if cut.endswith("姓名"):
        return True
    return any(cut[-size:] in LABELS for size in _LABEL_LENGTHS)


def _before(text: str, start: int) -> float:
    if not start:
        return _BOUNDARY_BITS
    before = text[max(0, start - 10) : start]
    if labelled(before):
        return _LABEL_BITS
    cut = before.rstrip(_AFTER_LABEL)
    if cut[-1:] in _ROLE_ENDS and _LETTER.match(cut[-2:-1]) and cut[-2:] not in _NOT_ROLES:
        return _ROLE_BITS
    last = before[-1]
    return _BOUNDARY_BITS if last in _BEFORE or not _LETTER.match(last) or before[-2:] in _DONE else _INSIDE_BEFORE


def _after(text: str, end: int, before: float) -> float:
    if end >= len(text):
        return _BOUNDARY_BITS
    if _HONORIFIC.match(text, end):
        return _HONORIFIC_BITS
    if not _LETTER.match(text, end) or text[end : end + 2] in _DOES:
        return _BOUNDARY_BITS
    if _FOLLOWS.match(text, end):
        return _FOLLOWS_BITS
    return _INSIDE_AFTER if before < _LABEL_BITS else _INSIDE_AFTER_LABEL
