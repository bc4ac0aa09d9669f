"""Pages of the officers who open bids, and the opening record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from market.bids import actions, queries
from market.bids.forms import PassphraseForm, ReplaceForm
from market.bids.rules import REWRAP_WAIT, opening_trouble, opens_at
from market.bids.views.door import before_the_lock, bp, my_organisations, page
from market.kernel.errors import DomainError
from market.kernel.permits import Permit
from market.people.queries import holders, names
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.rules import Audience, Fact, Moment, shown
from market.tenders.states import LotState
from market.web.guard import attempt, current_actor, found, guard, now

_OFFICERS = (Permit.BID_OPEN, Permit.BID_QUALIFY, Permit.TENDER_SEE)


@bp.get("/opening")
@guard(Permit.BID_OPEN)
def opening_desk() -> Any:
    """Lots this person helps to open, and those opened."""
    me, at = current_actor().user_id or 0, now()
    lots = queries.lots_to_open(me)
    peeled = queries.peeled_lots([lot.id for lot in lots])
    rows = [(lot, _step(lot, peeled.get(lot.id, set()), me, at)) for lot in lots]
    return page("opening_desk.html", rows=rows, openings=queries.openings_of(me))


def _step(lot: Lot, peeled: set[int], me: int, at: Any) -> str:
    """What this person can do: wait, first, second, or wait for the other."""
    if lot.tender.deadline_at is None or at < opens_at(lot.tender.deadline_at):
        return "wait"
    if peeled - {me}:
        return "second"
    return "other" if me in peeled else "first"


def _lot(lot_id: int) -> Lot:
    return found(queries.lot_with_tender(lot_id), Permit.BID_OPEN)


@bp.get("/opening/<int:lot_id>")
@guard(Permit.BID_OPEN)
def opening(lot_id: int) -> Any:
    """What can be done to open this lot now."""
    return _opening_page(PassphraseForm(), _lot(lot_id))


def _opening_page(form: Any, lot: Lot) -> str:
    me, at = current_actor().user_id or 0, now()
    assert lot.tender.deadline_at is not None
    opened = queries.opening_of(lot.id)
    over = at >= opens_at(lot.tender.deadline_at)
    minimum = int(rules_of(lot.tender)["tender.min_bidders"])
    # Before the deadline nobody is told how many there are, not even here.
    count = queries.bid_count(lot.id) if over else 0
    trouble = opening_trouble(at=at, deadline_at=lot.tender.deadline_at, count=count, minimum=minimum) if over else None
    peels = queries.peels_of(lot.id)
    first = {row.first_user_id for row in peels}
    return page(
        "opening.html",
        form=form,
        lot=lot,
        opens_at=opens_at(lot.tender.deadline_at),
        over=over,
        count=count,
        minimum=minimum,
        trouble=trouble,
        sealed=lot.state == LotState.SEALED,
        opened=opened,
        done=queries.opened_count(lot.id) if opened else 0,
        step=_step(lot, first, me, at),
        is_opener=any(me in (w.first_user_id, w.second_user_id) for w in queries.wraps_of(lot.id)),
        first=first,
        first_names=list(names(first).values()),
    )


@bp.post("/opening/<int:lot_id>/first")
@guard(Permit.BID_OPEN)
def first_act(lot_id: int) -> Any:
    """The first officer's act."""
    form, peeled = PassphraseForm(), None
    with before_the_lock():
        at, _seen = now(), _lot(lot_id)
        if form.validate_on_submit():
            with attempt(form):
                peeled = actions.peel_key(current_actor(), lot_id, form.passphrase.data, at)
    if peeled is not None:
        with attempt(form) as tried:
            actions.keep_peel(current_actor(), peeled, at)
        if tried.ok:
            flash(_("第一步已完成。请另一位开标人登录，用自己的密钥口令完成第二步。"), "success")
            return redirect(url_for("bids.opening", lot_id=lot_id))
    return _opening_page(form, _lot(lot_id)), 422


@bp.post("/opening/<int:lot_id>/second")
@guard(Permit.BID_OPEN)
def second_act(lot_id: int) -> Any:
    """The second officer's act: this opens the lot."""
    form, unlocked = PassphraseForm(), None
    with before_the_lock():
        at, _seen = now(), _lot(lot_id)
        if form.validate_on_submit():
            with attempt(form):
                unlocked = actions.unlock_lot(current_actor(), lot_id, form.passphrase.data, at)
    if unlocked is not None:
        with attempt(form) as tried:
            actions.open_lot(current_actor(), unlocked, at)
        if tried.ok:
            flash(_("已开标，正在逐份解密。"), "success")
            return redirect(url_for("bids.record", lot_id=lot_id))
    return _opening_page(form, _lot(lot_id)), 422


@bp.get("/opening/<int:lot_id>/record")
@guard(*_OFFICERS, Permit.BID_DRAFT)
def record(lot_id: int) -> Any:
    """The opening record, as far as the publicity table lets this person see it."""
    lot = found(queries.lot_with_tender(lot_id))
    opened = found(queries.opening_of(lot_id))
    audience = _audience(lot)
    facts = {f: shown(f, lot.tender.method, Moment.OPENED, audience) for f in (Fact.BIDDER_NAMES, Fact.BID_PRICES)}
    bids = queries.opened_bids(lot_id)
    unreadable = queries.unreadable_bids(lot_id)
    rows: dict[int, Any] = {row.number: row for row in bids} | {row.number: row for row in unreadable}
    return page(
        "record.html",
        lot=lot,
        opening=opened,
        lines=[(line, rows.get(line["number"])) for line in opened.record["bids"]],
        received={line["number"]: datetime.fromisoformat(line["received"]) for line in opened.record["bids"]},
        readable={row.number for row in bids},
        done=len(rows),
        mine=set(my_organisations()),
        show_names=facts[Fact.BIDDER_NAMES],
        show_prices=facts[Fact.BID_PRICES],
        officer=audience is Audience.OFFICER,
    )


def _audience(lot: Lot) -> Audience:
    """An officer of this place, or a bidder of this lot; for all others the page does not exist."""
    if current_actor().permits(lot.subject.scope).intersection(_OFFICERS):
        return Audience.OFFICER
    found(queries.took_part(lot.id, my_organisations()) or None)
    return Audience.BIDDER


# --- a lost key -------------------------------------------------------------------------------------------------------


def _fill_people(form: Any, lot: Lot) -> dict[int, str]:
    """Offer the lot's openers, and who may replace one; return the names of all of them."""
    openers = {w.first_user_id for w in queries.wraps_of(lot.id)}
    people = names(openers | set(holders(Permit.BID_OPEN, lot.subject.scope)))
    form.lost.choices = [(i, name) for i, name in sorted(people.items()) if i in openers]
    form.replacement.choices = sorted(people.items())
    return people


def _replace_page(form: Any, lot_id: int, status: int = 200) -> Any:
    lot = _lot(lot_id)
    people = _fill_people(form, lot)
    pending = [row for row in queries.open_rewraps(lot.id) if now() < row.at + REWRAP_WAIT]
    return page("replace.html", form=form, lot=lot, pending=pending, people=people, second=PassphraseForm()), status


@bp.get("/opening/<int:lot_id>/replace")
@guard(Permit.BID_OPEN)
def replace(lot_id: int) -> Any:
    """Replace an opener who lost the key, or go on with a replacement that has begun."""
    return _replace_page(ReplaceForm(), lot_id)


@bp.post("/opening/<int:lot_id>/replace")
@guard(Permit.BID_OPEN)
def begin_replace(lot_id: int) -> Any:
    """The first of two officers replaces a third who lost the key."""
    form, begun = ReplaceForm(), None
    with before_the_lock():
        at = now()
        _fill_people(form, _lot(lot_id))
        if form.validate_on_submit():
            lost, new, reason = form.lost.data, form.replacement.data, form.reason.data
            with attempt(form):
                begun = actions.begin_rewrap(current_actor(), lot_id, lost, new, reason, form.passphrase.data)
    if begun is not None:
        with attempt(form) as tried:
            actions.keep_begun(current_actor(), begun, at)
        if tried.ok:
            flash(_("已发起。请第二位开标人在 24 小时内用自己的密钥口令完成。"), "success")
            return redirect(url_for("bids.replace", lot_id=lot_id))
    return _replace_page(form, lot_id, 422)


@bp.post("/opening/<int:lot_id>/replace/<int:rewrap_id>")
@guard(Permit.BID_OPEN)
def finish_replace(lot_id: int, rewrap_id: int) -> Any:
    """The second officer wraps the key anew."""
    form, made = PassphraseForm(), None
    with before_the_lock():
        at, _seen = now(), _lot(lot_id)
        row = found(next((one for one in queries.open_rewraps(lot_id) if one.id == rewrap_id), None))
        trouble: DomainError | None = None
        if form.validate_on_submit():
            with attempt(form) as tried:
                made = actions.finish_rewrap(current_actor(), row, form.passphrase.data, at)
            trouble = tried.error
    if made is not None:
        with attempt(form) as tried:
            actions.keep_rewrapped(current_actor(), made, at)
        trouble = tried.error
        if tried.ok:
            flash(_("密钥已为接替人重新封装，原封装已删除。"), "success")
            return redirect(url_for("bids.opening", lot_id=lot_id))
    if trouble is not None:
        flash(_("没有办成：%(why)s", why=str(form.errors and next(iter(form.errors.values()))[0])), "danger")
    return redirect(url_for("bids.replace", lot_id=lot_id))
