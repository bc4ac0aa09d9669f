"""Who is fostered in the demonstration: nodes by district, young organisations, each with the stage it has reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from market.demo.cast import JIANGNING, WENJIANG, WUXING, code_of
from market.incubation.states import Mode, Track
from market.kernel.categories import Category
from market.kernel.uscc import ProviderType


class Reach(StrEnum):
    """How far a young organisation has come when the demonstration begins."""

    NEW = "new"
    APPLIED = "applied"
    RETURNED = "returned"
    REVIEWING = "reviewing"
    ADMITTED = "admitted"
    OFFERED = "offered"
    GROWING = "growing"
    READY = "ready"
    GRADUATED = "graduated"
    LEAVING = "leaving"
    LEFT = "left"


@dataclass(frozen=True)
class Young:
    """A young organisation; a group on file has no code. `place` is its node: a street's name, or 基地."""

    short: str
    name: str
    admin: str
    district: str
    field: Category
    place: str
    reach: Reach
    purpose: str
    body: str = ""  # of the credit code; empty for a group on file
    kind: ProviderType = ProviderType.SERVICE_AGENCY
    track: Track = Track.CONCENTRATED
    mode: Mode = Mode.PHYSICAL

    @property
    def uscc(self) -> str | None:
        """The credit code with both check characters, None for a group."""
        head = {ProviderType.SERVICE_AGENCY: "52", ProviderType.SOCIAL_GROUP: "51"}.get(self.kind)
        return code_of(f"{head}{self.district}", self.body) if head else None


@dataclass(frozen=True)
class Operator:
    """An organisation that runs a district's base; it is in none of the purchases and rounds."""

    short: str
    name: str
    admin: str
    district: str
    body: str
    field: Category = Category.CHARITY_RELIEF
    kind: ProviderType = ProviderType.SERVICE_AGENCY

    @property
    def uscc(self) -> str:
        """The credit code with both check characters."""
        return code_of(f"52{self.district}", self.body)


@dataclass(frozen=True)
class Patch:
    """One district's network: who works there, who runs the base, what was done before, stations and courtyards."""

    code: str
    short: str
    staff: str
    base: str
    address: str
    operator: Operator | None
    ever: int  # organisations incubated in all when the demonstration begins
    stations: Sequence[tuple[str, str]]  # street, community
    courtyards: Sequence[tuple[str, str]] = ()  # community, courtyard


PATCHES = (
    Patch(
        JIANGNING,
        "jn",
        "丁新苗",
        "江宁区社会组织孵化基地",
        "江宁区天元东路（演示地址）",
        Operator("linju", "江宁区邻聚社会组织发展中心", "邻聚之", JIANGNING, "MJ778899"),
        318,
        (
            ("东山街道", "河滨社区"),
            ("东山街道", "天印社区"),
            ("秣陵街道", "翠屏社区"),
            ("秣陵街道", "太平社区"),
            ("汤山街道", "泉都社区"),
            ("枕溪街道", "枕溪社区"),
        ),
    ),
    Patch(
        WUXING,
        "wx",
        "钮青禾",
        "吴兴区社会组织创新园",
        "吴兴区太湖路（演示地址）",
        None,
        205,
        (("月河街道", "红丰社区"), ("朝阳街道", "碧浪社区"), ("听荷街道", "听荷社区")),
    ),
    Patch(
        WENJIANG,
        "wj",
        "巫小棠",
        "温江区社会组织孵化园",
        "温江区光华大道（演示地址）",
        Operator("shechuang", "温江区社创社会组织支持中心", "佘创新", WENJIANG, "MJ887766"),
        626,
        (("柳城街道", "永兴社区"), ("公平街道", "惠民社区"), ("拾光街道", "拾光社区")),
        (("永兴社区", "柳荫院落"), ("永兴社区", "文庙院落"), ("惠民社区", "长安院落")),
    ),
)

_C, _T, _M, _K, _R = Category, Track, Mode, ProviderType, Reach
YOUNG = (
    Young("xiaoman", "小满邻里互助队", "满春华", JIANGNING, _C.ELDER_CARE, "河滨社区", _R.GROWING,
          "由二十名热心居民轮流探访楼栋里的独居老人，代买菜、陪就医。", kind=_K.COMMUNITY_GROUP, track=_T.GRID),
    Young("qinghe", "江宁区青禾儿童陪伴服务中心", "青禾", JIANGNING, _C.SOCIAL_RELIEF, "基地", _R.GRADUATED,
          "为低保和困境家庭的孩子提供放学后的陪伴和作业辅导。", "MJ112233"),
    Young("xiangyang", "江宁区向阳助残服务社", "向晨", JIANGNING, _C.DISABILITY, "秣陵街道", _R.GROWING,
          "组织残疾人居家就业和社区康复小组。", "MJ112244"),
    Young("shiguang", "江宁区拾光助老志愿者协会", "时光宇", JIANGNING, _C.ELDER_CARE, "基地", _R.OFFERED,
          "低龄老人帮助高龄老人，建立时间银行。", "MJ112255", kind=_K.SOCIAL_GROUP),
    Young("lvya", "江宁区绿芽社区营造中心", "陆芽", JIANGNING, _C.CHARITY_RELIEF, "枕溪社区", _R.APPLIED,
          "把闲置地块改造为共建花园，组织旧物募集。", "MJ112266", mode=_M.VIRTUAL, track=_T.GRID),
    Young("linguang", "邻光楼道互助队", "邻光明", JIANGNING, _C.ELDER_CARE, "天印社区", _R.NEW,
          "楼道长带着邻居轮流为高龄老人倒垃圾、换灯泡、量血压。", kind=_K.COMMUNITY_GROUP, track=_T.GRID),
    Young("qiaoshou", "月河巧手妈妈队", "巧云", WUXING, _C.SOCIAL_RELIEF, "红丰社区", _R.RETURNED,
          "手工编织培训，帮助居家妈妈增加收入。", kind=_K.COMMUNITY_GROUP, track=_T.GRID),
    Young("tongzhou", "吴兴区同舟救助服务中心", "舟远航", WUXING, _C.SOCIAL_RELIEF, "基地", _R.READY,
          "为支出型困难家庭提供入户评估和政策代办。", "MJ223355"),
    Young("hemu", "吴兴区和睦调解服务社", "何睦", WUXING, _C.LEGAL_AID, "朝阳街道", _R.REVIEWING,
          "邻里纠纷的社会调解和法律援助引导。", "MJ223366"),
    Young("hehua", "吴兴区荷花助学服务社", "荷清", WUXING, _C.SOCIAL_RELIEF, "听荷街道", _R.LEFT,
          "为外来务工家庭的孩子提供假期托管。", "MJ223377"),
    Young("liuyin", "柳荫院坝议事队", "柳春生", WENJIANG, _C.CHARITY_RELIEF, "柳荫院落", _R.GROWING,
          "院落居民自己议事、自己动手，修缮公共空间。", kind=_K.COMMUNITY_GROUP, track=_T.GRID),
    Young("yamiao", "温江区芽苗助学促进会", "苗壮", WENJIANG, _C.SOCIAL_RELIEF, "基地", _R.GRADUATED,
          "结对帮助困难学生，组织大学生志愿辅导。", "MJ334466", kind=_K.SOCIAL_GROUP),
    Young("hekang", "温江区和康护老服务中心", "康和", WENJIANG, _C.ELDER_CARE, "公平街道", _R.LEAVING,
          "失能老人居家照护技能培训。", "MJ334477"),
    Young("zhulan", "温江区竹篮生活服务社", "竹兰", WENJIANG, _C.ELDER_CARE, "柳城街道", _R.ADMITTED,
          "社区老人助餐点的志愿配送。", "MJ334488"),
)  # fmt: skip
