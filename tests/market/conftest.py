"""Browsers of people who judge, at a case's time; purchases and rounds alike."""

from __future__ import annotations

import pytest

from tests.factories.people import sign_in
from tests.fixtures.visitor import Visitor


@pytest.fixture
def go(app, session, clock):
    """Sign somebody in on a browser of their own, at the case's time."""

    def enter(case, user):
        if clock.now < case.at:
            clock.forward(seconds=(case.at - clock.now).total_seconds())
        return sign_in(Visitor(app), user)

    return enter
