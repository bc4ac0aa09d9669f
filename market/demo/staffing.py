"""Social workers of the demonstration's organisations, and their organisations' grades and stars. All invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from market.db.session import db
from market.kernel.clock import instant
from market.organisations import actions as organisations
from market.organisations.actions import RatingFacts
from market.organisations.states import RatingKind
from market.workers import actions as workers
from market.workers.actions import CertificateFacts
from market.workers.models import SocialWorker
from market.workers.states import LearningKind, Level, SupervisionMode, Tier

if TYPE_CHECKING:
    from market.demo.playing import Theatre
    from market.kernel.permits import Actor

_A, _S, _H = Level.ASSISTANT, Level.SOCIAL_WORKER, Level.SENIOR
_ENTERED, _CHECKED = instant(date(2025, 12, 11), 10, 0), instant(date(2025, 12, 16), 15, 0)
_LATEST = instant(date(2026, 3, 30), 16, 30)


@dataclass(frozen=True)
class Person:
    """Somebody of an organisation: name, level, day of registration, hours of study so far, tier."""

    name: str
    level: Level
    registered_on: date
    hours: int
    tier: Tier = Tier.WORKER


# By organisation. The first of 禾桥 has 66 of 72 hours with seven weeks to go: six hours short.
PEOPLE: Mapping[str, tuple[Person, ...]] = {
    "heqiao": (
        Person("程静姝", _A, date(2023, 5, 21), 66),
        Person("闻晓波", _H, date(2024, 9, 2), 60, Tier.LEADER),
        Person("柯念慈", _S, date(2024, 3, 11), 64, Tier.SUPERVISOR),
        Person("郝运来", _S, date(2025, 4, 1), 24),
        Person("祁小雨", _A, date(2024, 6, 17), 48),
    ),
    "yinling": (
        Person("安如素", _S, date(2024, 5, 6), 70, Tier.SUPERVISOR),
        Person("童心", _A, date(2025, 1, 13), 30),
        Person("岳明川", _S, date(2023, 11, 20), 88),
        Person("巫小曼", _A, date(2024, 10, 8), 40),
    ),
    "kangning": (
        Person("甘霖", _S, date(2024, 4, 15), 52),
        Person("路遥远", _A, date(2025, 3, 3), 18),
        Person("施予恩", _A, date(2024, 8, 19), 42),
    ),
    "tongxing": (
        Person("同归", _S, date(2024, 2, 26), 66, Tier.SUPERVISOR),
        Person("米思源", _A, date(2025, 5, 12), 20),
        Person("虞清欢", _A, date(2024, 12, 2), 36),
    ),
    "hubin": (
        Person("水云间", _H, date(2024, 1, 8), 80, Tier.LEADER),
        Person("芮宁", _S, date(2024, 7, 22), 56, Tier.SUPERVISOR),
        Person("宗子期", _A, date(2025, 2, 10), 28),
        Person("湛若水", _A, date(2024, 11, 4), 44),
    ),
    "zhulin": (
        Person("竹清音", _S, date(2024, 6, 3), 58),
        Person("丘山", _A, date(2025, 6, 9), 16),
    ),
    "jincheng": (
        Person("锦书来", _S, date(2024, 5, 27), 62, Tier.SUPERVISOR),
        Person("巴山", _S, date(2023, 12, 11), 84),
        Person("夜雨", _A, date(2025, 1, 6), 26),
    ),
    "liucheng": (Person("柳依云", _A, date(2024, 9, 23), 38),),
}

# Grade (level, registrar, day) and stars (level) by organisation; firms and cooperatives are not graded.
GRADES: Mapping[str, tuple[int, str, date]] = {
    "heqiao": (4, "南京市民政局", date(2024, 3, 1)),
    "yinling": (3, "南京市江宁区民政局", date(2023, 6, 1)),
    "tongxing": (2, "南京市江宁区民政局", date(2022, 12, 1)),
    "hubin": (5, "湖州市民政局", date(2023, 9, 1)),
    "jincheng": (4, "成都市民政局", date(2024, 1, 15)),
}
STARS: Mapping[str, int] = {"heqiao": 5, "yinling": 4, "tongxing": 3, "hubin": 4, "jincheng": 5, "liucheng": 3}
_COURSES = ("个案工作实务", "老年社会工作", "社区工作方法", "危机介入与转介")
_TOPICS = ("服务计划制定", "与家属沟通", "情绪支持与自我照顾")
_WEEKLY_CENTI = 5_00


def staff(stage: Theatre, short: str, civil: str) -> None:
    """Enter an organisation's people, have them confirmed, and write down their study and supervision."""
    admin, officer = stage.who(f"{short}-admin"), stage.who(civil)
    rows = stage.act(_enter, stage, short, admin, officer)
    stage.act(_grow, admin, rows, PEOPLE.get(short, ()))
    stage.crews[short] = [row.id for row in rows]
    stage.act(_rate, stage, short, officer)


def _enter(stage: Theatre, short: str, admin: Actor, officer: Actor) -> list[SocialWorker]:
    rows = []
    for number, plan in enumerate(PEOPLE.get(short, ()), 1):
        code = f"SW{plan.registered_on:%Y%m}{stage.firms[short]:03d}{number:02d}"
        issued_on = plan.registered_on - timedelta(days=180)
        facts = CertificateFacts(plan.level, code, issued_on, plan.registered_on)
        row = workers.enter_worker(admin, stage.firm(short), plan.name, plan.registered_on, facts, _ENTERED)
        workers.confirm_certificate(officer, row.certificates[0], _CHECKED)
        if plan.tier is not Tier.WORKER:
            workers.name_tier(officer, row, plan.tier, _CHECKED)
        rows.append(row)
    return rows


def _grow(admin: Actor, rows: list[SocialWorker], plans: tuple[Person, ...]) -> None:
    lead = next((row for row in rows if row.tier != Tier.WORKER), None)
    for row, plan in zip(rows, plans, strict=True):
        first = plan.registered_on + timedelta(days=60)
        for part, hours in enumerate((plan.hours // 2, plan.hours - plan.hours // 2)):
            day, token = first + timedelta(days=90 * part), f"{row.id:016x}{part:016x}"
            title = _COURSES[(row.id + part) % len(_COURSES)]
            kind = LearningKind.ONLINE if part else LearningKind.COURSE
            workers.add_learning(admin, row, kind, day, title, "江东社会工作协会", hours * 100, token, _CHECKED)
        if lead is not None and lead.id != row.id:
            for part, topic in enumerate(_TOPICS[:2]):
                day, token = date(2025, 10, 15) + timedelta(days=28 * part), f"{row.id:016x}{part:016x}"
                mode = SupervisionMode.GROUP if part else SupervisionMode.INDIVIDUAL
                workers.add_supervision(admin, row, lead, mode, day, 1_50, topic, token, _CHECKED)


def _rate(stage: Theatre, short: str, officer: Actor) -> None:
    if short in GRADES:
        level, rater, day = GRADES[short]
        facts = RatingFacts(RatingKind.GRADE, level, rater, "社会组织评估结果公告", day)
        organisations.enter_rating(officer, stage.firm(short), facts, _CHECKED)
    if short in STARS:
        first, last = date(2026, 1, 1), date(2026, 12, 31)
        basis = "2025 年度自评、公众评议和星级评定"
        stars = RatingFacts(RatingKind.STARS, STARS[short], "区民政局", basis, first, last)
        organisations.enter_rating(officer, stage.firm(short), stars, _CHECKED)


def newcomers(stage: Theatre) -> None:
    """On the last day before the demonstration begins: a certificate to check, and somebody in the reserve."""
    stage.act(_arrive, stage, "heqiao", "辛夷")
    stage.act(_leave, stage, "hubin")


def _arrive(stage: Theatre, short: str, name: str) -> None:
    facts = CertificateFacts(_A, "SW20260300101", date(2025, 11, 3), date(2026, 3, 2))
    admin = stage.who(f"{short}-admin")
    workers.enter_worker(admin, stage.firm(short), name, date(2026, 3, 16), facts, _LATEST)


def _leave(stage: Theatre, short: str) -> None:
    row = db.session.get_one(SocialWorker, stage.crews[short][-1])
    workers.end_employment(stage.who(f"{short}-admin"), row, date(2026, 3, 27), True, _LATEST)


def crew(stage: Theatre, short: str, lot_id: int) -> dict[str, int]:
    """Return whom an organisation names for a lot, as fields of its draft: two people in turn, some hours each."""
    people = stage.crews.get(short, [])
    chosen = {people[(lot_id + step) % len(people)] for step in range(min(2, len(people)))}
    return {f"workers/{worker_id}": _WEEKLY_CENTI for worker_id in sorted(chosen)}
