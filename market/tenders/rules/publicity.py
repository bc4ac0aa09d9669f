"""One table: which fact of a purchase is shown to whom from which moment on, by method.

Rooms ask `shown` before they publish or print a fact. `docs/publicity.md` is this table; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from market.kernel.rulebook import Regime


class Moment(StrEnum):
    """What has happened to a lot so far, in order; `failed` stands beside the line."""

    PREPARED = "prepared"
    ANNOUNCED = "announced"
    CLOSED = "closed"
    OPENED = "opened"
    QUALIFIED = "qualified"
    RANKED = "ranked"
    AWARDED = "awarded"
    SIGNED = "signed"
    FAILED = "failed"


class Audience(StrEnum):
    """Who looks: anyone, a bidder at the others' facts, the panel after declaring, the purchaser's officers."""

    PUBLIC = "public"
    BIDDER = "bidder"
    PANEL = "panel"
    OFFICER = "officer"


class Fact(StrEnum):
    """What there is to show."""

    NOTICE = "notice"
    DRAW_COMMITMENT = "draw_commitment"
    BID_COUNT = "bid_count"
    BIDDER_NAMES = "bidder_names"
    BID_PRICES = "bid_prices"
    BID_CONTENT = "bid_content"
    BUSINESS_SECRETS = "business_secrets"
    QUALIFICATION = "qualification"
    EXPERT_NAMES = "expert_names"
    MEMBER_SCORES = "member_scores"
    SCORES = "scores"
    DRAW_SEED = "draw_seed"
    AWARD = "award"
    CONTRACT = "contract"
    FAILURE = "failure"


_M, _F, _A = Moment, Fact, Audience
_ORDER = [m for m in Moment if m is not Moment.FAILED]
_OPEN_PRICES = (Regime.COMPARISON, Regime.OPEN_TENDER)
_ALL = (Regime.COMPARISON, Regime.OPEN_TENDER, Regime.CONSULTATION)
_SECRET = (Regime.CONSULTATION,)


@dataclass(frozen=True)
class Row:
    """From which moment each audience sees the fact (None: never); `if_failed`: who sees it of a failed lot."""

    fact: Fact
    methods: tuple[Regime, ...]
    public: Moment | None
    bidder: Moment | None
    panel: Moment | None
    officer: Moment | None
    if_failed: tuple[Audience, ...]
    source: str

    def since(self, audience: Audience) -> Moment | None:
        """The moment from which this audience sees the fact."""
        found: Moment | None = getattr(self, audience.value)
        return found


_EVERYONE = tuple(Audience)
_OFFICERS = (Audience.OFFICER,)
PUBLICITY: tuple[Row, ...] = (
    Row(_F.NOTICE, _ALL, _M.ANNOUNCED, _M.ANNOUNCED, _M.ANNOUNCED, _M.PREPARED, _EVERYONE, "条例 8、30；87号令 13"),
    Row(_F.DRAW_COMMITMENT, _ALL, _M.ANNOUNCED, _M.ANNOUNCED, _M.ANNOUNCED, _M.ANNOUNCED, _EVERYONE, "本平台做法"),
    Row(_F.BID_COUNT, _ALL, _M.OPENED, _M.OPENED, _M.OPENED, _M.CLOSED, _EVERYONE, "采购法 36；条例 34"),
    Row(_F.BIDDER_NAMES, _OPEN_PRICES, _M.OPENED, _M.OPENED, _M.OPENED, _M.OPENED, _OFFICERS, "87号令 41（开标公开）"),
    Row(_F.BIDDER_NAMES, _SECRET, _M.AWARDED, _M.AWARDED, _M.OPENED, _M.OPENED, _OFFICERS, "采购法 38"),
    Row(_F.BID_PRICES, _OPEN_PRICES, _M.OPENED, _M.OPENED, _M.QUALIFIED, _M.OPENED, _OFFICERS, "87号令 41（开标公开）"),
    Row(_F.BID_PRICES, _SECRET, None, None, _M.QUALIFIED, _M.OPENED, _OFFICERS, "采购法 38"),
    Row(_F.BID_CONTENT, _ALL, None, None, _M.QUALIFIED, _M.OPENED, _OFFICERS, "采购法 38；条例 44"),
    Row(_F.BUSINESS_SECRETS, _ALL, None, None, _M.QUALIFIED, _M.OPENED, _OFFICERS, "条例 43；供应商逐项标注"),
    Row(_F.QUALIFICATION, _ALL, _M.AWARDED, _M.AWARDED, _M.QUALIFIED, _M.QUALIFIED, _OFFICERS, "条例 43；87号令 44"),
    Row(_F.EXPERT_NAMES, _ALL, _M.AWARDED, _M.AWARDED, _M.QUALIFIED, _M.CLOSED, _OFFICERS, "条例 43"),
    Row(_F.MEMBER_SCORES, _ALL, _M.AWARDED, _M.AWARDED, _M.RANKED, _M.RANKED, _OFFICERS, "条例 40、43；不记名"),
    Row(_F.SCORES, _OPEN_PRICES, _M.AWARDED, _M.AWARDED, _M.RANKED, _M.RANKED, _OFFICERS, "条例 43；本平台做法"),
    Row(_F.SCORES, _SECRET, _M.AWARDED, _M.AWARDED, _M.RANKED, _M.RANKED, _OFFICERS, "条例 43；不含报价和技术资料"),
    Row(_F.DRAW_SEED, _ALL, _M.AWARDED, _M.AWARDED, _M.AWARDED, _M.AWARDED, (), "本平台做法：与公布专家名单同时"),
    Row(_F.AWARD, _ALL, _M.AWARDED, _M.AWARDED, _M.AWARDED, _M.RANKED, (), "条例 43"),
    Row(_F.CONTRACT, _ALL, _M.SIGNED, _M.SIGNED, _M.SIGNED, _M.SIGNED, (), "条例 50（涉密和商业秘密除外）"),
    Row(_F.FAILURE, _ALL, _M.FAILED, _M.FAILED, _M.FAILED, _M.FAILED, _EVERYONE, "采购法 36"),
)
_TABLE = {(row.fact, method): row for row in PUBLICITY for method in row.methods}


def shown(fact: Fact, method: str, moment: Moment, audience: Audience) -> bool:
    """True when `audience` may see `fact` of a lot bought by `method` once `moment` has come.

    A person sees the own bid's facts at any time; that is not asked here. What was published stays published: for a
    failed lot this says what its failure notice may carry. Raises KeyError for a method that does not run here.
    """
    row = _TABLE[fact, Regime(method)]
    if moment is Moment.FAILED:
        return audience in row.if_failed
    since = row.since(audience)
    return since is not None and since is not Moment.FAILED and _ORDER.index(since) <= _ORDER.index(moment)


_HEAD = """# 公开范围 · What is shown to whom, and when

The text of `market.tenders.rules.publicity_page()`: the table is data in the code, and every room asks it before it
publishes or prints a fact. Moments in order: prepared, announced, closed (the deadline has passed), opened, qualified,
ranked, awarded (the result notice is out), signed; “never” holds for good. Whatever a bidder marked as a business
secret is the fact `business_secrets`, field by field. A bidder always sees its own bid; the column is about the
others'. “If it fails” says who may read the fact of a failed lot. For comparison below the threshold the table
follows open tender (assumed, no law fixes it). `member_scores` are each member's sheet: for the public and the other
bidders points alone, without name, seat, instant or reason (decisions/0011); rounds of grants publish theirs alike.

| Fact | Method | Public | Other bidders | Panel | Officers | If it fails | Source |
|---|---|---|---|---|---|---|---|
"""


def publicity_page() -> str:
    """The text of docs/publicity.md."""
    return _HEAD + "".join(_line(row) for row in PUBLICITY)


def _line(row: Row) -> str:
    when = [since.value if (since := row.since(a)) else "never" for a in Audience]
    failed = ", ".join(row.if_failed) if row.if_failed else "nobody"
    cells = [f"`{row.fact.value}`", ", ".join(m.value for m in row.methods), *when, failed, row.source]
    return f"| {' | '.join(cells)} |\n"
