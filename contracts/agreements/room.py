"""Card of the contracts room."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements import queries
from contracts.agreements.actions import RENDER_JOB
from contracts.agreements.due import suspend_fallen
from contracts.agreements.jobs import render_contract
from contracts.agreements.states import AgreementState
from contracts.agreements.views import bp
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.rooms import MenuEntry, Room, Waiting


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Awards to draft for, contracts to finish, to sign, to file and to resume."""
    drafting = actor.scopes(Permit.AGREEMENT_DRAFT)
    today = beijing_day(at)
    found = [
        Waiting(N_("起草合同"), a.title, f"/agreements/draft/{a.id}", end_of_day(a.sign_by), today > a.sign_by)
        for a in queries.awards_to_draft(actor)
    ]
    turns = (
        (N_("定稿并送签合同"), drafting, AgreementState.DRAFT, ""),
        (N_("签署合同"), actor.scopes(Permit.AGREEMENT_SIGN_SUPPLIER), AgreementState.ISSUED, "/sign"),
        (N_("签署合同"), actor.scopes(Permit.AGREEMENT_SIGN_BUYER), AgreementState.HALF_SIGNED, "/sign"),
    )
    for verb, grants, state, page in turns:
        for row in queries.in_states(grants, [state]):
            url = f"/agreements/{row.id}{page}"
            found.append(Waiting(verb, row.title, url, end_of_day(row.sign_by), today > row.sign_by))
    for row in queries.copies_due(drafting):
        if row.file_copy_by is not None:
            late = today > row.file_copy_by
            due = end_of_day(row.file_copy_by)
            found.append(Waiting(N_("合同副本报财政部门备案"), row.title, f"/agreements/{row.id}", due, late))
    stopped = queries.in_states(drafting, [AgreementState.SUSPENDED])
    return found + [Waiting(N_("处理暂停的合同"), row.title, f"/agreements/{row.id}") for row in stopped]


CARD = Room(
    name="agreements",
    blueprints=[bp],
    menu=[MenuEntry(N_("合同"), "agreements.index", (Permit.AGREEMENT_SEE,))],
    waiting=waiting,
    due=[suspend_fallen],
    jobs={RENDER_JOB: render_contract},
)
