"""The purchases of the story. Amounts in fen; all deeds happen between January and the end of March 2026."""

from __future__ import annotations

from datetime import date

from market.demo.cast import JIANGNING, WENJIANG, WUXING
from market.demo.playing import Offer, Purchase, Step
from market.kernel.categories import Category as C
from market.needs.states import NeedChannel as Ch

_YEAR = (date(2026, 5, 1), date(2027, 4, 30))


def _trio(budget_fen: int, *firms: str) -> tuple[Offer, ...]:
    """Three or four offers at plain shares of the budget."""
    shares = ((92, 86), (95, 82), (89, 79), (96, 74))
    return tuple(Offer(f, budget_fen * p // 100, q) for f, (p, q) in zip(firms, shares, strict=False))


EPISODES: tuple[Purchase, ...] = (
    Purchase(
        JIANGNING, "东山街道", C.ELDER_CARE, 0, "东山街道春节期间独居老人助餐服务",
        "春节期间社区食堂停业，独居老人吃饭难，希望有人送餐上门。", Ch.HOTLINE_12345, 126, 120_000_00,
        date(2026, 1, 6), Step.CONFIRMED, _trio(120_000_00, "heqiao", "yinling", "kangning"),
        term=(date(2026, 2, 5), date(2026, 3, 10)),
        milestones=(
            ("完成首轮送餐", 4000, "acceptance", date(2026, 2, 20)),
            ("服务结束并接受评估", 6000, "evaluation", date(2026, 3, 10)),
        ),
        final=True,
    ),
    Purchase(
        JIANGNING, "东山街道", C.ELDER_CARE, 1, "东山街道失能老人居家照护服务",
        "失能老人家庭缺少专业照护，家属反映长期照料压力大。", Ch.VISIT, 48, 260_000_00,
        date(2026, 3, 30), Step.OPEN, _trio(260_000_00, "heqiao", "yinling"), ("kangning",), _YEAR,
    ),
    Purchase(
        JIANGNING, "东山街道", C.LEGAL_AID, 0, "东山街道社区法律援助引导服务",
        "居民遇到欠薪、赡养纠纷不知道找谁，希望社区有固定的法律援助引导。", Ch.PLATFORM, 300, 90_000_00,
        date(2026, 3, 25), Step.CLOSED, _trio(90_000_00, "tongxing", "mingde", "heqiao"), (), _YEAR,
    ),
    Purchase(
        JIANGNING, "秣陵街道", C.DISABILITY, 0, "秣陵街道残疾人日间陪伴服务",
        "残疾人白天无人陪伴，家属外出工作不放心。", Ch.COUNCIL, 35, 150_000_00,
        date(2026, 3, 19), Step.OPENED, _trio(150_000_00, "tongxing", "kangning", "mingde"), (), _YEAR,
    ),
    Purchase(
        JIANGNING, "汤山街道", C.ELDER_CARE, 0, "汤山街道社区助餐点运营服务",
        "新建小区老人多，附近没有食堂。", Ch.MAILBOX, 210, 280_000_00,
        date(2026, 3, 18), Step.SCORING, _trio(280_000_00, "heqiao", "kangning", "yinling", "tongxing"), (), _YEAR,
    ),
    Purchase(
        JIANGNING, "秣陵街道", C.SOCIAL_RELIEF, 0, "秣陵街道困难家庭帮扶服务",
        "困难家庭反映政策多、不会办，希望有人上门帮办。", Ch.HOTLINE_12345, 90, 110_000_00,
        date(2026, 3, 17), Step.RANKED, _trio(110_000_00, "heqiao", "mingde", "yinling"), (), _YEAR,
    ),
    Purchase(
        JIANGNING, "汤山街道", C.DISABILITY, 0, "汤山街道残疾人康复进社区服务",
        "残疾人去医院康复路远，希望康复师进社区。", Ch.PLATFORM, 40, 180_000_00,
        date(2026, 3, 16), Step.AWARDED, _trio(180_000_00, "tongxing", "mingde", "kangning"), (), _YEAR,
    ),
    Purchase(
        JIANGNING, "东山街道", C.SOCIAL_RELIEF, 0, "东山街道临时困难家庭探访服务",
        "因病致困家庭需要及时发现、及时帮扶。", Ch.VISIT, 66, 80_000_00,
        date(2026, 3, 30), Step.REVIEW, (), (), _YEAR,
    ),
    Purchase(
        JIANGNING, "东山街道", C.CHARITY_RELIEF, 0, "东山街道慈善物资发放服务",
        "捐赠物资需要规范登记、按需发放。", Ch.COUNCIL, 150, 50_000_00, date(2026, 3, 30), Step.DRAFT, (), (), _YEAR,
    ),
)
