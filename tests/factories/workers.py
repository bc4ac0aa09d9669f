"""Social workers for tests, entered and confirmed through the room's own actions.

person = employed(team)                         # a confirmed social worker of that organisation
lead = employed(team, tier=Tier.SUPERVISOR)     # named a supervisor by the district
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

from market.db.session import db
from market.kernel.clock import beijing_day, system_now
from market.kernel.permits import Actor, Role, Scope
from market.places.models import District
from market.workers import actions, queries
from market.workers.actions import CertificateFacts
from market.workers.models import SocialWorker
from market.workers.states import Level, Tier
from tests.factories.budgets import holder
from tests.factories.organisations import Team
from tests.factories.people import acting
from tests.fixtures.ground import replayed

_numbers = count(1)


def civil(team: Team) -> Actor:
    """The civil affairs officer of the organisation's district."""
    return holder(Role.DISTRICT_CIVIL, Scope(team.organisation.registrar_district_id), "区民政经办")


def facts(level: Level = Level.SOCIAL_WORKER, number: str = "", registered_on: date | None = None) -> CertificateFacts:
    """A certificate registered two years ago, unless told otherwise."""
    begun = registered_on or beijing_day(system_now()) - timedelta(days=730)
    return CertificateFacts(level, number or f"SW{next(_numbers):08d}", begun - timedelta(days=200), begun)


@replayed
def employed(
    team: Team,
    name: str = "",
    *,
    level: Level = Level.SOCIAL_WORKER,
    tier: Tier = Tier.WORKER,
    confirmed: bool = True,
    registered_on: date | None = None,
    number: str = "",
) -> SocialWorker:
    """A person of an organisation with a certificate."""
    at = system_now()
    made = actions.enter_worker(
        acting(team.editor),
        team.organisation,
        name or f"社工{next(_numbers)}号",
        beijing_day(at) - timedelta(days=400),
        facts(level, number, registered_on),
        at,
    )
    if confirmed:
        actions.confirm_certificate(civil(team), made.certificates[-1], at)
    if tier is not Tier.WORKER:
        actions.name_tier(civil(team), made, tier, at)
    return again(made)


def again(row: SocialWorker) -> SocialWorker:
    """The person read anew."""
    db.session.flush()
    found = queries.worker(row.id)
    assert found is not None
    return found


def place(row: SocialWorker) -> District:
    """The person's district."""
    return db.session.get_one(District, row.district_id)
