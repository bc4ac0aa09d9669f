"""What all pages of this room share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, redirect, url_for

from contracts.agreements import actions, mail, queries
from contracts.agreements.models import Agreement
from contracts.agreements.states import AgreementState
from market.kernel.permits import ROLE_LABELS, Permit, Role
from market.kernel.text import N_
from market.records.models import AuditEntry
from market.web.filters import text
from market.web.guard import found
from market.workers.queries import workers_by_id

bp = Blueprint("agreements", __name__, url_prefix="/agreements")

TONES = {
    AgreementState.DRAFT: "neutral",
    AgreementState.ISSUED: "wait",
    AgreementState.HALF_SIGNED: "wait",
    AgreementState.IN_FORCE: "good",
    AgreementState.SUSPENDED: "bad",
    AgreementState.COMPLETED: "info",
    AgreementState.CANCELLED: "neutral",
    AgreementState.TERMINATED: "bad",
}
# Every act recorded of a contract; the walks look for one without words.
STORY = {
    "draft": (N_("起草合同"), "neutral"),
    "save": (N_("修改草稿"), "neutral"),
    "issue": (N_("定稿并送签"), "info"),
    "render": (N_("生成合同文件"), "neutral"),
    "sign_supplier": (N_("供应商签署"), "info"),
    "sign_buyer": (N_("街道签署，合同生效"), "good"),
    "file_copy": (N_("报财政部门备案"), "neutral"),
    "plan_milestones": (N_("生成履约节点"), "neutral"),
    "suspend": (N_("暂停履行"), "bad"),
    "resume": (N_("恢复履行"), "good"),
    "complete": (N_("结清合同"), "good"),
    "cancel": (N_("取消合同"), "bad"),
    "terminate": (N_("终止合同"), "bad"),
}
_STEPS = (
    (N_("起草"), AgreementState.DRAFT),
    (N_("供应商签署"), AgreementState.ISSUED),
    (N_("街道签署"), AgreementState.HALF_SIGNED),
    (N_("履行"), AgreementState.IN_FORCE),
    (N_("结清"), AgreementState.COMPLETED),
)


def seen(agreement_id: int) -> Agreement:
    """Return a contract this person may see; 404 otherwise."""
    return found(queries.agreement(agreement_id), Permit.AGREEMENT_SEE)


def to_contract(row: Agreement) -> Any:
    """Lead to the contract's page."""
    return redirect(url_for("agreements.show", agreement_id=row.id))


def crew(row: Agreement) -> list[dict[str, Any]]:
    """Return who serves under the contract, for the two parties' eyes; whoever left the supplier is marked."""
    named = actions.serving(row)
    people = workers_by_id(one.worker_id for one in named) if named else {}
    return [
        {
            "id": one.worker_id,
            "name": people[one.worker_id].name,
            "level": one.level,
            "weekly_centi": one.weekly_centi,
            "gone": people[one.worker_id].organisation_id != row.organisation_id,
        }
        for one in named
        if one.worker_id in people
    ]


def changes(row: Agreement) -> list[dict[str, Any]]:
    """Return the substitutions with the names of both, for the two parties' eyes, newest first."""
    found = queries.substitutions_of(row.id)
    people = workers_by_id({one.leaving_id for one in found} | {one.entering_id for one in found}) if found else {}
    return [
        {"row": one, "leaving": people[one.leaving_id].name, "entering": people[one.entering_id].name}
        for one in found[::-1]
    ]


def steps(row: Agreement) -> list[dict[str, str]]:
    """Return where a contract stands on its way."""
    order = [state for _, state in _STEPS]
    if row.state == AgreementState.CANCELLED:
        place = 1 if row.issued_at else 0
        return [
            {"label": text(label), "state": "done" if i < place else "failed" if i == place else "next"}
            for i, (label, _) in enumerate(_STEPS)
        ]
    suspended = row.state in (AgreementState.SUSPENDED, AgreementState.TERMINATED)
    place = order.index(AgreementState.IN_FORCE if suspended else AgreementState(row.state))
    done = row.state == AgreementState.COMPLETED
    return [
        {
            "label": text(label),
            "state": "done" if i < place or done else ("failed" if suspended else "now") if i == place else "next",
        }
        for i, (label, _) in enumerate(_STEPS)
    ]


def story(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """Return the contract's history, newest first; who acted is named by role."""
    items = []
    for entry in entries:
        title, tone = STORY.get(entry.verb, (entry.verb, "neutral"))
        header = json.loads(entry.header)
        facts = header["facts"]
        who = ROLE_LABELS[Role(header["actor"])] if header["actor"] in set(Role) else N_("系统")
        items.append(
            {
                "at": entry.at,
                "title": text(title),
                "text": text(facts["reason"]) if facts.get("reason") else None,
                "who": text(who),
                "digest": facts.get("document") or facts.get("digest"),
                "tone": tone,
            }
        )
    return items[::-1]


def words(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names a contract's tables need."""
    return {
        "bases": mail.BASES,
        "grades": mail.GRADES,
        "sources": {one["source"]: mail.fund_source(one["source"]) for one in data["funding"]},
    }
