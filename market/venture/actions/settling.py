"""What follows from the awards: their states are pulled, never pushed. The rest of the pool returns to its lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from market.awards.models import Award
from market.awards.queries import awards_of
from market.awards.states import AwardState
from market.kernel.permits import CLOCK
from market.ledger.actions import book
from market.ledger.queries import transfers_of
from market.ledger.states import Reason
from market.records.moves import move
from market.records.notices import publish
from market.venture import mail
from market.venture.actions.common import locked
from market.venture.actions.publishing import release_pool
from market.venture.models import Application, Round
from market.venture.notices import card_facts, status_release
from market.venture.queries import applications_of
from market.venture.states import (
    APPLICATION_MACHINE,
    ROUND_MACHINE,
    ApplicationState,
    ApplicationVerb,
    RoundState,
    RoundVerb,
)

_WATCHED = (ApplicationState.CHOSEN, ApplicationState.AWARDED)
_RUNNING = (AwardState.PENDING, AwardState.SUSPENDED)


def settle_round(round_id: int, at: datetime) -> bool:
    """Carry the awards' states over; end the round once none is pending. Returns whether anything changed.

    A project whose award fell gives its reserved money back; what a signed contract bound is that contract's business.
    """
    row = locked(CLOCK, None, round_id, RoundState.DECIDED, RoundState.FINISHED)
    watched = applications_of(row.id, _WATCHED, locked=True)
    newest = {award.subject_id: award for award in awards_of("application", [one.id for one in watched])}
    changed = [one for one in watched if _follow(row, one, newest.get(one.id), at)]
    if row.state == RoundState.DECIDED and not any(award.state in _RUNNING for award in newest.values()):
        _finish(row, at)
        return True
    return bool(changed)


def _follow(row: Round, one: Application, award: Award | None, at: datetime) -> bool:
    if award is None or award.state in _RUNNING:
        return False
    if award.state == AwardState.ANNULLED:
        move(one, APPLICATION_MACHINE, ApplicationVerb.FALL, CLOCK, at, facts={"award": award.id})
        _give_back(row, one, at)
        mail.tell_settled(row, one, False, at)
        return True
    if one.state == ApplicationState.CHOSEN:
        move(one, APPLICATION_MACHINE, ApplicationVerb.CONFIRM, CLOCK, at, facts={"award": award.id})
        mail.tell_settled(row, one, True, at)
        return True
    return False


def _give_back(row: Round, one: Application, at: datetime) -> None:
    for line_id, fen in still_reserved(one.funding, _bound(one)).items():
        if fen:
            key = f"release:application:{one.id}:line:{line_id}"
            book(Reason.RELEASE, line_id, fen, key, ("application", one.id), row.file_id, at)


def still_reserved(funding: Mapping[str, int], bound: Mapping[int, int]) -> dict[int, int]:
    """Return what of a project's money no contract has taken, in fen by line."""
    return {int(line): max(0, fen - bound.get(int(line), 0)) for line, fen in funding.items()}


def _bound(one: Application) -> Counter[int]:
    """What contracts of the project's own file have taken out of the reserve, by line."""
    signs = {Reason.COMMIT.value: 1, Reason.UNCOMMIT.value: -1}
    found: Counter[int] = Counter()
    for transfer in transfers_of(one.file_id) if one.file_id is not None else ():
        if transfer.line_id is not None:
            found[transfer.line_id] += signs.get(transfer.reason, 0) * transfer.amount_fen
    return found


def _finish(row: Round, at: datetime) -> None:
    """End the round: every fen that no project was given returns."""
    chosen = applications_of(row.id, (*_WATCHED, ApplicationState.FALLEN))
    move(row, ROUND_MACHINE, RoundVerb.FINISH, CLOCK, at, facts={"projects": len(chosen)})
    release_pool(row, unawarded(row, chosen), at)
    publish(row.file, "tenderUpdate", status_release(row, "complete", ""), card_facts(row, "complete"), CLOCK, at)


def unawarded(row: Round, chosen: Sequence[Application]) -> dict[int, int]:
    """Return what of each line no chosen project was given, in fen."""
    given: Counter[int] = Counter()
    for one in chosen:
        given.update({int(line): fen for line, fen in one.funding.items()})
    return {share.line_id: share.amount_fen - given[share.line_id] for share in row.funding}
