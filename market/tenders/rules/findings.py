"""What a check finds: one sentence, where to mend it, whether it stops the publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from market.kernel.text import N_

# The parts of a tender in the order in which an official fills them in.
SECTIONS = {
    "basics": N_("项目概况"),
    "money": N_("资金与包件"),
    "timing": N_("方式与时间"),
    "criteria": N_("评审标准"),
    "qualification": N_("资格条件"),
    "milestones": N_("付款节点"),
    "evaluation": N_("绩效评估"),
}


@dataclass(frozen=True)
class Finding:
    """`text` is a catalogue key with `params`; `blocks` stops submission, otherwise it is shown to the approver.

    `rule` names the rulebook key behind it, where there is one; `lot` is the lot's number.
    """

    section: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = True
    rule: str = ""
    lot: int | None = None


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return what must be mended before the tender can go on."""
    return [f for f in findings if f.blocks]
