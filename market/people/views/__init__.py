"""Doors of the people room: signing in, the own desk and account, and the management of accounts."""

from market.people.views import managing, own, signing_in
from market.people.views.door import bp

__all__ = ["bp", "managing", "own", "signing_in"]
