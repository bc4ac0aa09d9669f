"""How sure the house is of a rule."""

from __future__ import annotations

from market.kernel.text import N_

# How sure the house is of a rule (domain rule table, section 0).
CONFIDENCE_LABELS = {
    "L": N_("法律法规原文"),
    "P": N_("公开资料"),
    "P-": N_("来源较弱，待核实"),
    "G": N_("假定值，供本区修改"),
    "D": N_("本区规定"),
}
