"""What anyone may read: home, purchases, chains, notices, files, budgets, organisations, receipts, rules, health."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, render_template, request, url_for
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from market.db.engine import begin_reading
from market.db.session import db
from market.kernel.categories import CATEGORY_LABELS
from market.kernel.clock import beijing, system_now
from market.kernel.permits import Permit
from market.kernel.rulebook import load
from market.kernel.text import N_
from market.public import queries
from market.public.forms import ReceiptForm
from market.public.kept import Shelf
from market.public.rules import Phase, chains, figures, purchase, receipts, rulebook, stage_now
from market.public.rules.labels import METHOD_LABELS, PHASE_LABELS, by_jury, stage_words, tag_words
from market.public.views import directories, imported, networks, opendata, proving
from market.public.views.door import OPEN, asked_for, bp, by_district, lines, pages
from market.public.views.opendata import as_json
from market.records import queue
from market.records.files import SHOWN_INLINE, content_of
from market.records.signing import verify_receipt
from market.web.catalogues import chosen_locale
from market.web.filters import text
from market.web.guard import actor_or_none, attempt, found, now, public

__all__ = ["bp", "directories", "imported", "networks", "opendata", "proving"]

_SHELF = Shelf()
_FOR_EVER = "public, max-age=31536000, immutable"
_LATE_SECONDS = 180


@bp.get("/")
@public(OPEN)
def home() -> Any:
    """What this is, what is open, what is new."""
    at = now()
    year = beijing(at).year
    return render_template(
        "market/public/home.html",
        year=year,
        figures=queries.figures(year),
        open_now=lines(queries.open_now(at, 6), at),
        newest=lines(queries.newest(8), at),
        doors={name: _door(endpoint) for name, endpoint in _DOORS.items()},
    )


_DOORS = {"survey": "outcomes.rate", "register": "organisations.register"}


def _door(endpoint: str) -> str | None:
    """The address of a door of another room, if it is hung."""
    return url_for(endpoint) if endpoint in current_app.view_functions else None


# --- purchases --------------------------------------------------------------------------------------------------------


@bp.get("/purchases")
@public(OPEN)
def purchases() -> Any:
    """All purchases: filters, search, pages by mark."""
    at, asked, places = now(), asked_for(), queries.places()
    listing = queries.purchases(asked, places, at, request.args.get("before", type=int))
    kept = {name: value for name, value in vars(asked).items() if value}
    onward = url_for("public.purchases", **kept, before=listing.next_mark) if listing.next_mark else None
    return render_template(
        "market/public/purchases.html",
        asked=asked,
        listing=listing,
        rows=lines(listing.rows, at),
        districts=by_district(places),
        onward=onward,
        back=url_for("public.purchases", **kept) if "before" in request.args else None,
        categories=CATEGORY_LABELS,
        phases=PHASE_LABELS,
        methods=METHOD_LABELS,
    )


@bp.get("/purchases/<ocid>")
@public(OPEN)
def show(ocid: str) -> Any:
    """Everything published of one purchase, on one page."""
    at, card, actor = now(), found(queries.stamped(ocid)), actor_or_none()
    jury = by_jury(card.method or "")
    permit = Permit.APPLICATION_DRAFT if jury else Permit.BID_DRAFT
    stage = stage_now(card.stage, card.deadline_at, at)
    label, tone, phase = stage_words(stage, card.method or "", card.awarded_fen)
    name = (card.ocid, card.digest, chosen_locale())
    content = _SHELF.find(name, at) or _story(name, card.file_id, phase, at)
    return render_template(
        "market/public/purchase.html",
        jury=jury,
        card=card,
        label=label,
        tone=tone,
        is_open=stage == "tender",
        # Officials have nothing to hand in; nothing else on the page is about its reader.
        takes_part=actor is None or permit in actor.permits(),
        content=Markup(content),  # noqa: S704  our own template made it
    )


def _story(name: Hashable, file_id: int, phase: Phase, at: datetime) -> str:
    """Make what a purchase's notices tell, and keep it until one of its dates passes."""
    card = queries.purchase(file_id)
    page = purchase.read(card.compiled, at)
    content = render_template(
        "market/public/purchase/story.html",
        card=card,
        page=page,
        jury=by_jury(card.method or ""),
        steps=[{**one, "label": text(one["label"])} for one in purchase.steps(phase, card.compiled, card.method or "")],
        notices=queries.notices_of(file_id),
        tags=tag_words(card.method or ""),
    )
    return _SHELF.keep(name, content, at, purchase.next_change(page, card.deadline_at, at))


@bp.get("/purchases/<ocid>/chain")
@public("anyone may compute the chain again")
def chain(ocid: str) -> Any:
    """The purchase's chain, and on request the result of computing it again."""
    card = found(queries.purchase_head(ocid))
    head = found(queries.chain_head(card.file_id))
    verdict = None
    if "check" in request.args:
        verdict = chains.check(queries.links(head[0]), queries.posted(card.file_id), head[1])
    after = max(0, request.args.get("after", 0, type=int))
    found_links = queries.links(head[0], after, queries.CHAIN_PAGE + 1)
    more = found_links[queries.CHAIN_PAGE - 1].seq if len(found_links) > queries.CHAIN_PAGE else None
    return render_template(
        "market/public/chain.html",
        card=card,
        head=head[1],
        length=head[2],
        links=[chains.entry(link) for link in found_links[: queries.CHAIN_PAGE]],
        onward=url_for("public.chain", ocid=ocid, after=more) if more else None,
        back=url_for("public.chain", ocid=ocid) if after else None,
        verdict=verdict,
    )


@bp.get("/purchases/<ocid>/chain.json")
@public("anyone may compute the chain again")
def chain_json(ocid: str) -> Response:
    """The chain's entries with the exact text each digest is computed over."""
    card = found(queries.purchase_head(ocid))
    chain_id, head, length = found(queries.chain_head(card.file_id))
    entries = [
        {"seq": link.seq, "prev": link.prev, "digest": link.digest, "header": link.header}
        for link in queries.links(chain_id)
    ]
    return as_json(chains.as_json({"ocid": ocid, "head": head, "length": length, "entries": entries}), head)


@bp.get("/notices/<release_id>.json")
@public("open data")
def notice_json(release_id: str) -> Response:
    """One notice: the bytes its digest is computed over, for ever the same."""
    row = found(queries.notice(release_id))
    return as_json(row.body, row.digest, _FOR_EVER)


@bp.get("/files/<int:file_id>")
@public("published documents")
def stored_file(file_id: int) -> Response:
    """A published document; one that is not public is not found."""
    row = found(queries.public_file(file_id))
    answer = Response(content_of(row), mimetype=row.media_type)
    how = "inline" if row.media_type in SHOWN_INLINE else "attachment"
    answer.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(row.name)}"
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.set_etag(row.stored_sha256)
    answer.make_conditional(request)
    return answer


# --- directories ------------------------------------------------------------------------------------------------------


@bp.get("/budget-years")
@public(OPEN)
def budgets() -> Any:
    """Each street's approved money of a year with its sources and lines."""
    asked, places = asked_for(), queries.places()
    district = next((p.district_id for p in places if p.district_code == asked.district), None)
    listing = queries.directory("budget", asked.words, request.args.get("before", type=int), district)
    return render_template(
        "market/public/budgets.html",
        asked=asked,
        listing=listing,
        years=[figures.budget(row.data, row.title) for row in listing.rows],
        districts=list(by_district(places)),
        **pages("public.budgets", listing, asked),
    )


@bp.get("/rules")
@public("the law is public")
def rules() -> Any:
    """Every legal number with its source, assumed ones marked, and the districts' own values."""
    return render_template(
        "market/public/rules.html",
        groups=rulebook.groups(load().rules),
        overrides=[rulebook.override(row.data, row.title) for row in queries.directory("override").rows],
    )


# --- checking ---------------------------------------------------------------------------------------------------------


@bp.get("/digests")
@public("anyone may keep a day's digest")
def digests() -> Any:
    """The signed digest of each day over all chains."""
    before = request.args.get("before", type=date.fromisoformat)
    rows, more = queries.digests(before)
    return render_template(
        "market/public/digests.html",
        days=rows,
        key=queries.receipt_key(),
        onward=url_for("public.digests", before=more.isoformat()) if more else None,
        back=url_for("public.digests") if before else None,
    )


@bp.route("/check", methods=["GET", "POST"])
@public("whoever holds a receipt may check it")
def check() -> Any:
    """Check a receipt by number and digest, or as a whole by its signature."""
    begin_reading(db.session)
    form, key = ReceiptForm(), queries.receipt_key()
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("number", "digest")}
    matched = finding = None
    trouble: dict[str, str] = {}
    if request.method == "POST":
        if form.validate():
            with attempt(form):
                finding = _judged(form, key)
    elif any(asked.values()):
        trouble, matched = _matched(asked["number"], asked["digest"])
    page = render_template(
        "market/public/check.html", form=form, key=key, asked=asked, matched=matched, trouble=trouble, finding=finding
    )
    return page, 422 if form.errors or trouble else 200


def _judged(form: ReceiptForm, key: tuple[bytes, str] | None) -> receipts.Finding:
    upload = form.file.data
    text = form.text.data or ""
    if isinstance(upload, FileStorage) and upload.filename:
        text = upload.read(receipts.MOST_CHARACTERS + 1).decode("utf-8", "replace")
    receipt = receipts.read_receipt(text)
    signed = key is not None and verify_receipt(key[0], receipt)

    def kept_receipt(number: str) -> Any:
        row = queries.receipt(number)
        return row.payload if row else None

    def kept_day(day: date) -> Any:
        row = queries.digest_of(day)
        return row.payload if row else None

    return receipts.judge(receipt, signed, kept_receipt, kept_day)


def _matched(number: str, digest: str) -> tuple[dict[str, str], bool | None]:
    """Whether a receipt of this number carries this digest; a number that is unknown sounds like a wrong digest."""
    if not number:
        return {"number": N_("请填写回执编号。")}, None
    try:
        wanted = receipts.wanted_digest(digest)
    except receipts.Refused as error:
        return {"digest": error.message}, None
    row = queries.receipt(number)
    return {}, row is not None and receipts.names_digest(row.payload, wanted)


@bp.get("/health")
@public("operators' monitors")
def health() -> Any:
    """Whether database and worker are well; no names, no texts of errors."""
    state = queue.health(db.session)
    seconds = None if state.last_tick is None else int((system_now() - state.last_tick).total_seconds())
    runs = seconds is not None and seconds <= _LATE_SECONDS
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return {
            "database": "ok",
            "worker": "ok" if runs else "silent",
            "seconds_since_tick": seconds,
            "due_failures": state.due_failures,
            "jobs": {"waiting": state.waiting, "running": state.running, "failed": state.failed},
        }
    return render_template("market/public/health.html", state=state, runs=runs)
