"""The accounts from which a street pays, one for each fund source: entered by one person, confirmed by another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.payouts.models import StreetAccount
from contracts.payouts.providers.port import DebtorAccount
from contracts.payouts.queries import live_accounts, street_account
from contracts.payouts.states import ACCOUNT_MACHINE, AccountState, AccountVerb
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.db.session import db
from market.kernel.errors import Forbidden, NotFound, Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.people.queries import holders
from market.places.models import Street
from market.records.audit import record
from market.records.messages import tell
from market.records.moves import move

_FIELDS = {
    "debtor_name": "holder",
    "debtor_account_no": "account_no",
    "debtor_bank_name": "bank_name",
    "debtor_cnaps": "cnaps",
}


@dataclass(frozen=True)
class AccountFacts:
    """A paying account as typed."""

    source: FundSource
    holder: str
    account_no: str
    bank_name: str
    cnaps: str


def propose_account(actor: Actor, street: Street, facts: AccountFacts, at: datetime) -> StreetAccount:
    """Enter an account; it pays nothing until another person has confirmed it. Raises Refused at a field."""
    require(actor, Permit.PAYOUT_REQUEST, street.scope)
    account = _checked(facts)
    row = StreetAccount(
        district_id=street.district_id,
        street_id=street.id,
        source=facts.source.value,
        holder=account.name,
        account_no=account.account_no,
        bank_name=account.bank_name,
        cnaps=account.cnaps,
        state=AccountState.PROPOSED.value,
        proposed_by=actor.user_id,
        proposed_at=at,
    )
    db.session.add(row)
    db.session.flush()
    record(
        row.subject, "propose", actor, at, permit=Permit.PAYOUT_REQUEST,
        facts={"source": row.source}, private={"account_no": row.account_no},
    )  # fmt: skip
    tell(
        holders(Permit.PAYOUT_APPROVE, street.scope),
        N_("街道付款账户待复核"),
        N_("%(street)s登记了“%(source)s”的付款账户，请由另一人复核。"),
        f"/payments/accounts/{street.id}",
        at,
        {"street": street.name, "source": FUND_SOURCE_LABELS[facts.source]},
    )
    return row


def _checked(facts: AccountFacts) -> DebtorAccount:
    digits = "".join(facts.account_no.split())
    try:
        return DebtorAccount(
            name=facts.holder.strip(),
            account_no=digits,
            bank_name=facts.bank_name.strip(),
            cnaps="".join(facts.cnaps.split()),
        )
    except Refused as refusal:
        raise Refused(refusal.message, field=_FIELDS.get(refusal.field or ""), **refusal.params) from None


def _locked(account_id: int) -> StreetAccount:
    row = street_account(account_id, lock=True)
    if row is None:
        raise NotFound(N_("没有找到您要的内容，链接可能已失效。"))
    return row


def decide_account(actor: Actor, account_id: int, verb: AccountVerb, at: datetime) -> None:
    """Confirm or reject a proposed account as the second person; a confirmed one replaces the live one."""
    row = _locked(account_id)
    if row.proposed_by == actor.user_id:
        raise Forbidden(N_("付款账户须由登记人以外的另一人复核。"))
    if verb is AccountVerb.CONFIRM:
        live = live_accounts(row.street_id).get(row.source)
        if live is not None:
            move(live, ACCOUNT_MACHINE, AccountVerb.RETIRE, actor, at)
        row.confirmed_by = actor.user_id
    move(row, ACCOUNT_MACHINE, verb, actor, at, facts={"source": row.source})


def retire_account(actor: Actor, account_id: int, at: datetime) -> None:
    """Stop paying from an account; orders already given stay as they are."""
    move(_locked(account_id), ACCOUNT_MACHINE, AccountVerb.RETIRE, actor, at)
