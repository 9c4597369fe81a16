"""The invented city: its districts, streets, names and the phrases its call centre writes down.

Nothing here is a real person; district codes are those of GB/T 2260, so that identity numbers are well formed.
"""

from __future__ import annotations

DISTRICTS: tuple[tuple[str, str], ...] = (
    ("黄浦区", "310101"),
    ("徐汇区", "310104"),
    ("长宁区", "310105"),
    ("静安区", "310106"),
    ("普陀区", "310107"),
    ("虹口区", "310109"),
    ("杨浦区", "310110"),
    ("闵行区", "310112"),
    ("宝山区", "310113"),
    ("浦东新区", "310115"),
)

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
COMPOUND_SURNAMES: tuple[str, ...] = ("欧阳", "司马", "上官", "诸葛")
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红鹏宇欣怡佳浩然子涵梓轩思雨嘉诚晨曦雪梅建国志远文博"

ENGLISH_GIVEN: tuple[str, ...] = (
    "Emma",
    "James",
    "Olivia",
    "Liam",
    "Sophia",
    "Noah",
    "Grace",
    "Henry",
    "Alice",
    "Peter",
)
ENGLISH_FAMILY: tuple[str, ...] = ("Smith", "Miller", "Brown", "Wilson", "Taylor", "Clark", "Walker", "Young", "Baker")

STREETS: tuple[str, ...] = (
    "梧桐路",
    "临江大道",
    "百草街",
    "青松路",
    "望湖路",
    "书院街",
    "和平大道",
    "春晖路",
    "望江路",
)
HOSPITALS: tuple[str, ...] = ("市第一人民医院", "东区中心医院", "西郊妇幼保健院", "临江中医院", "市儿童医院")
DEPARTMENTS: tuple[str, ...] = ("内科", "外科", "儿科", "妇产科", "心血管科", "急诊科", "神经内科")
DIAGNOSES: tuple[tuple[str, str], ...] = (
    ("I10", "原发性高血压"),
    ("E11.9", "2型糖尿病"),
    ("J06.9", "急性上呼吸道感染"),
    ("K29.5", "慢性胃炎"),
    ("M54.5", "腰痛"),
    ("J45.9", "支气管哮喘"),
    ("N39.0", "尿路感染"),
    ("F32.9", "抑郁发作"),
)
BANKS: tuple[tuple[str, str], ...] = (
    ("临江银行", "621700"),
    ("东海银行", "622848"),
    ("市民银行", "622202"),
    ("春晖银行", "625965"),
)
MOBILE_PREFIXES: tuple[str, ...] = ("135", "136", "138", "139", "150", "158", "186", "187", "189", "198")
MAIL_HOSTS: tuple[str, ...] = ("mail.lin-jiang.cn", "post.city-demo.cn", "mail.city-demo.org")

# {name}, {phone}, {id} are filled in with the caller's own; some calls name nobody.
NOTES: tuple[str, ...] = (
    "来电人{name}反映{street}路灯不亮，回电{phone}",
    "市民{name}（身份证号{id}）咨询居住证办理进度",
    "{name}投诉{street}施工扰民，联系电话{phone}，请尽快处理",
    "咨询公积金提取材料，已答复",
    "反映小区停水，已转供水公司",
    "Caller {english} asked about a parking permit, call back on {phone}",
    "{english} reported a lost card near {street}, e-mail {email}",
    "咨询疫苗接种门诊时间，已答复",
)
AGENTS: tuple[str, ...] = ("A-101", "A-102", "A-207", "B-033", "B-118")
