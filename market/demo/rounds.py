"""Rounds of the story: in 江宁 a venture round being judged with 24 applications and one that is open; one in 吴兴 that
has ended (a project that failed its mid-term and cured it, one that was clawed back); a subsidy that is open and a
reward that is decided.

Every person, organisation and project is invented; what ends badly plays in a street with an invented name.
"""

from __future__ import annotations

from datetime import date, timedelta

from market.demo.granted import Grantee, claw_back, cure
from market.demo.grantees import APPLICANTS, PROJECTS, enrol
from market.demo.organising import Organiser, Plan
from market.demo.playing import Theatre
from market.kernel.categories import Category
from market.kernel.clock import instant
from market.venture.states import RoundRegime

_E, _D, _R = Category.ELDER_CARE.value, Category.DISABILITY.value, Category.SOCIAL_RELIEF.value

_RUNNING = Plan(
    "jn",
    "汤山街道",
    RoundRegime.VENTURE,
    "汤山街道2026年社区公益创投",
    "围绕独居老人、残疾人和困难家庭，征集居民看得见、用得上的社区公益项目；鼓励动员邻里力量，形成可持续的互助。",
    ((_E, "独居、高龄老人关爱与互助", 2), (_D, "残疾人社区融合", 1), (_R, "困难家庭支持", 1)),
    (("福彩公益金助老项目", 250_000), ("福彩公益金助残项目", 120_000), ("困难家庭社会救助服务", 130_000)),
    date(2026, 2, 9),
    (date(2026, 6, 1), date(2027, 3, 31)),
    80_000,
)
_OPEN = Plan(
    "jn",
    "秣陵街道",
    RoundRegime.VENTURE,
    "秣陵街道2026年助残公益创投",
    "征集帮助残疾人走出家门、参加社区生活的小项目，欢迎残疾人和家属一起设计。",
    ((_D, "残疾人走出家门", 1),),
    (("福彩公益金助残项目", 60_000), ("残疾人社区康复与陪伴", 40_000)),
    date(2026, 3, 16),
    (date(2026, 6, 15), date(2026, 12, 15)),
    40_000,
)
_ENDED = Plan(
    "wx",
    "听荷街道",
    RoundRegime.VENTURE,
    "听荷街道社区公益创投（第一轮）",
    "以小项目试水，征集陪伴独居老人过冬的互助项目，周期短、见效快。",
    ((_E, "独居老人冬季互助", 1),),
    (("居家和社区养老服务", 90_000), ("福彩公益金助老项目", 60_000)),
    date(2026, 1, 4),
    (date(2026, 2, 14), date(2026, 3, 31)),
    40_000,
)
_SUBSIDY = Plan(
    "wj",
    "公平街道",
    RoundRegime.SUBSIDY,
    "公平街道2026年为老项目补贴",
    "对机构自筹开展的为老服务项目给予补贴。",
    ((_E, "为老服务", 0),),
    (("居家和社区养老服务", 200_000),),
    date(2026, 3, 24),
    (date(2026, 6, 1), date(2026, 12, 31)),
    60_000,
)
_REWARD = Plan(
    "wx",
    "月河街道",
    RoundRegime.REWARD,
    "月河街道2025年度优秀社区项目奖励",
    "奖励上年度完成、居民评价好的社区项目。",
    ((_E, "为老服务", 0), (_D, "助残服务", 0)),
    (("居家和社区养老服务", 100_000), ("残疾人社区康复与陪伴", 50_000)),
    date(2026, 3, 2),
    (date(2026, 4, 20), date(2026, 5, 20)),
    50_000,
)


def play(stage: Theatre, hashed: str) -> None:
    """Play all five rounds; new organisations are registered first."""
    for applicant in APPLICANTS:
        enrol(stage, applicant, hashed)
    _play_running(Organiser(stage, _RUNNING))
    _play_open(Organiser(stage, _OPEN))
    _play_ended(Organiser(stage, _ENDED))
    _play_subsidy(Organiser(stage, _SUBSIDY))
    _play_reward(Organiser(stage, _REWARD))


def _play_running(round_: Organiser) -> None:
    """24 applications: one never handed in, one taken back, two rejected, twenty judged.

    Four of five jurors have finished, the fifth has two sheets left; residents vote.
    """
    round_.publish()
    ideas = PROJECTS["汤山街道"]
    for number, (firm, idea) in enumerate(ideas.items()):
        round_.apply(firm, idea, 3 + number, send=number != 5)
    round_.withdraw(list(ideas)[17], 25)
    round_.close()
    names = list(round_.numbers)
    refused = {"mantang": "项目内容为设备采购，不属于征集方向。", "linjia": "服务地点不在本街道。"}
    round_.screen(tuple(refused.items()))
    shares = {firm: ideas[firm].quality for firm in names}
    round_.jury(shares, finish=4, left=2)
    admitted = [firm for firm in names if firm not in refused]
    ballots: list[list[str]] = [[admitted[n % 7], admitted[(n * 3 + 1) % 11]] for n in range(16)]
    round_.vote(instant(date(2026, 4, 3), 18, 0), [sorted(set(one)) for one in ballots], slips=30)


def _play_open(round_: Organiser) -> None:
    """Open: one has begun, one has handed in, one has taken its application back to mend it."""
    round_.publish()
    (first, one), (second, other), (third, another) = PROJECTS["秣陵街道"].items()
    round_.apply(first, one, 4, send=False)
    round_.apply(second, other, 5)
    round_.apply(third, another, 7)
    round_.withdraw(third, 9)


def _play_ended(round_: Organiser) -> None:
    """Three projects were funded: one waits for its contract, one failed and cured it, one was clawed back."""
    round_.publish()
    ideas = PROJECTS["听荷街道"]
    for number, (firm, idea) in enumerate(ideas.items()):
        round_.apply(firm, idea, 5 + number)
    round_.close()
    round_.screen()
    round_.jury({firm: idea.quality for firm, idea in ideas.items()}, finish=5)
    names = list(ideas)
    day = round_.stage.next_working(round_.at, 1, 12)
    round_.vote(day, [[names[n % 3]] for n in range(12)])
    round_.at = day + timedelta(hours=1)
    round_.decide()
    round_.confirm()
    Grantee(round_, names[0]).draft_contract()
    for firm, end in ((names[1], cure), (names[2], claw_back)):
        project = Grantee(round_, firm)
        project.sign()
        project.deliver(0)
        project.pay()
        end(project)


def _play_subsidy(round_: Organiser) -> None:
    """Open: one has handed in, one has begun."""
    round_.publish()
    (first, one), (second, other) = PROJECTS["公平街道"].items()
    round_.apply(first, one, 2)
    round_.apply(second, other, 3, send=False)


def _play_reward(round_: Organiser) -> None:
    """Decided with a published departure; the notice runs."""
    round_.publish()
    ideas = PROJECTS["月河街道"]
    for number, (firm, idea) in enumerate(ideas.items()):
        round_.apply(firm, idea, 2 + number)
    round_.close()
    round_.screen()
    round_.jury({firm: idea.quality for firm, idea in ideas.items()}, finish=5)
    names = list(ideas)
    round_.decide("该项目与上年已奖励项目内容相同，不重复奖励。", without=names[1:2])
