"""What happens to a social worker's record, and who may do it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.kernel.clock import beijing_day, system_now
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import CLOCK
from market.records.audit import verify_all
from market.records.models import AuditEntry, DirectoryCard, Message, Notice
from market.workers import actions, queries
from market.workers.actions import Assignment
from market.workers.jobs import card_pdf
from market.workers.models import Employment, Posting
from market.workers.states import CertificateState, LearningKind, Level, PostingState, SupervisionMode, Tier
from tests.factories import workers
from tests.factories.organisations import organisation
from tests.factories.people import acting
from tests.factories.places import district
from tests.fixtures.desk import listed

NAME = "程静姝"


def _today() -> date:
    return beijing_day(system_now())


def test_a_confirmed_certificate_is_counted_in_public_and_nobody_is_named(session: Session) -> None:
    team = organisation(bank=False)
    waiting = workers.employed(team, NAME, confirmed=False)
    card = session.scalars(select(DirectoryCard).filter_by(kind="workforce")).one()
    assert (card.data["people"], card.data["certified"]) == (1, 0)
    actions.confirm_certificate(workers.civil(team), waiting.certificates[0], system_now())
    workers.employed(team, level=Level.ASSISTANT, tier=Tier.SUPERVISOR)
    session.refresh(card)
    assert card.key == team.organisation.uscc
    assert card.data == {
        "people": 2,
        "certified": 2,
        "levels": {"assistant": 1, "social_worker": 1, "senior": 0},
        "supervisors": 1,
    }
    published = b"".join(session.scalars(select(Notice.body)))
    assert NAME.encode() not in published
    headers = "".join(session.scalars(select(AuditEntry.header)))
    assert NAME not in headers
    assert "SW0000" not in headers
    assert verify_all()[1] is None


def test_strangers_and_other_organisations_neither_enter_nor_see(session: Session) -> None:
    team, other = organisation(bank=False), organisation(bank=False)
    row = workers.employed(team)
    for stranger in (acting(other.editor), acting(team.signatory)):
        with pytest.raises(Forbidden):
            actions.add_learning(
                stranger, row, LearningKind.COURSE, _today(), "督导技巧", "区社工协会", 8_00, "0" * 32, system_now()
            )
    with pytest.raises(Forbidden):
        actions.confirm_certificate(acting(team.editor), row.certificates[0], system_now())
    there = organisation(bank=False, district=district("330502"))
    with pytest.raises(Forbidden):
        actions.name_tier(workers.civil(there), row, Tier.SUPERVISOR, system_now())


def test_a_returned_certificate_is_mended_and_confirmed(session: Session) -> None:
    team = organisation(bank=False)
    row = workers.employed(team, confirmed=False)
    made = row.certificates[0]
    with pytest.raises(Refused) as refused:
        actions.return_certificate(workers.civil(team), made, " ", system_now())
    assert refused.value.field == "reason"
    actions.return_certificate(workers.civil(team), made, "编号与登记系统不符", system_now())
    told = select(Message.subject).filter_by(user_id=team.editor.id).order_by(Message.id)
    assert session.scalars(told).all()[-1] == "证书被退回：%(name)s"
    assert listed(queries.returned([team.id])) == [made.id]
    actions.mend_certificate(acting(team.editor), made, workers.facts(number="SW-MENDED"), system_now())
    actions.confirm_certificate(workers.civil(team), made, system_now())
    assert (made.state, made.number, made.return_reason) == (CertificateState.CONFIRMED, "SW-MENDED", "")


def test_one_organisation_at_a_time_with_its_history(session: Session) -> None:
    first, second = organisation(bank=False), organisation(bank=False)
    row = workers.employed(first, NAME, number="SW-MOVES")
    taken = workers.facts(number="SW-MOVES")
    args = (acting(second.editor), second.organisation)
    for name in (NAME, "另一人"):
        with pytest.raises(Refused) as refused:
            actions.enter_worker(*args, name, _today(), taken, system_now())
        assert refused.value.field == "number"
    actions.end_employment(acting(first.editor), row, _today(), True, system_now())
    assert (row.organisation_id, row.reserve) == (None, True)
    with pytest.raises(Refused):
        actions.enter_worker(*args, "另一人", _today(), taken, system_now())
    moved = actions.enter_worker(*args, f" {NAME[0]} {NAME[1:]} ", _today(), taken, system_now())
    assert (moved.id, moved.organisation_id, moved.reserve) == (row.id, second.id, False)
    assert [one.organisation_id for one, _ in queries.employments_of(row.id)] == [second.id, first.id]
    session.add(Employment(worker_id=row.id, organisation_id=first.id, from_on=_today(), until_on=None))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


def test_the_record_shows_six_hours_missing_of_an_assistant_s_seventy_two(session: Session) -> None:
    team = organisation(bank=False)
    row = workers.employed(team, level=Level.ASSISTANT)
    for number, hours in enumerate((40_00, 26_00)):
        day, token = _today() - timedelta(days=30 + number), f"{number:032x}"
        actions.add_learning(
            acting(team.editor), row, LearningKind.COURSE, day, "个案工作", "区社工协会", hours, token, system_now()
        )
    growth = queries.growth(row, workers.place(row), _today())
    assert growth.learning is not None
    assert (growth.learning.done_centi, growth.learning.missing_centi) == (66_00, 6_00)


def test_supervision_comes_from_somebody_the_district_named(session: Session) -> None:
    team, other = organisation(bank=False), organisation(bank=False)
    row, colleague = workers.employed(team), workers.employed(team)
    outside = workers.employed(other, tier=Tier.LEADER)

    def supervised(by: object, number: int) -> object:
        return actions.add_supervision(
            acting(team.editor),
            row,
            by,
            SupervisionMode.GROUP,
            _today(),
            1_50,
            "危机介入",
            f"{number:032x}",
            system_now(),
        )  # type: ignore[arg-type]

    for wrong in (None, colleague):
        with pytest.raises(Refused) as refused:
            supervised(wrong, 1)
        assert refused.value.field == "supervisor"
    supervised(outside, 2)
    assert [(one.hours_centi, name) for one, name in queries.supervisions_of(row.id)] == [(1_50, outside.name)]
    assert queries.supervision_given(outside.id) == (1, 1_50)


def test_a_tier_needs_a_certificate_that_holds(session: Session) -> None:
    team = organisation(bank=False)
    row = workers.employed(team, confirmed=False)
    with pytest.raises(Refused) as refused:
        actions.name_tier(workers.civil(team), row, Tier.SUPERVISOR, system_now())
    assert refused.value.field == "tier"
    workers.employed(team, tier=Tier.LEADER)
    here = district().id
    assert queries.tier_counts([here], _today()) == {here: {Tier.LEADER: 1}}


def test_periods_run_out_and_are_announced_once(session: Session) -> None:
    team = organisation(bank=False)
    begun = _today() - timedelta(days=3 * 365 - 30)
    row = workers.employed(team, registered_on=begun)
    last = row.certificates[0].valid_until
    assert actions.remind_of_expiry(system_now()) == 1
    assert actions.remind_of_expiry(system_now()) == 0
    assert [one.id for one in queries.expiring([team.id], _today(), 90)] == [row.certificates[0].id]
    assert actions.lapse_certificates(system_now()) == 0
    later = system_now() + (last - _today()) + timedelta(days=1)
    assert actions.lapse_certificates(later) == 1
    assert row.certificates[0].state == CertificateState.LAPSED
    card = session.scalars(select(DirectoryCard).filter_by(kind="workforce")).one()
    assert card.data["certified"] == 0


def test_the_next_registration_takes_the_reminder_away(session: Session) -> None:
    team = organisation(bank=False)
    begun = _today() - timedelta(days=3 * 365 - 30)
    row = workers.employed(team, registered_on=begun, number="SW-AGAIN")
    with pytest.raises(Refused) as refused:
        actions.enter_certificate(
            acting(team.editor), row, workers.facts(number="SW-AGAIN", registered_on=begun), system_now()
        )
    assert refused.value.field == "registered_on"
    actions.enter_certificate(
        acting(team.editor), row, workers.facts(number="SW-AGAIN", registered_on=_today()), system_now()
    )
    assert queries.expiring([team.id], _today(), 90) == []


def test_load_over_all_organisations_is_refused_by_name_at_signing(session: Session) -> None:
    team = organisation(bank=False)
    row = workers.employed(team, NAME)
    term = (_today(), _today() + timedelta(days=200))
    plan = [Assignment(row.id, "social_worker", 24_00)]
    actions.post_workers(plan, team.id, ("agreement", 1), "助餐服务", *term, CLOCK, system_now())
    actions.require_load([Assignment(row.id, "social_worker", 16_00)], row.district_id, *term, _today())
    with pytest.raises(Refused) as refused:
        actions.require_load([Assignment(row.id, "social_worker", 16_50)], row.district_id, *term, _today())
    assert NAME in refused.value.text
    assert "40.00" in refused.value.text
    posting = queries.postings_of(row.id)[0]
    actions.end_posting(acting(team.editor), posting, "与采购人商定换人", system_now())
    actions.require_load([Assignment(row.id, "social_worker", 40_00)], row.district_id, *term, _today())


def test_whoever_has_left_is_not_posted_and_leaving_ends_postings(session: Session) -> None:
    team = organisation(bank=False)
    stays, leaves = workers.employed(team), workers.employed(team)
    term = (_today(), _today() + timedelta(days=200))
    plan = [Assignment(one.id, "social_worker", 10_00) for one in (stays, leaves)]
    actions.post_workers(plan[1:], team.id, ("agreement", 1), "助浴服务", *term, CLOCK, system_now())
    actions.end_employment(acting(team.editor), leaves, _today(), False, system_now())
    assert actions.gone(plan, team.id) == [leaves.name]
    actions.post_workers(plan, team.id, ("agreement", 2), "助餐服务", *term, CLOCK, system_now())
    assert [(one.worker_id, one.state) for one in session.scalars(select(Posting).order_by(Posting.id))] == [
        (leaves.id, PostingState.ENDED),
        (stays.id, PostingState.RUNNING),
    ]
    assert actions.end_postings_under(("agreement", 2), system_now()) == 1


def test_the_card_is_frozen_and_laid_out_once(session: Session) -> None:
    team = organisation(bank=False)
    row = workers.employed(team, NAME)
    made = actions.issue_card(acting(team.editor), row, system_now())
    assert made.data["name"] == NAME
    card_pdf(made.id)
    first = made.pdf_file_id
    assert first is not None
    card_pdf(made.id)
    assert made.pdf_file_id == first
