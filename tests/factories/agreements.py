"""Awards and contracts for tests: reserved money, a confirmed award, and a contract at any stage by the room's actions.

deal = awarded()                      # people, organisation, purchase file, award; money reserved
row = drafted(deal); row = issued(deal); row = half_signed(deal); row = in_force(deal)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from contracts.agreements import actions, jobs, queries
from contracts.agreements.models import Agreement
from contracts.agreements.states import Party
from market.awards.models import Award
from market.awards.rules import FundingTerms, PartySnapshot, Terms, sign_by
from market.awards.states import AwardState
from market.budgets.models import BudgetLine
from market.db.session import db
from market.kernel.clock import beijing_day, end_of_day, instant, system_now
from market.kernel.permits import Actor, Role
from market.ledger.actions import book
from market.ledger.states import Reason
from market.people.models import User
from market.places.models import Street
from market.records.models import PurchaseFile
from market.records.pdf import render_document
from market.records.purchases import open_file
from market.records.signing import prepare_fields
from tests.factories.budgets import closed_year, holder
from tests.factories.organisations import Team, organisation
from tests.factories.people import PASSPHRASE, acting, keys, person
from tests.factories.places import street as make_street
from tests.factories.terms import make_terms
from tests.fixtures.ground import replayed
from tests.market.kernel.calendars import TEST_2026

# The award notice goes out on 7 April 2026; the windows end on 8 and 17 April.
NOTICED = instant(make_terms().noticed_on, 9)
PUBLICITY_UNTIL = datetime(2026, 4, 8, 16, tzinfo=UTC)
CHALLENGE_UNTIL = datetime(2026, 4, 17, 16, tzinfo=UTC)
SIGNING = instant(beijing_day(CHALLENGE_UNTIL) + timedelta(days=2), 10)
# On the first two lines of the street's year.
RESERVED = (30_000_000, 18_000_000)


@dataclass
class Deal:
    """Everybody and everything around one award."""

    street: Street
    team: Team
    clerk: Actor
    approver: User
    lines: list[BudgetLine]
    file: PurchaseFile
    award: Award
    terms: Terms

    @property
    def supplier(self) -> Actor:
        """Who signs for the organisation."""
        return acting(self.team.signatory)

    @property
    def buyer(self) -> Actor:
        """Who signs for the street."""
        return acting(self.approver)

    @property
    def editor(self) -> Actor:
        """Who reports for the organisation."""
        return acting(self.team.editor)


@replayed
def awarded(
    *, place: Street | None = None, reserved: Sequence[int] = RESERVED, at: datetime = NOTICED, **changes: Any
) -> Deal:
    """A confirmed award with its money reserved on the first lines of the street's year."""
    street, team, lines, terms, file = ground(place, reserved, "lot", at, **changes)
    award = _award(terms, file, team, street, at)
    return Deal(
        street,
        team,
        holder(Role.STREET_CLERK, street.scope, "经办人"),
        person(Role.STREET_APPROVER, street.scope, name="周正"),
        lines,
        file,
        award,
        terms,
    )


def ground(
    place: Street | None, reserved: Sequence[int], kind: str, at: datetime, **changes: Any
) -> tuple[Street, Team, list[BudgetLine], Terms, PurchaseFile]:
    """Street, supplier, lines with the money reserved for a subject of this kind, terms, and the purchase file."""
    street = place or make_street()
    team = organisation("江宁区暖邻社会工作服务中心")
    lines = closed_year(street).lines[: len(reserved)]
    terms = make_terms(
        funding=tuple((line.id, fen) for line, fen in zip(lines, reserved, strict=True)),
        buyer=PartySnapshot(street.id, street.office, street.code, "street_office", "", street.office),
        supplier=_snapshot(team),
        # The service begins with the signature, so that a test may report at once.
        **{"starts_on": beijing_day(SIGNING), "ends_on": date(2027, 4, 19), **changes},
    )
    named = {line.id: line for line in lines}
    terms = replace(
        terms,
        funding=tuple(
            FundingTerms(one.line_id, named[one.line_id].source, named[one.line_id].title, one.amount_fen)
            for one in terms.funding
        ),
    )
    file = open_file(street.district_id, street.id, street.code, terms.regime, terms.title, at)
    for one in terms.funding:
        key = f"{kind}:{file.id}:reserve:{one.line_id}"
        book(Reason.RESERVE, one.line_id, one.amount_fen, key, (kind, file.id), file.id, at)
    return street, team, lines, terms, file


def _snapshot(team: Team) -> PartySnapshot:
    row = team.organisation
    return PartySnapshot(row.id, row.name, row.uscc or "", row.provider_type, row.legal_representative, row.address)


def _award(terms: Terms, file: PurchaseFile, team: Team, street: Street, at: datetime) -> Award:
    award = Award(
        subject_kind="lot",
        subject_id=file.id,
        file_id=file.id,
        district_id=street.district_id,
        street_id=street.id,
        organisation_id=team.id,
        regime=terms.regime,
        title=terms.title,
        rank=1,
        amount_fen=terms.amount_fen,
        terms=terms.as_data(),
        terms_digest=terms.digest,
        state=AwardState.ACTIVE.value,
        reason="评审排名第一",
        decided_at=at,
        publicity_until=PUBLICITY_UNTIL,
        challenge_until=CHALLENGE_UNTIL,
        sign_by=sign_by(terms.noticed_on, terms.rules.sign_days, TEST_2026).day,
        file=file,
        organisation=team.organisation,
    )
    db.session.add(award)
    db.session.flush()
    return award


def set_award(award: Award, state: AwardState) -> None:
    """Put the award into a state as the awards room would have done."""
    award.state = state.value
    db.session.flush()


def drafted(deal: Deal, at: datetime = SIGNING) -> Agreement:
    """A contract being drafted."""
    return actions.draft_agreement(deal.clerk, deal.award.id, at)


@lru_cache(maxsize=1)
def short_document() -> bytes:
    """One page with both signature fields, for tests that are not about the document: made once."""
    places = "".join(f'<p style="height: 60pt" id="signature-{party.value}"></p>' for party in Party)
    made = render_document(f"<html><body>{places}</body></html>", title="合同", lang="zh-CN", at=SIGNING)
    return prepare_fields(made.pdf, made.fields)


def issued(deal: Deal, at: datetime = SIGNING, *, document: str = "short") -> Agreement:
    """A contract sent for signature with a document ("short", "real" or "none"); both signatories have keys."""
    row = actions.issue_agreement(deal.clerk, drafted(deal, at).id, at)
    if document != "none":
        actions.keep_document(row.id, jobs.document(row) if document == "real" else short_document())
        keys(deal.team.signatory, organisation=deal.team.organisation.name)
        keys(deal.approver, organisation=deal.street.office)
    return row


def half_signed(deal: Deal, at: datetime = SIGNING, *, document: str = "short") -> Agreement:
    """The supplier has signed."""
    row = issued(deal, at, document=document)
    return actions.sign_agreement(deal.supplier, row.id, Party.SUPPLIER, PASSPHRASE, at, real=system_now())


@replayed
def in_force(deal: Deal, at: datetime = SIGNING, *, document: str = "quick") -> Agreement:
    """Both have signed. "quick" writes the signatures down without making them; "short" and "real" are signed."""
    if document != "quick":
        row = half_signed(deal, at, document=document)
        return actions.sign_agreement(deal.buyer, row.id, Party.BUYER, PASSPHRASE, at, real=system_now())
    row = actions.issue_agreement(deal.clerk, drafted(deal, at).id, at)
    actions.keep_document(row.id, short_document())
    return sign_quickly(deal, row, at)


def sign_quickly(deal: Deal, row: Agreement, at: datetime = SIGNING) -> Agreement:
    """Both signatures of an issued contract, written down without making them."""
    for actor, party in ((deal.supplier, Party.SUPPLIER), (deal.buyer, Party.BUYER)):
        note_signature(actor, row, party, at)
    return row


def note_signature(actor: Actor, row: Agreement, party: Party, at: datetime) -> Agreement:
    """One party's signature, written down without making it."""
    over = row.signatures[-1].pdf_file_id if row.signatures else row.draft_pdf_id
    assert over is not None
    assert actor.user_id is not None
    prepared = actions.PreparedSignature(row.id, party, actor.user_id, over, short_document(), f"{actor.user_id}-1")
    return actions.record_signature(actor, prepared, at)


def again(row: Agreement) -> Agreement:
    """The contract read anew."""
    found = queries.agreement(row.id, lock=True)
    assert found is not None
    return found


def end_of(day: Any) -> datetime:
    """First instant after a Beijing day."""
    return end_of_day(day)
