"""Why a project is in or out, in words that its applicant can check: which limit binds, what would have to change.

Sentences are catalogue keys with named parameters, all of them text, so that they can be kept, published and shown in
either language.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from market.kernel.money import format_centi, format_yuan
from market.kernel.text import N_
from market.venture.rules.portfolio import Entry, Frame, Limit, LimitKind, Way, eligible, limits


@dataclass(frozen=True)
class Why:
    """One sentence about a project."""

    text: str
    params: Mapping[str, str]

    def as_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"text": self.text, "params": dict(self.params)}

    @property
    def chinese(self) -> str:
        """The sentence as it is published."""
        return self.text % self.params if self.params else self.text


@dataclass(frozen=True)
class Names:
    """How projects (by key), fields and applicants are called."""

    projects: Mapping[int, str]
    fields: Mapping[str, str]


def explain(
    chosen: Collection[int], entries: Sequence[Entry], frame: Frame, names: Names, *, way: Way = Way.EXACT
) -> dict[int, list[Why]]:
    """Return the sentences for every entry by key: those in, those out, those that may not be funded at all."""
    able = eligible(entries, frame)
    every = limits(able, frame)
    inside = [place for place, one in enumerate(able) if one.key in set(chosen)]
    used = [limit.used(inside) for limit in every]
    desk = _Desk(able, every, inside, used, names, way)
    found = {one.key: desk.inside(p) if p in set(inside) else desk.outside(p) for p, one in enumerate(able)}
    for one in entries:
        if one.key not in found:
            found[one.key] = [_not_able(one, frame)]
    return found


def _not_able(one: Entry, frame: Frame) -> Why:
    if one.score_centi < frame.score_min_centi:
        text = N_("总分 %(score)s 分，低于入选线 %(least)s 分。")
        return Why(text, {"score": format_centi(one.score_centi), "least": format_centi(frame.score_min_centi)})
    return Why(N_("按本轮规则计算，可资助金额为零。"), {})


@dataclass(frozen=True)
class _Desk:
    """A choice with what it uses of every limit."""

    entries: Sequence[Entry]
    every: Sequence[Limit]
    chosen: Sequence[int]
    used: Sequence[int]
    names: Names
    way: Way

    def _fits(self, coming: int, going: int | None = None) -> bool:
        """True when the choice still keeps every limit after one project comes (and one goes)."""
        for limit, used in zip(self.every, self.used, strict=True):
            now = used + limit.weights.get(coming, 0) - (limit.weights.get(going, 0) if going is not None else 0)
            if limit.most is not None and now > limit.most:
                return False
            # A minimum that was not met before is no reason against an exchange.
            if limit.least is not None and now < limit.least and now < used:
                return False
        return True

    def inside(self, place: int) -> list[Why]:
        """Why a chosen project is in."""
        one = self.entries[place]
        text = (
            N_("总分 %(score)s 分，在资金和名额允许的全部组合中，入选项目的总分之和最高。")
            if self.way is Way.EXACT
            else N_("总分 %(score)s 分，按得分和资金使用效率依次入选，资金和名额均未超出。")
        )
        whys = [Why(text, {"score": format_centi(one.score_centi)})]
        for limit, used in zip(self.every, self.used, strict=True):
            tight = limit.kind is LimitKind.MINIMUM and place in limit.weights and used == limit.least
            if tight and self._better_waits(place, limit):
                whys.append(
                    Why(
                        N_("“%(field)s”方向至少要入选 %(least)s 个项目，本项目因此优先于得分更高的其他方向项目。"),
                        {"field": self._field(limit), "least": str(limit.least)},
                    )
                )
        return whys

    def _better_waits(self, place: int, minimum: Limit) -> bool:
        mine = self.entries[place].score_centi
        others = (p for p in range(len(self.entries)) if p not in set(self.chosen) and p not in minimum.weights)
        return any(self.entries[p].score_centi > mine for p in others)

    def outside(self, place: int) -> list[Why]:
        """Which limits keep a project out, and what would have to change."""
        one = self.entries[place]
        binding = [
            (limit, used + limit.weights[place] - limit.most)
            for limit, used in zip(self.every, self.used, strict=True)
            if limit.most is not None and place in limit.weights and used + limit.weights[place] > limit.most
        ]
        if not binding:
            return [Why(N_("在资金和名额之内，但未列入入选名单。"), {})]
        sentences: dict[LimitKind, Callable[[Limit, int], Why]] = {
            LimitKind.POOL: lambda limit, over: self._short(
                N_("资金池还剩 %(left)s，本项目需要 %(amount)s，还差 %(short)s。"), one, over
            ),
            LimitKind.PURPOSE: lambda limit, over: self._short(
                N_("按用途可用于“%(field)s”的资金还剩 %(left)s，本项目需要 %(amount)s，还差 %(short)s。"),
                one,
                over,
                limit,
            ),
            LimitKind.APPLICANT: lambda limit, over: self._same_applicant(limit),
            LimitKind.PROJECTS: lambda limit, over: Why(N_("入选项目已满 %(most)s 个。"), {"most": str(limit.most)}),
        }
        # The whole pool says nothing more where a narrower purse is short by as much.
        narrower = {over for limit, over in binding if limit.kind is LimitKind.PURPOSE}
        whys = [
            sentences[limit.kind](limit, over)
            for limit, over in binding
            if not (limit.kind is LimitKind.POOL and narrower and over <= max(narrower))
        ]
        return [*whys[:3], *self._change(place, binding)]

    def _short(self, text: str, one: Entry, over: int, limit: Limit | None = None) -> Why:
        params = {
            "left": format_yuan(one.amount_fen - over),
            "amount": format_yuan(one.amount_fen),
            "short": format_yuan(over),
        }
        return Why(text, params | ({"field": self._field(limit)} if limit else {}))

    def _same_applicant(self, limit: Limit) -> Why:
        other = next(self.entries[p] for p in self.chosen if p in limit.weights)
        text = N_("同一申报单位的“%(other)s”已入选，每家最多入选 %(most)s 个。")
        return Why(text, {"other": self.names.projects[other.key], "most": str(limit.most)})

    def _field(self, limit: Limit) -> str:
        return "、".join(self.names.fields.get(str(name), str(name)) for name in limit.subject)

    def _change(self, place: int, binding: Sequence[tuple[Limit, int]]) -> list[Why]:
        """The smallest change that would have brought it in: less money, or more points than one that is in."""
        one, found = self.entries[place], []
        if all(limit.kind in {LimitKind.POOL, LimitKind.PURPOSE} for limit, _ in binding):
            fitting = one.amount_fen - max(over for _, over in binding)
            if fitting > 0:
                found.append(Why(N_("申请额不超过 %(amount)s 时可以入选。"), {"amount": format_yuan(fitting)}))
        ways = [p for p in self.chosen if self.entries[p].score_centi >= one.score_centi and self._fits(place, p)]
        if ways:
            nearest = min(ways, key=lambda p: (self.entries[p].score_centi, self.entries[p].key))
            gap = self.entries[nearest].score_centi - one.score_centi
            found.append(
                Why(
                    N_("总分再高 %(points)s 分以上，可替换“%(other)s”入选。"),
                    {"points": format_centi(gap), "other": self.names.projects[self.entries[nearest].key]},
                )
            )
        return found or [Why(N_("须先有得分更高的项目退出，腾出资金或名额。"), {})]
