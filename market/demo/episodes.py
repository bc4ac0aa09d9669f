"""The purchases of the story. Amounts in fen; all deeds happen between January and the end of March 2026."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from market.demo.cast import JIANGNING, WENJIANG, WUXING
from market.demo.playing import Offer, Purchase, Step, Turn
from market.kernel.categories import Category
from market.needs.states import NeedChannel

_E, _D, _R = Category.ELDER_CARE, Category.DISABILITY, Category.SOCIAL_RELIEF
_L, _K = Category.LEGAL_AID, Category.CHARITY_RELIEF
_C = NeedChannel
_SHARES = ((92, 86), (95, 82), (89, 79), (96, 74))
_JN = ("heqiao", "yinling", "kangning", "tongxing")


def _offers(budget_fen: int, firms: tuple[str, ...]) -> tuple[Offer, ...]:
    """Offers at plain shares of the budget, the first firm's plan the best."""
    return tuple(Offer(f, budget_fen * p // 100, q) for f, (p, q) in zip(firms, _SHARES, strict=False))


def _purchase(
    place: tuple[str, str],
    item: tuple[Category, int],
    words: tuple[str, str],
    heard: tuple[NeedChannel, int],
    budget_yuan: int,
    begins: tuple[int, int],
    until: Step,
    firms: tuple[str, ...] = (),
    *,
    unsent: tuple[str, ...] = (),
    service: tuple[date, date] = (date(2026, 5, 1), date(2027, 4, 30)),
    turn: Turn = Turn.NONE,
) -> Purchase:
    """One purchase; a service that ends before April is paid by acceptance (40 %) and evaluation (60 %)."""
    starts_on, ends_on = service
    short = ends_on < date(2026, 6, 1)
    middle = starts_on + (ends_on - starts_on) / 2
    return Purchase(
        district=place[0],
        street=place[1],
        category=item[0],
        item=item[1],
        title=f"{place[1]}{words[0]}",
        need=words[1],
        channel=heard[0],
        people=heard[1],
        budget_fen=budget_yuan * 100,
        begins=date(2026, *begins),
        until=until,
        offers=_offers(budget_yuan * 100, firms),
        unsent=unsent,
        term=service,
        milestones=(
            ("首期服务完成", 4000, "acceptance", middle),
            ("服务结束并接受评估", 6000, "evaluation", ends_on),
        )
        if short
        else (),
        turn=turn,
    )


_WINTER = (date(2026, 2, 5), date(2026, 3, 10))
_EARLY = (date(2026, 2, 9), date(2026, 3, 20))
_SPRING = (date(2026, 3, 16), date(2026, 5, 15))
_MEALS = ("独居老人春节助餐服务", "春节期间社区食堂停业，独居老人吃饭难，希望有人送餐上门。")
_CARE = ("失能老人居家照护服务", "失能老人家庭缺少专业照护，家属反映长期照料压力大。")
_LAW = ("社区法律援助引导服务", "居民遇到欠薪、赡养纠纷不知道找谁，希望社区有固定的法律援助引导。")
_DAY = ("残疾人日间陪伴服务", "残疾人白天无人陪伴，家属外出工作不放心。")
_CANTEEN = ("社区助餐点运营服务", "新建小区老人多，附近没有食堂。")
_HELP = ("困难家庭帮扶服务", "困难家庭反映政策多、不会办，希望有人上门帮办。")
_REHAB = ("残疾人康复进社区服务", "残疾人去医院康复路远，希望康复师进社区。")
_VISIT = ("临时困难家庭探访服务", "因病致困家庭需要及时发现、及时帮扶。")
_GIVE = ("慈善物资发放服务", "捐赠物资需要规范登记、按需发放。")
_TALK = ("独居老人冬季探访服务", "冬季独居老人出门少，子女担心无人照看。")

_CARE = ("独居老人春节安全巡访服务", "春节前后用火用电多，希望有人上门看看独居老人。")


def _in_two_lots(*facts: Any) -> Purchase:
    """The same service for two parts of a street, the second at half the money; there another firm's plan is best."""
    plan = _purchase(*facts, service=_WINTER)
    first, second, *others = plan.offers
    better = (replace(first, quality=second.quality), replace(second, quality=first.quality), *others)
    halved = tuple(replace(offer, price_fen=offer.price_fen // 2) for offer in better)
    beside = replace(plan, budget_fen=plan.budget_fen // 2, offers=halved, lot="南片社区")
    return replace(plan, beside=beside, lot="北片社区")


EPISODES: tuple[Purchase, ...] = (
    # 江宁: the main story to its end, and something at every later step
    _purchase(
        (JIANGNING, "东山街道"),
        (_E, 0),
        _MEALS,
        (_C.HOTLINE_12345, 126),
        120_000,
        (1, 6),
        Step.CONFIRMED,
        _JN[:3],
        service=_WINTER,
    ),
    _purchase(
        (JIANGNING, "东山街道"), (_E, 2), _TALK, (_C.VISIT, 80), 60_000, (1, 7), Step.DUE, _JN[:3], service=_WINTER
    ),
    _purchase(
        (JIANGNING, "秣陵街道"),
        (_E, 0),
        _MEALS,
        (_C.HOTLINE_12345, 98),
        90_000,
        (1, 8),
        Step.REQUESTED,
        _JN[:3],
        service=_WINTER,
    ),
    _purchase(
        (JIANGNING, "汤山街道"),
        (_E, 2),
        _TALK,
        (_C.COUNCIL, 64),
        55_000,
        (1, 9),
        Step.ORDERED,
        _JN[:4],
        service=_WINTER,
    ),
    _purchase(
        (JIANGNING, "秣陵街道"),
        (_E, 2),
        _TALK,
        (_C.VISIT, 72),
        58_000,
        (1, 13),
        Step.EVALUATING,
        _JN[:3],
        service=_EARLY,
    ),
    _purchase(
        (JIANGNING, "东山街道"),
        (_D, 0),
        _DAY,
        (_C.MAILBOX, 30),
        88_000,
        (2, 24),
        Step.REPORTED,
        ("tongxing", "mingde", "kangning"),
        service=(date(2026, 3, 16), date(2026, 4, 8)),
    ),
    _purchase(
        (JIANGNING, "汤山街道"),
        (_R, 0),
        _HELP,
        (_C.HOTLINE_12345, 55),
        76_000,
        (3, 4),
        Step.HALF_SIGNED,
        ("heqiao", "mingde", "yinling"),
        service=(date(2026, 4, 10), date(2026, 6, 10)),
    ),
    _purchase(
        (JIANGNING, "秣陵街道"),
        (_L, 0),
        _LAW,
        (_C.PLATFORM, 240),
        70_000,
        (3, 5),
        Step.ISSUED,
        ("tongxing", "mingde", "heqiao"),
    ),
    _purchase(
        (JIANGNING, "汤山街道"),
        (_L, 0),
        _LAW,
        (_C.PLATFORM, 180),
        72_000,
        (3, 6),
        Step.DRAFTED,
        ("tongxing", "heqiao", "mingde"),
    ),
    _purchase(
        (JIANGNING, "汤山街道"),
        (_D, 1),
        _REHAB,
        (_C.PLATFORM, 40),
        180_000,
        (3, 16),
        Step.AWARDED,
        ("tongxing", "mingde", "kangning"),
    ),
    _purchase(
        (JIANGNING, "秣陵街道"),
        (_R, 0),
        _HELP,
        (_C.HOTLINE_12345, 90),
        110_000,
        (3, 17),
        Step.RANKED,
        ("heqiao", "mingde", "yinling"),
    ),
    _purchase((JIANGNING, "汤山街道"), (_E, 0), _CANTEEN, (_C.MAILBOX, 210), 280_000, (3, 18), Step.SCORING, _JN),
    _purchase(
        (JIANGNING, "秣陵街道"),
        (_D, 0),
        _DAY,
        (_C.COUNCIL, 35),
        150_000,
        (3, 19),
        Step.OPENED,
        ("tongxing", "kangning", "mingde"),
    ),
    _purchase(
        (JIANGNING, "东山街道"),
        (_L, 0),
        _LAW,
        (_C.PLATFORM, 300),
        90_000,
        (3, 24),
        Step.CLOSED,
        ("tongxing", "mingde", "heqiao"),
    ),
    _purchase((JIANGNING, "秣陵街道"), (_E, 1), _CARE, (_C.VISIT, 52), 240_000, (3, 23), Step.PEELED, _JN[:3]),
    _purchase(
        (JIANGNING, "东山街道"),
        (_E, 1),
        _CARE,
        (_C.VISIT, 48),
        260_000,
        (3, 30),
        Step.OPEN,
        ("heqiao", "yinling"),
        unsent=("kangning",),
    ),
    _purchase((JIANGNING, "东山街道"), (_R, 0), _VISIT, (_C.VISIT, 66), 80_000, (3, 30), Step.REVIEW),
    _purchase((JIANGNING, "东山街道"), (_K, 0), _GIVE, (_C.COUNCIL, 150), 50_000, (3, 30), Step.DRAFT),
    # 江宁, an invented street: only two bids came, the lot failed and the money returned
    _purchase(
        (JIANGNING, "枕溪街道"),
        (_L, 0),
        _LAW,
        (_C.HOTLINE_12349, 120),
        60_000,
        (3, 3),
        Step.CLOSED,
        ("tongxing", "heqiao"),
    ),
    _purchase(
        (JIANGNING, "汤山街道"),
        (_K, 0),
        _GIVE,
        (_C.COUNCIL, 110),
        40_000,
        (1, 12),
        Step.PAID,
        ("heqiao", "mingde", "yinling"),
        service=_WINTER,
    ),
    # 吴兴
    _purchase(
        (WUXING, "月河街道"),
        (_E, 0),
        _MEALS,
        (_C.HOTLINE_12349, 77),
        84_000,
        (1, 6),
        Step.APPROVED,
        ("zhulin", "hubin", "heqiao"),
        service=_WINTER,
    ),
    _purchase(
        (WUXING, "月河街道"),
        (_D, 0),
        _DAY,
        (_C.VISIT, 26),
        66_000,
        (1, 14),
        Step.EVALUATING,
        ("hubin", "zhulin", "tongxing"),
        service=_EARLY,
    ),
    _purchase(
        (WUXING, "朝阳街道"),
        (_E, 1),
        _CARE,
        (_C.VISIT, 33),
        130_000,
        (3, 16),
        Step.AWARDED,
        ("hubin", "zhulin", "yinling"),
    ),
    _purchase(
        (WUXING, "月河街道"),
        (_R, 0),
        _HELP,
        (_C.PLATFORM, 41),
        58_000,
        (3, 18),
        Step.SCORING,
        ("hubin", "zhulin", "heqiao"),
    ),
    _purchase(
        (WUXING, "朝阳街道"),
        (_E, 0),
        _CANTEEN,
        (_C.COUNCIL, 160),
        170_000,
        (3, 30),
        Step.OPEN,
        ("hubin",),
        unsent=("zhulin",),
    ),
    _purchase((WUXING, "朝阳街道"), (_L, 0), _LAW, (_C.PLATFORM, 90), 45_000, (3, 30), Step.REVIEW),
    # 吴兴, an invented street: the bank returned the payment, because the supplier's account no longer exists
    _purchase(
        (WUXING, "听荷街道"),
        (_E, 2),
        _TALK,
        (_C.VISIT, 58),
        52_000,
        (1, 7),
        Step.PAID,
        ("liucheng", "hubin", "zhulin"),
        service=_WINTER,
        turn=Turn.RETURNED,
    ),
    # 温江
    _purchase(
        (WENJIANG, "柳城街道"),
        (_E, 0),
        _MEALS,
        (_C.HOTLINE_12345, 69),
        78_000,
        (1, 6),
        Step.CONFIRMED,
        ("jincheng", "heqiao", "yinling"),
        service=_WINTER,
    ),
    _purchase(
        (WENJIANG, "公平街道"),
        (_E, 2),
        _TALK,
        (_C.VISIT, 45),
        48_000,
        (1, 13),
        Step.DUE,
        ("jincheng", "yinling", "heqiao"),
        service=_WINTER,
    ),
    _purchase(
        (WENJIANG, "柳城街道"),
        (_D, 0),
        _DAY,
        (_C.MAILBOX, 22),
        92_000,
        (3, 5),
        Step.ISSUED,
        ("jincheng", "tongxing", "mingde"),
    ),
    _purchase(
        (WENJIANG, "公平街道"),
        (_E, 1),
        _CARE,
        (_C.VISIT, 31),
        120_000,
        (3, 19),
        Step.OPENED,
        ("jincheng", "heqiao", "kangning"),
    ),
    _purchase(
        (WENJIANG, "公平街道"),
        (_L, 0),
        _LAW,
        (_C.COUNCIL, 70),
        50_000,
        (3, 24),
        Step.CLOSED,
        ("jincheng", "tongxing", "mingde"),
    ),
    _purchase((WENJIANG, "柳城街道"), (_R, 0), _HELP, (_C.PLATFORM, 38), 64_000, (3, 30), Step.OPEN, ("jincheng",)),
    # 温江, an invented street: a challenge in time suspended the award
    _purchase(
        (WENJIANG, "拾光街道"),
        (_E, 0),
        _CANTEEN,
        (_C.COUNCIL, 140),
        150_000,
        (3, 12),
        Step.AWARDED,
        ("jincheng", "heqiao", "kangning"),
        turn=Turn.CHALLENGED,
    ),
    # 江宁: two lots, each with a winner, a contract and payments of its own
    _in_two_lots((JIANGNING, "东山街道"), (_E, 2), _CARE, (_C.COUNCIL, 64), 80_000, (1, 9), Step.PAID, _JN[:3]),
)
