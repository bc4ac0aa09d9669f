"""Bank files to carry to the bank, and the bank's result files to bring back."""

from __future__ import annotations

import io
from itertools import groupby
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contracts.agreements.queries import stored
from contracts.payouts import actions, queries
from contracts.payouts.forms import BatchForm, StatementForm
from contracts.payouts.models import BankBatch
from contracts.payouts.providers.pain001 import warm_up
from contracts.payouts.providers.statement import Parsed, parse, sample
from contracts.payouts.states import ROW_NOTE_LABELS
from contracts.payouts.views.door import bp, status_of, street_or_404
from market.kernel.permits import Permit
from market.records.files import content_of
from market.records.models import StoredFile
from market.web.guard import attempt, current_actor, found, guard, now


@bp.route("/streets/<int:street_id>/batch", methods=["GET", "POST"])
@guard(Permit.PAYOUT_SEND)
def new_batch(street_id: int) -> Any:
    """Choose approved payments and make one bank file of them."""
    shown, form = _approved(street_id), BatchForm()
    form.payments.choices = [(row.id, row.number) for row in shown["by_bank"]]
    if request.method == "GET":
        form.payments.data = [row.id for row in shown["by_bank"]]
    warm_up()
    if form.validate_on_submit():
        with attempt(form) as tried:
            chosen, token = form.payments.data, form.token.data
            batch = actions.order_batch(current_actor(), street_id, chosen, now(), form_token=token)
        if tried.ok:
            flash(_("付款文件已生成。请下载后提交银行，不要重复提交。"), "success")
            return redirect(url_for("payouts.batch", batch_id=batch.id))
        shown = _approved(street_id)
        form.payments.choices = [(row.id, row.number) for row in shown["by_bank"]]
    return render_template("contracts/payouts/batch_new.html", form=form, **shown), status_of(form)


def _approved(street_id: int) -> dict[str, Any]:
    """The street's approved payments by the way they will leave, and the accounts they are paid from."""
    street = street_or_404(street_id, Permit.PAYOUT_SEND)
    rows = queries.to_order(street.id)
    connected = queries.chosen_stripe({row.organisation_id for row in rows})
    return {
        "street": street,
        "by_bank": [row for row in rows if row.organisation_id not in connected],
        "by_stripe": [row for row in rows if row.organisation_id in connected],
        "accounts": queries.live_accounts(street.id),
    }


@bp.get("/batches")
@guard(Permit.PAYOUT_SEE)
def batches() -> Any:
    """Bank files made, newest first."""
    rows = queries.batches_for(current_actor(), request.args.get("before", type=int))
    shown = rows[: queries.PAGE]
    next_url = url_for("payouts.batches", before=shown[-1].id) if len(rows) > queries.PAGE else None
    return render_template("contracts/payouts/batches.html", rows=shown, next_url=next_url)


def _batch(batch_id: int) -> BankBatch:
    row = queries.batch(batch_id)
    return found(row, Permit.PAYOUT_SEE, row.scope if row else None)


@bp.get("/batches/<int:batch_id>")
@guard(Permit.PAYOUT_SEE)
def batch(batch_id: int) -> Any:
    """One bank file: control figures, three downloads, its payments."""
    row = _batch(batch_id)
    ordered = sorted(row.attempts, key=lambda one: (one.instruction["fund_source"], one.key))
    totals = [
        (source, len(items), sum(one.amount_fen for one in items))
        for source, group in groupby(ordered, key=lambda one: one.instruction["fund_source"])
        for items in [list(group)]
    ]
    may_import = Permit.PAYOUT_SEND in current_actor().permits(row.scope)
    return render_template(
        "contracts/payouts/batch.html", row=row, orders=ordered, totals=totals, may_import=may_import
    )


@bp.get("/batches/<int:batch_id>/<any(xml, csv, xlsx):kind>")
@guard(Permit.PAYOUT_SEND, Permit.PAYOUT_APPROVE)
def batch_file(batch_id: int, kind: str) -> Response:
    """Download one of the three files; they hold account numbers, so only cashier and checker get them."""
    row = _batch(batch_id)
    return _download(stored(getattr(row, f"{kind}_file_id")))


def _download(file: StoredFile | None) -> Response:
    kept = found(file)
    content = io.BytesIO(content_of(kept))
    return send_file(content, mimetype=kept.media_type, as_attachment=True, download_name=kept.name, max_age=0)


@bp.route("/streets/<int:street_id>/statement", methods=["GET", "POST"])
@guard(Permit.PAYOUT_SEND)
def new_statement(street_id: int) -> Any:
    """Import the bank's result file."""
    form, parsed, content = StatementForm(), None, b""
    if request.method == "POST" and form.file.data:
        # Read before the first statement: a large sheet must not hold the write turn.
        content = form.file.data.read()
        parsed = parse(content, form.file.data.filename or "")
    street = street_or_404(street_id, Permit.PAYOUT_SEND)
    if form.validate_on_submit() and parsed is not None:
        answer = _import(street.id, content, form.file.data.filename or "", parsed)
        if answer is not None:
            return answer
        form.file.errors = [_("文件里没有可以导入的结果，请按下表更正后重新上传。")]
    errors = parsed.errors if parsed else ()
    page = render_template("contracts/payouts/statement_new.html", street=street, form=form, errors=errors)
    return page, status_of(form)


def _import(street_id: int, content: bytes, name: str, parsed: Parsed) -> Response | None:
    """Import what could be read and go to the results; None when no line could."""
    done = actions.import_statement(current_actor(), street_id, content, name, now(), parsed=parsed)
    if done.statement is None:
        return None
    if done.repeated:
        flash(_("这份结果此前已经导入，没有任何变化。"), "warning")
    elif not any(line.note is None for line in done.statement.rows):
        flash(_("文件已收下，但没有一笔能登记；原因见下表。"), "warning")
    else:
        flash(_("银行结果已导入。"), "success")
    return redirect(url_for("payouts.statement", statement_id=done.statement.id))


@bp.get("/statements/sample.csv")
@guard(Permit.PAYOUT_SEND)
def statement_sample() -> Response:
    """A result file with the columns that are wanted, for a bank whose own file has others."""
    name = _("银行结果样表") + ".csv"
    return send_file(io.BytesIO(sample()), mimetype="text/csv", as_attachment=True, download_name=name, max_age=0)


@bp.get("/statements")
@guard(Permit.PAYOUT_SEE)
def statements() -> Any:
    """Result files imported, newest first."""
    rows = queries.statements_for(current_actor(), request.args.get("before", type=int))
    shown = rows[: queries.PAGE]
    next_url = url_for("payouts.statements", before=shown[-1].id) if len(rows) > queries.PAGE else None
    return render_template("contracts/payouts/statements.html", rows=shown, next_url=next_url)


@bp.get("/statements/<int:statement_id>")
@guard(Permit.PAYOUT_SEE)
def statement(statement_id: int) -> Any:
    """One result file line by line: what was applied, what was not and why."""
    row = queries.statement(statement_id)
    row = found(row, Permit.PAYOUT_SEE, row.scope if row else None)
    applied = sum(one.note is None for one in row.rows)
    return render_template("contracts/payouts/statement.html", row=row, applied=applied, notes=ROW_NOTE_LABELS)
