"""Who applies in the demonstration's rounds, and with what. All of it invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from market.demo import cast
from market.demo.cast import JIANGNING, WUXING
from market.demo.playing import Theatre
from market.kernel.categories import Category
from market.kernel.clock import instant
from market.kernel.permits import Actor, Role, Scope
from market.kernel.uscc import ProviderType
from market.organisations import actions as organisations
from market.organisations.actions import OrganisationFacts
from market.people import actions as people
from market.places.queries import districts

_AT = instant(date(2025, 12, 11), 10, 0)


@dataclass(frozen=True)
class Applicant:
    """A small organisation whose one officer is administrator and signatory."""

    short: str
    name: str
    body: str
    district: str
    person: str
    kind: ProviderType = ProviderType.SERVICE_AGENCY


def _applicants() -> tuple[Applicant, ...]:
    names = (
        ("nuanyang", "暖阳", "阳晓暖"), ("shulin", "书林", "林书意"), ("hangkong", "行空", "孔行之"),
        ("mumian", "木棉", "棉小雨"), ("mantang", "满堂", "满堂春"), ("qingyue", "清越", "何清越"),
        ("yunqi", "云栖", "齐云归"), ("tongle", "童乐", "乐同心"), ("jinse", "锦瑟", "瑟瑟秋"),
        ("banxia", "半夏", "夏半春"), ("zhiyuan", "致远", "远志明"), ("anjia", "安家", "家和平"),
        ("linjia", "邻家", "佳邻里"), ("chunhui", "春晖", "晖映雪"), ("shouwang", "守望", "望守诚"),
        ("xinqiao", "心桥", "乔心怡"), ("fengming", "凤鸣", "明凤举"),
    )  # fmt: skip
    return (
        *(
            Applicant(short, f"江宁区{name}社会工作服务中心", f"MJ7{number:05d}", JIANGNING, person)
            for number, (short, name, person) in enumerate(names, 10_001)
        ),
        Applicant("tinghe", "吴兴区听荷邻里互助社", "MJ720001", WUXING, "何听雨"),
        Applicant("yuehe", "吴兴区月河志愿者之家", "MJ720002", WUXING, "月如钩"),
    )


APPLICANTS = _applicants()


def enrol(stage: Theatre, one: Applicant, hashed: str) -> None:
    """Register an organisation and have its district confirm it."""
    place = next(d for d in districts() if d.code == one.district)
    facts = OrganisationFacts(
        name=one.name,
        provider_type=one.kind,
        uscc=cast.code_of(f"52{one.district}", one.body),
        legal_representative=one.person,
        registered_on=date(2019, 3, 12),
        address=f"{place.full_name}（演示地址）",
        contact_name=one.person,
        contact_phone="000-00000000",
        service_fields=(Category.ELDER_CARE.value, Category.SOCIAL_RELIEF.value),
        introduction=f"{one.name}为演示虚构机构。",
        is_small=False,
    )

    def register() -> int:
        mail = f"{one.short}@example.cn"
        user = people.create_user(None, f"{one.short}-admin", one.person, mail, cast.PASSWORD, _AT, hashed=hashed)
        row = organisations.register(Actor(user.id, user.name), place.id, facts, _AT)
        people.grant(None, user.id, Role.ORGANISATION_SIGNATORY, Scope(organisation_id=row.id), _AT)
        stage.ids |= {f"{one.short}-admin": user.id, f"{one.short}-sign": user.id}
        return row.id

    stage.firms[one.short] = stage.act(register)
    short = next(d.short for d in cast.DISTRICTS if d.code == one.district)
    stage.act(organisations.submit, stage.who(f"{one.short}-admin"), stage.firm(one.short), _AT)
    stage.act(organisations.confirm, stage.who(f"civil-{short}"), stage.firm(one.short), _AT)


@dataclass(frozen=True)
class Idea:
    """One project: title, field, people who benefit, goal with its number, total and own money in yuan, quality."""

    title: str
    field: Category
    people: int
    goal: tuple[str, str]
    total: int
    own: int
    quality: int

    def values(self, with_money: bool) -> dict[str, Any]:
        """What the applicant types. `with_money`: a reward asks for no budget."""
        asked = min(self.total * 6 // 10, self.total - self.own)
        money = {"total_fen": self.total * 100, "own_fen": self.own * 100, "asked_fen": asked * 100}
        return {
            "title": self.title,
            "field": self.field.value,
            "summary": f"“{self.title}”面向社区居民，受益约{self.people}人，以邻里互助和专业服务相结合的方式开展。",
            "need": "走访和居民议事会反映这一需求突出，现有服务覆盖不足，居民愿意参与。",
            "plan": "第一个月摸底建档、招募志愿者；第二个月起按周开展活动并记录；每季度召开居民意见会，据此调整。",
            "team": "项目负责人一名，社会工作师两名，志愿者骨干十名。",
            "beneficiaries": self.people,
            "goal_1": self.goal[0],
            "target_1": self.goal[1],
            "goal_2": "居民满意度",
            "target_2": "不低于90%",
            "report_filed_on": "2025-04-28",
            **(money if with_money else {}),
        }


_E, _D, _R = Category.ELDER_CARE, Category.DISABILITY, Category.SOCIAL_RELIEF
_RUNNING = (
    ("heqiao", "老邻居饭桌", _E, 120, ("共餐", "1,200人次"), 120_000, 48_000, 93),
    ("yinling", "银龄课堂进小区", _E, 200, ("课程", "60场"), 90_000, 36_000, 88),
    ("mingde", "困难家庭暖冬计划", _R, 80, ("入户帮扶", "320次"), 130_000, 52_000, 90),
    ("tongxing", "轮椅也能逛汤山", _D, 60, ("无障碍出行活动", "24场"), 110_000, 44_000, 91),
    ("nuanyang", "电话那头有人在", _E, 150, ("电话问候", "6,000次"), 60_000, 24_000, 84),
    ("shulin", "睡前故事电台", _R, 90, ("节目", "40期"), 50_000, 20_000, 70),
    ("hangkong", "老手艺修补铺", _E, 110, ("修补服务", "800件"), 70_000, 28_000, 82),
    ("mumian", "照护者喘息周末", _D, 45, ("喘息服务", "480小时"), 100_000, 40_000, 89),
    ("mantang", "健康小屋添置设备", _E, 300, ("设备", "12台"), 130_000, 52_000, 60),
    ("qingyue", "独居老人平安敲门", _E, 130, ("敲门探访", "5,200次"), 80_000, 32_000, 87),
    ("yunqi", "记忆花园", _E, 40, ("认知训练活动", "48场"), 95_000, 38_000, 85),
    ("tongle", "融合游戏日", _D, 70, ("融合活动", "20场"), 65_000, 26_000, 80),
    ("jinse", "邻里互助时间银行", _E, 260, ("互助服务", "3,000小时"), 125_000, 50_000, 86),
    ("banxia", "慢病自助小组", _E, 85, ("小组活动", "36场"), 55_000, 22_000, 78),
    ("zhiyuan", "就业陪跑", _R, 50, ("一对一陪跑", "300次"), 90_000, 36_000, 83),
    ("anjia", "居家安全小改造", _E, 64, ("入户改造", "64户"), 133_000, 53_200, 90),
    ("linjia", "外区旅居老人支持", _E, 70, ("活动", "20场"), 60_000, 24_000, 62),
    ("chunhui", "隔代家庭课后站", _R, 55, ("课后托管", "160天"), 110_000, 44_000, 81),
    ("shouwang", "夜间求助一键通", _E, 180, ("响应求助", "全年"), 115_000, 46_000, 84),
    ("xinqiao", "手语邻居", _D, 48, ("手语课堂", "30场"), 48_000, 19_200, 86),
    ("fengming", "困境家庭账本", _R, 66, ("理财辅导", "132次"), 45_000, 18_000, 76),
    ("hubin", "湖滨经验汤山行", _E, 90, ("骨干培训", "12场"), 70_000, 28_000, 75),
    ("zhulin", "竹林互助分社", _E, 100, ("互助小组", "10个"), 85_000, 34_000, 79),
    ("jincheng", "社工下午茶", _R, 120, ("议事茶会", "24场"), 40_000, 16_000, 72),
)
_OPEN = (
    ("tongle", "一起去菜场", _D, 30, ("结伴出行", "60次"), 45_000, 18_000, 80),
    ("xinqiao", "无声咖啡角", _D, 25, ("就业体验", "120人次"), 50_000, 20_000, 88),
    ("mumian", "照护者的星期三", _D, 40, ("喘息服务", "300小时"), 60_000, 24_000, 84),
)
_ENDED = (
    ("hubin", "冬日一碗汤", _E, 90, ("送汤", "1,800份"), 60_000, 24_000, 90),
    ("zhulin", "竹林敲门人", _E, 80, ("探访", "960次"), 55_000, 22_000, 86),
    ("tongxing", "荷塘夜话", _E, 60, ("夜间陪伴", "240次"), 50_000, 20_000, 82),
    ("tinghe", "听荷读报会", _E, 40, ("读报", "24场"), 66_000, 26_400, 52),
)
_SUBSIDY = (
    ("jincheng", "银发陪诊", _E, 140, ("陪诊", "420次"), 100_000, 50_000, 85),
    ("heqiao", "老有所学", _E, 90, ("课程", "40场"), 80_000, 40_000, 80),
)
_REWARD = (
    ("hubin", "月河长者食堂志愿队", _E, 210, ("志愿服务", "2,600小时"), 1, 0, 93),
    ("zhulin", "竹林邻里日", _E, 300, ("邻里日", "12场"), 1, 0, 88),
    ("yuehe", "河畔助残伙伴", _D, 40, ("结对", "40对"), 1, 0, 83),
)


def _ideas(rows: tuple[tuple[Any, ...], ...]) -> Mapping[str, Idea]:
    return {firm: Idea(*rest) for firm, *rest in rows}


PROJECTS: Mapping[str, Mapping[str, Idea]] = {
    "汤山街道": _ideas(_RUNNING),
    "秣陵街道": _ideas(_OPEN),
    "听荷街道": _ideas(_ENDED),
    "公平街道": _ideas(_SUBSIDY),
    "月河街道": _ideas(_REWARD),
}
