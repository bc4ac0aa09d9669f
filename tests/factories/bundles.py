"""Whole purchases without a database: the product's pure rules and its own notices, chained and packed into a bundle.

A `Plan` says what happened (prices, points, ratings …); `published` lets the product's rules compute everything and
its notices write it down. So a fault in the product's arithmetic stands in the bundle as it would on the noticeboard.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson

from contracts.agreements import rules as agreement_rules
from contracts.agreements.models import Agreement, Signature
from contracts.agreements.notices import signed_release
from contracts.delivery.models import Acceptance, Milestone
from contracts.delivery.notices import accepted_release
from contracts.outcomes import rules as outcome_rules
from contracts.outcomes.models import Evaluation
from contracts.outcomes.notices import closed_release
from contracts.payouts import rules as payout_rules
from contracts.payouts.models import Attempt, Payment
from contracts.payouts.notices import paid_release
from market.awards import rules as award_rules
from market.awards.models import Award
from market.awards.notices import award_fragment, scoring_data
from market.bids.models import OpenedBid, Opening
from market.bids.notices import opening_release, result_fragment
from market.bids.rules import BidContent, BidDocument
from market.budgets.models import BudgetLine
from market.catalogue.models import CatalogueItem
from market.evaluation import rules as evaluation_rules
from market.evaluation.notices import public_part
from market.kernel.canonical import canonical_bytes, digest, sha256_hex
from market.kernel.clock import beijing_day, end_of_day, instant
from market.kernel.commitments import commit, merkle_root, root_of
from market.organisations.models import Organisation
from market.panels import rules as panel_rules
from market.places.models import District, Street
from market.public.rules.bundle import Day
from market.records.models import StoredFile
from market.records.notices import without_empties, z
from market.records.signing import sign_receipt
from market.tenders.models import Criterion, Lot, LotFunding, PlannedMilestone, QualificationItem, Tender
from market.tenders.notices import tender_release
from market.tenders.rules import timetable
from market.tenders.rules.defaults import default_terms
from tests.factories.bundling import CHAIN, KEY, OCID, books, bundle_of, day_of, posted

CODES = ("91320115MA1KN2K3XQ", "52320115MJ1234561N", "51320115MJ76543219")
ENOUGH = {"self": (9200,), "mutual": (8800, 8800, 8800), "public": (9500,) * 10, "third": (8400,)}
@dataclass(frozen=True)
class Offer:
    """One bid: price, points per criterion, whether its bidder claims to be small, its kind of code."""

    price_fen: int
    points: tuple[int, int]
    small: bool = False
    code: int = 0
    valid: bool = True


@dataclass(frozen=True)
class Plan:
    """What happens in a purchase. `ratings` per source; `until` is the last thing that has happened."""

    offers: tuple[Offer, ...] = (
        Offer(110_400_00, (5500, 2100)),
        Offer(114_000_00, (5200, 2066)),
        Offer(106_800_00, (5000, 1984)),
    )
    ceiling_fen: int = 120_000_00
    lines_fen: tuple[int, ...] = (80_000_00, 40_000_00)
    deduction_bp: int = 0
    ratings: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: ENOUGH)
    renormalise: bool = True
    method: str = "comparison"
    day: date = date(2026, 1, 6)
    until: str = "paid"
    bond_bp: int = 0


def codes(kind: int, number: int) -> str:
    """A credit code's shape of this kind, different for each bid; check digits are not what is tried here."""
    return CODES[kind][:8] + f"{number:010d}"


def _marks(bid: int, points: tuple[int, int], size: int) -> list[dict[str, int]]:
    """Members' marks whose average, half up, is `points`: one member above, one below, one hundredth missing."""
    found = []
    for criterion, (mean, most) in enumerate(zip(points, (6000, 2500), strict=True), 1):
        apart = min(mean // 2, most - mean, 100 + 7 * bid)
        given = [mean + apart, mean - apart - (mean > 0), *[mean] * (size - 2)]
        found += [
            {"member": n, "bid": bid, "criterion": criterion, "score_centi": one} for n, one in enumerate(given, 1)
        ]
    return found


class Story:
    """A purchase as it is told to the public: releases, and the links of its chain."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.random = plan, random.Random(7)
        self.releases: list[tuple[str, bytes]] = []
        self.headers: list[str] = []
        self.head = "0" * 64
        self.rules, self.calendar, self.rules_notice = books(plan.method, plan.day)
        self.street = Street(
            id=1,
            code="320115001",
            name="东山街道",
            uscc=None,
            district=District(id=1, code="320115", name="江宁区", full_name="南京市江宁区"),
        )
        self.at = instant(plan.day, 11)

    # --- what every room does -----------------------------------------------------------------------------------------

    def link(self, verb: str, subject: tuple[str, int], facts: Mapping[str, Any]) -> None:
        header = {
            "actor": "clock",
            "at": self.at,
            "chain": list(CHAIN),
            "commitments": {"actor": self.hex()},
            "facts": dict(facts),
            "permit": None,
            "prev": self.head,
            "seq": len(self.headers) + 1,
            "subject": list(subject),
            "verb": verb,
        }
        text = canonical_bytes(header)
        self.head = sha256_hex(text)
        self.headers.append(text.decode())

    def hex(self, size: int = 32) -> str:
        return self.random.randbytes(size).hex()

    def publish(self, tag: str, fragment: Mapping[str, Any]) -> None:
        number = len(self.releases) + 1
        last = orjson.loads(self.releases[-1][1])["date"] if self.releases else ""
        if z(self.at) <= last:
            self.at = datetime.fromisoformat(last) + timedelta(seconds=1)
        release = {
            "ocid": OCID,
            "id": f"{OCID}-{number:04d}",
            "date": z(self.at),
            "tag": [tag],
            "initiationType": "tender",
            "language": "zh",
            **without_empties(fragment),
        }
        body = orjson.dumps(release, option=orjson.OPT_SORT_KEYS)
        self.releases.append((release["id"], body))
        self.link("publish", ("notice", number), {"release": release["id"], "tag": tag, "digest": sha256_hex(body)})

    def book(self, reason: str, line: int, fen: int, key: str) -> None:
        if fen:
            self.link(
                "book", ("budget_line", line), {"reason": reason, "line": line, "amount_fen": fen, "transfer": key}
            )

    # --- the acts -----------------------------------------------------------------------------------------------------

    def tell(self) -> Story:
        for act in (self.announce, self.open, self.award, self.sign, self.deliver):
            act()
            if act.__name__ == self.plan.until:
                break
        return self

    def announce(self) -> None:
        plan = self.plan
        self.secret = self.hex()
        lot = Lot(
            id=1,
            number=1,
            title="社区助餐",
            ceiling_fen=plan.ceiling_fen,
            state="sealed",
            public_key=None,
            draw_commitment=panel_rules.commitment_of(self.secret),
            evaluation_terms=default_terms(self.rules) | {"renormalise": plan.renormalise},
            criteria=[
                Criterion(id=n, number=n, kind=kind, title=title, guidance="", max_centi=most)
                for n, kind, title, most in (
                    (1, "quality", "方案", 6000),
                    (2, "quality", "团队", 2500),
                    (3, "price", "报价", 1500),
                )
            ],
            milestones=[
                PlannedMilestone(
                    number=n, title=title, share_bp=share, base=base, due_on=date(2026, 5, 4 + n), evidence="台账"
                )
                for n, title, share, base in ((1, "首期", 3333, "acceptance"), (2, "末期", 6667, "evaluation"))
            ],
            funding=[
                LotFunding(line_id=n, amount_fen=fen, line=BudgetLine(id=n, source=source, title=f"资金{n}"))
                for n, (fen, source) in enumerate(zip(plan.lines_fen, ("fiscal", "lottery"), strict=False), 1)
            ],
        )
        self.lot = lot
        self.table = timetable(self.at, self.rules, self.calendar)
        self.tender = Tender(
            id=1,
            title="社区助餐",
            category="elder_care",
            requirement="为老人送餐。",
            method=plan.method,
            budget_fen=plan.ceiling_fen,
            starts_on=date(2026, 4, 1),
            ends_on=date(2026, 6, 30),
            small_deduction_bp=plan.deduction_bp,
            bond_bp=plan.bond_bp,
            intention_waiver="突发" if self.rules["plan.intention_lead_days"] else "",
            rules_digest=self.rules.digest,
            calendar_version=self.calendar.version,
            provisional=False,
            street=self.street,
            lots=[lot],
            resolution={"reasons": []},
            item=CatalogueItem(code="A0101", name="助餐"),
            qualifications=[QualificationItem(number=1, title="依法登记", evidence="证书")],
        )
        for share in lot.funding:
            self.book("reserve", share.line_id, share.amount_fen, f"reserve:{share.line_id}")
        self.publish("tender", tender_release(self.tender, self.table, self.rules, (), posted(self.rules_notice)[0]))

    def open(self) -> None:
        closes = self.table.deadline_at
        opened, record, receipts = [], [], {}
        for number, offer in enumerate(self.plan.offers, 1):
            firm = Organisation(id=number, uscc=codes(offer.code, number), name=f"机构{number:03d}", provider_type="x")
            content = BidContent(
                offer.price_fen, "方案全文", "团队", "进度", {"1": "答"}, offer.small, "无", f"人{number}"
            )
            receipt = f"T20260107-{number:04d}"
            bare = BidDocument(1, number, receipt, content, ("plan",), {})
            salts = {name: self.hex(16) for name in bare.committed()}
            document = replace(bare, salts=salts)
            root = root_of({name: commit(name, part, salts[name]) for name, part in document.committed().items()})
            envelope = self.hex()
            line = {"number": number, "bid": number, "receipt": receipt, "root": root, "envelope": envelope}
            receipts[receipt] = sign_receipt(
                KEY,
                {
                    "number": receipt,
                    "at": closes - timedelta(hours=number),
                    "deadline": closes,
                    "kind": "bid",
                    "ocid": OCID,
                    "lot": {"id": 1, "number": 1, "title": "社区助餐"},
                    "root": root,
                    "envelope": {"sha256": envelope, "size": 1},
                    "organisation": {"id": firm.uscc, "name": firm.name},
                },
            )
            opened.append(
                OpenedBid(
                    bid_id=number,
                    lot_id=1,
                    organisation_id=number,
                    number=number,
                    price_fen=offer.price_fen,
                    claims_small=offer.small,
                    content=content.as_data(),
                    secret_fields=["plan"],
                    salts=salts,
                    root_ok=True,
                    verdict="",
                    verdict_reason="",
                    organisation=firm,
                )
            )
            record.append(line)
        self.at = closes + timedelta(minutes=30)
        contents = {"lot": 1, "bids": record, "late_attempts": 0}
        self.opening = Opening(lot_id=1, record=contents, record_digest=digest(contents), at=self.at)
        self.opened, self.receipts = opened, receipts
        self.link("open", ("lot", 1), {"record": self.opening.record_digest, "bids": len(opened)})
        self.publish("tenderUpdate", opening_release(self.lot, self.opening, opened, [], receipts))

    def award(self) -> None:
        self.at = self.opening.at + timedelta(days=1)
        data, ranked = self.evaluate()
        report = digest(data)
        self.link("rank", ("lot", 1), {"report": report})
        best = self.opened[ranked[0]["bid"] - 1]
        self.at += timedelta(hours=2)
        terms = self.terms(best)
        day = beijing_day(self.at)
        windows = award_rules.result_windows(day, self.rules, self.calendar)
        self.row = Award(
            id=1,
            subject_kind="lot",
            subject_id=1,
            title="社区助餐",
            amount_fen=best.price_fen,
            terms=terms.as_data(),
            terms_digest=terms.digest,
            state="active",
            reason="排名第一",
            decided_at=self.at,
            publicity_until=end_of_day(windows.notice_ends),
            challenge_until=end_of_day(windows.challenge_ends),
            sign_by=award_rules.sign_by(day, self.rules["contract.sign_days"], self.calendar).day,
            organisation=best.organisation,
        )
        rows = [
            SimpleNamespace(
                organisation_id=one["bid"],
                tie_note=one["tie"],
                **{k: v for k, v in one.items() if k not in {"bid", "organisation", "code", "tie"}},
            )
            for one in ranked
        ]
        names = {bid.number: bid.organisation.name for bid in self.opened}
        scoring = scoring_data(cast("Any", rows), names, ["甲", "乙", "丙"], report) | public_part(
            self.lot, data, report
        )
        fragment = award_fragment(self.row, best.organisation, lot_id="lot-1", scoring=scoring)
        self.publish("award", fragment | result_fragment(self.lot, self.opening, self.opened, [], self.receipts))

    def evaluate(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The report as the product's rules compute it."""
        plan, public = self.plan, self.opening.record_digest
        pool, size = [f"expert-{n}" for n in range(1, 9)], self.rules["panel.size_min"]
        seed = panel_rules.seed_of(self.secret, public)
        drawn = panel_rules.draw(seed, pool, size)
        draw = {
            "form": "linli.draw.1",
            "number": 1,
            "at": z(self.at),
            "secret": self.secret,
            "public_part": public,
            "commitment": self.lot.draw_commitment,
            "seed": seed,
            "result": drawn,
            "pool": [{"key": key, "place": panel_rules.place(seed, key)} for key in pool],
        }
        listed = list(zip(self.opened, plan.offers, strict=True))
        scores = [mark for bid, o in listed if o.valid for mark in _marks(bid.number, o.points, size)]
        points = evaluation_rules.quality_points([(m["bid"], m["criterion"], m["score_centi"]) for m in scores])
        rates = evaluation_rules.low_rates(self.rules, self.rules)
        lines = evaluation_rules.low_price_lines([o.price_fen for _, o in listed if o.valid], plan.ceiling_fen, rates)
        asked = [
            {
                "bid": bid.number,
                "hits": [hit.as_data() for hit in hits],
                "asked_at": z(self.at),
                "accepted": True, "reason": "成本构成有凭证",
                "until": z(evaluation_rules.explain_until(self.at, 30, self.rules["low_price.explain_minutes"])),
            }
            for bid, o in listed
            if o.valid and (hits := evaluation_rules.low_price_hits(o.price_fen, lines))
        ]
        entries = [
            evaluation_rules.Entry(
                f"bid-{bid.number}",
                o.price_fen,
                sum(points[bid.number].values()),
                evaluation_rules.deduction_bp(
                    o.small, bid.organisation.uscc, plan.deduction_bp, self.rules["sme.eligible_prefixes"]
                ),
            )
            for bid, o in listed
            if o.valid
        ]
        order = evaluation_rules.rank(entries, 1500, self.rules["evaluation.tie_order"], seed)
        results = []
        for line in order:
            number = int(line.key.split("-")[1])
            firm = self.opened[number - 1].organisation
            results.append(
                {
                    "rank": line.rank,
                    "bid": number,
                    "organisation": firm.name,
                    "code": firm.uscc,
                    "price_fen": line.price_fen,
                    "deduction_bp": line.deduction_bp,
                    "adjusted_price_fen": line.adjusted_price_fen,
                    "per_criterion": {str(key): centi for key, centi in points[number].items()},
                    "quality_centi": line.quality_centi,
                    "price_centi": line.price_centi,
                    "total_centi": line.total_centi,
                    "tie": line.tie.value,
                }
            )
        facts = [(line.key, line.total_centi, line.price_fen) for line in order]
        tie = {"seed": evaluation_rules.tie_seed(seed, facts)} if any(x.tie == "draw" for x in order) else None
        data = {
            "qualification": [
                {
                    "number": bid.number,
                    "organisation": bid.organisation.name,
                    "code": bid.organisation.uscc,
                    "price_fen": o.price_fen,
                    "claims_small": o.small,
                    "verdict": "valid" if o.valid else "invalid",
                    "reason": "",
                }
                for bid, o in listed
            ],
            "panel": {
                "size": size,
                "members": [{"number": n, "name": key, "role": "expert", "key": key} for n, key in enumerate(drawn, 1)],
            },
            "draws": [draw],
            "opening": {"at": z(self.opening.at), "record": public},
            "criteria": [
                {"id": c.id, "number": c.number, "kind": c.kind, "title": c.title, "max_centi": c.max_centi}
                for c in self.lot.criteria
            ],
            "scores": scores,
            "low_price": {"lines": [line.as_data() for line in lines], "inquiries": asked},
            "results": results,
            "tie": tie,
        }
        return data, results

    def terms(self, best: OpenedBid) -> award_rules.Terms:
        amounts = award_rules.milestone_amounts(best.price_fen, [m.share_bp for m in self.lot.milestones])
        side = award_rules.PartySnapshot(1, "甲", "x", "street_office", "", "")
        return award_rules.Terms(
            buyer=side,
            supplier=side,
            title="社区助餐",
            category="elder_care",
            requirement="送餐",
            regime=self.plan.method,
            amount_fen=best.price_fen,
            starts_on=date(2026, 4, 1),
            ends_on=date(2026, 6, 30),
            noticed_on=beijing_day(self.at),
            milestones=tuple(
                award_rules.MilestoneTerms(m.number, m.title, m.share_bp, fen, m.base, m.due_on, m.evidence)
                for m, fen in zip(self.lot.milestones, amounts, strict=True)
            ),
            evaluation=award_rules.EvaluationTerms.from_data(self.lot.evaluation_terms),
            funding=tuple(
                award_rules.FundingTerms(f.line_id, f.line.source, f.line.title, f.amount_fen) for f in self.lot.funding
            ),
            rules=award_rules.RuleFacts.from_rules(self.rules),
            rules_digest=self.rules.digest,
            bond_bp=self.plan.bond_bp,
        )

    def sign(self) -> None:
        self.at = self.row.challenge_until + timedelta(hours=9)
        terms = award_rules.Terms.from_data(self.row.terms)
        data = agreement_rules.contract_data(
            terms,
            agreement_rules.Options(agreement_rules.limit_fen(terms.amount_fen, terms.bond_bp)),
            number="购字第001号",
            ocid=OCID,
            award="award-1",
            drafted_on=beijing_day(self.at),
            last_day=self.row.sign_by,
        )
        duties = agreement_rules.duty_dates(beijing_day(self.at), terms.rules, self.calendar)
        self.agreement = Agreement(
            id=1,
            number="购字第001号",
            title="社区助餐",
            amount_fen=terms.amount_fen,
            starts_on=terms.starts_on,
            ends_on=terms.ends_on,
            sign_by=self.row.sign_by,
            data=data,
            digest=agreement_rules.contract_digest(data),
            state="in_force",
            signed_at=self.at,
            publish_by=duties.publish_by,
            file_copy_by=duties.file_copy_by,
            organisation=self.row.organisation,
            signatures=[Signature(party=side, certificate_serial=side, at=self.at) for side in ("supplier", "buyer")],
        )
        self.link("issue", ("agreement", 1), {"digest": self.agreement.digest})
        funding = [(f.line_id, f.amount_fen) for f in self.lot.funding]
        for share in agreement_rules.line_shares(terms.amount_fen, funding):
            self.book("commit", share.line_id, share.amount_fen, f"commit:{share.line_id}")
            self.book("release", share.line_id, share.saving_fen, f"save:{share.line_id}")
        self.link("sign_buyer", ("agreement", 1), {"late": beijing_day(self.at) > self.row.sign_by})
        pdf = StoredFile(id=1, media_type="application/pdf", sha256=self.hex())
        self.publish("contract", signed_release(self.agreement, self.street, pdf))

    def deliver(self) -> None:
        paid = 0
        for terms in self.agreement.data["milestones"]:
            self.at = max(self.at, instant(date.fromisoformat(terms["due_on"]), 10))
            row = Milestone(
                id=terms["number"],
                number=terms["number"],
                title=terms["title"],
                base=terms["base"],
                amount_fen=terms["amount_fen"],
                state="accepted",
                agreement_id=1,
            )
            self.determined = self.at
            decision = Acceptance(decided_at=self.at, users_invited=5, users_satisfied=5)
            self.publish("implementation", accepted_release(row, self.agreement, decision, 10, 2))
            share = None
            if terms["base"] == "evaluation":
                share = self.rate(row)
            for payment in self.earn(row, terms, payout_rules.paid_bp(terms["base"], share)):
                paid += 1
                if self.plan.until == "paid":
                    self.pay(payment, paid)

    def rate(self, row: Milestone) -> int:
        terms = award_rules.EvaluationTerms.from_data(self.agreement.data["evaluation"])
        outcome = outcome_rules.evaluate(terms, self.plan.ratings, gap_flag_centi=self.rules["outcome.gap_flag_centi"])
        inputs = {source: sorted(self.hex() for _ in given) for source, given in self.plan.ratings.items() if given}
        every = merkle_root(sorted(one for values in inputs.values() for one in values))
        self.at += timedelta(days=16)
        evaluation = Evaluation(
            id=1,
            agreement_id=1,
            round=1,
            milestone=row,
            closed_at=self.at,
            result={"outcome": outcome.as_data(), "inputs": {"commitments": inputs, "root": every}},
        )
        money = outcome_rules.earned(row.amount_fen, outcome.share_bp)
        self.publish("implementation", closed_release(evaluation, row, self.agreement, money))
        if outcome.grade == "fail":
            self.at += timedelta(days=40)
        self.determined = cast("datetime", evaluation.closed_at)
        return outcome.share_bp

    def earn(self, row: Milestone, terms: Mapping[str, Any], share_bp: int) -> list[Payment]:
        due = payout_rules.amount_due(terms, share_bp)
        self.link(
            "earn",
            ("milestone", row.id),
            {
                "amount_fen": due.milestone_fen,
                "share_bp": share_bp,
                "due_fen": due.due_fen,
                "withheld_fen": due.withheld_fen,
            },
        )
        made = []
        for part in due.parts:
            number = f"ZF-2026-{row.id}{part.line_id}"
            if part.due_fen:
                last = payout_rules.pay_by(beijing_day(self.determined), 30, self.calendar).day
                self.link(
                    "raise",
                    ("payment", 1),
                    {"number": number, "amount_fen": part.due_fen, "line": part.line_id, "pay_by": last.isoformat()},
                )
                self.book("owe", part.line_id, part.due_fen, f"owe:{number}")
                line = next(f.line for f in self.lot.funding if f.line_id == part.line_id)
                made.append(
                    Payment(
                        number=number,
                        amount_fen=part.due_fen,
                        line_id=part.line_id,
                        line=line,
                        agreement_id=1,
                        agreement=self.agreement,
                        milestone=row,
                        pay_by=last,
                        organisation=self.row.organisation,
                    )
                )
            self.book("free", part.line_id, part.withheld_fen, f"withhold:{number}")
        return made

    def pay(self, payment: Payment, number: int) -> None:
        self.at += timedelta(days=1)
        attempt = Attempt(key=f"{payment.number}-1", route="bank")
        self.book("pay", payment.line_id, payment.amount_fen, f"pay:{payment.number}")
        self.publish("implementation", paid_release(payment, attempt, self.street, beijing_day(self.at)))

    # --- the file -----------------------------------------------------------------------------------------------------

    def bundle(self, days: Sequence[Day] | None = None) -> bytes:
        """The bundle with one daily digest over this chain and some others."""
        days = [self.day()] if days is None else days
        return bundle_of(self.releases, self.headers, self.rules_notice, days)

    def day(self) -> Day:
        """A daily digest over the chain as it is now."""
        return day_of(self.headers)


def published(plan: Plan | None = None) -> Story:
    """A purchase as far as the plan says."""
    return Story(plan or Plan()).tell()
