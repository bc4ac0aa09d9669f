"""Unified social credit codes (统一社会信用代码, GB 32100-2015) and the organisation code inside (GB 11714).

All prefixes go through the same algorithm, rural collectives (N1, N2, N3) included; the weights are part of the
standards, not of any dated rule.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from market.kernel.errors import Refused
from market.kernel.text import N_

LENGTH = 18
SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class ProviderType(StrEnum):
    """Kinds of body a code can belong to."""

    STATE_ORGAN = "state_organ"
    PUBLIC_INSTITUTION = "public_institution"
    MASS_GROUP = "mass_group"
    LAW_FIRM = "law_firm"
    SOCIAL_GROUP = "social_group"
    SERVICE_AGENCY = "service_agency"
    FOUNDATION = "foundation"
    VILLAGERS_COMMITTEE = "villagers_committee"
    RESIDENTS_COMMITTEE = "residents_committee"
    OTHER_CIVIL_AFFAIRS = "other_civil_affairs"
    ENTERPRISE = "enterprise"
    INDIVIDUAL_BUSINESS = "individual_business"
    COOPERATIVE = "cooperative"
    GROUP_COLLECTIVE = "group_collective"
    VILLAGE_COLLECTIVE = "village_collective"
    TOWNSHIP_COLLECTIVE = "township_collective"
    COMMUNITY_GROUP = "community_group"  # filed only: has no code and cannot sign a contract
    OTHER = "other"

    @property
    def label(self) -> str:
        """The Chinese name, a catalogue key."""
        return _LABELS[self]


_LABELS = {
    ProviderType.STATE_ORGAN: N_("机关"),
    ProviderType.PUBLIC_INSTITUTION: N_("事业单位"),
    ProviderType.MASS_GROUP: N_("群众团体"),
    ProviderType.LAW_FIRM: N_("律师事务所"),
    ProviderType.SOCIAL_GROUP: N_("社会团体"),
    ProviderType.SERVICE_AGENCY: N_("社会服务机构"),
    ProviderType.FOUNDATION: N_("基金会"),
    ProviderType.VILLAGERS_COMMITTEE: N_("村民委员会"),
    ProviderType.RESIDENTS_COMMITTEE: N_("居民委员会"),
    ProviderType.OTHER_CIVIL_AFFAIRS: N_("其他民政登记组织"),
    ProviderType.ENTERPRISE: N_("企业"),
    ProviderType.INDIVIDUAL_BUSINESS: N_("个体工商户"),
    ProviderType.COOPERATIVE: N_("农民专业合作社"),
    ProviderType.GROUP_COLLECTIVE: N_("组级农村集体经济组织"),
    ProviderType.VILLAGE_COLLECTIVE: N_("村级农村集体经济组织"),
    ProviderType.TOWNSHIP_COLLECTIVE: N_("乡镇级农村集体经济组织"),
    ProviderType.COMMUNITY_GROUP: N_("社区社会组织（备案）"),
    ProviderType.OTHER: N_("其他组织"),
}

TYPE_BY_PREFIX = {
    "11": ProviderType.STATE_ORGAN,
    "12": ProviderType.PUBLIC_INSTITUTION,
    "13": ProviderType.MASS_GROUP,
    "31": ProviderType.LAW_FIRM,
    "51": ProviderType.SOCIAL_GROUP,
    "52": ProviderType.SERVICE_AGENCY,
    "53": ProviderType.FOUNDATION,
    "54": ProviderType.VILLAGERS_COMMITTEE,
    "55": ProviderType.RESIDENTS_COMMITTEE,
    "59": ProviderType.OTHER_CIVIL_AFFAIRS,
    "91": ProviderType.ENTERPRISE,
    "92": ProviderType.INDIVIDUAL_BUSINESS,
    "93": ProviderType.COOPERATIVE,
    "N1": ProviderType.GROUP_COLLECTIVE,
    "N2": ProviderType.VILLAGE_COLLECTIVE,
    "N3": ProviderType.TOWNSHIP_COLLECTIVE,
}


@dataclass(frozen=True)
class Uscc:
    """A checked code with its first two characters and what they say."""

    code: str
    prefix: str
    provider_type: ProviderType


def check_uscc(text: str, *, field: str | None = None) -> Uscc:
    """Check a code character by character (rows 1-4). Raises Refused with the exact reason.

    Spaces, hyphens, lower case and full-width characters are accepted and tidied first.
    """
    code = "".join(unicodedata.normalize("NFKC", text).upper().replace("-", " ").split())
    if len(code) != LENGTH:
        raise Refused(
            N_("统一社会信用代码应为18位，现在是%(length)d位。请对照登记证书核对。"), field=field, length=len(code)
        )
    for position, character in enumerate(code, start=1):
        _check_character(position, character, field)
    if code[-1] != check_character(code[:-1]):
        raise Refused(N_("统一社会信用代码的校验位不符，请对照登记证书逐位核对。"), field=field)
    if code[16] != organisation_check(code[8:16]):
        raise Refused(N_("第9至17位的组织机构代码校验不符，请对照登记证书逐位核对。"), field=field)
    return Uscc(code, code[:2], TYPE_BY_PREFIX.get(code[:2], ProviderType.OTHER))


def _check_character(position: int, character: str, field: str | None) -> None:
    if character not in SYMBOLS:
        raise Refused(
            N_("统一社会信用代码第%(position)d位是“%(character)s”，代码只用数字和大写字母，且不用 I、O、S、V、Z。"),
            field=field,
            position=position,
            character=character,
        )
    if 3 <= position <= 8 and not character.isdigit():
        raise Refused(
            N_("统一社会信用代码第%(position)d位是“%(character)s”，第3至8位是行政区划代码，只能是数字。"),
            field=field,
            position=position,
            character=character,
        )


def check_character(first_seventeen: str) -> str:
    """The 18th character (GB 32100): weights 3^i mod 31, complement to 31."""
    total = sum(SYMBOLS.index(character) * pow(3, i, 31) for i, character in enumerate(first_seventeen))
    return SYMBOLS[-total % 31]


def organisation_check(first_eight: str) -> str:
    """The organisation code's own check character (GB 11714): complement to 11, ten is X."""
    pairs = zip(first_eight, _ORGANISATION_WEIGHTS, strict=True)
    check = -sum(_ORGANISATION_SYMBOLS.index(character) * weight for character, weight in pairs) % 11
    return "X" if check == 10 else str(check)


def type_matches(prefix: str, provider_type: ProviderType) -> bool:
    """True when a code with this prefix may belong to a body of this type (row 4)."""
    return TYPE_BY_PREFIX.get(prefix, ProviderType.OTHER) is provider_type
