"""Who plays in the demonstration. Every person and organisation is invented; the three districts and their streets
are not, and stories that end badly play in streets with invented names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from market.kernel.categories import Category
from market.kernel.permits import Role
from market.kernel.uscc import ProviderType, check_character, organisation_check

# Printed for every visitor; accounts with them are refused in production (`market.cli.installation`).
PASSWORD = "linli-demo-2026"  # noqa: S105
PASSPHRASE = "demo-key-passphrase"  # noqa: S105
TOTP_SECRET = "LINLIGOUDEMOLINLIGOUDEMOLINLIGOU"  # noqa: S105

JIANGNING, WUXING, WENJIANG = "320115", "330502", "510115"


@dataclass(frozen=True)
class District:
    """A pilot district with the short name its logins end in, and the invented street where things go wrong."""

    code: str
    short: str
    streets: tuple[str, ...]
    invented: tuple[str, str]  # code, name


DISTRICTS = (
    District(JIANGNING, "jn", ("东山街道", "秣陵街道", "汤山街道"), ("320115099", "枕溪街道")),
    District(WUXING, "wx", ("月河街道", "朝阳街道"), ("330502099", "听荷街道")),
    District(WENJIANG, "wj", ("柳城街道", "公平街道"), ("510115099", "拾光街道")),
)


@dataclass(frozen=True)
class Official:
    """A person of a district: login prefix, roles, whether the person holds keys and a second factor."""

    login: str
    roles: tuple[Role, ...]
    street: bool = True
    keys: bool = False
    factor: bool = False


OFFICIALS = (
    Official("finance", (Role.DISTRICT_FINANCE,), street=False),
    Official("civil", (Role.DISTRICT_CIVIL,), street=False),
    Official("reviewer", (Role.DISTRICT_REVIEWER,), street=False),
    Official("escrow", (Role.KEY_ESCROW,), street=False, keys=True),
    Official("clerk", (Role.STREET_CLERK,)),
    Official("approver", (Role.STREET_APPROVER,), keys=True),
    Official("opener1", (Role.STREET_OPENER,), keys=True),
    Official("opener2", (Role.STREET_OPENER,), keys=True),
    Official("cashier", (Role.STREET_CASHIER,), factor=True),
    Official("checker", (Role.STREET_CHECKER,), factor=True),
)

# Names by district and login, invented.
NAMES: Mapping[str, Mapping[str, str]] = {
    "jn": {
        "finance": "顾明谦",
        "civil": "沈若兰",
        "reviewer": "韩正则",
        "escrow": "陆守一",
        "clerk": "林晓禾",
        "approver": "周怀远",
        "opener1": "许知秋",
        "opener2": "何书言",
        "cashier": "方小满",
        "checker": "杜复之",
    },
    "wx": {
        "finance": "钱思齐",
        "civil": "潘若水",
        "reviewer": "严可均",
        "escrow": "姚守信",
        "clerk": "费清扬",
        "approver": "沈望舒",
        "opener1": "莫问津",
        "opener2": "章启明",
        "cashier": "俞细雨",
        "checker": "金复生",
    },
    "wj": {
        "finance": "何元亨",
        "civil": "邓采薇",
        "reviewer": "蒋守中",
        "escrow": "罗慎之",
        "clerk": "唐小雪",
        "approver": "杨致远",
        "opener1": "谢听雨",
        "opener2": "冯知白",
        "cashier": "曾小芸",
        "checker": "彭思远",
    },
}


def code_of(head: str, body: str) -> str:
    """Return a valid credit code from registry, class and area (8 characters) and an organisation body (8)."""
    first = head + body + organisation_check(body)
    return first + check_character(first)


@dataclass(frozen=True)
class Firm:
    """A provider with its two people (administrator, signatory)."""

    short: str
    name: str
    kind: ProviderType
    head: str
    body: str
    district: str
    fields: tuple[Category, ...]
    admin: str
    signatory: str
    bank: str
    account: str
    cnaps: str
    small: bool = False
    confirmed: bool = True

    @property
    def uscc(self) -> str:
        """The credit code with both check characters."""
        return code_of(self.head, self.body)


_C = Category
FIRMS = (
    Firm(
        "heqiao",
        "江宁区禾桥社区服务中心",
        ProviderType.SERVICE_AGENCY,
        "52320115",
        "MJ123456",
        JIANGNING,
        (_C.ELDER_CARE, _C.SOCIAL_RELIEF),
        "苏禾",
        "桥亦安",
        "中国银行江宁支行",
        "6217000012340001",
        "104301003011",
    ),
    Firm(
        "yinling",
        "江宁区银龄关爱促进会",
        ProviderType.SOCIAL_GROUP,
        "51320115",
        "MJ765432",
        JIANGNING,
        (_C.ELDER_CARE, _C.CHARITY_RELIEF),
        "白露",
        "秦延年",
        "工商银行江宁支行",
        "6222000012340010",
        "102301000115",
    ),
    Firm(
        "mingde",
        "南京明德公益基金会",
        ProviderType.FOUNDATION,
        "53320100",
        "MJ000019",
        JIANGNING,
        (_C.CHARITY_RELIEF, _C.SOCIAL_RELIEF, _C.DISABILITY),
        "乔新语",
        "明德之",
        "建设银行江宁支行",
        "6227000012340021",
        "105301000217",
    ),
    Firm(
        "kangning",
        "南京康宁养老服务有限公司",
        ProviderType.ENTERPRISE,
        "91320115",
        "MA1KN2K3",
        JIANGNING,
        (_C.ELDER_CARE, _C.DISABILITY),
        "康乐",
        "宁致和",
        "农业银行江宁支行",
        "6228000012340031",
        "103301000312",
        small=True,
    ),
    Firm(
        "tongxing",
        "江宁区同行助残服务社",
        ProviderType.SERVICE_AGENCY,
        "52320115",
        "MJ223344",
        JIANGNING,
        (_C.DISABILITY, _C.LEGAL_AID, _C.ELDER_CARE),
        "童星",
        "邢同舟",
        "南京银行江宁支行",
        "6229000012340041",
        "313301000413",
    ),
    Firm(
        "hubin",
        "吴兴区湖滨社工服务社",
        ProviderType.SERVICE_AGENCY,
        "52330502",
        "MJ334455",
        WUXING,
        (_C.ELDER_CARE, _C.DISABILITY, _C.SOCIAL_RELIEF),
        "胡斌雁",
        "吴越清",
        "湖州银行吴兴支行",
        "6230000012340002",
        "313336000514",
    ),
    Firm(
        "zhulin",
        "吴兴区竹林邻里互助会",
        ProviderType.SOCIAL_GROUP,
        "51330502",
        "MJ445566",
        WUXING,
        (_C.ELDER_CARE, _C.CHARITY_RELIEF, _C.LEGAL_AID, _C.DISABILITY),
        "竺邻",
        "林有声",
        "农业银行吴兴支行",
        "6228000012340052",
        "103336000615",
    ),
    Firm(
        "jincheng",
        "温江区锦城社会工作服务中心",
        ProviderType.SERVICE_AGENCY,
        "52510115",
        "MJ556677",
        WENJIANG,
        (_C.ELDER_CARE, _C.DISABILITY, _C.LEGAL_AID, _C.SOCIAL_RELIEF),
        "成锦",
        "蜀一鸣",
        "成都银行温江支行",
        "6231000012340061",
        "313651000716",
    ),
    Firm(
        "liucheng",
        "温江区柳岸养老合作社",
        ProviderType.COOPERATIVE,
        "93510115",
        "MA1LC4C5",
        WENJIANG,
        (_C.ELDER_CARE,),
        "柳依依",
        "岸芷",
        "农商银行温江支行",
        "6232000012340003",
        "402651000817",
    ),
    Firm(
        "xinya",
        "江宁区新芽家庭服务中心",
        ProviderType.SERVICE_AGENCY,
        "52320115",
        "MJ667788",
        JIANGNING,
        (_C.SOCIAL_RELIEF,),
        "辛芽",
        "叶知新",
        "中国银行江宁支行",
        "6217000012340071",
        "104301003011",
        confirmed=False,
    ),
)


@dataclass(frozen=True)
class Judge:
    """An expert of the pool."""

    login: str
    name: str
    employer: str
    title: str


EXPERTS = tuple(
    Judge(f"expert{n}", name, employer, title)
    for n, (name, employer, title) in enumerate(
        (
            ("温如玉", "江东大学社会学院", "教授"),
            ("纪晓舟", "江东大学公共管理学院", "副教授"),
            ("石守业", "江东养老服务研究所", "研究员"),
            ("叶清和", "云间会计师事务所", "注册会计师"),
            ("龚自清", "云间律师事务所", "律师"),
            ("阮小棠", "江东社会工作协会", "高级社会工作师"),
            ("常思危", "江东康复医院", "主任医师"),
            ("闻人杰", "江东质量评价中心", "高级工程师"),
            ("卓文远", "江东大学医学院", "副教授"),
        ),
        1,
    )
)
EVALUATORS = (("evaluator1", "评弈秋"), ("evaluator2", "裴衡之"))
OPERATOR, AUDITOR = ("operator", "管仲平"), ("auditor", "申纪明")
