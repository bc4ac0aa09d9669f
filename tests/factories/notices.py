"""Published purchases for tests of the public side: the notices as the rooms write them, at any stage.

file = published("paid")     # everything up to a payment
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from market.kernel.clock import instant, system_now
from market.kernel.permits import CLOCK, Scope
from market.panels.rules import commitment_of, seed_of
from market.places.models import Street
from market.places.queries import office_party
from market.records.models import PurchaseFile
from market.records.notices import CardFacts, post, publish, value, z
from market.records.purchases import open_file
from tests.factories.places import street as make_street
from tests.factories.terms import EVALUATION
from tests.fixtures.ground import replayed

YUAN = 100
CEILING, PRICES = 480_000 * YUAN, (456_000 * YUAN, 432_000 * YUAN, 468_000 * YUAN)
BIDDERS = ("江宁区暖邻社会工作服务中心", "南京市和睦养老服务社", "江宁区长青社区服务中心")
NEED = (
    "东山街道有80周岁以上独居老人412名，其中76名在过去一年里发生过跌倒。社区议事会三次提出需要固定的上门探访。\n"
    "希望有专业机构每月两次上门，建立一人一档，发现情况及时联系家属和社区医院。"
)
SECRET, RECORD = "5e" * 32, "e" * 64
DRAW = {
    "number": 1,
    "secret": SECRET,
    "public_part": RECORD,
    "commitment": commitment_of(SECRET),
    "seed": seed_of(SECRET, RECORD),
}
STAGES = ("planning", "tender", "opened", "awarded", "challenged", "contract", "delivered", "evaluated", "paid")


@replayed
def published(
    stage: str = "tender",
    *,
    title: str = "东山街道独居老人探访服务",
    place: Street | None = None,
    at: datetime | None = None,
    category: str = "elder_care",
    method: str = "comparison",
    bond_bp: int = 0,
) -> PurchaseFile:
    """Publish every notice up to and including a stage of STAGES, or up to a failure (`failed`, `cancelled`)."""
    office, now = place or make_street(), at or system_now()
    file = open_file(office.district_id, office.id, office.code, method, title, now)
    teller = _Teller(file, office, title, now, category, method)
    teller.bond_bp = bond_bp
    steps: dict[str, Callable[[], None]] = {name: getattr(teller, name) for name in STAGES}
    if stage in {"failed", "cancelled"}:
        for name in ("planning", "tender"):
            steps[name]()
        getattr(teller, stage)()
        return file
    for name in STAGES[: STAGES.index(stage) + 1]:
        if name != "challenged" or stage == "challenged":
            steps[name]()
    return file


def many(count: int, **options: Any) -> list[PurchaseFile]:
    """That many open purchases."""
    return [published(title=f"第{number}批助餐服务", **options) for number in range(1, count + 1)]


def budget_year(place: Street | None = None, year: int = 2026) -> None:
    """A street's approved year on the board."""
    office = place or make_street()
    lines = [
        ("fiscal", "elder_care", "养老服务购买", 1_200_000),
        ("lottery", "disability", "助残服务购买", 500_000),
        ("street_fund", "social_relief", "困难家庭帮扶", 300_000),
        ("donation", "charity_relief", "慈善救济", 100_000),
    ]
    data = {
        "street": office.office,
        "street_code": office.code,
        "year": year,
        "total_fen": sum(amount * YUAN for *_, amount in lines),
        "lines": [
            {"id": n, "source": source, "category": category, "title": title, "amount_fen": amount * YUAN}
            for n, (source, category, title, amount) in enumerate(lines, 1)
        ],
    }
    title = f"{office.office}{year}年购买社会服务资金计划"
    chain = ("street_year", office.code)
    post("budget", f"{office.code}-{year}", title, data, chain, office.scope, CLOCK, system_now())


def organisation(name: str = BIDDERS[0], number: int = 1, state: str = "confirmed") -> None:
    """An organisation in the public directory."""
    uscc = f"52320115MJ{number:06d}1N"
    data = {
        "name": name,
        "uscc": uscc,
        "provider_type": "service_agency",
        "registered_on": "2018-05-04",
        "service_fields": ["elder_care", "social_relief"],
        "introduction": "从事社区养老和社会救助服务，现有社工23人。",
        "state": state,
    }
    post("organisation", uscc, name, data, ("organisation", str(number)), Scope(1), CLOCK, system_now())


class _Teller:
    """Writes the notices of one purchase in their order; each room's own shapes."""

    bond_bp = 0

    def __init__(
        self, file: PurchaseFile, office: Street, title: str, at: datetime, category: str, method: str
    ) -> None:
        self.file, self.office, self.title, self.at = file, office, title, at
        self.category, self.method = category, method
        self.deadline = at + timedelta(days=7)

    def _publish(self, tag: str, fragment: dict[str, Any], *, days: int = 0, **facts: Any) -> None:
        publish(self.file, tag, fragment, CardFacts(**facts), CLOCK, self.at + timedelta(days=days))

    def planning(self) -> None:
        self._publish(
            "planning",
            {
                "parties": [office_party(self.office)],
                "buyer": self._buyer(),
                "planning": {
                    "rationale": NEED,
                    "budget": {"amount": value(CEILING), "description": "预计采购时间：2026年4月"},
                },
                "tender": {"id": "1", "title": self.title, "status": "planned", "mainProcurementCategory": "services"},
            },
            stage="planning",
            title=self.title,
            method=self.method,
            category=self.category,
            place=f"{self.office.district.name}{self.office.name}",
            buyer=self.office.office,
            amount_fen=CEILING,
        )

    def tender(self) -> None:
        self._publish("tender", self._tender(), stage="tender", deadline_at=self.deadline)

    def _buyer(self) -> dict[str, Any]:
        party = office_party(self.office)
        return {"id": party["id"], "name": party["name"]}

    def _tender(self) -> dict[str, Any]:
        funders = [("fiscal", "财政资金", 300_000), ("lottery", "福彩公益金", 180_000)]
        return {
            "parties": [
                office_party(self.office),
                *({"id": f"funder-{code}", "name": name, "roles": ["funder"]} for code, name, _ in funders),
            ],
            "buyer": self._buyer(),
            "planning": {
                "rationale": NEED,
                "budget": {
                    "amount": value(CEILING),
                    "budgetBreakdown": [
                        {
                            "id": f"lot-1-line-{n}",
                            "description": "养老服务购买",
                            "amount": value(amount * YUAN),
                            "relatedLot": "lot-1",
                            "sourceParty": {"id": f"funder-{code}", "name": name},
                        }
                        for n, (code, name, amount) in enumerate(funders, 1)
                    ],
                },
            },
            "tender": {
                "id": "1",
                "title": self.title,
                "description": NEED,
                "status": "active",
                "procurementMethod": "open",
                "procurementMethodDetails": "比选",
                "procurementMethodRationale": "预算 ¥480,000.00，低于公开招标数额标准，采用比选。",
                "items": [
                    {
                        "id": "item-1",
                        "description": self.title,
                        "classification": {
                            "scheme": "guidance-catalogue",
                            "id": "A0301",
                            "description": "养老服务：居家探访",
                        },
                        "relatedLot": "lot-1",
                    }
                ],
                "value": value(CEILING),
                "tenderPeriod": {"startDate": z(self.at), "endDate": z(self.deadline)},
                "contractPeriod": {"startDate": "2026-04-30T16:00:00Z", "endDate": "2027-04-30T15:59:59Z"},
                "lots": [self._lot()],
                "milestones": [
                    {
                        "id": f"lot-1-m{n}",
                        "title": title,
                        "type": kind,
                        "description": "服务台账、签到表和照片",
                        "dueDate": due,
                        "status": "scheduled",
                        "shareBp": share,
                        "relatedLots": ["lot-1"],
                    }
                    for n, title, kind, due, share in _MILESTONES
                ],
                "requirements": [
                    {"id": "q1", "title": "依法登记的社会服务机构或企业", "evidence": "登记证书"},
                    {"id": "q2", "title": "近三年无重大违法记录", "evidence": "书面声明"},
                ],
                "timetable": list(self._timetable()),
                "smallFirmDeductionBp": 1000,
                "performanceBondBp": self.bond_bp,
                "performanceBondMaxFen": 48_000 * YUAN,
                "rulebook": {
                    "digest": "5" * 64,
                    "place": self.office.code,
                    "regime": self.method,
                    "day": "2026-03-31",
                    "assumed": ["tender.min_bidders"],
                    "calendar": "2026:1",
                    "provisional": False,
                },
            },
        }

    def _lot(self) -> dict[str, Any]:
        criteria = [
            ("quality", "服务方案", "针对性强、可操作的得高分", 4000),
            ("quality", "团队和经验", "持证社工人数、同类项目", 3000),
            ("quality", "质量保障", "应急、督导和投诉处理", 1500),
            ("price", "报价", "", 1500),
        ]
        return {
            "id": "lot-1",
            "title": self.title,
            "status": "active",
            "value": value(CEILING),
            "ceilingFen": CEILING,
            "awardCriteria": {
                "criteria": [
                    {"id": f"lot-1-c{n}", "type": kind, "name": name, "description": guidance, "maxCenti": most}
                    for n, (kind, name, guidance, most) in enumerate(criteria, 1)
                ]
            },
            "evaluationTerms": EVALUATION,
            "publicKey": "a" * 64,
            "drawCommitment": DRAW["commitment"],
        }

    def _timetable(self) -> Iterator[dict[str, Any]]:
        rule = {"key": "tender.notice_working_days", "source": "本平台做法", "article": "", "assumed": True}
        law = {"key": "tender.bid_period_days", "source": "87号令", "article": "第二十六条", "assumed": False}
        yield {"id": "notice", "title": "发布公告", "how": "审核通过即发布", "at": z(self.at), "day": None, "rules": []}
        yield {
            "id": "notice_until", "title": "公告期限届满", "how": "自公告次日起 3 个工作日", "at": None,
            "day": "2026-04-03", "rules": [rule],
        }  # fmt: skip
        yield {
            "id": "deadline", "title": "递交截止", "how": "不早于公告和文件提供期满", "at": z(self.deadline),
            "day": None, "rules": [law],
        }  # fmt: skip

    def opened(self) -> None:
        self._publish(
            "tenderUpdate",
            {
                "tender": {
                    "id": "1",
                    "lots": [
                        {
                            "id": "lot-1",
                            "opening": {
                                "openedAt": z(self.deadline + timedelta(minutes=5)),
                                "record": RECORD,
                                "lateAttempts": 1,
                                "bidders": 3,
                            },
                        }
                    ],
                },
                "parties": [_party(n, ["tenderer"]) for n in range(3)],
                "bids": {
                    "statistics": [{"id": "lot-1-bids", "measure": "bids", "value": 3, "relatedLot": "lot-1"}],
                    "details": [
                        {
                            "id": f"lot-1-bid-{n + 1}",
                            "status": "pending",
                            "tenderers": [{"id": f"org-{n}", "name": BIDDERS[n]}],
                            "relatedLots": ["lot-1"],
                            "receipt": f"TB2026-0401-000{n + 1}",
                            "root": f"{n + 1}" * 64,
                            "envelope": f"{n + 4}" * 64,
                            "value": value(PRICES[n]),
                        }
                        for n in range(3)
                    ],
                },
            },
            days=7,
            stage="opened",
        )

    def awarded(self) -> None:
        order = ((1, 8010, 1500), (0, 7750, 1421), (2, 7380, 1385))
        award = {
            "id": "award-1",
            "title": self.title,
            "status": "active",
            "date": z(self.at + timedelta(days=9)),
            "value": value(PRICES[1]),
            "suppliers": [{"id": "org-1", "name": BIDDERS[1]}],
            "relatedLots": ["lot-1"],
            "linliWindows": {
                "resultNoticeUntil": z(instant((self.at + timedelta(days=11)).date())),
                "challengeUntil": z(instant((self.at + timedelta(days=20)).date())),
                "signBy": (self.at + timedelta(days=39)).date().isoformat(),
            },
            "linliTermsDigest": "7" * 64,
            "linliReason": "按名次确定第一名",
            "linliScoring": {
                "lot": "lot-1",
                "reportDigest": "9" * 64,
                "panel": {
                    "size": 3,
                    "members": [
                        {"number": 1, "name": "顾明远", "role": "expert"},
                        {"number": 2, "name": "沈若琳", "role": "expert"},
                        {"number": 3, "name": "贺建国", "role": "representative"},
                    ],
                },
                "draws": [DRAW],
                "criteria": [
                    {"id": n, "number": n, "kind": kind, "title": title, "max_centi": most}
                    for n, kind, title, most in (
                        (1, "quality", "服务方案", 4000),
                        (2, "quality", "团队和经验", 3000),
                        (3, "quality", "质量保障", 1500),
                        (4, "price", "报价", 1500),
                    )
                ],
                "qualification": [
                    {
                        "number": n + 1,
                        "organisation": BIDDERS[n],
                        "code": "",
                        "price_fen": PRICES[n],
                        "claims_small": n == 0,
                        "verdict": "valid",
                        "reason": "",
                    }
                    for n in range(3)
                ],
                "results": [
                    {
                        "rank": rank,
                        "bid": n + 1,
                        "organisation": BIDDERS[n],
                        "price_fen": PRICES[n],
                        "deduction_bp": 0,
                        "adjusted_price_fen": PRICES[n],
                        "per_criterion": {"1": quality * 47 // 100, "2": quality * 35 // 100, "3": quality * 18 // 100},
                        "quality_centi": quality,
                        "price_centi": price,
                        "total_centi": quality + price,
                        "tie": "",
                    }
                    for rank, (n, quality, price) in enumerate(order, 1)
                ],
                "low_price": {
                    "lines": [
                        {"test": "average", "rate_bp": 5000, "line": [22_600_000, 1], "against": [45_200_000, 1]},
                        {"test": "ceiling", "rate_bp": 4500, "line": [21_600_000, 1], "against": [48_000_000, 1]},
                    ],
                    "inquiries": [],
                },
                "tie": None,
            },
        }
        self._publish("award", {"parties": [_party(1, ["supplier", "tenderer"])], "awards": [award]}, days=9,
                      stage="awarded", awarded_fen=PRICES[1], supplier=BIDDERS[1])  # fmt: skip

    def challenged(self) -> None:
        document = {
            "id": "challenge-1",
            "documentType": "complaints",
            "title": "质疑处理",
            "linliChallenge": {
                "organisation": BIDDERS[0],
                "facts": "第一名的持证社工人数与其公开年报不一致。",
                "request": "请求重新核实团队材料。",
                "state": "filed",
                "filedOn": "2026-04-13",
                "replyBy": "2026-04-22",
                "reply": None,
                "decision": None,
            },
        }
        award = {
            "id": "award-1",
            "status": "pending",
            "linliState": "suspended",
            "linliStateReason": "收到质疑，暂停签订合同",
            "documents": [document],
        }
        self._publish("awardUpdate", {"awards": [award]}, days=13, stage="suspended")

    def contract(self) -> None:
        amounts = (12_960_000, 17_280_000, 12_960_000)
        contract = {
            "id": "contract-1",
            "awardID": "award-1",
            "title": self.title,
            "description": "江宁东山街〔2026〕购字第001号",
            "status": "active",
            "dateSigned": z(self.at + timedelta(days=22)),
            "period": {"startDate": "2026-05-01T00:00:00Z", "endDate": "2027-04-30T00:00:00Z"},
            "value": value(PRICES[1]),
            "milestones": [
                {
                    "id": f"contract-1-milestone-{n}",
                    "title": title,
                    "type": kind,
                    "description": "服务台账、签到表和照片",
                    "dueDate": due,
                    "status": "scheduled",
                    "linliShareBp": share,
                    "linliValue": value(amount),
                }
                for (n, title, kind, due, share), amount in zip(_MILESTONES, amounts, strict=True)
            ],
            "linliDigest": "c" * 64,
            "linliSignatures": [
                {"party": party, "signedAt": z(self.at + timedelta(days=days)), "certificate": f"{days}-1"}
                for party, days in (("supplier", 21), ("buyer", 22))
            ],
            "linliFunding": [
                {"source": "fiscal", "title": "养老服务购买", "value": value(27_000_000)},
                {"source": "lottery", "title": "养老服务购买", "value": value(16_200_000)},
            ],
            "linliDuties": {"publishBy": "2026-04-24", "fileCopyBy": "2026-05-06"},
        }
        self._publish("contract", {"contracts": [contract]}, days=22, stage="contract")

    def delivered(self) -> None:
        accepted = {"usersInvited": 12, "usersSatisfied": 11, "peopleServed": 412, "sessionsHeld": 96}
        milestone = {
            "id": "contract-1-milestone-1",
            "status": "met",
            "dateMet": "2026-05-19T08:00:00Z",
            "linliAcceptance": accepted,
        }
        self._performed("implementation", {"milestones": [milestone]}, 49)

    def evaluated(self) -> None:
        milestone = {
            "id": "contract-1-milestone-3",
            "title": "全年服务与总结",
            "status": "met",
            "linliEvaluation": {
                "round": 1,
                "score": "88.70",
                "scoreExact": [8870, 1],
                "grade": "good",
                "shareBp": 10000,
                "renormalised": False,
                "flagged": False,
                "earned": value(12_960_000),
                "withheld": value(0),
                "final": True,
                "inputs": {"root": "8" * 64},
            },
        }
        rated = (("self", "自评", 1000, 1, 9200), ("mutual", "互评", 1500, 4, 35_200),
                 ("public", "群众评", 3000, 40, 380_000), ("third", "第三方评", 4500, 1, 8400))  # fmt: skip
        metrics = [_metric(*one) for one in rated]
        self._performed("implementation", {"milestones": [milestone], "metrics": metrics}, 390)

    def paid(self) -> None:
        transaction = {
            "id": "PAY-2026-0001-1",
            "date": z(self.at + timedelta(days=60)),
            "value": value(12_960_000),
            "payer": self._buyer(),
            "payee": {"id": "org-1", "name": BIDDERS[1]},
            "relatedImplementationMilestone": {"id": "contract-1-milestone-1", "title": "启动与建档"},
            "linliPayment": "东山付2026-0001",
            "linliFundSource": "fiscal",
            "linliRoute": "bank",
            "linliPayBy": "2026-06-18",
        }
        self._performed("implementation", {"transactions": [transaction]}, 400)

    def _performed(self, tag: str, implementation: dict[str, Any], days: int) -> None:
        contract = {"id": "contract-1", "awardID": "award-1", "implementation": implementation}
        self._publish(tag, {"contracts": [contract]}, days=days, stage="implementation")

    def failed(self) -> None:
        self._end("tenderUpdate", "unsuccessful", "failed", "截止时只收到 2 份报价，少于 3 份，依法废标。")

    def cancelled(self) -> None:
        self._end("tenderCancellation", "cancelled", "cancelled", "街道调整了年度安排，本次采购取消。")

    def _end(self, tag: str, status: str, stage: str, reason: str) -> None:
        lot = {"id": "lot-1", "status": status, "statusDetails": reason}
        tender = {"id": "1", "status": status, "statusDetails": reason, "lots": [lot]}
        self._publish(tag, {"tender": tender}, days=7, stage=stage)


_MILESTONES = (
    (1, "启动与建档", "delivery", "2026-05-20T15:59:59Z", 3000),
    (2, "中期服务", "delivery", "2026-10-31T15:59:59Z", 4000),
    (3, "全年服务与总结", "assessment", "2027-04-30T15:59:59Z", 3000),
)


def _party(number: int, roles: list[str]) -> dict[str, Any]:
    return {"id": f"org-{number}", "name": BIDDERS[number], "roles": roles}


def _metric(source: str, title: str, weight_bp: int, count: int, sum_centi: int) -> dict[str, Any]:
    key = f"contract-1-milestone-3-round-1-{source}"
    seen = {
        "id": f"{key}-mean", "measure": None, "unit": {"name": "分"}, "linliCount": count, "linliSumCenti": sum_centi,
        "linliWeightBp": weight_bp, "linliCounted": True,
    }  # fmt: skip
    return {"id": key, "title": title, "observations": [seen]}
