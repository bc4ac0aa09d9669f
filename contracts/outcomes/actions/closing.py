"""Closing an evaluation: computed by the contract's rule, frozen with its inputs, published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.agreements.queries import agreement as find_agreement
from contracts.agreements.states import AgreementState
from contracts.outcomes import mail, queries
from contracts.outcomes.actions.opening import loaded, scores_of, terms_of
from contracts.outcomes.models import Evaluation, Rating
from contracts.outcomes.notices import closed_release
from contracts.outcomes.rules import SourceResult, check_close, earned, evaluate, everybody_rated, source_results
from contracts.outcomes.states import EVALUATION_MACHINE, EvaluationVerb
from market.kernel.canonical import digest
from market.kernel.commitments import merkle_root
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, require
from market.kernel.text import N_
from market.records.moves import move
from market.records.notices import CardFacts, publish


def all_in(row: Evaluation, sources: Sequence[SourceResult]) -> bool:
    """True when everybody who was asked has answered and no source is missing: then it may be closed early."""
    answered = {one.invitation_id for one in queries.ratings(row.id)}
    waiting = sum(1 for one in queries.invitations(row.id) if not one.declined and one.id not in answered)
    return everybody_rated(sources, invited_open=waiting, codes_unused=queries.codes_of(row.id).unused)


def close_evaluation(actor: Actor, evaluation_id: int, at: datetime) -> Evaluation:
    """Compute the result from the ratings, freeze it with the commitments of all inputs, and publish it.

    Raises Refused while the contract is not in force, before the collection has ended while somebody has not answered,
    and when the contract does not allow a result without a missing source.
    """
    row = loaded(evaluation_id)
    require(actor, Permit.OUTCOME_ORGANISE, row.subject.scope)
    contract = find_agreement(row.agreement_id)
    assert contract is not None
    if contract.state != AgreementState.IN_FORCE:
        raise Refused(N_("合同不在履行中，暂不能汇总评估结果。"))
    scores = scores_of(row)
    sources = source_results(terms_of(row), scores)
    check_close(at, row.collect_until, everybody_rated=all_in(row, sources))
    gap_flag_centi = row.terms["rules"]["gap_flag_centi"]
    outcome = evaluate(terms_of(row), scores, gap_flag_centi=gap_flag_centi)
    result = {"outcome": outcome.as_data(), "inputs": _inputs(queries.ratings(row.id))}
    row.closed_at, row.grade, row.share_bp, row.result = at, outcome.grade, outcome.share_bp, result
    facts = {"grade": outcome.grade, "share_bp": outcome.share_bp, "result": digest(row.result)}
    move(row, EVALUATION_MACHINE, EvaluationVerb.CLOSE, actor, at, facts=facts)
    money = earned(row.milestone.amount_fen, outcome.share_bp)
    release = closed_release(row, row.milestone, contract, money)
    publish(contract.file, "implementation", release, CardFacts(stage="implementation"), actor, at)
    mail.tell_closed(row, at)
    return row


def _inputs(ratings: Sequence[Rating]) -> dict[str, Any]:
    """Return the ratings' commitments per source, sorted so that their order says nothing, and the root over all."""
    by_source: dict[str, list[str]] = {}
    for one in ratings:
        by_source.setdefault(one.source, []).append(one.commitment)
    listed = {source: sorted(found) for source, found in sorted(by_source.items())}
    return {"commitments": listed, "root": merkle_root(sorted(one.commitment for one in ratings))}
