"""Where a payment would go now: by which way, from which account, to which account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.payouts.models import Payment, StreetAccount
from contracts.payouts.queries import chosen_stripe
from contracts.payouts.states import Route
from market.budgets.states import FUND_SOURCE_LABELS, FundSource
from market.kernel.canonical import digest
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.organisations.models import BankAccount
from market.organisations.queries import live_bank_account, stripe_account


@dataclass(frozen=True)
class Destination:
    """Both accounts of a payment, and the connected account where it goes by Stripe."""

    payer: StreetAccount
    payee: BankAccount
    stripe_account: str | None

    @property
    def compared(self) -> dict[str, Any]:
        """What the second person compares and approves, as data: an order needs the same."""
        if self.stripe_account is not None:
            return {"route": Route.STRIPE.value, "payee": [self.stripe_account]}
        payer, payee = ([one.holder, one.account_no, one.bank_name, one.cnaps] for one in (self.payer, self.payee))
        return {"route": Route.BANK.value, "payer": payer, "payee": payee}

    @property
    def digest(self) -> str:
        """Digest of what is compared, so that a page can say which accounts it showed."""
        return digest(self.compared)


def route_of(organisation_id: int) -> Route:
    """How this organisation is paid: by its Stripe account when it chose one that is ready, otherwise by the bank."""
    return Route.STRIPE if chosen_stripe([organisation_id]) else Route.BANK


def destination_of(row: Payment, payer: StreetAccount | None, route: Route) -> Destination:
    """Return where a payment goes on this route; raises Refused where an account is missing.

    An organisation that chose Stripe has a bank account as well: it is the way that is left when a transfer fails.
    """
    payee = live_bank_account(row.organisation_id)
    if payee is None:
        raise Refused(N_("%(name)s 还没有经两人复核的收款账户；请通知该机构登记后再申请。"), name=row.organisation.name)
    if payer is None:
        raise Refused(
            N_("街道还没有登记“%(source)s”的付款账户；请先在“付款账户”页登记并由另一人复核。"),
            source=FUND_SOURCE_LABELS[FundSource(row.line.source)],
        )
    connected = stripe_account(row.organisation_id) if route is Route.STRIPE else None
    return Destination(payer, payee, connected.account if connected else None)
