"""Words that fakes are put together from: common knowledge, written down here, of no register of persons or firms."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _characters(text: str) -> tuple[str, ...]:
    return tuple("".join(text.split()))


# Family names of the mainland, the commonest first, and the compound ones.
FAMILY_ZH = (
    *_characters("""
    王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常
    汤康易乔赖文施洪季鲁梅樊柳温祝芦焦
    """),
    *_words("欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙"),
)

# Characters of given names; first and second may be any of them.
GIVEN_ZH = _characters("""
    安宝斌冰波博昌超晨成诚初春纯达丹德东冬栋恩芳飞斐芬峰凤福刚光广桂国海涵翰航浩和恒红宏华辉慧佳嘉坚建健江杰洁婕金锦晶静俊凯康可坤兰乐磊蕾丽莉力立琳玲龙璐曼茂美蒙梦敏明鸣娜宁沛鹏平萍琪启谦倩强巧勤青清庆秋
    荣蓉如瑞若森珊尚慎胜诗世书淑树思松涛天婷庭彤薇维伟文雯希曦霞贤祥翔晓欣心新馨星兴雄秀轩雪雅妍燕阳扬瑶艺奕逸毅茵银英莹颖映永勇优友宇雨玉裕元圆源远月悦云韵泽展昭哲珍振正志致智中竹卓子紫梓
""")

FIRST_EN = _words("""
    Aaron Abigail Adam Adrian Agnes Alan Albert Alex Alice Alison Amanda Amber Amelia Amy Andrea Andrew Angela
    Anita Ann Anna Anthony April Arthur Audrey Barbara Barry Beatrice Ben Bernard Beth Betty Beverly Blake
    Brandon Brenda Brian Bridget Bruce Caleb Calvin Cameron Carl Carla Carmen Carol Caroline Catherine Cecil
    Charles Charlotte Cheryl Chloe Chris Claire Clara Clark Clifford Colin Connie Connor Craig Crystal Curtis
    Cynthia Daisy Dale Daniel Darren David Dawn Dean Deborah Dennis Derek Diana Diane Dominic Donald Donna
    Doris Dorothy Douglas Duncan Dylan Edith Edward Edwin Eileen Elaine Eleanor Elizabeth Ella Ellen Elliot
    Elsie Emily Emma Eric Erica Erin Ethan Eugene Eva Evan Evelyn Faith Felicity Felix Fiona Florence Frances
    Francis Frank Fred Gary Gavin George Gerald Gillian Glen Gloria Gordon Grace Graham Grant Gregory Hannah
    Harold Harriet Harry Harvey Hazel Heather Helen Henry Herbert Holly Howard Hugh Ian Irene Isaac Isabel
    Ivan Ivy Jack Jacob James Jane Janet Jason Jean Jeffrey Jenny Jeremy Jessica Jill Joan Joanna Joel John
    Jonathan Joseph Joshua Joyce Judith Julia Julian June Justin Karen Karl Kate Keith Kelly Kenneth Kevin Kim
    Kyle Laura Lawrence Leah Leo Leonard Lewis Liam Lillian Linda Lisa Logan Lois
""")

LAST_EN = _words("""
    Abbott Adams Allen Anderson Andrews Archer Armstrong Arnold Atkins Austin Bailey Baker Baldwin Ball Banks
    Barker Barnes Barrett Barton Bates Baxter Beck Bell Bennett Berry Bishop Black Blair Bond Booth Bowen Boyd
    Bradley Brewer Briggs Brooks Brown Bryant Buckley Burgess Burke Burns Burton Butler Byrne Cain Caldwell
    Campbell Carey Carlson Carpenter Carr Carroll Carter Chambers Chandler Chapman Clark Clarke Clayton Cole
    Coleman Collins Conway Cook Cooper Cox Craig Crawford Cross Cunningham Curtis Dalton Daniels Davidson
    Davies Davis Dawson Day Dean Dixon Doherty Douglas Doyle Drake Duncan Dunn Edwards Elliott Ellis Evans
    Farmer Farrell Ferguson Field Fisher Fleming Fletcher Flynn Ford Foster Fowler Fox Francis Franklin Fraser
    Freeman French Fuller Gallagher Gardner Garner Gibson Gilbert Gill Glover Goodwin Gordon Graham Grant
    Graves Gray Green Greene Griffin Griffith Hale Hall Hamilton Hammond Hancock Harding Hardy Harper
    Harrington Harris Harrison Hart Harvey Hawkins Hayes Henderson Henry Hicks Higgins Hill Hobbs Hodges
    Holland Holmes Holt Hooper Hopkins Horton Howard Howell Hudson Hughes Hull Hunt Hunter Ingram Irwin
    Jackson Jacobs James Jenkins Jennings Jensen Johnson Johnston Jones Jordan Joyce Keller Kelley Kelly
    Kennedy Kent Kerr King Kirby Knight Lamb Lambert Lane Lang Larson Law Lawrence Lawson Leach Lee Lewis
    Little Lloyd Logan Long Lowe Lucas Lynch Lyons MacDonald Mann Manning Marsh Marshall Martin Mason
""")

CITIES_ZH = _words("""
    北京 上海 天津 重庆 广州 深圳 成都 杭州 武汉 西安 南京 苏州 长沙 郑州 青岛 济南 合肥 福州 厦门 宁波 无锡 昆明 南昌
    贵阳 南宁 太原 石家庄 哈尔滨 长春 沈阳 大连 兰州 银川 西宁 海口
""")

DISTRICTS_ZH = _words("""
    上海市浦东新区 上海市徐汇区 上海市静安区 北京市海淀区 北京市朝阳区 北京市西城区 天津市南开区 天津市河西区
    重庆市渝中区 重庆市江北区 广东省广州市天河区 广东省广州市越秀区 广东省深圳市南山区 广东省深圳市福田区
    四川省成都市武侯区 四川省成都市锦江区 浙江省杭州市西湖区 浙江省宁波市鄞州区 湖北省武汉市武昌区 湖北省武汉市洪山区
    陕西省西安市雁塔区 陕西省西安市碑林区 江苏省南京市鼓楼区 江苏省苏州市姑苏区 湖南省长沙市岳麓区 河南省郑州市金水区
    山东省青岛市市南区 山东省济南市历下区 安徽省合肥市蜀山区 福建省厦门市思明区 辽宁省沈阳市和平区 辽宁省大连市中山区
""")

BRAND_ZH = _characters("""
    安邦宝博昌晨诚川达德鼎东方丰富高冠广国海翰恒宏鸿华汇佳嘉坚金锦京景九凯康科乐利联隆美明南宁普启瑞盛世顺泰天通万新信兴旭亚益永远智中众卓
""")

INDUSTRY_ZH = _words("""
    科技 贸易 实业 电子 机械 建筑 装饰 物流 食品 服装 化工 医药 咨询 传媒 教育 农业 能源 环保 信息技术 网络 酒店 旅游
    纺织 五金 汽车 家具 印刷 包装 仪器 材料
""")

FORM_ZH = ("有限公司", "有限责任公司", "股份有限公司")

ROAD_ZH = _characters("""
    安宝北昌长朝春翠大东丰富港高光广桂和恒红湖花华淮环黄辉建江金锦景康兰乐黎丽莲临龙民明南平浦齐前青清庆人仁荣瑞三山上胜石顺松泰桃天通万文武西祥新兴学阳永玉园月云正中竹紫
""")

ROAD_FORM_ZH = ("路", "街", "大道", "巷")

STREET_EN = _words("""
    Acorn Alder Apple Ash Aspen Bank Bay Beach Beech Birch Bridge Brook Cedar Chapel Cherry Chestnut Church
    Clover College Cottage Creek Dale East Elm Farm Fern Field First Forest Fourth Garden Glen Green Grove
    Hawthorn Hazel Heath High Hill Holly Juniper King Lake Laurel Lime Linden Long Main Manor Maple Market
    Meadow Mill North Oak Orchard Park Pine Pond Poplar Prince Queen Ridge River Rose School Second South
    Spring Spruce Station Stone Sunset Third Valley Victoria View Walnut Water West Willow Wood York
""")

STREET_FORM_EN = ("Street", "Road", "Avenue", "Lane", "Drive", "Close")

TOWN_EN = _words("""
    Ashford Bayview Bridgeton Brookside Cedarville Clearwater Crestwood Eastwood Fairview Glenwood Greenfield
    Hillcrest Kingsbridge Lakewood Lynnfield Maplewood Meadowbrook Millbrook Newbridge Northfield Oakdale
    Parkside Pinehurst Redwood Riverton Rosewood Springdale Stonebridge Westbrook Woodbury
""")

FORM_EN = ("Ltd", "Group", "Partners", "Holdings", "and Sons", "Trading")
