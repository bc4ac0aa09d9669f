"""Awards, objections and letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from market.awards.models import Award, BidderLetter, Objection
from market.awards.rules import award_release_id, window_bar
from market.awards.states import NO_CONTRACT, AwardState, ObjectionState
from market.db.session import db
from market.evaluation.models import EvaluationReport
from market.evaluation.rules import choose_by
from market.kernel.clock import beijing_day, end_of_day
from market.places.queries import calendar_for
from market.records.notices import releases
from market.tenders.models import Lot
from market.tenders.queries import rules_of
from market.tenders.states import LotState


def award(award_id: int, *, lock: bool = False) -> Award | None:
    """Return an award with its file and supplier; `lock` holds its row until the commit."""
    query = select(Award).where(Award.id == award_id).options(joinedload(Award.file), joinedload(Award.organisation))
    if lock:
        # What was read before the lock may be stale by now.
        query = query.with_for_update(of=Award).execution_options(populate_existing=True)
    return db.session.scalar(query)


def awards_of(kind: str, ids: Iterable[int]) -> list[Award]:
    """Return every award ever made on these subjects, fallen ones too, oldest first."""
    query = (
        select(Award)
        .where(Award.subject_kind == kind, Award.subject_id.in_(list(ids)))
        .options(joinedload(Award.file), joinedload(Award.organisation))
        .order_by(Award.id)
    )
    return list(db.session.scalars(query))


def award_for(kind: str, subject_id: int) -> Award | None:
    """Return the live award of a subject."""
    return db.session.scalar(
        select(Award)
        .where(Award.subject_kind == kind, Award.subject_id == subject_id, Award.state != AwardState.ANNULLED)
        .options(joinedload(Award.file), joinedload(Award.organisation))
    )


def fallen_organisations(kind: str, subject_id: int) -> set[int]:
    """Return the organisations whose award on this subject has fallen."""
    query = select(Award.organisation_id).filter_by(
        subject_kind=kind, subject_id=subject_id, state=AwardState.ANNULLED.value
    )
    return set(db.session.scalars(query))


def stands(row: Award) -> bool:
    """True while the award is valid; asked again at signing, acceptance and payment."""
    return row.state == AwardState.ACTIVE


def award_stands(award_id: int) -> bool:
    """The same by id, read fresh from the database."""
    return db.session.scalar(select(Award.state).where(Award.id == award_id)) == AwardState.ACTIVE


def contract_signed(row: Award) -> bool:
    """True once a contract on this award was signed by both: it is published with the second signature."""
    own = award_release_id(row.id)
    return any(
        one.get("awardID") == own
        for notice in releases(row.file_id)
        if notice.tag == "contract"
        for one in orjson.loads(notice.body).get("contracts", ())
    )


def contract_bar(row: Award) -> str | None:
    """Return why no contract on this award may be drafted, sent or signed, or None when it stands."""
    return NO_CONTRACT.get(AwardState(row.state))


def may_sign_at(row: Award, at: datetime, wait: bool = True) -> str | None:
    """Return why a contract on this award may not be signed now, or None.

    With `wait` (the district's setting, on by default) signing waits for the result notice and the challenge window.
    """
    bar = contract_bar(row)
    return window_bar(row.publicity_until, row.challenge_until, at) if bar is None and wait else bar


def awards_in(street_ids: Iterable[int], before: int | None = None, limit: int = 20) -> list[Award]:
    """Return the awards of streets, newest first, by key."""
    query = (
        select(Award)
        .where(Award.street_id.in_(list(street_ids)))
        .options(joinedload(Award.organisation), joinedload(Award.file))
        .order_by(Award.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query if before is None else query.where(Award.id < before)))


def won_by(organisation_ids: Iterable[int], limit: int = 50) -> list[Award]:
    """Return the awards an organisation has won, newest first."""
    query = (
        select(Award)
        .where(Award.organisation_id.in_(list(organisation_ids)), Award.state != AwardState.ANNULLED)
        .options(joinedload(Award.file))
        .order_by(Award.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def contenders(row: Award) -> set[int]:
    """Return the organisations that contended for an award's subject: each was sent a letter when it was decided."""
    same = select(Award.id).where(Award.subject_kind == row.subject_kind, Award.subject_id == row.subject_id)
    return set(db.session.scalars(select(BidderLetter.organisation_id).where(BidderLetter.award_id.in_(same))))


def ranked_lots(street_ids: Iterable[int]) -> list[Lot]:
    """Return the ranked lots of streets that wait for the purchaser's choice, oldest first, tender loaded."""
    query = (
        select(Lot)
        .where(Lot.street_id.in_(list(street_ids)), Lot.state == LotState.RANKED)
        .options(joinedload(Lot.tender))
        .order_by(Lot.id)
        .limit(100)
    )
    return list(db.session.scalars(query))


def choose_until(lots: Sequence[Lot]) -> dict[int, datetime]:
    """Return until when the supplier of each of these ranked lots is chosen, by lot; their tenders are loaded.

    A lot whose award has fallen is left out: the law sets a period from the report, and none from there.
    """
    fell = select(Award.id).where(Award.subject_kind == "lot", Award.subject_id == EvaluationReport.lot_id)
    query = select(EvaluationReport.lot_id, EvaluationReport.made_at)
    query = query.where(EvaluationReport.lot_id.in_([lot.id for lot in lots]), ~fell.exists())
    made = {row.lot_id: row.made_at for row in db.session.execute(query)} if lots else {}
    calendars = {place: calendar_for(place) for place in {lot.district_id for lot in lots if lot.id in made}}
    return {
        lot.id: end_of_day(choose_by(beijing_day(made[lot.id]), rules_of(lot.tender), calendars[lot.district_id]))
        for lot in lots
        if lot.id in made
    }


def letter(letter_id: int) -> BidderLetter | None:
    """Return one letter."""
    return db.session.get(BidderLetter, letter_id)


def letters_to(organisation_ids: Iterable[int], limit: int = 50) -> list[tuple[BidderLetter, Award]]:
    """Return the letters to organisations with their awards, newest first."""
    query = (
        select(BidderLetter, Award)
        .join(Award, Award.id == BidderLetter.award_id)
        .where(BidderLetter.organisation_id.in_(list(organisation_ids)))
        .order_by(BidderLetter.id.desc())
        .limit(limit)
    )
    return [(letter, award) for letter, award in db.session.execute(query)]


# --- proposed awards and objections -----------------------------------------------------------------------------------


def objection(objection_id: int, *, lock: bool = False) -> Objection | None:
    """Return an objection with its award, file and supplier."""
    award = joinedload(Objection.award)
    query = (
        select(Objection)
        .where(Objection.id == objection_id)
        .options(award.joinedload(Award.file), award.joinedload(Award.organisation))
    )
    if lock:
        query = query.with_for_update(of=Objection).execution_options(populate_existing=True)
    return db.session.scalar(query)


def objection_by_token(token: str) -> Objection | None:
    """Return the objection a form has already made."""
    return db.session.scalar(select(Objection).filter_by(form_token=token))


def objections_to(award_id: int) -> list[Objection]:
    """Return all objections to an award, oldest first."""
    return list(db.session.scalars(select(Objection).filter_by(award_id=award_id).order_by(Objection.id)))


def objections_in(
    district_ids: Iterable[int | None], *, open_only: bool = False, before: int | None = None, limit: int = 20
) -> list[Objection]:
    """Return the objections in districts (None: in all), newest first by key; `open_only`: the most urgent first."""
    wanted = set(district_ids)
    query = select(Objection).options(joinedload(Objection.award)).limit(limit)
    if None not in wanted:
        query = query.where(Objection.district_id.in_(wanted))
    if open_only:
        query = query.where(Objection.state == ObjectionState.FILED).order_by(Objection.answer_by, Objection.id)
    else:
        query = query.order_by(Objection.id.desc())
    return list(db.session.scalars(query if before is None else query.where(Objection.id < before)))


def to_confirm(street_ids: Iterable[int], at: datetime) -> list[Award]:
    """Return proposed awards of streets that can be decided: notice over with no open objection, or one upheld."""
    open_ones = select(Objection.id).where(Objection.award_id == Award.id, Objection.state == ObjectionState.FILED)
    upheld = select(Objection.id).where(Objection.award_id == Award.id, Objection.state == ObjectionState.UPHELD)
    query = (
        select(Award)
        .where(
            Award.street_id.in_(list(street_ids)),
            Award.state == AwardState.PENDING,
            upheld.exists() | ((Award.publicity_until <= at) & ~open_ones.exists()),
        )
        .order_by(Award.publicity_until, Award.id)
        .limit(100)
    )
    return list(db.session.scalars(query))
