"""What becomes of a contract in force: filed, suspended with its award, resumed."""

from __future__ import annotations

from datetime import datetime

from contracts.agreements import mail
from contracts.agreements.actions.drafting import loaded
from contracts.agreements.models import Agreement
from contracts.agreements.notices import state_release
from contracts.agreements.states import AGREEMENT_MACHINE, AgreementState, AgreementVerb
from market.awards.queries import stands
from market.kernel.clock import beijing_day
from market.kernel.errors import Refused
from market.kernel.permits import CLOCK, Actor, Permit, require
from market.kernel.text import N_
from market.records.audit import record
from market.records.moves import move
from market.records.notices import CardFacts, publish

_FELL = N_("成交结果因质疑暂停或已被认定无效，合同随之暂停履行。")


def record_filing(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Write down that the copy went to the finance department today (采购法 47)."""
    row = loaded(agreement_id)
    require(actor, Permit.AGREEMENT_DRAFT, row.subject.scope)
    if row.file_copy_by is None:
        raise Refused(N_("合同还没有签署，不需要报备案。"))
    if row.file_copied_on is not None:
        raise Refused(N_("这份合同已经登记过备案。"))
    row.file_copied_on = beijing_day(at)
    facts = {"on": row.file_copied_on.isoformat(), "late": row.file_copied_on > row.file_copy_by}
    record(row.subject, "file_copy", actor, at, permit=Permit.AGREEMENT_DRAFT, facts=facts)
    return row


def suspend_if_award_fell(row: Agreement, at: datetime) -> bool:
    """Suspend a contract in force whose award no longer stands; True when this call did it or it is suspended already.

    Asked at acceptance and at every payment (decision 17); `row.award`, `row.file` and `row.organisation` are loaded.
    """
    if row.state == AgreementState.SUSPENDED:
        return True
    if row.state != AgreementState.IN_FORCE or stands(row.award):
        return False
    row.suspension_reason = _FELL
    move(row, AGREEMENT_MACHINE, AgreementVerb.SUSPEND, CLOCK, at, facts={"award": row.award.state})
    publish(row.file, "contractUpdate", state_release(row, _FELL), CardFacts(stage="suspended"), CLOCK, at)
    mail.tell_suspended(row, at)
    return True


def resume_agreement(actor: Actor, agreement_id: int, at: datetime) -> Agreement:
    """Let a suspended contract go on once its award stands again."""
    row = loaded(agreement_id)
    if not stands(row.award):
        raise Refused(N_("成交结果还没有恢复有效，合同不能恢复履行。"))
    row.suspension_reason = ""
    move(row, AGREEMENT_MACHINE, AgreementVerb.RESUME, actor, at)
    publish(row.file, "contractUpdate", state_release(row, ""), CardFacts(stage="contract"), actor, at)
    mail.tell_resumed(row, at)
    return row
