"""The residents' vote: one-time codes, one ballot each, no name kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from market.db.session import db
from market.kernel.clock import beijing_day, instant, is_before
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.records import codes
from market.records.audit import record
from market.records.models import OneTimeCode
from market.venture.actions.common import GONE, locked
from market.venture.models import Ballot, Round
from market.venture.queries import SUBJECT, VOTE, applications_of, round_row, rules_of
from market.venture.rules.scores import ScoreRule
from market.venture.states import ApplicationState, RoundState

MOST_CODES = 500
_RESIDENT = Actor(None, "resident")


def open_vote(actor: Actor, round_id: int, until: datetime, at: datetime) -> Round:
    """Let residents vote until an instant; it may be moved while nobody has ranked yet."""
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.JURY)
    if not ScoreRule.from_rules(rules_of(row)).has_vote:
        raise Refused(N_("这一类轮次不设居民投票。"))
    if until <= at:
        raise Refused(N_("投票截止时间须在现在之后。"), field="until")
    if row.vote_until is not None and until < row.vote_until:
        raise Refused(N_("投票截止时间只能推迟。"), field="until")
    row.vote_until = until
    # Slips that are out already stay good until the new end.
    db.session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.purpose == VOTE, OneTimeCode.subject_id == row.id, OneTimeCode.used_at.is_(None))
        .values(expires_at=until)
    )
    record(row.subject, "open_vote", actor, at, permit=Permit.ROUND_DRAFT, facts={"until": until})
    return row


def make_codes(actor: Actor, round_id: int, number: int, at: datetime, *, token: str | None = None) -> list[str]:
    """Make one-time codes and return them: they are shown this once, only digests are kept.

    Raises Refused at `number` for the `token` of a page that has made its codes: a reload makes no second batch.
    """
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.JURY)
    if row.vote_until is None or not is_before(at, row.vote_until):
        raise Refused(N_("请先设定投票截止时间。"), field="number")
    if not 1 <= number <= MOST_CODES:
        raise Refused(N_("一次可以生成 1 到 %(most)s 个投票码。"), field="number", most=MOST_CODES)
    if token is not None and not codes.spend(f"{VOTE}-page", token, (SUBJECT, row.id), at):
        raise Refused(
            N_("这一页的投票码已经生成过，没有再生成；已生成的不能再次显示，没有打印成的，请重新生成一批。"),
            field="number",
        )
    made = [codes.new_code(VOTE, (SUBJECT, row.id), row.vote_until) for _ in range(number)]
    row.codes_made += number
    record(row.subject, "make_codes", actor, at, permit=Permit.ROUND_DRAFT, facts={"number": number})
    return made


def voting_round(code: str, at: datetime) -> Round:
    """Return the round a live code belongs to. Looking does not use the code up. Raises Refused."""
    row = round_row(codes.look_up(VOTE, code, at).subject_id)
    if row is None:
        raise NotFound(GONE)
    if row.state != RoundState.JURY or row.vote_until is None or not is_before(at, row.vote_until):
        raise Refused(N_("投票已经结束。"), field="code")
    return row


def vote(code: str, choices: Sequence[int], at: datetime) -> None:
    """Cast a ballot for up to so many projects as the rules say. No person is kept, and of the time only the day.

    Raises Refused at `choices` for none, too many, or a project that does not stand in this round.
    """
    row = voting_round(code, at)
    most = ScoreRule.from_rules(rules_of(row)).choices_max
    chosen = list(dict.fromkeys(choices))
    if not 1 <= len(chosen) <= most:
        raise Refused(N_("请选择 1 到 %(most)d 个项目。"), field="choices", most=most)
    known = {one.id for one in applications_of(row.id, [ApplicationState.ADMITTED])}
    if set(chosen) - known:
        raise Refused(N_("所选项目不在本轮之中，请刷新页面。"), field="choices")
    # Code and ballot are written under different keys with the same day, so that nobody can put them together again.
    day = instant(beijing_day(at))
    codes.use(codes.look_up(VOTE, code, at), day)
    db.session.add(Ballot(round_id=row.id, choices=sorted(chosen), cast_on=day))
    db.session.flush()
    record(row.subject, "vote", _RESIDENT, day, private={"choices": sorted(chosen)})
