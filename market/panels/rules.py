"""Pure decisions about panels: legal size, ties that bar, and the draw that anyone can repeat.

The draw, complete, for whoever wants to repeat it. The secret is 32 bytes, written in hexadecimal; digests, seeds and
keys enter as text in UTF-8; `||` joins without anything between; SHA-256 in lower-case hexadecimal. In a shell:
`{ printf SECRET | xxd -r -p; printf PUBLIC; } | sha256sum` is the seed, `printf SEEDKEY | sha256sum` a place.

    commitment  = SHA-256( secret )                     published with the purchase notice
    public part = digest of the opening record          unknown to everyone until the bids are opened
    seed        = SHA-256( secret || public part )
    place(key)  = SHA-256( seed || key )                for each key of the pool
    the drawn   = the keys with the smallest places, compared as text; the key itself decides between equal places

A member who steps down is replaced by the next key in the same order. The purchaser cannot choose the secret after
seeing who bids, since its digest was published before; bidders cannot choose the seed, since they do not know the
secret. Experts who were registered after the opening are not in the pool.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from market.kernel.canonical import canonical_bytes, sha256_hex
from market.kernel.errors import Refused
from market.kernel.text import N_
from market.kernel.workdays import add_months

LARGE_BUDGET = "budget"
KIN = "kin"
# The other grounds on which a case is large; the officer names them.
NAMED_GROUNDS = ("technical_complexity", "social_effect")
DECLARATION = N_(
    "本人已查看全部投标人名单。本人及近亲属在采购活动前三年内与名单中的投标人没有劳动关系，没有担任其董事、监事或理事，"
    "不是其控股股东或实际控制人，也没有其他可能影响公正评审的关系；未参与编制本项目采购需求；不向任何人透露评审内容。"
)
FORMULA = N_(
    "秘密值的摘要随采购公告公布。种子 = SHA-256(秘密值 ‖ 开标记录摘要)；每名专家的序号值 = SHA-256(种子 ‖ 专家编号)，"
    "按序号值从小到大抽取；有人回避时由下一名递补。秘密值取 32 个字节，其余均为 UTF-8 文本，任何人都可以重新计算。"
)


def commitment_of(secret: str) -> str:
    """Digest of the draw's secret (in hexadecimal), as published with the notice."""
    return sha256_hex(bytes.fromhex(secret))


def seed_of(secret: str, public_part: str) -> str:
    """The draw's seed."""
    return sha256_hex(bytes.fromhex(secret) + public_part.encode())


def place(seed: str, key: str) -> str:
    """Where a key stands in the order of this seed."""
    return sha256_hex((seed + key).encode())


def ordered(seed: str, keys: Iterable[str]) -> list[str]:
    """The whole pool in the order of the draw; the order in which it is given does not matter."""
    return sorted(keys, key=lambda key: (place(seed, key), key))


def draw(seed: str, pool: Iterable[str], n: int) -> list[str]:
    """The first `n` keys of the pool. Raises Refused when the pool is too small, ValueError for a key given twice."""
    keys = list(pool)
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice in the pool")
    if len(keys) < n:
        raise Refused(
            N_("可抽取的专家只有 %(found)d 人，需要 %(wanted)d 人。请先在专家库补充该领域专家，或减少专家席位。"),
            found=len(keys),
            wanted=n,
        )
    return ordered(seed, keys)[:n]


def draw_holds(record: Mapping[str, Any]) -> bool:
    """True when a published draw repeats: commitment, seed and result follow from secret, public part and pool."""
    pool = [entry["key"] for entry in record["pool"]]
    return bool(
        commitment_of(record["secret"]) == record["commitment"]
        and seed_of(record["secret"], record["public_part"]) == record["seed"]
        and ordered(record["seed"], pool)[: len(record["result"])] == record["result"]
    )


def published_draw(record: Mapping[str, Any]) -> dict[str, Any]:
    """A draw under numbers alone, as anyone may read it: `draw_holds` still repeats it, and it names nobody.

    An expert's number is the same in all draws, since a new one for each could be chosen to steer it. Whoever sat on a
    panel that is published is therefore known again in the pool of another (`docs/decisions/0011`).
    """
    names = ("form", "number", "at", "commitment", "secret", "public_part", "seed", "result")
    pool = [{"key": one["key"], "place": one["place"]} for one in record["pool"]]
    return {**{name: record[name] for name in names}, "pool": pool}


# --- legal size -----------------------------------------------------------------------------------------------------


def least_size(rules: Mapping[str, Any], budget_fen: int, grounds: Collection[str] = ()) -> int:
    """Fewest members: the regime's minimum, more where the budget or a named ground makes the case large.

    `rules` is the purchase's rule set. Source: 87号令 art. 47, 采购法 art. 38 and 40, 财库〔2014〕214号 art. 14.
    """
    least: int = rules["panel.size_min"]
    large: int = rules.get("panel.large_size_min", least)
    accepted = set(rules.get("panel.large_grounds", ()))
    present = set(grounds) | ({LARGE_BUDGET} if budget_fen >= rules["panel.large_budget_fen"] else set())
    return max(least, large) if present & accepted else least


def size_ok(size: int, experts: int, least: int, share: tuple[int, int] = (2, 3)) -> bool:
    """True for an odd panel of at least `least` members of whom experts are at least `share` (rows 21, 22)."""
    part, whole = share
    return size % 2 == 1 and size >= least and experts <= size and experts * whole >= size * part


def check_size(size: int, experts: int, least: int, share: tuple[int, int] = (2, 3)) -> None:
    """Raise Refused with the exact reason unless `size_ok`."""
    part, whole = share
    if size % 2 == 0:
        raise Refused(N_("评审组人数应为单数，现在是 %(size)d 人。"), field="size", size=size)
    if size < least:
        raise Refused(N_("本项目评审组不少于 %(least)d 人，现在是 %(size)d 人。"), field="size", least=least, size=size)
    if experts > size:
        raise Refused(N_("专家席位不能多于评审组总人数。"), field="expert_seats")
    if experts * whole < size * part:
        raise Refused(
            N_("专家不少于总人数的 %(part)d/%(whole)d：%(size)d 人的评审组至少要 %(needed)d 名专家。"),
            field="expert_seats",
            part=part,
            whole=whole,
            size=size,
            needed=-(-size * part // whole),
        )


# --- ties -----------------------------------------------------------------------------------------------------------


def tie_bars(ended_on: date | None, day: date, months: int, *, kin: bool = False) -> bool:
    """True when a tie still keeps a person off the panel of a purchase that began on `day`.

    Kinship never lapses; a tie that goes on (no end) bars; an ended one bars for `months` months after its end, the
    last day included. Source: 条例 art. 9; row 24.
    """
    return kin or ended_on is None or ended_on >= add_months(day, -months)


class Avoided(StrEnum):
    """Why an expert of the field is not in the pool of a draw."""

    BIDDER = "bidder"
    MEMBER = "member"
    STREET = "street"
    STAFF = "staff"
    WRITER = "writer"
    NO_ROLE = "no_role"


class TieLike(Protocol):
    """A tie between an expert and an organisation or a street."""

    kind: Any
    organisation_id: Any
    street_id: Any
    ended_on: Any


@dataclass(frozen=True)
class Circle:
    """Whom a panel must keep its distance from, on the day the purchase began.

    `bidders` maps organisations to names. Sets of user ids: `writers` of the requirement, `staff` of the street,
    `members` of bidding organisations (user to organisation), `able` to score in this street at all.
    """

    day: date
    months: int
    bidders: Mapping[int, str]
    street_id: int
    street_name: str
    writers: frozenset[int]
    staff: frozenset[int]
    members: Mapping[int, int]
    able: frozenset[int]


def avoided(user_id: int, employer: str, ties: Iterable[TieLike], circle: Circle) -> tuple[Avoided, str] | None:
    """Why this expert may not be drawn, with the name of the other side, or None.

    Source: 条例 art. 9 (ties), art. 39 with 87号令 (the purchaser's own staff are no experts); rows 24 and 26.
    """
    bar = _barring_tie(ties, circle)
    if bar is not None:
        return bar
    if user_id in circle.members:
        return Avoided.MEMBER, circle.bidders[circle.members[user_id]]
    if employer.strip() in circle.bidders.values():
        return Avoided.BIDDER, employer.strip()
    if user_id in circle.staff or (circle.street_name and circle.street_name in employer):
        return Avoided.STAFF, circle.street_name
    if user_id in circle.writers:
        return Avoided.WRITER, ""
    return None if user_id in circle.able else (Avoided.NO_ROLE, "")


def _barring_tie(ties: Iterable[TieLike], circle: Circle) -> tuple[Avoided, str] | None:
    for tie in ties:
        if not tie_bars(tie.ended_on, circle.day, circle.months, kin=tie.kind == KIN):
            continue
        if tie.organisation_id in circle.bidders:
            return Avoided.BIDDER, circle.bidders[tie.organisation_id]
        if tie.street_id == circle.street_id:
            return Avoided.STREET, circle.street_name
    return None


def next_keys(seed: str, pool: Sequence[str], taken: Collection[str]) -> list[str]:
    """The keys that may still move up, in the order of the draw."""
    return [key for key in ordered(seed, pool) if key not in taken]


# --- sheets without names ---------------------------------------------------------------------------------------------


def nameless(marks: Iterable[tuple[Any, int, int, int]], scored: Collection[int]) -> list[dict[str, dict[str, int]]]:
    """Every member's whole sheet in hundredths (scored thing, criterion: points), in the order of its own content.

    `marks` are (member, scored thing, criterion, hundredths); only what is in `scored` enters, so that nothing tells
    who had not finished when a bid fell out. Neither the order nor anything inside leads back to a member: 条例 art. 40
    keeps confidential who gave what, art. 43 makes the scores public (docs/decisions/0011).
    """
    sheets: dict[Any, dict[str, dict[str, int]]] = {}
    for member, number, criterion, centi in marks:
        if number in scored:
            sheets.setdefault(member, {}).setdefault(str(number), {})[str(criterion)] = centi
    return sorted(sheets.values(), key=canonical_bytes)
