"""Doors of the payouts room: payments, bank files and results, accounts and routes, the providers' notices."""

from contracts.payouts.views import accounts, orders, payments
from contracts.payouts.views.door import bp
from contracts.payouts.views.hooks import webhooks

__all__ = ["accounts", "bp", "orders", "payments", "webhooks"]
