"""Names of what rules speak about: the procedures, and the roles that bar an organisation from a purchase.

Here, because rooms that show rules need not know what each procedure is. So are sentences that are stored filled in.
"""

from __future__ import annotations

from market.kernel.rulebook import Regime
from market.kernel.text import N_

REGIME_LABELS = {
    Regime.ANY: N_("全部方式"),
    Regime.OPEN_TENDER: N_("公开招标"),
    Regime.COMPARISON: N_("比选"),
    Regime.CONSULTATION: N_("竞争性磋商"),
    Regime.NEGOTIATION: N_("竞争性谈判"),
    Regime.INQUIRY: N_("询价"),
    Regime.SINGLE_SOURCE: N_("单一来源采购"),
    Regime.FRAMEWORK: N_("框架协议"),
    Regime.VENTURE: N_("公益创投"),
    Regime.SUBSIDY: N_("项目补贴"),
    Regime.REWARD: N_("项目奖励"),
}

# Values of the rule `bids.barred_roles` (条例 art. 18).
BARRED_ROLE_LABELS = {
    "requirement": N_("整体设计（含需求论证）"),
    "standard": N_("规范、标准编制"),
    "management": N_("项目管理"),
    "testing": N_("监理、检测"),
    "incubation": N_("为本轮投标人提供孵化支持"),
}

# Why a bid is invalid whose price the panel did not accept; stored, told and published with the panel's reason in it.
PRICE_NOT_ACCEPTED = N_("报价明显偏低，且未能说明其合理性：%(reason)s")
STORED_SENTENCES = (PRICE_NOT_ACCEPTED,)
