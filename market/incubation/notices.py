"""What is published: nodes of the network, and graduates as organisations able to undertake. Nobody's name."""

from __future__ import annotations

from typing import Any

from market.incubation.models import Node, Residency
from market.incubation.rules import Count
from market.organisations.models import Organisation

NODE, CAPABLE = "node", "capable"


def node_data(node: Node, street: str, count: Count, rooms: int) -> dict[str, Any]:
    """Return what the public sees of a node: where it is, who runs it, how many it supports and has brought up."""
    return {
        "level": node.level,
        "name": node.name,
        "parent": str(node.parent_id) if node.parent_id else None,
        "street": street,
        "operator": node.operator.name if node.operator else None,
        "address": node.address,
        "area_m2": node.area_m2,
        "workstations": node.workstations,
        "premises": node.premises,
        "rooms": rooms,
        "supported": count.now,
        "graduated": count.graduated,
        "ever": count.ever + node.earlier_count,
        "state": node.state,
    }


def capable_data(row: Residency, graduate: Organisation, mentor_minutes: int, training_minutes: int) -> dict[str, Any]:
    """Return the entry of a graduate in the directory of organisations able to undertake (吴兴's third list)."""
    return {
        "name": graduate.name,
        "uscc": graduate.uscc,
        "provider_type": graduate.provider_type,
        "service_fields": [f for f in row.service_fields.split(",") if f],
        "node": str(row.node_id),
        "node_name": row.node.name,
        "track": row.track,
        "started_on": row.starts_on.isoformat() if row.starts_on else None,
        "graduated_on": row.ended_on.isoformat() if row.ended_on else None,
        "mentor_minutes": mentor_minutes,
        "training_minutes": training_minutes,
    }
