"""Card of the incubation room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from market.incubation import queries
from market.incubation.due import end_hostings
from market.incubation.states import ResidencyState
from market.incubation.views import bp
from market.kernel.clock import beijing_day, end_of_day
from market.kernel.permits import Actor, Permit
from market.kernel.text import N_
from market.web.menus import MenuGroup
from market.web.rooms import Ask, MenuEntry, Room, Waiting

_S = ResidencyState
# What a state asks of staff, of the district, of the organisation.
_STAFF = {
    _S.APPLIED: N_("初审入驻申请"),
    _S.ADMITTED: N_("送达孵化协议"),
    _S.INCUBATING: N_("跟进阶段达标"),
    _S.LEAVING: N_("办理场地交还"),
    _S.GRADUATED: N_("办理场地交还"),
}
_DISTRICT = {_S.REVIEWING: N_("决定是否准予入驻"), _S.INCUBATING: N_("孵化期将满，决定出壳或延长")}
_ORGANISATION = {
    _S.RETURNED: N_("补正入驻申请"),
    _S.OFFERED: N_("阅读并确认孵化协议"),
    _S.INCUBATING: N_("办理法人登记"),
}


def asks(actor: Actor, at: datetime) -> list[Ask]:
    """Trainings to come, and hosts to answer."""
    found, come, answer = [], N_("参加培训"), N_("答复支持关系")
    if own := _own(actor, Permit.INCUBATION_APPLY):
        found.append(
            Ask(
                queries.coming_for(own, at),
                lambda rows: [Waiting(come, r.title, f"/incubation/trainings/{r.id}", r.at) for r in rows],
            )
        )
    if hosts := _own(actor, Permit.HOSTING_AGREE):
        found.append(
            Ask(
                queries.proposed_to(hosts),
                lambda rows: [Waiting(answer, r.title, f"/incubation/hostings/{r.id}") for r in rows],
            )
        )
    return found


def waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Applications to check and decide, agreements to accept, space to hand back, lists to enter."""
    return [*_cases(actor, beijing_day(at)), *_trainings(actor, at)]


def _cases(actor: Actor, today: date) -> Iterator[Waiting]:
    asked = (
        (_STAFF, "due_on", queries.Reach(actor.scopes(Permit.INCUBATION_WORK), [])),
        (_DISTRICT, "ends_on", queries.Reach(actor.scopes(Permit.INCUBATION_DECIDE), [])),
        (_ORGANISATION, "register_by", queries.Reach([], _own(actor, Permit.INCUBATION_APPLY))),
    )
    for verbs, running_by, reach in asked:
        if reach.posts or reach.organisations:
            for row in queries.pending(reach, verbs, running_by, today):
                due = getattr(row, running_by) if row.state == _S.INCUBATING else row.due_on
                yield Waiting(
                    verbs[_S(row.state)],
                    row.organisation.name,
                    f"/incubation/residencies/{row.id}",
                    end_of_day(due) if due else None,
                    urgent=due is not None and due < today,
                )


def _own(actor: Actor, permit: Permit) -> list[int]:
    return sorted({g.organisation_id for g in actor.scopes(permit) if g.organisation_id is not None})


def _trainings(actor: Actor, at: datetime) -> Iterator[Waiting]:
    if grants := actor.scopes(Permit.INCUBATION_WORK):
        for row in queries.to_close(grants, at):
            yield Waiting(N_("登记培训签到"), row.title, f"/incubation/trainings/{row.id}/attendance", row.ends_at)


CARD = Room(
    name="incubation",
    blueprints=[bp],
    menu=[
        MenuEntry(
            N_("孵化网络"),
            "incubation.index",
            (
                Permit.INCUBATION_WORK,
                Permit.INCUBATION_MANAGE,
                Permit.INCUBATION_APPLY,
            ),
            group=MenuGroup.ORGANISATIONS,
        ),
        MenuEntry(
            N_("入驻孵化"),
            "incubation.residencies",
            (Permit.INCUBATION_WORK, Permit.INCUBATION_DECIDE, Permit.INCUBATION_APPLY),
            group=MenuGroup.ORGANISATIONS,
        ),
        MenuEntry(
            N_("培训"),
            "incubation.trainings",
            (Permit.INCUBATION_WORK, Permit.INCUBATION_APPLY),
            group=MenuGroup.ORGANISATIONS,
        ),
    ],
    asks=asks,
    waiting=waiting,
    due=[end_hostings],
)
