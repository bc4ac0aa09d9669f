"""Card of the contracts room."""

from __future__ import annotations

from datetime import date, datetime

from contracts.agreements import queries
from contracts.agreements.actions import RENDER_JOB
from contracts.agreements.due import suspend_fallen
from contracts.agreements.jobs import render_contract
from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.agreements.views import bp
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room, Waiting

_SIGN = N_("签署合同")


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Awards to draft for, contracts to finish, to sign, to file and to resume."""
    today = beijing_day(at)
    found = [
        Waiting(N_("起草合同"), a.title, f"/agreements/draft/{a.id}", end_of_day(a.sign_by), today > a.sign_by)
        for a in queries.awards_to_draft(actor)
    ]
    acts = (Permit.AGREEMENT_DRAFT, Permit.AGREEMENT_SIGN_SUPPLIER, Permit.AGREEMENT_SIGN_BUYER)
    found += [
        Waiting(N_("处理换人申请"), one.agreement.title, f"/agreements/{one.agreement_id}")
        for one in queries.substitutions_to_decide(actor.scopes(Permit.AGREEMENT_DRAFT))
    ]
    for row in queries.on_the_desk(*(actor.scopes(permit) for permit in acts)):
        found += _of(row, today)
    return found


def _of(row: Agreement, today: date) -> list[Waiting]:
    page, due = f"/agreements/{row.id}", end_of_day(row.sign_by)
    late = today > row.sign_by
    match row.state:
        case AgreementState.DRAFT:
            return [Waiting(N_("定稿并送签合同"), row.title, page, due, late)]
        case AgreementState.ISSUED | AgreementState.HALF_SIGNED:
            return [Waiting(_SIGN, row.title, f"{page}/sign", due, late)]
    found = [Waiting(N_("处理暂停的合同"), row.title, page)] if row.state == AgreementState.SUSPENDED else []
    if row.file_copy_by is not None and row.file_copied_on is None:
        by = row.file_copy_by
        found.append(Waiting(N_("合同副本报财政部门备案"), row.title, page, end_of_day(by), today > by))
    return found


CARD = Room(
    name="agreements",
    blueprints=[bp],
    menu=[MenuEntry(N_("合同"), "agreements.index", (Permit.AGREEMENT_SEE,), group=MenuGroup.CONTRACTS)],
    waiting=waiting,
    due=[suspend_fallen],
    jobs={RENDER_JOB: render_contract},
)
