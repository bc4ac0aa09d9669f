"""The register, the draw, declarations, replacements and sheets, as the people concerned meet them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from market.db.session import db
from market.evaluation import actions as evaluation
from market.kernel.canonical import digest
from market.kernel.categories import Category
from market.kernel.clock import system_now
from market.kernel.commitments import commit
from market.kernel.errors import DomainError, Forbidden, NotFound, Refused, Stale
from market.kernel.permits import Role, Scope
from market.panels import actions, queries
from market.panels.rules import draw_holds
from market.panels.states import SEAT_MACHINE, SeatState, SeatVerb, TieKind
from market.people.queries import actor_of
from market.people.queries import person as loaded
from market.records.audit import history, verify_all
from market.records.models import AuditEntry, AuditSecret, Message
from market.tenders.queries import draw_secret
from tests.factories import evaluation as cases
from tests.factories.organisations import organisation
from tests.factories.panels import REGISTERED, expert
from tests.factories.people import actor, give, person
from tests.factories.places import district, street

pytestmark = pytest.mark.usefixtures("session")


def keeper():
    return actor(Role.DISTRICT_CIVIL, Scope(district().id))


# --- the register -----------------------------------------------------------------------------------------------------


def test_an_expert_needs_an_account_that_may_score():
    user = loaded(person(Role.STREET_CLERK, street().scope).id)
    with pytest.raises(Refused) as refused:
        actions.add_expert(keeper(), user, [Category.ELDER_CARE], "某研究院", "", system_now())
    assert refused.value.field == "login"


def test_nobody_stands_twice_in_the_register():
    row = expert()
    with pytest.raises(Refused, match="已在专家库"):
        actions.add_expert(keeper(), loaded(row.user_id), [Category.ELDER_CARE], "", "", system_now())


def test_the_register_is_kept_by_the_district_alone():
    row = expert()
    clerk = actor(Role.STREET_CLERK, street().scope)
    with pytest.raises(Forbidden):
        actions.set_active(clerk, row, False, system_now())
    with pytest.raises(Forbidden):
        actions.add_tie(clerk, row, TieKind.KIN, system_now(), street_id=street().id)


def test_an_expert_may_write_down_an_own_tie():
    row, team = expert(), organisation()
    actions.add_tie(actor_of(row.user_id), row, TieKind.BOARD, system_now(), organisation_id=team.id)
    assert [tie.organisation_id for tie in queries.expert(row.id).ties] == [team.id]
    with pytest.raises(Refused, match="一个机构或一个街道"):
        actions.add_tie(actor_of(row.user_id), row, TieKind.BOARD, system_now())


# --- the draw ---------------------------------------------------------------------------------------------------------


def test_a_draw_can_be_repeated_from_its_record_and_the_notice():
    case = cases.drawn()
    (drawn,) = queries.draws(case.panel.id)
    record = drawn.as_data()
    assert draw_holds(record)
    assert record["commitment"] == case.lot.draw_commitment, "the digest that was in the notice"
    assert record["secret"] == draw_secret(case.lot).hex()
    assert record["result"] == [f"expert-{seat.expert_id}" for seat in case.seats]
    entry = next(e for e in history("panel", case.panel.id) if e.verb == "draw")
    kept = db.session.scalars(db.select(AuditSecret).filter_by(entry_id=entry.id, name="record")).one()
    assert kept.value == digest(record), "the chain commits to the record"
    assert commit("record", kept.value, kept.salt) in entry.header
    assert digest(record) not in entry.header, "and to nothing that could be found by trying names"
    assert not any(e.name in entry.header for e in case.experts), "and no expert's name"


def test_drawn_members_are_called_without_naming_a_bidder():
    case = cases.drawn()
    for seat in case.seats:
        (message,) = db.session.scalars(db.select(Message).filter_by(user_id=seat.user_id))
        words = message.body % message.params
        assert "评审组成员" in words
        assert not any(team.organisation.name in words for team in case.teams)


def avoided(case):
    (drawn,) = queries.draws(case.panel.id)
    return {entry["key"]: entry["why"] for entry in drawn.avoided}


def test_ties_to_bidders_street_and_requirement_keep_experts_out():
    case = cases.qualified(pool=3)
    bidder, now = case.teams[0], system_now()
    began = case.lot.tender.notice_at.date()
    employed, former, long_ago, of_street, staff, kin, writer, member = (expert() for _ in range(8))
    at_bidder = expert(employer=bidder.organisation.name)
    by = keeper()
    actions.add_tie(by, employed, TieKind.EMPLOYED, now, organisation_id=bidder.id)
    actions.add_tie(by, former, TieKind.EMPLOYED, now, organisation_id=bidder.id, ended_on=began - timedelta(days=600))
    actions.add_tie(by, long_ago, TieKind.EMPLOYED, now, organisation_id=bidder.id, ended_on=date(2020, 1, 1))
    actions.add_tie(by, of_street, TieKind.OTHER, now, street_id=case.office.street.id)
    actions.add_tie(by, kin, TieKind.KIN, now, organisation_id=bidder.id, ended_on=date(1999, 1, 1))
    give(loaded(staff.user_id), Role.STREET_CASHIER, case.office.street.scope)
    give(loaded(member.user_id), Role.ORGANISATION_EDITOR, Scope(organisation_id=bidder.id))
    drafter = case.office.clerk
    give(drafter, Role.EXPERT)
    drafting = actions.add_expert(by, loaded(drafter.id), [Category.ELDER_CARE], "", "", REGISTERED)
    give(loaded(writer.user_id), Role.STREET_CLERK, street("320115002").scope)
    evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    assert avoided(case) == {
        employed.key: "bidder",
        former.key: "bidder",
        of_street.key: "street",
        kin.key: "bidder",
        staff.key: "staff",
        member.key: "member",
        at_bidder.key: "bidder",
        drafting.key: "staff",
    }
    (drawn,) = queries.draws(case.panel.id)
    pool = {entry["key"] for entry in drawn.pool}
    assert {long_ago.key, writer.key} <= pool, "ended six years ago; works for another street"


def test_whoever_wrote_the_requirement_is_not_drawn():
    case = cases.qualified(pool=3)
    author = expert()
    case.lot.tender.created_by = author.user_id
    evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    assert avoided(case) == {author.key: "writer"}


def test_experts_of_another_field_or_registered_after_the_opening_are_not_in_the_pool():
    case = cases.qualified(pool=3)
    legal = expert(fields=(Category.LEGAL_AID,))
    late = expert(at=case.at)
    idle = expert()
    actions.set_active(keeper(), idle, False, system_now())
    evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    (drawn,) = queries.draws(case.panel.id)
    assert not {legal.key, late.key, idle.key} & {entry["key"] for entry in drawn.pool}


def test_too_small_a_pool_forms_no_panel():
    case = cases.qualified(pool=2)
    with pytest.raises(Refused, match="可抽取的专家只有 2 人，需要 3 人"):
        evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)


def test_a_panel_is_drawn_once_and_lawfully():
    case = cases.qualified()
    for size, seats, field in ((2, 2, "size"), (1, 1, "size"), (3, 1, "expert_seats"), (3, 2, "expert_seats")):
        with pytest.raises(Refused) as refused:
            evaluation.draw_panel(case.clerk, case.lot_id, case.at, size=size, expert_seats=seats)
        assert refused.value.field == field
    evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)
    with pytest.raises(Stale):
        evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)


def test_another_secret_than_the_announced_one_draws_nothing():
    case = cases.qualified()
    case.lot.draw_commitment = "ab" * 32
    with pytest.raises(Refused, match="与公告中的摘要不符"):
        evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=3)


def test_a_representative_comes_from_the_street_and_did_not_write_the_requirement():
    case = cases.qualified()
    sitting = person(Role.EXPERT, case.office.street.scope, name="采购人代表")
    outsider = person(Role.EXPERT, street("320115002").scope)
    with pytest.raises(Refused, match="请选择 1 名采购人代表") as refused:
        evaluation.draw_panel(case.clerk, case.lot_id, case.at, size=3, expert_seats=2)
    assert refused.value.field == "sitting"
    with pytest.raises(Refused, match="可以担任的只有 1 名：请把专家改为至少 6 人") as refused:
        evaluation.draw_panel(case.clerk, case.lot_id, case.at, size=7, expert_seats=5)
    assert refused.value.field == "expert_seats"
    with pytest.raises(Refused, match="不能担任采购人代表"):
        evaluation.draw_panel(case.clerk, case.lot_id, case.at, size=3, expert_seats=2, sitting=[outsider.id])
    panel = evaluation.draw_panel(case.clerk, case.lot_id, case.tick(), size=3, expert_seats=2, sitting=[sitting.id])
    assert [(seat.number, seat.is_representative) for seat in panel.seats] == [(1, False), (2, False), (3, True)]
    evaluation.declare(actor_of(sitting.id), panel.seats[2].id, [team.id for team in case.teams], case.tick())
    assert panel.seats[2].state == SeatState.DECLARED


# --- declaring --------------------------------------------------------------------------------------------------------


def test_a_declaration_names_every_bidder_and_is_kept_by_digest():
    case = cases.drawn()
    seat = case.seats[0]
    member, everyone = case.member(seat), [team.id for team in case.teams]
    with pytest.raises(Refused, match="逐一确认"):
        evaluation.declare(member, seat.id, everyone[:-1], case.at)
    at = case.tick()
    evaluation.declare(member, seat.id, everyone, at)
    entry = history("seat", seat.id)[-1]
    (kept,) = db.session.scalars(db.select(AuditSecret).filter_by(entry_id=entry.id, name="declaration"))
    assert digest(kept.value) == seat.declaration_digest
    assert kept.value["member"] == seat.user_id
    assert [b["name"] for b in kept.value["bidders"]] == [
        team.organisation.name for team in sorted(case.teams, key=lambda team: team.id)
    ]


def test_a_tie_learned_since_the_draw_stops_the_declaration():
    case = cases.drawn()
    seat = case.seats[0]
    row = queries.expert(seat.expert_id)
    actions.add_tie(case.member(seat), row, TieKind.CONTROL, case.at, organisation_id=case.teams[0].id)
    with pytest.raises(Refused, match="应当回避") as refused:
        evaluation.declare(case.member(seat), seat.id, [team.id for team in case.teams], case.at)
    assert case.teams[0].organisation.name in refused.value.text


def test_nobody_acts_on_another_members_seat():
    case = cases.drawn()
    first, second = case.seats[:2]
    everyone = [team.id for team in case.teams]
    for act in (
        lambda: evaluation.declare(case.member(second), first.id, everyone, case.at),
        lambda: evaluation.recuse(case.member(second), first.id, "理由", case.at),
        lambda: evaluation.finish_sheet(case.member(second), first.id, "", case.at),
        lambda: evaluation.put_score(case.member(second), first.id, 1, 1, case.at, score_centi=1),
    ):
        with pytest.raises(NotFound):
            act()


# --- replacing --------------------------------------------------------------------------------------------------------


def test_a_member_who_steps_down_is_replaced_by_the_next_in_the_same_order():
    case = cases.drawn()
    (first,) = queries.draws(case.panel.id)
    order = [entry["key"] for entry in first.pool]
    seat = case.seats[1]
    with pytest.raises(Refused, match="写明理由"):
        evaluation.recuse(case.member(seat), seat.id, " ", case.at)
    (new,) = evaluation.recuse(case.member(seat), seat.id, "与投标人有业务往来", case.tick())
    assert f"expert-{new.expert_id}" == order[3]
    assert new.number == 4
    assert len(case.seats) == 3
    again = queries.draws(case.panel.id)[1]
    assert draw_holds(again.as_data())
    assert again.seed == first.seed
    assert again.reason == "与投标人有业务往来"
    assert {message.user_id for message in db.session.scalars(db.select(Message))} >= {new.user_id}


def test_when_the_field_is_used_up_the_officer_adds_experts_and_refills():
    case = cases.drawn(pool=3)
    seat = case.seats[0]
    assert evaluation.recuse(case.member(seat), seat.id, "生病", case.tick()) == []
    assert not queries.all_final(case.panel)
    with pytest.raises(Refused, match="没有可以递补的专家"):
        evaluation.refill_panel(case.clerk, case.lot_id, "补抽", case.tick())
    fresh = expert(at=case.at)
    (new,) = evaluation.refill_panel(case.clerk, case.lot_id, "新增专家后补抽", case.tick())
    assert new.expert_id == fresh.id
    assert draw_holds(queries.draws(case.panel.id)[-1].as_data())
    with pytest.raises(Refused, match="没有空缺席位"):
        evaluation.refill_panel(case.clerk, case.lot_id, "再补", case.tick())


def test_an_officer_replaces_a_member_who_does_not_appear():
    case = cases.declared()
    seat = case.seats[2]
    with pytest.raises(Forbidden):
        evaluation.release(case.member(seat), seat.id, "缺席", case.at)
    (new,) = evaluation.release(case.clerk, seat.id, "未按时到场", case.tick())
    assert seat.state == SeatState.RECUSED
    assert new.state == SeatState.DRAWN


# --- sheets -----------------------------------------------------------------------------------------------------------


def test_scores_are_saved_part_by_part_and_final_only_when_whole():
    case = cases.declared()
    seat, bids, criteria = case.seats[0], case.bids, [c for c in case.lot.criteria if c.kind == "quality"]
    member = case.member(seat)
    evaluation.put_score(member, seat.id, bids[0].id, criteria[0].id, case.at, reason="方案")
    evaluation.put_score(member, seat.id, bids[0].id, criteria[0].id, case.at, score_centi=3_050)
    (row,) = queries.own_scores(member, seat)
    assert (row.score_centi, row.reason) == (3_050, "方案")
    ids = [bid.id for bid in bids]
    assert queries.progress([seat.id], ids) == {seat.id: 1}
    assert queries.progress([seat.id], ids[1:]) == {}, "of a bid that no longer stands nothing counts"
    with pytest.raises(Refused, match="满分") as refused:
        evaluation.put_score(
            member, seat.id, bids[0].id, criteria[0].id, case.at, score_centi=criteria[0].max_centi + 1
        )
    assert criteria[0].title in refused.value.text
    with pytest.raises(Refused, match=f"还有 {len(bids) * len(criteria) - 1} 项"):
        evaluation.finish_sheet(member, seat.id, "", case.at)
    evaluation.put_score(member, seat.id, bids[0].id, criteria[0].id, case.at, clear=True)
    assert queries.progress([seat.id], ids) == {}


def test_scores_need_a_declaration_first():
    case = cases.drawn()
    seat, criterion = case.seats[0], case.lot.criteria[0]
    with pytest.raises(Refused, match="声明利害关系之后"):
        evaluation.put_score(case.member(seat), seat.id, case.bids[0].id, criterion.id, case.at, score_centi=1)


def test_colleagues_see_nothing_until_every_sheet_is_final():
    case = cases.declared()
    seats = case.seats
    whole = [(b.id, c) for b in case.bids for c in case.lot.criteria if c.kind == "quality"]
    for seat in seats[:2]:
        for bid_id, criterion in whole:
            evaluation.put_score(
                case.member(seat), seat.id, bid_id, criterion.id, case.at, score_centi=100, reason="可行"
            )
        evaluation.finish_sheet(case.member(seat), seat.id, "", case.tick())
    assert queries.scores_if_final(case.panel) is None
    with pytest.raises(Forbidden, match="独立进行"):
        queries.own_scores(case.member(seats[2]), seats[0])
    assert len(queries.own_scores(case.member(seats[0]), seats[0])) == len(whole)
    for bid_id, criterion in whole:
        evaluation.put_score(
            case.member(seats[2]), seats[2].id, bid_id, criterion.id, case.at, score_centi=200, reason="可行"
        )
    evaluation.finish_sheet(case.member(seats[2]), seats[2].id, "对第一名的报价有不同意见", case.tick())
    assert len(queries.scores_if_final(case.panel)) == 3 * len(whole)


def test_a_final_sheet_is_never_changed():
    case = cases.scored()
    seat, bid = case.seats[0], case.bids[0]
    criterion = case.lot.criteria[0]
    for act in (
        lambda: evaluation.put_score(case.member(seat), seat.id, bid.id, criterion.id, case.at, score_centi=1),
        lambda: evaluation.finish_sheet(case.member(seat), seat.id, "", case.at),
        lambda: evaluation.recuse(case.member(seat), seat.id, "晚了", case.at),
        lambda: evaluation.release(case.clerk, seat.id, "晚了", case.at),
    ):
        with pytest.raises(DomainError):
            act()


def test_the_chain_verifies_and_holds_no_score_in_the_open():
    case = cases.scored()
    links, fault = verify_all()
    assert fault is None
    assert links > 0
    seats = {seat.id for seat in case.seats}
    headers = [
        e.header
        for e in db.session.scalars(db.select(AuditEntry).filter_by(subject_kind="seat"))
        if e.subject_id in seats
    ]
    assert headers
    assert not any("方案可行" in header for header in headers), "scores and reasons stand behind commitments"


@pytest.mark.parametrize("state", list(SeatState))
@pytest.mark.parametrize("verb", list(SeatVerb))
def test_every_state_and_verb_of_a_seat(state, verb):
    allowed = {
        (SeatState.DRAWN, SeatVerb.DECLARE): SeatState.DECLARED,
        (SeatState.DRAWN, SeatVerb.RECUSE): SeatState.RECUSED,
        (SeatState.DRAWN, SeatVerb.RELEASE): SeatState.RECUSED,
        (SeatState.DECLARED, SeatVerb.RECUSE): SeatState.RECUSED,
        (SeatState.DECLARED, SeatVerb.RELEASE): SeatState.RECUSED,
        (SeatState.DECLARED, SeatVerb.FINISH): SeatState.FINAL,
        (SeatState.FINAL, SeatVerb.RELEASE): SeatState.RECUSED,
    }
    if (state, verb) in allowed:
        assert SEAT_MACHINE.step(state, verb).target == allowed[state, verb]
    else:
        with pytest.raises(Refused):
            SEAT_MACHINE.step(state, verb)
