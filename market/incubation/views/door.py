"""The room's door, and what all its pages ask: which district, which residency, what this person may do there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from market.incubation import queries
from market.incubation.models import Node, Residency
from market.incubation.rules import at_post
from market.kernel.permits import Actor, Permit, allowed
from market.organisations.models import Organisation
from market.organisations.queries import organisations_by_id
from market.places.models import District
from market.places.queries import districts
from market.web.guard import current_actor, found

bp = Blueprint("incubation", __name__, url_prefix="/incubation")
PAGE = 20
# Whoever has anything to do with the network may look at it; it is published anyway.
ANYBODY = (Permit.INCUBATION_WORK, Permit.INCUBATION_DECIDE, Permit.INCUBATION_MANAGE, Permit.INCUBATION_APPLY)
CASE = (Permit.INCUBATION_WORK, Permit.INCUBATION_DECIDE, Permit.INCUBATION_APPLY)


def own_ids(actor: Actor, permit: Permit = Permit.INCUBATION_APPLY) -> list[int]:
    """The organisations for which this person may apply (or agree to be a host)."""
    return sorted({g.organisation_id for g in actor.scopes(permit) if g.organisation_id is not None})


def own_organisations(actor: Actor) -> list[Organisation]:
    """The same as rows, by number."""
    rows = organisations_by_id(own_ids(actor))
    return [rows[i] for i in sorted(rows)]


def own_districts(actor: Actor) -> list[int]:
    """The districts in which this person manages the network, decides or works."""
    permits = (Permit.INCUBATION_MANAGE, Permit.INCUBATION_DECIDE, Permit.INCUBATION_WORK)
    return sorted({g.district_id for p in permits for g in actor.scopes(p) if g.district_id is not None})


def shown_district(actor: Actor) -> tuple[District, list[District]]:
    """The district asked for by code, else the own one, else the first; and all there are to choose from."""
    offered = districts()
    wanted = request.args.get("district", "")
    own = own_districts(actor)
    chosen = next((d for d in offered if d.code == wanted), None)
    chosen = chosen or next((d for d in offered if d.id in own), None)
    if chosen is None and (organisations := own_organisations(actor)):
        chosen = next((d for d in offered if d.id == organisations[0].registrar_district_id), None)
    return found(chosen or next(iter(offered), None)), offered


def found_node(node_id: int) -> Node:
    """A node; 404 when there is none."""
    return found(queries.node(node_id))


def permits_at(actor: Actor, row: Residency) -> set[Permit]:
    """What this person may do in a residency: as staff of the node, as the district, for the organisation."""
    return at_post(actor, row.node.scope, row.organisation_id).permits(row.subject.scope)


def seen(residency_id: int, *permits: Permit) -> Residency:
    """A residency in which this person holds one of the permits; 404 otherwise."""
    row = found(queries.residency(residency_id))
    return found(row if permits_at(current_actor(), row) & set(permits or CASE) else None)


def may(permit: Permit, subject: Any) -> bool:
    """Whether this person holds a permit where a row belongs."""
    return allowed(current_actor(), permit, subject.scope)
