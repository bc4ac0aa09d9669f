"""Names of the procedures that rules speak about."""

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

# How sure the house is of a rule (domain rule table, section 0).
CONFIDENCE_LABELS = {
    "L": N_("法律法规原文"),
    "P": N_("公开资料"),
    "P-": N_("来源较弱，待核实"),
    "G": N_("假定值，供本区修改"),
    "D": N_("本区规定"),
}
