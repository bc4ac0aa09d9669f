"""The list of contracts, and the contract itself."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from contracts.agreements import queries
from contracts.agreements.states import (
    AGREEMENT_LABELS,
    AGREEMENT_MACHINE,
    PARTY_LABELS,
    SUBSTITUTION_LABELS,
    AgreementState,
)
from contracts.agreements.views.door import TONES, bp, changes, crew, seen, steps, story, words
from market.awards.queries import may_sign_at
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Permit
from market.records.audit import history
from market.web.guard import current_actor, guard, now
from market.workers.states import LEVEL_LABELS

# Who acts for one of the parties may know who was promised; whoever only reads may not.
_PARTIES = {
    Permit.AGREEMENT_DRAFT,
    Permit.AGREEMENT_SIGN_BUYER,
    Permit.AGREEMENT_SIGN_SUPPLIER,
    Permit.DELIVERY_REPORT,
}


@bp.get("")
@guard(Permit.AGREEMENT_SEE)
def index() -> Any:
    """Contracts this person may see, newest first; for the drafter also the awards without one."""
    state = request.args.get("state", "")
    state = state if state in set(AgreementState) else ""
    rows = queries.agreements_for(current_actor(), state=state, before=request.args.get("before", type=int))
    more = len(rows) > queries.PAGE
    rows = rows[: queries.PAGE]
    after = url_for("agreements.index", state=state or None, before=rows[-1].id) if more else None
    awards = queries.awards_to_draft(current_actor()) if not state and "before" not in request.args else []
    return render_template(
        "contracts/agreements/index.html",
        rows=rows,
        awards=[(award, end_of_day(award.sign_by)) for award in awards],
        state=state,
        states=AGREEMENT_LABELS,
        tones=TONES,
        next_url=after,
    )


@bp.get("/<int:agreement_id>")
@guard(Permit.AGREEMENT_SEE)
def show(agreement_id: int) -> Any:
    """The contract: where it stands, what to do, its text, its history."""
    row, actor, at = seen(agreement_id), current_actor(), now()
    permits = actor.permits(row.subject.scope)
    verbs = {m.verb.value for m in AGREEMENT_MACHINE.verbs_from(row.state, permits)}
    unsigned = row.signed_at is None and row.issued_at is not None and row.state != AgreementState.CANCELLED
    return render_template(
        "contracts/agreements/show.html",
        row=row,
        data=row.data,
        verbs=verbs,
        steps=steps(row),
        bar=may_sign_at(row.award, at, bool(row.data["rules"]["wait_for_windows"])) if unsigned else None,
        sign_by=end_of_day(row.sign_by),
        late=queries.is_late(row, beijing_day(at)),
        may_terminate=Permit.AGREEMENT_DRAFT in permits
        and row.state in (AgreementState.IN_FORCE, AgreementState.SUSPENDED),
        files_copy=Permit.AGREEMENT_DRAFT in permits and bool(row.file_copy_by) and not row.file_copied_on,
        story=story(history("agreement", row.id)),
        states=AGREEMENT_LABELS,
        tones=TONES,
        parties=PARTY_LABELS,
        crew=crew(row) if permits & _PARTIES else [],
        changes=changes(row) if permits & _PARTIES else [],
        change_states=SUBSTITUTION_LABELS,
        may_replace=Permit.DELIVERY_REPORT in permits and row.state == AgreementState.IN_FORCE,
        agrees=Permit.AGREEMENT_DRAFT in permits,
        levels=LEVEL_LABELS,
        **words(row.data),
    )
