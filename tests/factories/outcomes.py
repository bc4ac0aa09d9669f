"""Evaluations of an accepted milestone with raters of all four sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.delivery.models import Milestone
from contracts.outcomes import actions, queries
from contracts.outcomes.models import Evaluation, Invitation
from market.kernel.permits import Role, Scope
from market.people.models import User
from tests.factories import agreements as contract
from tests.factories import delivery
from tests.factories.agreements import SIGNING, Deal
from tests.factories.organisations import Team, organisation
from tests.factories.people import acting, give, person
from tests.fixtures.ground import replayed

GROUNDS = {"A1": "系统台账", "A2": "值班记录", "A3": "抽查"}


def points(total_centi: int) -> dict[str, int]:
    """Points on the three indicators (40, 30, 30) that sum to this score."""
    a1 = min(total_centi, 4000)
    a2 = min(total_centi - a1, 3000)
    return {"A1": a1, "A2": a2, "A3": total_centi - a1 - a2}


@replayed
def evaluated_milestone(deal: Deal, at: datetime = SIGNING) -> Milestone:
    """The milestone whose money depends on the evaluation, accepted."""
    return delivery.accepted(deal, delivery.planned(contract.in_force(deal, at))[-1], at)


@replayed
def opened(deal: Deal, at: datetime = SIGNING) -> Evaluation:
    """An evaluation being collected."""
    return actions.open_evaluation(deal.clerk, evaluated_milestone(deal, at).id, at)


def again(row: Evaluation) -> Evaluation:
    """The evaluation read anew."""
    found = queries.evaluation(row.id, lock=True)
    assert found is not None
    return found


def evaluator(deal: Deal, name: str = "第三方评估员") -> User:
    """An evaluator of the district with no tie."""
    return person(Role.EVALUATOR, Scope(deal.street.district_id), name=name)


def raters(count: int = 3) -> list[Team]:
    """Organisations without a tie to the provider; their heads are other people."""
    return [organisation(bank=False, legal_representative=f"负责人{n}") for n in range(count)]


def invited(deal: Deal, row: Evaluation, team: Team, at: datetime = SIGNING) -> Invitation:
    """A rater organisation invited and declared."""
    found = actions.invite_organisation(deal.clerk, row.id, team.id, at)
    give(team.admin, Role.ORGANISATION_ADMIN, Scope(organisation_id=team.id))
    return actions.declare(acting(team.admin), found.id, at)


def rate_mutual(deal: Deal, row: Evaluation, scores: Sequence[int], at: datetime = SIGNING) -> None:
    """Invite an organisation for each score and let it rate."""
    for team, score in zip(raters(len(scores)), scores, strict=True):
        found = invited(deal, row, team, at)
        actions.rate_mutual(acting(team.admin), found.id, points(score), GROUNDS, "", at)


def rate_third(deal: Deal, row: Evaluation, score: int, at: datetime = SIGNING) -> None:
    """Invite an evaluator who declares and rates."""
    who = evaluator(deal)
    found = actions.invite_evaluator(deal.clerk, row.id, who.id, at)
    actions.declare(acting(who), found.id, at)
    actions.rate_third(acting(who), found.id, points(score), GROUNDS, "", at)


def rate_self(deal: Deal, row: Evaluation, score: int, at: datetime = SIGNING) -> None:
    """The organisation rates itself."""
    actions.rate_self(deal.editor, row.id, points(score), GROUNDS, "", at)


def rate_public(deal: Deal, row: Evaluation, answers: Sequence[Sequence[int]], at: datetime = SIGNING) -> None:
    """Make as many codes as there are answers, and let residents use them."""
    for code, levels in zip(actions.make_codes(deal.clerk, row.id, len(answers), at), answers, strict=True):
        actions.rate_public(code, levels, "", at)
