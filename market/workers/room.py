"""Card of the workers room."""

from __future__ import annotations

from datetime import datetime

from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.rulebook import Regime
from market.kernel.text import N_
from market.places.queries import districts, rules_for_all
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting
from market.workers.actions import CARD_JOB
from market.workers.due import lapse, remind
from market.workers.jobs import card_pdf
from market.workers.queries import expiring, returned, to_confirm
from market.workers.views import bp

_MOST_NOTICE_DAYS = 366


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Certificates to mend."""
    firms, verb = _firms(actor), N_("修改被退回的证书")
    if not firms:
        return []
    return [
        Ask(returned(firms), lambda rows: [Waiting(verb, r.title, f"/workers/certificates/{r.id}/mend") for r in rows])
    ]


def _firms(actor: Actor) -> list[int]:
    return [g.organisation_id for g in actor.scopes(Permit.WORKER_EDIT) if g.organisation_id is not None]


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Certificates to check for the district; to renew for the organisation."""
    found: list[Waiting] = []
    checking = [g.district_id for g in actor.scopes(Permit.WORKER_CONFIRM) if g.district_id is not None]
    if checking:
        found += [
            Waiting(N_("核对社会工作者证书"), made.worker.name, f"/workers/{made.worker_id}")
            for made in to_confirm(checking)
        ]
    if firms := _firms(actor):
        found += _running_out(firms, at)
    return found


def _running_out(firms: list[int], at: datetime) -> list[Waiting]:
    """Registration periods that end within the district's notice days, due on their last day."""
    today = beijing_day(at)
    soon = expiring(firms, today, _MOST_NOTICE_DAYS)
    if not soon:
        return []
    rules = rules_for_all(districts(), Regime.ANY, today)
    return [
        Waiting(
            N_("办理证书再登记"),
            made.worker.name,
            f"/workers/{made.worker_id}/certificates/new",
            end_of_day(made.valid_until),
        )
        for made in soon
        if (made.valid_until - today).days <= int(rules[made.district_id]["workers.expiry_notice_days"])
    ]


CARD = Room(
    name="workers",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("社会工作者"),
            "workers.index",
            (Permit.WORKER_EDIT, Permit.WORKER_CONFIRM),
            group=MenuGroup.ORGANISATIONS,
        ),
        MenuEntry(N_("证书核对"), "workers.certificates", (Permit.WORKER_CONFIRM,), group=MenuGroup.ORGANISATIONS),
        MenuEntry(
            N_("人才计划"), "workers.talent", (Permit.WORKER_EDIT, Permit.WORKER_CONFIRM), group=MenuGroup.ORGANISATIONS
        ),
    ],
    asks=asks,
    waiting=waiting,
    due=[lapse, remind],
    jobs={CARD_JOB: card_pdf},
)
