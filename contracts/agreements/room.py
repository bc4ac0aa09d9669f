"""Card of the contracts room."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements import queries
from contracts.agreements.actions import RENDER_JOB
from contracts.agreements.due import suspend_fallen
from contracts.agreements.jobs import render_contract
from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from contracts.agreements.views import bp
from market.awards.queries import may_sign_at
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_SIGN, _READ = N_("签署合同"), N_("核对待签署的合同（公告期、质疑期满后签）")


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Awards to draft for, and people to replace."""
    grants, today = actor.scopes(Permit.AGREEMENT_DRAFT), beijing_day(at)
    if not grants:
        return []
    draft, decide = N_("起草合同"), N_("处理换人申请")
    return [
        Ask(
            queries.lines_to_draft(grants),
            lambda rows: [
                Waiting(draft, r.title, f"/agreements/draft/{r.id}", end_of_day(r.day), today > r.day) for r in rows
            ],
        ),
        Ask(
            queries.substitutions_to_decide(grants),
            lambda rows: [Waiting(decide, r.title, f"/agreements/{r.ref}") for r in rows],
        ),
    ]


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Contracts to finish, to sign, to file and to resume."""
    found: list[Waiting] = []
    acts = (Permit.AGREEMENT_DRAFT, Permit.AGREEMENT_SIGN_SUPPLIER, Permit.AGREEMENT_SIGN_BUYER)
    for row in queries.on_the_desk(*(actor.scopes(permit) for permit in acts)):
        found += _of(row, at)
    return found


def _of(row: Agreement, at: datetime) -> list[Waiting]:
    today = beijing_day(at)
    page, due = f"/agreements/{row.id}", end_of_day(row.sign_by)
    late = today > row.sign_by
    match row.state:
        case AgreementState.DRAFT:
            return [Waiting(N_("定稿并送签合同"), row.title, page, due, late)]
        case AgreementState.ISSUED | AgreementState.HALF_SIGNED:
            # While a window runs it may be read, not signed: whoever comes to sign would come in vain.
            bar = may_sign_at(row.award, at, bool(row.data["rules"]["wait_for_windows"]))
            return [Waiting(_SIGN if bar is None else _READ, row.title, f"{page}/sign", due, late)]
    found = [Waiting(N_("处理暂停的合同"), row.title, page)] if row.state == AgreementState.SUSPENDED else []
    if row.file_copy_by is not None and row.file_copied_on is None:
        by = row.file_copy_by
        found.append(Waiting(N_("合同副本报财政部门备案"), row.title, page, end_of_day(by), today > by))
    return found


CARD = Room(
    name="agreements",
    blueprints=[bp],
    menu=[MenuEntry(N_("合同"), "agreements.index", (Permit.AGREEMENT_SEE,), group=MenuGroup.CONTRACTS)],
    asks=asks,
    waiting=waiting,
    due=[suspend_fallen],
    jobs={RENDER_JOB: render_contract},
)
