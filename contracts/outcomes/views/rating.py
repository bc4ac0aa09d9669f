"""The raters' pages: the organisation itself, invited organisations, third-party evaluators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from contracts.delivery.models import Report
from contracts.delivery.queries import decisions, milestone
from contracts.delivery.queries import evidence as evidence_of
from contracts.outcomes import actions, queries
from contracts.outcomes.forms import DeclareForm, DeclineForm, RateForm, rate_form
from contracts.outcomes.models import Evaluation, Invitation, Rating
from contracts.outcomes.states import SOURCE_LABELS, EvaluationState, Source
from contracts.outcomes.views.door import bp, heading
from market.kernel.clock import is_before
from market.kernel.errors import Forbidden
from market.kernel.permits import Permit
from market.records.files import SHOWN_INLINE, content_of
from market.records.models import StoredFile
from market.web.guard import attempt, current_actor, found, guard, now


def _material(row: Evaluation) -> dict[str, Any]:
    """What a rater reads: the requirement, the last report in words and numbers, the acceptance."""
    accepted = milestone(row.milestone_id)
    report = accepted.reports[-1] if accepted and accepted.reports else None
    decided = [one for one in decisions([row.milestone_id]) if one.accepted]
    return {"report": report, "decision": decided[-1] if decided else None}


def _files(report: Report | None) -> Sequence[StoredFile]:
    """The evidence of a report: what the street accepted the milestone on."""
    return evidence_of([report.id]).get(report.id, []) if report else []


def _page(row: Evaluation, source: Source, form: RateForm, action: str, asked: Invitation | None = None) -> Any:
    """The form with what it is about; `asked` has declared, and gets the evidence too."""
    material = _material(row)
    page = render_template(
        "contracts/outcomes/rate.html",
        **heading(row),
        **material,
        asked=asked,
        files=_files(material["report"]) if asked else [],
        form=form,
        action=action,
        source=SOURCE_LABELS[source],
        indicators=actions.terms_of(row).indicators,
        codes=form.codes,
    )
    return page, 422 if form.errors else 200


@bp.route("/<int:evaluation_id>/self", methods=["GET", "POST"])
@guard(Permit.OUTCOME_RATE_SELF)
def rate_self(evaluation_id: int) -> Any:
    """The organisation rates itself, each indicator with its grounds."""
    row = found(queries.evaluation(evaluation_id), Permit.OUTCOME_RATE_SELF)
    action = url_for("outcomes.rate_self", evaluation_id=evaluation_id)
    if queries.own_rating(row.id, Source.SELF.value) is not None:
        flash(_("自评已经提交。"), "info")
        return redirect(url_for("outcomes.show", evaluation_id=evaluation_id))
    form = rate_form(actions.terms_of(row).indicators, _l("依据"))()
    if form.validate_on_submit():
        with attempt(form) as tried:
            actions.rate_self(
                current_actor(), evaluation_id, form.points(), form.findings(), form.comment.data or "", now()
            )
        if tried.ok:
            flash(_("自评已提交，不能再改。"), "success")
            return redirect(url_for("outcomes.show", evaluation_id=evaluation_id))
        row = found(queries.evaluation(evaluation_id), Permit.OUTCOME_RATE_SELF)
    return _page(row, Source.SELF, form, action)


def _mine(invitation_id: int) -> Invitation:
    """Return an invitation of this person; 404 for anybody else."""
    asked = found(queries.invitation(invitation_id))
    try:
        actions.require_invited(current_actor(), asked)
    except Forbidden:
        return found(None)
    return asked


def _over(row: Evaluation) -> bool:
    """True once nobody may rate any more."""
    return row.state != EvaluationState.COLLECTING or not is_before(now(), row.collect_until)


def _given(asked: Invitation) -> Rating | None:
    """What the invited has handed in."""
    key = f"organisation:{asked.organisation_id}" if asked.source == Source.MUTUAL else f"user:{asked.user_id}"
    return queries.own_rating(asked.evaluation_id, key)


def _to(invitation_id: int) -> Any:
    return redirect(url_for("outcomes.answer", invitation_id=invitation_id))


@bp.route("/invitations/<int:invitation_id>", methods=["GET", "POST"])
@guard(Permit.OUTCOME_RATE_MUTUAL, Permit.OUTCOME_RATE_THIRD)
def answer(invitation_id: int) -> Any:
    """Declare first, then rate; what was answered stays to be seen."""
    asked = _mine(invitation_id)
    row = asked.evaluation
    given = _given(asked)
    if asked.declined or given or _over(row):
        return render_template(
            "contracts/outcomes/answered.html", **heading(row), asked=asked, given=given,
            source=SOURCE_LABELS[Source(asked.source)], indicators=actions.terms_of(row).indicators,
        )  # fmt: skip
    if asked.declared_at is None:
        return _declaration(asked, DeclareForm(formdata=None), DeclineForm(formdata=None))
    return _rating(asked)


def _declaration(asked: Invitation, agree: DeclareForm, refuse: DeclineForm) -> Any:
    form = refuse if refuse.errors else agree
    page = render_template(
        "contracts/outcomes/declare.html", **heading(asked.evaluation), asked=asked, form=form, agree=agree,
        refuse=refuse, statement=actions.NO_TIE, source=SOURCE_LABELS[Source(asked.source)],
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _rating(asked: Invitation) -> Any:
    row, source = asked.evaluation, Source(asked.source)
    form = rate_form(actions.terms_of(row).indicators, _l("评价意见") if source is Source.THIRD else _l("依据"))()
    if form.validate_on_submit():
        rate: Callable[..., Any] = actions.rate_mutual if source is Source.MUTUAL else actions.rate_third
        with attempt(form) as tried:
            rate(current_actor(), asked.id, form.points(), form.findings(), form.comment.data or "", now())
        if tried.ok:
            flash(_("评分已提交，谢谢。"), "success")
            return _to(asked.id)
        asked = _mine(asked.id)
    return _page(asked.evaluation, source, form, url_for("outcomes.answer", invitation_id=asked.id), asked)


@bp.get("/invitations/<int:invitation_id>/evidence/<int:file_id>")
@guard(Permit.OUTCOME_RATE_MUTUAL, Permit.OUTCOME_RATE_THIRD)
def evidence(invitation_id: int, file_id: int) -> Any:
    """One piece of evidence, for whoever was asked, has declared no tie and still has to rate.

    It may show residents: before the declaration and after the rating there is no reason to read it.
    """
    asked = _mine(invitation_id)
    if asked.declared_at is None or asked.declined or _over(asked.evaluation) or _given(asked):
        return found(None)
    report = _material(asked.evaluation)["report"]
    stored = found(next((one for one in _files(report) if one.id == file_id), None))
    inline = stored.media_type in SHOWN_INLINE
    return send_file(
        BytesIO(content_of(stored)), stored.media_type, as_attachment=not inline, download_name=stored.name
    )


@bp.post("/invitations/<int:invitation_id>/declare")
@guard(Permit.OUTCOME_RATE_MUTUAL, Permit.OUTCOME_RATE_THIRD)
def declare(invitation_id: int) -> Any:
    """Declare that there is no tie."""
    asked, form = _mine(invitation_id), DeclareForm()
    if form.validate_on_submit():
        actions.declare(current_actor(), invitation_id, now())
        flash(_("声明已记录，现在可以评分。"), "success")
        return _to(invitation_id)
    return _declaration(asked, form, DeclineForm(formdata=None))


@bp.post("/invitations/<int:invitation_id>/decline")
@guard(Permit.OUTCOME_RATE_MUTUAL, Permit.OUTCOME_RATE_THIRD)
def decline(invitation_id: int) -> Any:
    """Say that there is a tie, or that one cannot rate."""
    asked, form = _mine(invitation_id), DeclineForm()
    if form.validate_on_submit():
        actions.decline(current_actor(), invitation_id, form.reason.data or "", now())
        flash(_("已回避，街道会另行邀请。"), "success")
        return _to(invitation_id)
    return _declaration(asked, DeclareForm(formdata=None), form)
