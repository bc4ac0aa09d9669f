"""Somebody else for a person promised: with a reason, a certificate as high, free hours, and the buyer's consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from contracts.agreements import actions
from contracts.agreements.actions import Change
from contracts.agreements.models import Agreement
from contracts.agreements.queries import substitutions_to_decide
from contracts.agreements.rules import check_substitute
from contracts.agreements.states import SUBSTITUTION_LABELS, SUBSTITUTION_MACHINE, SubstitutionState, SubstitutionVerb
from market.awards.rules import WorkerTerms
from market.db.session import db
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import CLOCK, Permit
from market.people.models import User
from market.records.models import Message, Notice
from market.workers import actions as register
from market.workers import queries
from market.workers.actions import Assignment
from market.workers.models import SocialWorker
from market.workers.states import Level
from tests.factories import agreements, workers
from tests.factories.agreements import SIGNING, Deal
from tests.factories.payouts import signed
from tests.factories.people import acting, sign_in
from tests.fixtures.desk import listed
from tests.fixtures.visitor import Visitor
from tests.machines import check_product

LEAVING, ENTERING = "程静姝", "陆知微"


def test_the_whole_table_of_substitutions() -> None:
    check_product(
        SUBSTITUTION_MACHINE,
        SubstitutionVerb,
        {
            ("proposed", "accept"): ("accepted", Permit.AGREEMENT_DRAFT),
            ("proposed", "reject"): ("rejected", Permit.AGREEMENT_DRAFT),
        },
    )
    assert set(SUBSTITUTION_LABELS) == set(SubstitutionState)


@pytest.mark.parametrize(
    ("promised", "offered", "named_before", "fits"),
    [
        ("social_worker", "social_worker", False, True),
        ("social_worker", "senior", False, True),
        ("", "assistant", False, True),
        ("social_worker", "assistant", False, False),
        ("social_worker", None, False, False),
        ("social_worker", "senior", True, False),
    ],
)
def test_the_level_promised_does_not_sink(promised: str, offered: str | None, named_before: bool, fits: bool) -> None:
    if fits:
        check_substitute(promised, offered, named_before=named_before)
        return
    with pytest.raises(Refused) as refusal:
        check_substitute(promised, offered, named_before=named_before)
    assert refusal.value.field == "entering_id"


def _contract(*, level: Level = Level.SOCIAL_WORKER) -> tuple[Deal, Agreement, SocialWorker, SocialWorker]:
    """A contract in force that names one person; another of the register has a certificate of this level."""
    deal = agreements.awarded()
    leaving, entering = workers.employed(deal.team, LEAVING), workers.employed(deal.team, ENTERING, level=level)
    terms = replace(deal.terms, workers=(WorkerTerms(leaving.id, "social_worker", 16_00),))
    deal.award.terms, deal.award.terms_digest, deal.terms = terms.as_data(), terms.digest, terms
    return deal, signed(deal), leaving, entering


def _propose(deal: Deal, row: Agreement, leaving: SocialWorker, entering: SocialWorker, reason: str = "本人生育休假"):
    who = acting(deal.team.editor)
    return actions.propose_substitution(who, row.id, Change(leaving.id, entering.id, reason), SIGNING)


def test_with_consent_the_posting_changes_hands_and_the_notice_names_nobody(session: Session) -> None:
    deal, row, leaving, entering = _contract()
    change = _propose(deal, row, leaving, entering)
    assert listed(substitutions_to_decide(deal.clerk.scopes(Permit.AGREEMENT_DRAFT))) == [change.id]
    # Nothing has changed yet.
    assert [one.worker_id for one in queries.postings_under(("agreement", row.id))] == [leaving.id]
    actions.accept_substitution(deal.clerk, change.id, SIGNING)
    posted = queries.postings_under(("agreement", row.id))
    assert [(one.worker_id, one.weekly_centi) for one in posted] == [(entering.id, 16_00)]
    assert [one.worker_id for one in actions.serving(agreements.again(row))] == [entering.id]
    query = select(Notice).filter_by(file_id=row.file_id).order_by(Notice.id)
    bodies = list(session.scalars(query.options(undefer(Notice.body))))
    published = json.loads(bodies[-1].body)["contracts"][0]["linliSubstitutions"]
    assert [(one["leavingLevel"], one["enteringLevel"], one["weeklyHoursCenti"]) for one in published] == [
        ("social_worker", "social_worker", 16_00)
    ]
    everything = "".join(one.body.decode() for one in bodies)
    assert not [word for word in (LEAVING, ENTERING, "生育") if word in everything]
    told = set(session.scalars(select(Message.subject)))
    assert {"供应商提出换人，请处理", "换人申请的处理结果"} <= told
    with pytest.raises(Refused):
        actions.accept_substitution(deal.clerk, change.id, SIGNING)


def test_without_consent_everybody_stays(session: Session) -> None:
    deal, row, leaving, entering = _contract()
    change = _propose(deal, row, leaving, entering)
    with pytest.raises(Refused) as refusal:
        _propose(deal, row, leaving, entering)
    assert refusal.value.field == "leaving_id"
    with pytest.raises(Forbidden):
        actions.accept_substitution(acting(deal.team.editor), change.id, SIGNING)
    with pytest.raises(Refused) as refusal:
        actions.reject_substitution(deal.clerk, change.id, " ", SIGNING)
    assert refusal.value.field == "answer"
    actions.reject_substitution(deal.clerk, change.id, "请派同样熟悉社区的人员", SIGNING)
    assert [one.worker_id for one in queries.postings_under(("agreement", row.id))] == [leaving.id]
    # It may be asked again.
    _propose(deal, row, leaving, entering)


def test_a_lower_level_full_hours_or_no_reason_are_refused(session: Session) -> None:
    deal, row, leaving, entering = _contract(level=Level.ASSISTANT)
    for change, field in (
        (Change(leaving.id, entering.id, "休假"), "entering_id"),
        (Change(entering.id, leaving.id, "休假"), "leaving_id"),
        (Change(leaving.id, leaving.id, "休假"), "entering_id"),
        (Change(leaving.id, entering.id, " "), "reason"),
    ):
        with pytest.raises(Refused) as refusal:
            actions.propose_substitution(acting(deal.team.editor), row.id, change, SIGNING)
        assert refusal.value.field == field
    busy = workers.employed(deal.team, "忙人")
    other = [Assignment(busy.id, "social_worker", 30_00)]
    register.post_workers(other, deal.team.id, ("agreement", 999), "另", row.starts_on, row.ends_on, CLOCK, SIGNING)
    with pytest.raises(Refused) as refusal:
        _propose(deal, row, leaving, busy)
    assert refusal.value.field == "entering_id"


def test_only_those_are_offered_whom_a_proposal_would_accept(visitors: Callable[[], Visitor], session: Session) -> None:
    deal, row, leaving, entering = _contract()
    low = workers.employed(deal.team, "级别低", level=Level.ASSISTANT)
    busy = workers.employed(deal.team, "工时满")
    other = [Assignment(busy.id, "social_worker", 30_00)]
    register.post_workers(other, deal.team.id, ("agreement", 999), "另", row.starts_on, row.ends_on, CLOCK, SIGNING)
    session.commit()
    ours = sign_in(visitors(), deal.team.editor)
    page = ours.get(f"/agreements/{row.id}/replace")
    assert set(page.all("//select[@name='entering_id']/option/@value")) - {""} == {str(entering.id)}
    offered = len(page.statements)
    for number in range(5):
        workers.employed(deal.team, f"另一人{number}")
    session.commit()
    page = ours.get(f"/agreements/{row.id}/replace")
    assert len(page.all("//select[@name='entering_id']/option")) >= 6
    assert len(page.statements) == offered
    # The one who left stays named in the contract and does not come back as a new face.
    change = _propose(deal, row, leaving, entering)
    actions.accept_substitution(deal.clerk, change.id, SIGNING)
    able = {one.id for one in actions.substitutes(agreements.again(row), SIGNING.date())}
    assert not able & {leaving.id, entering.id, low.id, busy.id}


def test_nobody_is_posted_to_a_service_that_is_over(session: Session) -> None:
    deal, row, leaving, entering = _contract()
    change = _propose(deal, row, leaving, entering)
    with pytest.raises(Refused, match="服务期"):
        actions.accept_substitution(deal.clerk, change.id, SIGNING + timedelta(days=400))


def test_the_pages_of_both_sides(visitors: Callable[[], Visitor], session: Session) -> None:
    deal, row, leaving, entering = _contract()
    session.commit()
    ours = sign_in(visitors(), deal.team.editor)
    typed = {"leaving_id": str(leaving.id), "entering_id": str(entering.id), "reason": ""}
    page = ours.submit(ours.get(f"/agreements/{row.id}/replace"), typed, button="提出换人")
    assert "reason" in page.errors
    page = ours.submit(page, typed | {"reason": "本人离职"}, button="提出换人")
    assert "待街道同意" in page.text
    street = sign_in(visitors(), db.session.get_one(User, deal.clerk.user_id))
    page = street.get(f"/agreements/{row.id}")
    assert f"{LEAVING} 换为 {ENTERING}" in page.text
    refusing = street.get(page.link("不同意"))
    refusing = street.submit(refusing, {"answer": ""}, button="不同意")
    assert "answer" in refusing.errors
    page = street.submit(street.get(f"/agreements/{row.id}"), button="同意换人")
    assert "已同意换人" in page.text
