"""Who visits which page of the world, and with what in its address. A page that nobody visits fails a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from market.kernel.permits import Permit
from tests.walks import nurture
from tests.walks.world import World

# Pages that this walk leaves out, with the reason.
NOT_VISITED = {
    "static": "files, not a page",
    "venture.bonus": "only where a district's rules add points; tests/market/venture/test_views.py tries it",
    "agreements.reject_change": "needs a person promised; tests/contracts/agreements/test_substitution.py tries it",
    "venture.file": "a download; tests/market/venture/test_files.py tries who may have it",
    "public.ocds_bulk": "a download; tests/market/public/test_open_data.py reads it",
    "public.extension": "a file for tools; tests/market/public/test_open_data.py reads it",
    "public.purchases_sheet": "a download; tests/market/public/test_open_data.py reads it",
    "bids.draft_file": "a download; its page is visited, its bytes are tried with the bids",
    "bids.remove_file": "needs a draft with a file; tests/market/bids/test_views.py asks and answers",
    "outcomes.evidence": "a download; tests/contracts/outcomes/test_views.py tries who may have it",
    "evaluation.withdraw_helper": "needs a helper by mistake; tests/market/evaluation/test_views.py takes one back",
}

# Who uses a door, by the first of its permits.
_USERS = {
    Permit.DESK_SEE: "clerk",
    Permit.KEY_OWN: "approver",
    Permit.PEOPLE_MANAGE: "civil",
    Permit.CERTIFICATE_ISSUE: "civil",
    Permit.MEMBERS_MANAGE: "warm-admin",
    Permit.RULES_OVERRIDE: "civil",
    Permit.BUDGET_DRAFT: "clerk",
    Permit.BUDGET_APPROVE: "finance",
    Permit.BUDGET_SEE: "finance",
    Permit.ORGANISATION_EDIT: "warm-admin",
    Permit.ORGANISATION_CONFIRM: "civil",
    Permit.BANK_PROPOSE: "warm-admin",
    Permit.RATING_ENTER: "civil",
    Permit.WORKER_EDIT: "warm-editor",
    Permit.WORKER_CONFIRM: "civil",
    Permit.CATALOGUE_EDIT: "civil",
    Permit.NEED_RECORD: "clerk",
    Permit.TENDER_SEE: "clerk",
    Permit.TENDER_DRAFT: "clerk",
    Permit.TENDER_APPROVE: "approver",
    Permit.TENDER_CANCEL: "approver",
    Permit.BID_DRAFT: "warm-editor",
    Permit.BID_SUBMIT: "warm-signatory",
    Permit.BID_OPEN: "opener2",
    Permit.BID_QUALIFY: "clerk",
    Permit.PANEL_DRAW: "clerk",
    Permit.EXPERT_MANAGE: "civil",
    Permit.BID_SCORE: "scorer",
    Permit.AWARD_CONFIRM: "approver",
    Permit.OBJECTION_DECIDE: "civil",
    Permit.CHALLENGE_FILE: "silver-admin",
    Permit.AGREEMENT_DRAFT: "clerk",
    Permit.AGREEMENT_SIGN_SUPPLIER: "warm-signatory",
    Permit.AGREEMENT_SEE: "clerk",
    Permit.AGREEMENT_TERMINATE: "approver",
    Permit.CLAIM_WAIVE: "finance",
    Permit.DELIVERY_REPORT: "warm-editor",
    Permit.DELIVERY_ACCEPT: "clerk",
    Permit.OUTCOME_ORGANISE: "clerk",
    Permit.OUTCOME_RATE_SELF: "warm-editor",
    Permit.OUTCOME_RATE_MUTUAL: "peer-admin",
    Permit.PAYOUT_REQUEST: "cashier",
    Permit.PAYOUT_APPROVE: "checker",
    Permit.PAYOUT_SEND: "cashier",
    Permit.PAYOUT_SEE: "cashier",
    Permit.PAYOUT_ACCOUNT: "warm-admin",
    Permit.BOOKS_READ: "auditor",
    **nurture.USERS,
    Permit.ROUND_SEE: "round-clerk",
    Permit.ROUND_DRAFT: "round-clerk",
    Permit.ROUND_APPROVE: "round-approver",
    Permit.APPLICATION_DRAFT: "warm-editor",
    Permit.APPLICATION_SUBMIT: "warm-signatory",
}

# What an argument stands for unless a page says otherwise below.
_ARGUMENTS = {
    "tender_id": "running_tender",
    "award_id": "undrafted_award",
    "agreement_id": "running_agreement",
    "number": "receipt",
    "round_id": "open_round",
}
_FIXED = {"locale": "en", "section": "basics", "login": "clerk-jn", **nurture.FIXED}

# Visits that differ from the rule: (visitor, {argument: name of an id, or a text after "="}).
_VISITS: dict[str, list[tuple[str | None, dict[str, str]]]] = {
    "agreements.cancel": [("clerk", {"agreement_id": "drafted_agreement"})],
    "agreements.edit": [("clerk", {"agreement_id": "drafted_agreement"})],
    "agreements.replace_person": [("warm-editor", {})],
    "agreements.show": [
        ("clerk", {}),
        ("warm-editor", {}),
        ("clerk", {"agreement_id": "drafted_agreement"}),
        ("approver", {"agreement_id": "issued_agreement"}),
    ],
    "agreements.sign": [("warm-signatory", {"agreement_id": "issued_agreement"})],
    "awards.confirm": [("approver", {"lot_id": "ranked_lot"})],
    "awards.index": [("approver", {}), ("warm-editor", {})],
    "awards.letter": [("silver-editor", {})],
    "awards.letter_pdf": [("silver-editor", {})],
    "awards.object_to": [(None, {"award_id": "proposed_award"})],
    "awards.objected": [(None, {"award_id": "proposed_award"})],
    "awards.refuse": [("approver", {"award_id": "proposed_award"})],
    "awards.show": [
        ("approver", {}),
        ("clerk", {"award_id": "challenged_award"}),
        ("warm-editor", {}),
        ("approver", {"award_id": "proposed_award"}),
    ],
    "bids.choose": [("warm-editor", {})],
    "bids.of_purchase": [("warm-editor", {})],
    "bids.opening": [("opener2", {"lot_id": "sealed_lot"}), ("opener1", {"lot_id": "open_lot"})],
    "bids.own_copy": [("silver-signatory", {})],
    "bids.receipt": [("silver-editor", {})],
    "bids.receipt_file": [("silver-editor", {})],
    "bids.record": [("clerk", {"lot_id": "checking_lot"}), ("warm-editor", {"lot_id": "checking_lot"})],
    "bids.replace": [("opener2", {"lot_id": "sealed_lot"})],
    "bids.withdraw": [("silver-signatory", {})],
    "budgets.close": [("finance", {"year_id": "proposed_year"})],
    "budgets.show": [("finance", {}), ("clerk", {"year_id": "draft_year"}), ("finance", {"year_id": "proposed_year"})],
    "catalogue.edit_item": [("civil", {"item_id": "draft_item"})],
    "challenges.index": [("clerk", {}), ("silver-admin", {}), ("reviewer", {})],
    "challenges.new": [("silver-admin", {})],
    "challenges.show": [("clerk", {}), ("silver-admin", {}), ("reviewer", {})],
    "delivery.accept": [("clerk", {"milestone_id": "reported"})],
    "delivery.evidence": [("clerk", {"file_id": "evidence_file"})],
    "delivery.report": [("warm-editor", {"milestone_id": "planned"})],
    "delivery.send_back": [("clerk", {"milestone_id": "reported"})],
    "delivery.show": [("clerk", {"milestone_id": "reported"}), ("warm-editor", {"milestone_id": "planned"})],
    "endings.claim": [("cashier", {}), ("checker", {}), ("warm-admin", {}), ("finance", {})],
    "endings.claims": [("cashier", {}), ("warm-admin", {}), ("finance", {})],
    "endings.index": [("clerk", {}), ("warm-editor", {})],
    "endings.show": [("clerk", {}), ("approver", {}), ("warm-editor", {})],
    "evaluation.bid": [("clerk", {}), ("scorer", {"bid_id": "seat_bid"})],
    "evaluation.board": [
        ("clerk", {"lot_id": "checking_lot"}),
        ("clerk", {"lot_id": "judging_lot"}),
        ("approver", {"lot_id": "ranked_lot"}),
    ],
    "evaluation.declaration": [("newcomer", {"seat_id": "new_seat"})],
    "evaluation.evidence": [("clerk", {"file_id": "proof_file"}), ("scorer", {"file_id": "proof_file"})],
    "evaluation.index": [("clerk", {}), ("scorer", {})],
    "evaluation.inquiry": [("third-editor", {}), ("clerk", {}), ("scorer", {})],
    "evaluation.panel": [("clerk", {"lot_id": "judging_lot"}), ("clerk", {"lot_id": "checking_lot"})],
    "evaluation.prices": [("clerk", {"lot_id": "judging_lot"})],
    "evaluation.qualification": [("clerk", {"lot_id": "checking_lot"}), ("clerk", {"lot_id": "judging_lot"})],
    "evaluation.recusal": [("newcomer", {"seat_id": "new_seat"})],
    "evaluation.release": [("clerk", {"lot_id": "judging_lot"})],
    "evaluation.report": [("clerk", {"lot_id": "ranked_lot"})],
    "evaluation.report_pdf": [("clerk", {"lot_id": "ranked_lot"})],
    "evaluation.seat": [("scorer", {})],
    "evaluation.sheet": [("scorer", {"bid_id": "seat_bid"})],
    "organisations.colleague": [("warm-admin", {"user_id": "warm-signatory"})],
    "organisations.index": [("warm-admin", {}), ("civil", {})],
    "organisations.register": [(None, {}), ("clerk", {})],
    "organisations.show": [("warm-admin", {}), ("civil", {"organisation_id": "unconfirmed"})],
    "outcomes.index": [("clerk", {}), ("warm-editor", {}), ("peer-admin", {}), ("evaluator", {})],
    "outcomes.show": [("clerk", {}), ("warm-editor", {"evaluation_id": "closed_evaluation"})],
    "payouts.batch_file": [("cashier", {"kind": f"={kind}"}) for kind in ("xml", "csv", "xlsx")],
    "payouts.check": [("checker", {"payment_id": "requested"})],
    "payouts.mine": [("warm-admin", {})],
    "payouts.payment": [("cashier", {}), ("warm-admin", {}), ("checker", {"payment_id": "requested"})],
    "payouts.reverse": [("cashier", {"payment_id": "by_stripe"})],
    "people.desk": [
        (name, {})
        for name in (
            "clerk", "approver", "opener2", "cashier", "checker", "finance", "civil", "reviewer", "escrow", "evaluator",
            "scorer", "newcomer", "round-clerk", "round-approver", "juror",
            "warm-admin", "warm-editor", "warm-signatory", "silver-admin", "operator", "auditor", *nurture.DESKS,
        )
    ],
    "people.person": [("civil", {}), ("operator", {})],
    "people.reset": [(None, {"code": "reset"})],
    "api.organisation": [(None, {"key": "firm_key"})],
    "public.imported_purchase": [(None, {"ocid": "imported_ocid"})],
    "public.imported_releases": [(None, {"ocid": "imported_ocid"})],
    "public.organisation": [(None, {"key": "firm_key"})],
    "public.home": [(None, {}), ("clerk", {})],
    "records.chain": [("auditor", {"kind": "chain_kind", "key": "chain_key"})],
    "workers.index": [("warm-editor", {}), ("civil", {})],
    "workers.send_back": [("civil", {"certificate_id": "waiting_certificate"})],
    "workers.show": [("warm-editor", {}), ("civil", {})],
    "tenders.cancel": [("approver", {"tender_id": "open_tender"})],
    "tenders.detail": [
        ("clerk", {}),
        ("clerk", {"tender_id": "draft_tender"}),
        ("approver", {"tender_id": "review_tender"}),
        ("clerk", {"tender_id": "open_tender"}),
    ],
    "tenders.draft": [("clerk", {"tender_id": "draft_tender"})],
    "tenders.review": [("approver", {"tender_id": "review_tender"})],
    "tenders.section": [
        ("clerk", {"tender_id": "draft_tender", "section": f"={section}"})
        for section in ("basics", "money", "qualification", "criteria", "timing", "milestones", "evaluation")
    ],
    **nurture.VISITS,
    "venture.application": [
        ("round-clerk", {"application_id": "decided_application"}),
        ("warm-editor", {"application_id": "decided_application"}),
        ("silver-signatory", {"application_id": "open_application"}),
    ],
    "venture.cancel": [("round-approver", {})],
    "venture.check": [("round-clerk", {"application_id": "screening_application"})],
    "venture.declaration": [("new-juror", {"seat_id": "new_round_seat"})],
    "venture.draft": [("warm-editor", {"applicant_id": "warm_id"})],
    "venture.edit": [("round-clerk", {"round_id": "draft_round"})],
    "venture.files": [("warm-editor", {"applicant_id": "warm_id"})],
    "venture.hand_in": [("warm-signatory", {"applicant_id": "warm_id"})],
    "venture.index": [("round-clerk", {}), ("auditor", {})],
    "venture.jury": [("round-clerk", {"round_id": "screening_round"}), ("round-clerk", {"round_id": "jury_round"})],
    "venture.mine": [("warm-editor", {}), ("silver-signatory", {})],
    "venture.of_purchase": [("warm-editor", {})],
    "venture.pitch": [("round-clerk", {"round_id": "jury_round"})],
    "venture.recusal": [("juror", {"seat_id": "round_seat"})],
    "venture.release": [("round-clerk", {"round_id": "jury_round", "seat_id": "round_seat"})],
    "venture.result": [
        ("round-approver", {"round_id": "ranked_round"}),
        ("round-clerk", {"round_id": "decided_round"}),
    ],
    "venture.seat": [("juror", {"seat_id": "round_seat"})],
    "venture.seats": [("juror", {}), ("new-juror", {})],
    "venture.send_back": [("round-approver", {"round_id": "review_round"})],
    "venture.sheet": [("juror", {"seat_id": "round_seat", "application_id": "jury_application"})],
    "venture.show": [
        ("round-clerk", {"round_id": "draft_round"}),
        ("round-approver", {"round_id": "review_round"}),
        ("round-clerk", {}),
        ("round-clerk", {"round_id": "screening_round"}),
        ("round-clerk", {"round_id": "jury_round"}),
        ("round-clerk", {"round_id": "decided_round"}),
    ],
    "venture.vote": [(None, {})],
    "venture.voting": [("round-clerk", {"round_id": "jury_round"})],
}  # fmt: skip

# These answer with a redirect by design.
REDIRECTS = {
    "bids.choose": "one organisation: straight to its desk",
    "language": "back to where one came from",
    "outcomes.of_milestone": "to the milestone's evaluation",
    "panels.me": "to the own entry of the register",
    "payouts.own_route": "to the own organisation's page",
    "people.second_factor": "only between password and code",
}

# Pages for everybody who is signed in (or nobody): the same for a stranger of another district.
FOR_EVERYBODY = {
    "bids.choose": "every organisation may bid for an open lot",
    "bids.of_purchase": "every organisation may bid for an open lot",
    "catalogue.item": "the guidance catalogue is public law",
    "panels.show": "experts are national; the district's keeper sees the register",
    "places.calendar": "working days are public",
    "places.rules": "the rules in force are public",
    "places.show": "a district and its streets are public",
    "places.street": "a street and its communities are public",
    "venture.of_purchase": "every organisation may apply in an open round",
    **nurture.FOR_EVERYBODY,
}

LISTS = {
    "agreements.index", "awards.index", "awards.objections", "endings.claims", "endings.index",
    "bids.mine", "bids.open_lots", "bids.opening_desk", "budgets.index",
    "catalogue.index", "challenges.index", "delivery.index", "evaluation.index", "needs.demands", "needs.index",
    "organisations.index", "outcomes.index", "panels.index", "payouts.batches", "payouts.index", "payouts.mine",
    "payouts.statements", "people.inbox", "people.people", "places.index", "public.budgets", "public.digests",
    "public.imported",
    "public.home", "public.organisations", "public.purchases", "records.chain", "records.index", "tenders.index",
    *nurture.LISTS,
    "venture.index", "venture.mine", "venture.open_rounds", "venture.seats",
    "workers.certificates", "workers.index", "workers.talent",
}  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """One page, and the person who goes there (None: nobody signed in)."""

    endpoint: str
    url: str
    who: str | None
    guarded: bool

    def __str__(self) -> str:
        return f"{self.endpoint} {self.url} as {self.who}"


def pages(app: Flask) -> list[Rule]:
    """Every route that answers a GET, by address."""
    return sorted((rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())), key=lambda r: r.rule)


def visits(world: World) -> Iterator[Visit]:
    """Every page with the people who may go there. KeyError names an argument that nothing stands for."""
    links = world.app.url_map.bind("localhost")
    for rule in pages(world.app):
        if rule.endpoint in NOT_VISITED:
            continue
        permits = getattr(world.app.view_functions[rule.endpoint], "permit", ())
        planned = _VISITS.get(rule.endpoint, [(_USERS[permits[0]] if permits else None, {})])
        for who, given in planned:
            values = {name: _value(world, name, given) for name in rule.arguments}
            yield Visit(rule.endpoint, links.build(rule.endpoint, values), who, bool(permits))


def _value(world: World, name: str, given: dict[str, str]) -> object:
    wanted = given.get(name)
    if wanted is not None and wanted.startswith("="):
        return wanted[1:]
    if wanted is None and name in _FIXED:
        return _FIXED[name]
    if name == "user_id":
        return world.people[wanted or "clerk"]
    return world.ids[wanted or _ARGUMENTS.get(name, name)]
