"""The national register of experts and their ties."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select

from market.db.session import db
from market.kernel.categories import Category
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope, require
from market.kernel.text import N_
from market.panels.models import Expert, ExpertTie
from market.panels.states import TieKind
from market.people.models import User
from market.records.audit import record


def _require_keeper(actor: Actor) -> None:
    # The register is national, so an officer of any district keeps it.
    if not actor.scopes(Permit.EXPERT_MANAGE):
        require(actor, Permit.EXPERT_MANAGE, Scope())


def add_expert(
    actor: Actor, user: User, fields: Collection[Category], employer: str, title: str, at: datetime
) -> Expert:
    """Enter a person into the register. Needs an account that may score; its grants must be loaded."""
    _require_keeper(actor)
    if Permit.BID_SCORE not in user.actor().permits():
        raise Refused(N_("该账号还没有“评审专家”角色，请先由账号管理员授予。"), field="login")
    if not fields:
        raise Refused(N_("请至少选择一个专业领域。"), field="fields")
    if db.session.scalar(select(Expert.id).filter_by(user_id=user.id)) is not None:
        raise Refused(N_("该人员已在专家库中。"), field="login")
    row = Expert(
        user_id=user.id,
        name=user.name,
        fields=",".join(sorted(fields)),
        employer=employer.strip(),
        title=title.strip(),
        active=True,
        added_at=at,
        ties=[],
    )
    db.session.add(row)
    db.session.flush()
    record(row.subject, "add", actor, at, facts={"fields": row.fields}, private={"name": row.name, "user": user.id})
    return row


def set_active(actor: Actor, row: Expert, active: bool, at: datetime) -> None:
    """Take an expert out of coming draws, or back in; seats already drawn stay."""
    _require_keeper(actor)
    row.active = active
    record(row.subject, "activate" if active else "deactivate", actor, at)


def add_tie(
    actor: Actor,
    row: Expert,
    kind: TieKind,
    at: datetime,
    *,
    organisation_id: int | None = None,
    street_id: int | None = None,
    began_on: date | None = None,
    ended_on: date | None = None,
    note: str = "",
) -> ExpertTie:
    """Write down a tie with an organisation or a street; experts may do so for themselves. Ties must be loaded."""
    if row.user_id != actor.user_id:
        _require_keeper(actor)
    if (organisation_id is None) == (street_id is None):
        raise Refused(N_("请选择一个机构或一个街道。"), field="organisation_id")
    if began_on and ended_on and ended_on < began_on:
        raise Refused(N_("结束日期不能早于开始日期。"), field="ended_on")
    tie = ExpertTie(
        kind=kind.value,
        organisation_id=organisation_id,
        street_id=street_id,
        began_on=began_on,
        ended_on=ended_on,
        note=note.strip(),
    )
    row.ties.append(tie)
    db.session.flush()
    private = {"kind": kind.value, "organisation": organisation_id, "street": street_id}
    record(row.subject, "tie", actor, at, private=private)
    return tie
