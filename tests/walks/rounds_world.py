"""Rounds at every stage for the world whose pages are all visited: one street, two officers, two firms of the town."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from market.kernel.clock import system_now
from market.kernel.permits import Role
from market.people.models import User
from market.venture import actions, queries
from tests.factories import rounds
from tests.factories.organisations import Team
from tests.factories.people import acting, person
from tests.factories.places import street as make_street
from tests.factories.rounds import Case

_ASKS = ({"title": "暖心陪伴"}, {"title": "银龄课堂"})


class RoundsWorld:
    """The street's officers and the town's firms."""

    def __init__(self, ids: dict[str, Any], people: dict[str, int], firms: Mapping[str, Team], marker: str) -> None:
        self.ids, self.people, self.marker = ids, people, marker
        self.warm, self.silver = firms["暖邻"], firms["银龄"]
        self.street = make_street("320115003")
        self.officers = (
            person(Role.STREET_CLERK, self.street.scope, name="秦晓禾"),
            person(Role.STREET_APPROVER, self.street.scope, name="周望舒"),
        )
        people |= {"round-clerk": self.officers[0].id, "round-approver": self.officers[1].id}

    def _common(self) -> dict[str, Any]:
        officers: tuple[User, User] = self.officers
        term = {"starts_on": date(2027, 2, 1), "ends_on": date(2027, 12, 31)}
        return {"street": self.street, "officers": officers, **term}

    def judged(self) -> None:
        """One each being checked, judged, ranked and decided; their deadlines are long past."""
        given = {**self._common(), "teams": (self.warm, self.silver)}
        screening = rounds.closed(_ASKS, **given)
        self.ids |= {"screening_round": screening.round_id, "screening_application": screening.applications()[0].id}
        self._judging(rounds.screened(_ASKS, **given))
        self.ids["ranked_round"] = rounds.ranked(_ASKS, (90, 80), pool=0, **given).round_id
        decided = rounds.decided(_ASKS, (90, 80), pool=0, **given)
        self.ids |= {"decided_round": decided.round_id, "decided_application": decided.applications()[0].id}

    def _judging(self, case: Case) -> None:
        """One juror has declared and scores, the others have not; residents vote and the pitch day is fixed."""
        actions.draw_jury(case.clerk, case.round_id, case.at, size=5, expert_seats=5)
        declared, newcomer, *_ = case.seats
        confirmed = list(queries.parties(case.applications()))
        actions.declare(case.member(declared), declared.id, confirmed, case.at)
        actions.set_pitch(case.clerk, case.round_id, case.at + timedelta(days=3), case.at)
        actions.open_vote(case.clerk, case.round_id, case.at + timedelta(days=300), case.at)
        actions.make_codes(case.clerk, case.round_id, 3, case.at)
        self.people |= {"juror": declared.user_id, "new-juror": newcomer.user_id}
        self.ids |= {"jury_round": case.round_id, "round_seat": declared.id, "new_round_seat": newcomer.id}
        self.ids["jury_application"] = case.applications()[0].id

    def newest(self) -> None:
        """A draft, one under review, and one that is open: a firm has begun, the other has handed in."""
        common, marker, ids = self._common(), self.marker, self.ids
        ids["draft_round"] = rounds.drafted(**common, title=f"{marker}草案").round_id
        review = rounds.drafted(**common)
        actions.submit_round(review.clerk, review.round_id, review.at)
        ids["review_round"] = review.round_id
        case = rounds.published(**common)
        typed = rounds.values(title=f"{marker}的草稿", summary=marker)
        actions.save_fields(acting(self.warm.editor), case.round_id, self.warm.id, typed, 0, system_now())
        sent = rounds.apply(case, self.silver, title=f"{marker}已交", plan=marker)
        ids |= {"open_round": case.round_id, "open_application": sent.id, "warm_id": self.warm.id}
