"""The floor: the smallest honest Flask application of this kind, the yardstick of every figure.

ORM models, a signed session, the person loaded at each request, a CSRF form, gettext, a base template; a list of 20
rows by key, a search, a detail, and a POST that validates, locks the tender row, inserts a bid and an audit row with a
digest, and commits once. It shares nothing with the product but the libraries and the driver settings of SQLite.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, session, url_for
from flask_babel import Babel, lazy_gettext
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

ROWS = 20
STATES = {"open": lazy_gettext("正在征集"), "closed": lazy_gettext("已截止")}


class Base(DeclarativeBase):
    """Base of the floor's tables."""


db = SQLAlchemy(model_class=Base)


class Person(db.Model):  # type: ignore[name-defined]
    """Who is signed in."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tender(db.Model):  # type: ignore[name-defined]
    """What is bid for."""

    __tablename__ = "tender"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    buyer: Mapped[str]
    text: Mapped[str]
    amount_fen: Mapped[int]
    state: Mapped[str]
    deadline_at: Mapped[datetime]
    bids: Mapped[list[Bid]] = relationship(lazy="raise")


class Bid(db.Model):  # type: ignore[name-defined]
    """An offer."""

    __tablename__ = "bid"
    id: Mapped[int] = mapped_column(primary_key=True)
    tender_id: Mapped[int] = mapped_column(ForeignKey("tender.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    price_fen: Mapped[int]
    plan: Mapped[str]
    at: Mapped[datetime]


class Audit(db.Model):  # type: ignore[name-defined]
    """What happened, with its digest."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    verb: Mapped[str]
    digest: Mapped[str]
    at: Mapped[datetime]


class BidForm(FlaskForm):  # type: ignore[misc]
    """What a bidder types."""

    price_fen = IntegerField(lazy_gettext("报价"), [InputRequired(), NumberRange(min=1)])
    head = StringField(lazy_gettext("负责人"), [InputRequired(), Length(max=80)])
    plan = TextAreaField(lazy_gettext("方案"), [InputRequired(), Length(max=20_000)])


def prepare_sqlite(connection: Any, _record: object) -> None:
    """The settings that make SQLite durable and let readers go on while somebody writes."""
    for line in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 30000"):
        connection.execute(f"PRAGMA {line}")


def create_app(url: str, secret: str) -> Flask:
    """The floor on one database."""
    app = Flask("floor", root_path=os.path.dirname(__file__))  # noqa: PTH120  Flask wants a text
    options = {"connect_args": {"check_same_thread": False, "timeout": 30}} if url.startswith("sqlite") else {}
    app.config.update(
        SECRET_KEY=secret,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 16, **options},
        WTF_CSRF_TIME_LIMIT=None,
    )
    db.init_app(app)
    CSRFProtect(app)
    Babel(app, default_locale="zh_Hans_CN")
    if url.startswith("sqlite"):
        with app.app_context():
            event.listen(db.engine, "connect", prepare_sqlite)
    app.before_request(_load_person)
    app.add_template_filter(lambda fen: f"¥{fen // 100:,}.{fen % 100:02d}", "yuan")
    for rule, view, methods in (
        ("/tenders", tenders, ["GET"]),
        ("/tenders/<int:tender_id>", tender, ["GET"]),
        ("/tenders/<int:tender_id>/bid", bid, ["GET", "POST"]),
    ):
        app.add_url_rule(rule, view_func=view, methods=methods)
    app.add_url_rule("/sign-out", endpoint="sign_out", view_func=lambda: redirect("/"), methods=["POST"])
    return app


def _load_person() -> None:
    g.person = db.session.get(Person, session["person"]) if "person" in session else None


def tenders() -> Any:
    """Twenty rows by key, or those whose title holds a word."""
    query = select(Tender).order_by(Tender.id.desc()).limit(ROWS + 1)
    if before := request.args.get("before", type=int):
        query = query.where(Tender.id < before)
    if words := request.args.get("words"):
        query = query.where(Tender.title.contains(words, autoescape=True))
    rows = db.session.scalars(query).all()
    more = rows[ROWS - 1].id if len(rows) > ROWS else None
    return render_template("list.html", rows=rows[:ROWS], more=more, states=STATES, words=words or "")


def tender(tender_id: int) -> Any:
    """One row."""
    return render_template("detail.html", tender=_found(tender_id), states=STATES, form=BidForm())


def _found(tender_id: int) -> Tender:
    row = db.session.get(Tender, tender_id)
    if row is None:
        abort(404)
    return row


def bid(tender_id: int) -> Any:
    """Validate, lock the tender, insert bid and audit row, commit once."""
    form = BidForm()
    if not form.validate_on_submit() or g.person is None:
        return render_template("detail.html", tender=_found(tender_id), states=STATES, form=form), 422
    at = datetime.now(UTC).replace(tzinfo=None)
    locked = db.session.scalars(select(Tender).filter_by(id=tender_id).with_for_update()).one()
    if at >= locked.deadline_at:
        abort(422)
    offer = Bid(tender_id=locked.id, person_id=g.person.id, price_fen=form.price_fen.data, plan=form.plan.data, at=at)
    db.session.add(offer)
    db.session.flush()
    facts = json.dumps([offer.id, offer.price_fen, offer.plan, at.isoformat()]).encode()
    db.session.add(Audit(verb="bid", digest=hashlib.sha256(facts).hexdigest(), at=at))
    db.session.commit()
    return redirect(url_for("tender", tender_id=tender_id), 303)


def from_environment() -> Flask:
    """What a server process loads."""
    return create_app(os.environ["FLOOR_URL"], os.environ["FLOOR_SECRET"])
