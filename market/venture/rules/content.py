"""What an application says: its fields, what must be filled in, and what of it becomes public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market.kernel.canonical import digest
from market.kernel.text import N_
from market.venture.rules.grants import GrantModel

GOALS = 3
TEXTS = ("title", "summary", "need", "plan", "team")
MONEY = ("total_fen", "own_fen", "raised_fen", "asked_fen")
PAIRS = tuple(name for n in range(1, GOALS + 1) for name in (f"goal_{n}", f"target_{n}"))
FIELDS = ("field", *TEXTS, "beneficiaries", *PAIRS, *MONEY, "report_filed_on")
# Four aspects that juries of such rounds commonly judge (domain 7.2).
CRITERIA = (
    ("需求", "对居民需求的了解是否真实、具体，有没有数据和走访支撑。", 3000),
    ("方案设计", "服务内容、方法和进度是否具体、可行，目标能否衡量。", 3000),
    ("团队", "人员能力和分工是否满足项目需要，有没有同类经验。", 2000),
    ("社区融合与成效", "能否动员居民和社区力量，成效能否持续。", 2000),
)
# What a juror signs: the panel's declaration in the words of a round.
DECLARATION = N_(
    "本人已查看全部申报单位名单。本人及近亲属在征集公告前三年内与名单中的单位没有劳动关系，没有担任其董事、监事或理事，"
    "不是其控股股东或实际控制人，也没有其他可能影响公正评审的关系；未参与编制本轮征集方案；不向任何人透露评审内容。"
)
# After the decision anyone may read these; plan and team stay with street and jury.
PUBLIC = ("title", "field", "summary", "beneficiaries", *PAIRS, "total_fen", "own_fen", "raised_fen", "asked_fen")


def empty_doc() -> dict[str, Any]:
    """A draft before anything is typed."""
    return {"values": {}, "touched": {}, "hands": []}


def needed(model: GrantModel) -> tuple[str, ...]:
    """Return the fields that must be filled in; a reward asks for no budget."""
    money = () if model is GrantModel.GRADED else ("total_fen", "own_fen", "asked_fen")
    return ("field", *TEXTS, "beneficiaries", "goal_1", "target_1", *money)


def content_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would be handed in now: every field, an empty one as None."""
    return {name: values.get(name) if values.get(name) not in ("", []) else None for name in FIELDS}


def content_digest(content: Mapping[str, Any], applicant: str, organisation: str) -> str:
    """SHA-256 over content and the names of who applies and who answers: what the receipt carries."""
    return digest({"form": "linli.application.1", "applicant": applicant, "organisation": organisation, **content})


def indicators(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the promised results as the evaluation's indicators."""
    return [
        {"title": content[f"goal_{n}"], "target": content.get(f"target_{n}") or ""}
        for n in range(1, GOALS + 1)
        if content.get(f"goal_{n}")
    ]


def public_part(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an application is published with the decision."""
    return {name: content.get(name) for name in PUBLIC if content.get(name) is not None}


def requirement(content: Mapping[str, Any]) -> str:
    """The promised work in the contract's words."""
    goals = "；".join(f"{pair['title']}：{pair['target']}" for pair in indicators(content))
    parts = (content["summary"], content["plan"], f"项目目标：{goals}。" if goals else "")
    return "\n".join(part for part in parts if part)
