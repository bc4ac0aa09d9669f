"""From final sheets and ballots to the ranking and the best portfolio; the approver's decision; pending awards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from market.awards.actions import Proposal, propose_award
from market.awards.models import Award
from market.awards.rules import (
    EvaluationTerms,
    FundingTerms,
    MilestoneTerms,
    PartySnapshot,
    RecoveryTerms,
    RuleFacts,
    Terms,
)
from market.db.session import db
from market.kernel.canonical import plain
from market.kernel.clock import beijing_day, is_before
from market.kernel.errors import Refused
from market.kernel.permits import Actor, Permit, Scope
from market.kernel.rulebook import RuleSet
from market.kernel.text import N_
from market.organisations.models import Organisation
from market.panels.actions import close_panel
from market.panels.models import Panel
from market.panels.queries import all_final, draws, live, panel_for, scores_if_final
from market.panels.rules import nameless, published_draw
from market.places.models import Street
from market.records.audit import require_other_hands
from market.records.models import PurchaseFile
from market.records.moves import move
from market.records.notices import publish
from market.records.purchases import open_file, relate
from market.tenders.rules import default_terms
from market.venture import mail
from market.venture.actions.common import locked
from market.venture.models import Application, Round
from market.venture.notices import card_facts, project_facts, project_release, result_release
from market.venture.queries import SUBJECT, applications_of, ballots, entries, field_names, frame, rules_of
from market.venture.rules.content import indicators, requirement
from market.venture.rules.grants import GrantRule, Tranche, granted_fen, tranches
from market.venture.rules.portfolio import Entry, LimitKind, Portfolio, best, broken, split
from market.venture.rules.reasons import Names, Why, explain
from market.venture.rules.scores import ScoreRule, jury_centi, totals
from market.venture.states import (
    APPLICATION_MACHINE,
    HANDED_IN,
    ROUND_MACHINE,
    ApplicationState,
    ApplicationVerb,
    RoundState,
    RoundVerb,
)


def rank_round(actor: Actor, round_id: int, at: datetime) -> Portfolio:
    """Total the points, compute the grants and the best portfolio with the reason for each project; close the jury.

    Raises Refused while a sheet is open or residents still vote.
    """
    row = locked(actor, Permit.ROUND_DRAFT, round_id, RoundState.JURY)
    panel = panel_for(SUBJECT, row.id)
    if panel is None or not all_final(panel):
        raise Refused(N_("还有评委没有提交评分，不能汇总。"))
    if row.vote_until is not None and is_before(at, row.vote_until):
        raise Refused(N_("居民投票还没有结束，不能汇总。"))
    rules = rules_of(row)
    rows = applications_of(row.id, [ApplicationState.ADMITTED], locked=True)
    _score(row, rows, panel, rules)
    db.session.flush()
    found = best(entries(rows), frame(row, rules))
    _keep_portfolio(row, rows, found, rules)
    close_panel(panel, at)
    facts = {"way": found.way.value, "score_centi": found.score_centi, "amount_fen": found.amount_fen}
    move(row, ROUND_MACHINE, RoundVerb.RANK, actor, at, facts=facts)
    mail.tell_ranked(row, at)
    return found


def _score(row: Round, rows: Sequence[Application], panel: Panel, rules: RuleSet) -> None:
    sheets: dict[int, dict[int, dict[int, int]]] = {one.id: {} for one in rows}
    for score in scores_if_final(panel) or ():
        if score.scored_id in sheets and score.score_centi is not None:
            sheets[score.scored_id].setdefault(score.seat_id, {})[score.criterion_id] = score.score_centi
    juries = {key: jury_centi(list(by_seat.values())) for key, by_seat in sheets.items()}
    bonuses = {one.id: (one.bonus.get("fundraising", 0), one.bonus.get("policy", 0)) for one in rows}
    by_id = {one.id: one for one in rows}
    grant = GrantRule.from_rules(rules, row.project_cap_fen)
    for line in totals(juries, ballots(row.id), bonuses, ScoreRule.from_rules(rules), rules):
        one = by_id[line.key]
        one.scores = {name: value for name, value in vars(line).items() if name != "key"}
        asked, whole, own = (int(one.content.get(name) or 0) for name in ("asked_fen", "total_fen", "own_fen"))
        one.granted_fen = granted_fen(asked, whole, own, line.total, grant)


def _keep_portfolio(row: Round, rows: Sequence[Application], found: Portfolio, rules: RuleSet) -> None:
    names = Names({one.id: one.content["title"] for one in rows}, field_names())
    whys = explain(found.chosen, entries(rows), frame(row, rules), names, way=found.way)
    for one in rows:
        one.verdict = [why.as_data() for why in whys[one.id]]
    row.portfolio = {
        "chosen": list(found.chosen),
        "way": found.way.value,
        "score_centi": found.score_centi,
        "amount_fen": found.amount_fen,
        "unmet": list(found.unmet),
    }


# --- the decision -----------------------------------------------------------------------------------------------------


def decide_round(actor: Actor, round_id: int, chosen: Collection[int], departure: str, at: datetime) -> list[Award]:
    """Decide which projects are proposed; whoever departs from the portfolio publishes why. Cannot be undone.

    Raises Refused when pool, purposes or another upper limit is broken, or a departure has no reason. Each chosen
    project becomes a file of its own with a pending award.
    """
    row = locked(actor, Permit.ROUND_APPROVE, round_id, RoundState.RANKED)
    require_other_hands(actor, Permit.ROUND_APPROVE, "round", row.id)
    rules = rules_of(row)
    rows = applications_of(row.id, [ApplicationState.ADMITTED], locked=True)
    picked, every = set(chosen), entries(rows)
    _check_choice(picked, every, row, rules)
    departs = picked != set(row.portfolio["chosen"])
    if departs and not departure.strip():
        raise Refused(N_("名单与测算结果不同，请写明理由；理由将随结果公开。"), field="departure")
    row.departure = departure.strip() if departs else ""
    row.decided_at = at
    facts = {"chosen": sorted(picked), "departs": departs}
    move(row, ROUND_MACHINE, RoundVerb.DECIDE, actor, at, facts=facts)
    _note_departures(row, rows, picked)
    paid = split([one for one in every if one.key in picked], frame(row, rules).sources)
    made = []
    for one in rows:
        if one.id in picked:
            made.append(_propose(actor, row, one, paid[one.id], rules, at))
        else:
            move(one, APPLICATION_MACHINE, ApplicationVerb.PASS_OVER, actor, at)
        mail.tell_decided(row, one, one.id in picked, at)
    _publish_result(actor, row, at)
    return made


def _check_choice(picked: set[int], every: Sequence[Entry], row: Round, rules: RuleSet) -> None:
    """Upper limits are law and money; a least number by field is an aim that a reasoned decision may miss."""
    if not picked:
        raise Refused(N_("请至少选择一个项目；没有可资助的项目时请取消本轮。"), field="chosen")
    able = {one.key for one in every if one.amount_fen > 0}
    if picked - able:
        raise Refused(N_("所选项目中有可资助金额为零或不在本轮的，请刷新页面。"), field="chosen")
    texts = {
        LimitKind.POOL: N_("所选项目超出资金池，请减少项目。"),
        LimitKind.PURPOSE: N_("所选项目超出按用途可用的资金，请减少相应方向的项目。"),
        LimitKind.APPLICANT: N_("同一申报单位入选的项目超过规定个数。"),
        LimitKind.PROJECTS: N_("入选项目超过规定个数。"),
    }
    for limit in broken(picked, every, frame(row, rules)):
        if limit.kind in texts:
            raise Refused(texts[limit.kind], field="chosen")


def _note_departures(row: Round, rows: Sequence[Application], picked: set[int]) -> None:
    proposed = set(row.portfolio["chosen"])
    for one in rows:
        if (one.id in picked) == (one.id in proposed):
            continue
        text = (
            N_("测算结果未列入，经决定列入：%(reason)s")
            if one.id in picked
            else N_("测算结果已列入，经决定不列入：%(reason)s")
        )
        one.verdict = [Why(text, {"reason": row.departure}).as_data()]


def _propose(
    actor: Actor, row: Round, one: Application, parts: Mapping[int, int], rules: RuleSet, at: datetime
) -> Award:
    """Open the project's own file, say where its money comes from, and propose its award."""
    street = row.street
    file = open_file(row.district_id, row.street_id, street.code, row.regime, one.content["title"], at)
    relate(file.id, row.file_id, "parent")
    one.file_id, one.funding = file.id, {str(line): fen for line, fen in parts.items()}
    steps = tranches(one.granted_fen, row.starts_on, row.ends_on, rules)
    terms = _terms(row, one, street, one.organisation, steps, rules, at)
    facts = {"file": file.ocid, "amount_fen": one.granted_fen, "funding": one.funding}
    move(one, APPLICATION_MACHINE, ApplicationVerb.CHOOSE, actor, at, facts=facts)
    release = project_release(row, one, row.file.ocid, terms.as_data(), steps)
    publish(file, "tender", release, project_facts(row, one, "evaluated"), actor, at)
    proposal = Proposal(
        subject=("application", one.id),
        file_id=file.id,
        scope=Scope(row.district_id, row.street_id),
        organisation_id=one.organisation_id,
        title=one.content["title"],
        rank=one.scores["rank"],
        reason=Why(**one.verdict[0]).chinese,
        terms=terms,
        notice_working_days=int(rules["award.result_notice_working_days"]),
        sign_days=int(rules["contract.sign_days"]),
        publication={"award": {"relatedLots": ["lot-1"]}},
    )
    return propose_award(actor, proposal, at)


def _terms(
    row: Round,
    one: Application,
    street: Street,
    supplier: Organisation,
    steps: Sequence[Tranche],
    rules: RuleSet,
    at: datetime,
) -> Terms:
    lines = {share.line_id: share.line for share in row.funding}
    return Terms(
        buyer=PartySnapshot(street.id, street.office, street.uscc or street.code, "street_office", "", street.office),
        supplier=PartySnapshot(
            supplier.id,
            supplier.name,
            supplier.uscc or "",
            supplier.provider_type,
            supplier.legal_representative,
            supplier.address,
            supplier.is_small,
        ),
        title=one.content["title"],
        category=one.content["field"],
        requirement=requirement(one.content),
        regime=row.regime,
        amount_fen=one.granted_fen,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        noticed_on=beijing_day(at),
        milestones=tuple(
            MilestoneTerms(n, step.title, step.share_bp, step.amount_fen, step.base, step.due_on, step.evidence)
            for n, step in enumerate(steps, 1)
        ),
        evaluation=EvaluationTerms.from_data(default_terms(rules, indicators(one.content))),
        funding=tuple(
            FundingTerms(int(line), lines[int(line)].source, lines[int(line)].title, fen)
            for line, fen in one.funding.items()
        ),
        rules=RuleFacts.from_rules(rules),
        rules_digest=row.rules_digest,
        offer_digest=one.digest,
        recovery=RecoveryTerms(
            stop_on_fail=True, claim_bp=int(rules["round.claim_bp"]), due_days=int(rules["round.claim_due_days"])
        ),
        on_behalf_of=one.applicant.name if one.through_host else "",
    )


def _sheets(panel: Panel, rows: Sequence[Application]) -> list[dict[str, dict[str, int]]]:
    numbers = {one.id: one.number for one in rows if one.scores and one.number is not None}
    marks = (
        (score.seat_id, numbers[score.scored_id], score.criterion_id, score.score_centi)
        for score in scores_if_final(panel) or ()
        if score.scored_id in numbers and score.score_centi is not None
    )
    return nameless(marks, set(numbers.values()))


def _publish_result(actor: Actor, row: Round, at: datetime) -> None:
    rows = applications_of(row.id, HANDED_IN)
    panel = panel_for(SUBJECT, row.id)
    jury: dict[str, Any] = {}
    if panel is not None:
        jury = {
            "members": [seat.user.name for seat in live(panel)],
            "draws": [published_draw(plain(draw.as_data())) for draw in draws(panel.id)],
            "sheets": _sheets(panel, rows),
            "closed": panel.closed_at.isoformat() if panel.closed_at else None,
        }
    ids = [one.file_id for one in rows if one.file_id is not None]
    files = {file.id: file.ocid for file in db.session.scalars(select(PurchaseFile).where(PurchaseFile.id.in_(ids)))}
    ocids = {one.id: files[one.file_id] for one in rows if one.file_id is not None}
    release = result_release(row, rows, jury, len(ballots(row.id)), ocids)
    publish(row.file, "tenderUpdate", release, card_facts(row, "awarded"), actor, at)
