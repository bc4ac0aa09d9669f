"""The jury of a round: draw, declarations, replacements, sheets, and the order of the pitch day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from market.kernel.clock import beijing_day
from market.kernel.errors import NotFound, Refused
from market.kernel.money import format_centi
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.panels import actions as panels
from market.panels.models import Expert, Panel, Seat
from market.panels.queries import panel_for
from market.panels.queries import seat as seat_of
from market.panels.rules import ordered, seed_of
from market.records.audit import record, require_other_hands
from market.venture import mail
from market.venture.actions.common import GONE, locked, locked_application
from market.venture.models import Application, Round
from market.venture.queries import (
    SCORED,
    SUBJECT,
    applications_of,
    draw_secret,
    parties,
    round_row,
    rules_of,
    writers,
)
from market.venture.rules.content import DECLARATION
from market.venture.rules.scores import ScoreModel, ScoreRule, pointed_centi
from market.venture.rules.timetable import finish_bar
from market.venture.states import HANDED_IN, ApplicationState, RoundState


def _call(row: Round, by: frozenset[int] | None = None) -> panels.Call:
    """What the jury is wanted for. Everybody who applied counts, also those that were not admitted."""
    if row.closing_digest is None or row.draw_commitment is None or row.notice_at is None or row.deadline_at is None:
        raise Refused(N_("申报截止之后才能抽取评委。"))
    return panels.Call(
        subject=(SUBJECT, row.id),
        file_id=row.file_id,
        scope=row.subject.scope,
        street_name=row.street.name,
        # Whoever knows one of the themes may judge: every application is scored by the whole jury.
        categories=tuple(sorted({theme["field"] for theme in row.themes})),
        rules=rules_of(row),
        budget_fen=row.pool_fen,
        began_on=beijing_day(row.notice_at),
        opened_at=row.deadline_at,
        bidders=parties(applications_of(row.id, HANDED_IN)),
        writers=writers(row) if by is None else by,
        commitment=row.draw_commitment,
        secret=draw_secret(row).hex(),
        public_part=row.closing_digest,
    )


def draw_preview(row: Round, by: frozenset[int] | None = None) -> tuple[list[Expert], list[dict[str, str]]]:
    """Return who could be drawn, and who is avoided and why; `by` are the round's writers, where they are known."""
    return panels.preview(_call(row, by))


def draw_jury(
    actor: Actor, round_id: int, at: datetime, *, size: int, expert_seats: int, sitting: Collection[int] = ()
) -> Panel:
    """Draw the jury, and with the same seed the order of the pitch day. Cannot be undone.

    `sitting`: people named for the other seats by user id, such as residents' and finance's representatives; experts
    stay at least the share that the rules say. Raises Refused for an illegal size or too small a pool, Stale for a
    second draw.
    """
    row = locked(actor, Permit.PANEL_DRAW, round_id, RoundState.SCREENING, RoundState.JURY)
    call = _call(row)
    panel = panels.form_panel(actor, call, at, size=size, expert_seats=expert_seats, sitting=sitting)
    mail.tell_drawn(row, [seat.user_id for seat in panel.seats], at)
    return panel


def set_pitch(actor: Actor, round_id: int, pitch_at: datetime, at: datetime) -> list[Application]:
    """Fix the pitch day; the order follows from the published seed. Returns the applications in their order."""
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.JURY)
    if not int(rules_of(row)["round.pitch_minutes"]):
        raise Refused(N_("这一类轮次不设现场展示。"))
    if pitch_at <= at:
        raise Refused(N_("现场展示时间须在现在之后。"), field="pitch_at")
    rows = applications_of(row.id, [ApplicationState.ADMITTED])
    seed = seed_of(draw_secret(row).hex(), row.closing_digest or "")
    places = {f"application-{one.id}": one for one in rows}
    for number, key in enumerate(ordered(seed, places), 1):
        places[key].pitch_order = number
    row.pitch_at = pitch_at
    facts = {"order": ordered(seed, places), "at": pitch_at}
    record(row.subject, "pitch", actor, at, permit=Permit.ROUND_DRAFT, facts=facts)
    return sorted(rows, key=lambda one: one.pitch_order or 0)


def set_bonus(actor: Actor, application_id: int, fundraising: int, policy: int, at: datetime) -> Application:
    """Write down bonus points in hundredths, where the regime adds them (row 59)."""
    one = locked_application(application_id)
    row = locked(actor, Permit.ROUND_DRAFT, one.round_id, RoundState.JURY)
    rules = rules_of(row)
    if ScoreRule.from_rules(rules).model is not ScoreModel.POINTS:
        raise Refused(N_("这一类轮次不设加分。"))
    if one.state != ApplicationState.ADMITTED:
        raise Refused(N_("只给通过形式审查的项目加分。"))
    try:
        pointed_centi(0, fundraising, policy, rules)
    except ValueError:
        raise Refused(N_("加分超出规则允许的范围。"), field="policy") from None
    one.bonus = {"fundraising": fundraising, "policy": policy}
    record(one.subject, "bonus", actor, at, permit=Permit.ROUND_DRAFT, facts=one.bonus)
    return one


# --- seats ------------------------------------------------------------------------------------------------------------


def _own(actor: Actor, seat_id: int, *, lock: bool = True) -> Seat:
    """The actor's own seat; somebody else's does not exist."""
    seat = seat_of(seat_id, lock=lock)
    if seat is None or seat.user_id != actor.user_id or seat.panel.subject_kind != SUBJECT:
        raise NotFound(GONE)
    return seat


def _round_of(seat: Seat) -> Round:
    row = round_row(seat.panel.subject_id)
    if row is None:
        raise NotFound(GONE)
    return row


def declare(actor: Actor, seat_id: int, confirmed: Collection[int], at: datetime) -> Seat:
    """Declare to have no tie with anybody who applied (`confirmed`: every party's id). Opens the applications."""
    seat = _own(actor, seat_id)
    row = _round_of(seat)
    require_other_hands(actor, Permit.BID_SCORE, "round", row.id)
    panels.declare(actor, seat, _call(row), confirmed, at, DECLARATION)
    return seat


def recuse(actor: Actor, seat_id: int, reason: str, at: datetime) -> list[Seat]:
    """Step down with a reason; the next in the order moves up. Returns who did."""
    seat = _own(actor, seat_id)
    panels.recuse(actor, seat, reason, at)
    return _refill(actor, _round_of(seat), seat.recusal_reason, at)


def release(actor: Actor, seat_id: int, reason: str, at: datetime) -> list[Seat]:
    """An officer replaces a juror who does not appear."""
    seat = seat_of(seat_id, lock=True)
    if seat is None or seat.panel.subject_kind != SUBJECT:
        raise NotFound(GONE)
    panels.release(actor, seat, reason, at)
    return _refill(actor, _round_of(seat), seat.recusal_reason, at)


def refill_jury(actor: Actor, round_id: int, reason: str, at: datetime) -> list[Seat]:
    """Fill vacant seats after experts have been added. Raises Refused when the field still has nobody."""
    row = locked(actor, Permit.PANEL_DRAW, round_id, RoundState.SCREENING, RoundState.JURY)
    found = _refill(actor, row, reason, at)
    if not found:
        raise Refused(N_("没有空缺席位，或专家库中没有可以递补的专家；请先在专家库补充该领域专家。"), field="reason")
    return found


def _refill(actor: Actor, row: Round, reason: str, at: datetime) -> list[Seat]:
    panel = panel_for(SUBJECT, row.id)
    if panel is None:
        raise Refused(N_("评委还没有抽取。"))
    found = panels.redraw(actor, _call(row), panel, reason, at)
    mail.tell_drawn(row, [seat.user_id for seat in found], at)
    return found


# --- sheets -----------------------------------------------------------------------------------------------------------


def scoring_round(seat: Seat) -> Round:
    """Return the round a seat scores. Raises Refused until the formal check is done and after the ranking."""
    row = _round_of(seat)
    if row.state != RoundState.JURY:
        raise Refused(N_("形式审查完成之后、汇总之前才能打分。"))
    return row


def put_scores(actor: Actor, seat_id: int, application_id: int, given: Iterable[panels.Given], at: datetime) -> None:
    """Save scores and reasons of one application. Refuses more than a criterion's greatest score."""
    seat = _own(actor, seat_id, lock=False)
    row, parts = scoring_round(seat), list(given)
    most = {int(c["id"]): c for c in row.criteria}
    known = {one.id for one in applications_of(row.id, [ApplicationState.ADMITTED])}
    for part in parts:
        criterion = most.get(part.criterion_id)
        if criterion is None or application_id not in known:
            raise Refused(N_("评分项与本轮不符，请刷新页面。"))
        if part.score_centi is not None and not 0 <= part.score_centi <= criterion["max_centi"]:
            raise Refused(
                N_("“%(title)s”满分 %(most)s 分，请填写 0 到 %(most)s。"),
                field=f"score-{part.criterion_id}",
                title=criterion["title"],
                most=format_centi(criterion["max_centi"]),
            )
    panels.put_scores(actor, seat, (SCORED, application_id), parts, at)


def finish_sheet(actor: Actor, seat_id: int, dissent: str, at: datetime) -> Seat:
    """Make the own sheet final. Cannot be undone. Raises Refused before the pitch day."""
    seat = _own(actor, seat_id)
    row = scoring_round(seat)
    bar = finish_bar(row.pitch_at, at)
    if bar is not None:
        raise Refused(bar)
    rows = applications_of(row.id, [ApplicationState.ADMITTED])
    required = [(one.id, int(c["id"])) for one in rows for c in row.criteria]
    panels.finish_sheet(actor, seat, SCORED, required, dissent, at)
    return seat
