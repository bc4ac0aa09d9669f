"""Filing, answering and deciding challenges."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from market.awards.queries import award as find_award
from market.awards.queries import letters_to
from market.challenges import actions, queries
from market.challenges.forms import ChallengeForm, DecisionForm, ReplyForm, Ruling
from market.challenges.models import Challenge
from market.challenges.states import CHALLENGE_LABELS, CHALLENGE_MACHINE, ChallengeState
from market.kernel.clock import is_before
from market.kernel.permits import Permit, Scope, allowed
from market.organisations.queries import mine as my_organisations
from market.web.guard import attempt, current_actor, found, guard, now

bp = Blueprint("challenges", __name__, url_prefix="/challenges")


@bp.get("")
@guard(Permit.CHALLENGE_FILE, Permit.CHALLENGE_REPLY, Permit.CHALLENGE_DECIDE)
def index() -> Any:
    """Own challenges and results that can be challenged; for officials what waits for them."""
    actor, at = current_actor(), now()
    own = [g.organisation_id for g in actor.scopes(Permit.CHALLENGE_FILE) if g.organisation_id is not None]
    streets = [g.street_id for g in actor.scopes(Permit.CHALLENGE_REPLY) if g.street_id is not None]
    districts = [g.district_id for g in actor.scopes(Permit.CHALLENGE_DECIDE) if g.district_id is not None]
    mine = queries.filed_by(own) if own else []
    undecided = {(one.award_id, one.organisation_id) for one in mine if one.state in queries.OPEN}
    return render_template(
        "market/challenges/index.html",
        mine=mine,
        open_results=[
            award
            for letter, award in (letters_to(own) if own else [])
            if is_before(at, award.challenge_until) and (award.id, letter.organisation_id) not in undecided
        ],
        to_reply=queries.in_state(ChallengeState.FILED, streets, []) if streets else [],
        to_decide=queries.in_state(ChallengeState.REPLIED, [], districts) if districts else [],
        states=CHALLENGE_LABELS,
        is_organisation=bool(own),
    )


@bp.route("/new/<int:award_id>", methods=["GET", "POST"])
@guard(Permit.CHALLENGE_FILE)
def new(award_id: int) -> Any:
    """File a challenge against a result."""
    award = found(find_award(award_id))
    firms = [
        o for o in my_organisations(current_actor()) if queries.took_part(award.subject_kind, award.subject_id, o.id)
    ]
    found(firms or None)
    filed = queries.undecided_of([o.id for o in firms], award.id)
    form = ChallengeForm()
    form.organisation.choices = [(o.id, o.name) for o in firms]
    if len(firms) == 1 and form.organisation.data is None:
        form.organisation.data = firms[0].id
    if form.validate_on_submit():
        with attempt(form) as tried:
            firm = next(o for o in firms if o.id == form.organisation.data)
            row = actions.file_challenge(
                current_actor(), award.id, firm, form.facts.data or "", form.request.data or "", form.token.data, now()
            )
        if tried.ok:
            flash(
                _("质疑已提交，合同签订已暂停。采购人须在 %(day)s 前书面答复。", day=row.reply_by.isoformat()),
                "success",
            )
            return redirect(url_for("challenges.show", challenge_id=row.id))
        filed = queries.undecided_of([o.id for o in firms], award.id)
    page = render_template(
        "market/challenges/new.html", form=form, award=award, filed=filed, barred=len(filed) >= len(firms)
    )
    return page, 422 if form.errors else 200


def _seen(challenge_id: int) -> Challenge:
    """Return a challenge to the challenger, the street and the district; 404 for others."""
    row = found(queries.challenge(challenge_id))
    actor, scope = current_actor(), row.subject.scope
    officials = any(
        allowed(actor, p, scope) for p in (Permit.CHALLENGE_REPLY, Permit.CHALLENGE_DECIDE, Permit.TENDER_SEE)
    )
    if not officials and not allowed(actor, Permit.BID_DRAFT, Scope(organisation_id=row.organisation_id)):
        found(None)
    return row


@bp.get("/<int:challenge_id>")
@guard(Permit.CHALLENGE_FILE, Permit.CHALLENGE_REPLY, Permit.CHALLENGE_DECIDE, Permit.TENDER_SEE, Permit.BID_DRAFT)
def show(challenge_id: int) -> Any:
    """One challenge with its next step."""
    return _page(_seen(challenge_id), None)


def _page(row: Challenge, form: Any) -> Any:
    verbs = {m.verb.value for m in CHALLENGE_MACHINE.verbs_from(row.state, current_actor().permits(row.subject.scope))}
    page = render_template(
        "market/challenges/show.html",
        row=row,
        verbs=verbs,
        states=CHALLENGE_LABELS,
        form=form,
        reply_form=form if isinstance(form, ReplyForm) else ReplyForm(formdata=None),
        decision_form=form if isinstance(form, DecisionForm) else DecisionForm(formdata=None),
    )
    return page, 422 if form is not None and form.errors else 200


@bp.post("/<int:challenge_id>/reply")
@guard(Permit.CHALLENGE_REPLY)
def reply(challenge_id: int) -> Any:
    """Answer in writing."""
    row = found(queries.challenge(challenge_id), Permit.CHALLENGE_REPLY)
    form = ReplyForm()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.reply_challenge(current_actor(), row, form.reply.data or "", now())
        if tried.ok:
            flash(_("答复已送达并公开。"), "success")
            return redirect(url_for("challenges.show", challenge_id=row.id))
    return _page(row, form)


@bp.post("/<int:challenge_id>/decide")
@guard(Permit.CHALLENGE_DECIDE)
def decide(challenge_id: int) -> Any:
    """Decide."""
    row = found(queries.challenge(challenge_id), Permit.CHALLENGE_DECIDE)
    form = DecisionForm()
    if form.validate_on_submit():
        ruling: Ruling = form.ruling.data
        with attempt(form) as tried:
            upheld, rerun = ruling is not Ruling.REJECT, ruling is Ruling.RERUN
            actions.decide_challenge(current_actor(), row, upheld, form.decision.data or "", rerun, now())
        if tried.ok:
            flash(_("决定已作出并公布。"), "success")
            return redirect(url_for("challenges.show", challenge_id=row.id))
    return _page(row, form)


@bp.post("/<int:challenge_id>/withdraw")
@guard(Permit.CHALLENGE_FILE)
def withdraw(challenge_id: int) -> Any:
    """Take the challenge back."""
    row = found(queries.challenge(challenge_id))
    found(row if allowed(current_actor(), Permit.CHALLENGE_FILE, Scope(organisation_id=row.organisation_id)) else None)
    actions.withdraw_challenge(current_actor(), row, now())
    flash(_("质疑已撤回。"), "success")
    return redirect(url_for("challenges.show", challenge_id=row.id))
