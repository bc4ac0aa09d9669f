"""The five top categories of social services, spoken of by lines, lists, needs, tenders and providers alike."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.text import N_


class Category(StrEnum):
    """What streets buy (江宁)."""

    ELDER_CARE = "elder_care"
    DISABILITY = "disability"
    SOCIAL_RELIEF = "social_relief"
    LEGAL_AID = "legal_aid"
    CHARITY_RELIEF = "charity_relief"


CATEGORY_LABELS = {
    Category.ELDER_CARE: N_("养老服务"),
    Category.DISABILITY: N_("助残服务"),
    Category.SOCIAL_RELIEF: N_("社会救助"),
    Category.LEGAL_AID: N_("法律援助"),
    Category.CHARITY_RELIEF: N_("慈善救济"),
}
