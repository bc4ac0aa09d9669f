"""Where an organisation is paid: no account is used before two people have agreed on it."""

from __future__ import annotations

from datetime import datetime

from market.db.session import db
from market.kernel.errors import Forbidden, Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.organisations.models import BankAccount, Organisation, StripeAccount
from market.organisations.queries import live_bank_account, stripe_account
from market.organisations.rules import check_bank
from market.organisations.states import BANK_MACHINE, BankState, BankVerb
from market.people.queries import holders
from market.records.audit import record, require_other_hands
from market.records.messages import tell
from market.records.moves import move


def propose_bank(
    actor: Actor, subject: Organisation, holder: str, account_no: str, bank_name: str, cnaps: str, at: datetime
) -> BankAccount:
    """Propose the account to be paid on; another person of the organisation must confirm it."""
    require(actor, Permit.BANK_PROPOSE, Scope(organisation_id=subject.id))
    account_no, cnaps = check_bank(account_no, cnaps)
    if holder.strip() != subject.name:
        raise Refused(N_("户名须与机构登记名称“%(name)s”一致。"), field="holder", name=subject.name)
    row = BankAccount(
        organisation_id=subject.id,
        holder=holder.strip(),
        account_no=account_no,
        bank_name=bank_name.strip(),
        cnaps=cnaps,
        state=BankState.PROPOSED.value,
        proposed_by=actor.user_id,
        proposed_at=at,
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "propose", actor, at, permit=Permit.BANK_PROPOSE, private={"account_no": account_no})
    tell(
        holders(Permit.BANK_CONFIRM, Scope(organisation_id=subject.id)),
        N_("收款账户待复核"),
        N_("%(name)s 提出了新的收款账户，请由另一人复核。"),
        f"/organisations/{subject.id}/bank",
        at,
        {"name": subject.name},
    )
    return row


def decide_bank(actor: Actor, row: BankAccount, verb: BankVerb, at: datetime) -> None:
    """Confirm or reject a proposed account as the second person; a confirmed one replaces the live one."""
    require_other_hands(actor, Permit.BANK_CONFIRM, "bank_account", row.id)
    if verb is BankVerb.CONFIRM:
        live = live_bank_account(row.organisation_id)
        if live is not None:
            move(live, BANK_MACHINE, BankVerb.RETIRE, actor, at)
        row.confirmed_by = actor.user_id
    move(row, BANK_MACHINE, verb, actor, at)


def keep_stripe_account(actor: Actor, subject: Organisation, account: str, at: datetime) -> StripeAccount:
    """Remember the connected account made for an organisation."""
    require(actor, Permit.PAYOUT_ACCOUNT, Scope(organisation_id=subject.id))
    row = stripe_account(subject.id)
    if row is None:
        row = StripeAccount(
            organisation_id=subject.id, account=account, payouts_enabled=False, chosen=False, updated_at=at
        )
        db.session.add(row)
        db.session.flush()
        record(subject.subject, "connect_stripe", actor, at, permit=Permit.PAYOUT_ACCOUNT, private={"account": account})
    return row


def note_stripe_state(row: StripeAccount, payouts_enabled: bool, actor: Actor, at: datetime) -> None:
    """Write down what the provider says of a connected account."""
    if row.payouts_enabled != payouts_enabled:
        row.payouts_enabled, row.updated_at = payouts_enabled, at
        subject = db.session.get_one(Organisation, row.organisation_id)
        record(subject.subject, "stripe_state", actor, at, facts={"payouts_enabled": payouts_enabled})


def choose_route(actor: Actor, subject: Organisation, stripe: bool, at: datetime) -> None:
    """Ask to be paid on the connected account, which must be ready, or go back to the bank account.

    The first needs another person (`decide_route`), as every new account does; the second goes back to an account that
    two people have agreed on. Choosing what is chosen already changes nothing.
    """
    require(actor, Permit.PAYOUT_ACCOUNT, Scope(organisation_id=subject.id))
    row = stripe_account(subject.id, lock=True)
    if stripe and (row is None or not row.payouts_enabled):
        raise Refused(N_("Stripe 账户尚未开通收款，请先完成开户。"), field="route")
    if row is None or stripe == (row.chosen or row.asked_by is not None):
        return
    row.chosen, row.asked_by, row.confirmed_by, row.updated_at = False, actor.user_id if stripe else None, None, at
    record(subject.subject, "choose_route", actor, at, permit=Permit.PAYOUT_ACCOUNT, facts={"stripe": stripe})
    if stripe:
        tell(
            holders(Permit.BANK_CONFIRM, Scope(organisation_id=subject.id)),
            N_("收款方式待复核"),
            N_("%(name)s 提出改由 Stripe 账户收款，请由另一人复核。"),
            f"/organisations/{subject.id}/bank",
            at,
            {"name": subject.name},
        )


def decide_route(actor: Actor, subject: Organisation, confirm: bool, at: datetime) -> None:
    """Agree to the connected account as the second person, or turn it down.

    Raises Refused when nobody asks for it or it cannot be paid, Forbidden for whoever asked.
    """
    require(actor, Permit.BANK_CONFIRM, Scope(organisation_id=subject.id))
    row = stripe_account(subject.id, lock=True)
    if row is None or row.asked_by is None or row.chosen:
        raise Refused(N_("没有等待复核的收款方式，请刷新页面查看。"))
    if row.asked_by == actor.user_id:
        raise Forbidden(N_("收款账户须由另一人复核。"))
    if confirm and not row.payouts_enabled:
        raise Refused(N_("Stripe 账户尚未开通收款，请先完成开户。"))
    row.chosen, row.updated_at = confirm, at
    row.asked_by, row.confirmed_by = (row.asked_by, actor.user_id) if confirm else (None, None)
    record(subject.subject, "decide_route", actor, at, permit=Permit.BANK_CONFIRM, facts={"stripe": confirm})
