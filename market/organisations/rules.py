"""Pure decisions about providers: credit code and type, who may bid, who may claim an SME deduction."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from market.kernel.errors import Refused
from market.kernel.text import N_
from market.kernel.uscc import ProviderType, Uscc, check_uscc, type_matches
from market.kernel.workdays import add_years
from market.organisations.states import OrganisationState

# Only these are classed by size; social organisations are not (财库〔2020〕46号).
_SIZE_CLASSED = {ProviderType.ENTERPRISE, ProviderType.INDIVIDUAL_BUSINESS}
_GRADED = {ProviderType.SOCIAL_GROUP, ProviderType.SERVICE_AGENCY, ProviderType.FOUNDATION}
_CANNOT_SUPPLY = {ProviderType.STATE_ORGAN, ProviderType.MASS_GROUP}
_CNAPS = re.compile(r"\d{12}")
_ACCOUNT = re.compile(r"\d{8,28}")
# A landline with area code, a mobile or a short service number, with or without +86, and an extension.
_PHONE = re.compile(r"\+?(?P<number>[\d()\s-]+?)(?:\s*(?:转|分机|ext\.?|x|#)\s*\d{1,6})?", re.IGNORECASE | re.ASCII)
_SHORTEST_PHONE, _LONGEST_PHONE = 5, 20
_SEVERAL = re.compile(r"[/、,;]|或")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
# Older than any register that is still kept: a slip of the hand, or a default of some other program.
_EARLIEST = date(1900, 1, 1)


def check_identity(uscc: str | None, provider_type: ProviderType) -> Uscc | None:
    """Check code and type together; return the code, or None for a community group.

    Raises Refused at `uscc` or `provider_type`. Source: GB 32100-2015; domain rows 1, 2, 4.
    """
    if provider_type is ProviderType.COMMUNITY_GROUP:
        if uscc:
            raise Refused(N_("备案的社区社会组织没有统一社会信用代码，请留空或改选组织类型。"), field="uscc")
        return None
    if not uscc:
        raise Refused(N_("请填写 18 位统一社会信用代码。"), field="uscc")
    code = check_uscc(uscc, field="uscc")
    if not type_matches(code.prefix, provider_type):
        raise Refused(
            N_("代码以 %(prefix)s 开头，对应的是“%(found)s”，与所选组织类型不一致；请核对代码或改选类型。"),
            field="provider_type",
            prefix=code.prefix,
            found=code.provider_type.label,
        )
    if provider_type in _CANNOT_SUPPLY:
        raise Refused(N_("机关和由财政保障的群团组织不能作为承接主体。"), field="provider_type")
    return code


def phone_trouble(phone: str) -> str | None:
    """Return why this cannot be one or several telephone numbers, or None."""
    for one in _SEVERAL.split(_DASHES.sub("-", unicodedata.normalize("NFKC", phone))):
        found = _PHONE.fullmatch(one.strip())
        digits = sum(sign.isdigit() for sign in found["number"]) if found else 0
        if not _SHORTEST_PHONE <= digits <= _LONGEST_PHONE:
            return N_("电话号码不对，请填写手机号码或者带区号的固定电话，例如 025-52100000 转 801。")
    return None


def registered_trouble(day: date, today: date) -> str | None:
    """Return why an organisation cannot have been registered on this day, or None."""
    if day > today:
        return N_("登记日期不能晚于今天，请按登记证书填写。")
    return N_("登记日期过早，请按登记证书填写。") if day < _EARLIEST else None


def edit_bar(state: str) -> str | None:
    """Return why the facts may not be changed now, or None: what a district is checking stays as it was submitted."""
    if state == OrganisationState.SUBMITTED:
        return N_("登记正在确认中，暂不能修改；如需修改请等待退回。")
    return None


def may_claim_small(provider_type: str) -> bool:
    """True when a claim to be a small or micro enterprise can be lawful: social organisations never are (row 5)."""
    return provider_type in _SIZE_CLASSED


def check_size(is_small: bool, provider_type: str) -> None:
    """Raise Refused at `is_small` for a claim to be small or micro that cannot be lawful."""
    if is_small and not may_claim_small(provider_type):
        raise Refused(N_("社会组织不划分企业规模，不能声明为小微企业。"), field="is_small")


def bidding_trouble(state: str, provider_type: str, barred_until: date | None, day: date) -> str | None:
    """Return why an organisation may not submit a bid, or None. A draft may be prepared in any state."""
    if state == OrganisationState.BARRED and (barred_until is None or day < barred_until):
        return N_("贵机构在禁止参加采购期内，不能提交投标。")
    if state not in {OrganisationState.CONFIRMED, OrganisationState.BARRED}:
        return N_("机构登记尚未经区民政确认，暂不能提交投标；可以先准备投标文件。")
    if provider_type == ProviderType.COMMUNITY_GROUP:
        return N_("备案的社区社会组织没有法人资格，不能签订合同；请由支持机构代为申报。")
    return None


def may_be_graded(provider_type: str) -> bool:
    """True for social organisations: grades 1A-5A are theirs alone (社会组织评估管理办法)."""
    return provider_type in _GRADED


def check_grade(valid_from: date, today: date, years: int) -> date:
    """Return the last day of a grade that begins on a day and holds for whole years (社会组织评估管理办法: five).

    Raises Refused at `valid_from` for a day to come and for a grade that is over already.
    """
    if valid_from > today:
        raise Refused(N_("起始日期不能晚于今天。"), field="valid_from")
    until = add_years(valid_from, years) - timedelta(days=1)
    if until < today:
        raise Refused(N_("按 %(years)s 年有效期，这一等级已经到期，请核对日期。"), field="valid_from", years=years)
    return until


def check_stars(valid_from: date, valid_until: date, basis: str, today: date) -> None:
    """Raise Refused at the field for a star rating without basis, or with a period that cannot be right."""
    if valid_until < valid_from:
        raise Refused(N_("有效期的截止日不能早于起始日。"), field="valid_until")
    if valid_until < today:
        raise Refused(N_("有效期已过，请核对日期。"), field="valid_until")
    if not basis.strip():
        raise Refused(N_("请写明星级的依据。"), field="basis")


def check_bank(account_no: str, cnaps: str) -> tuple[str, str]:
    """Return account number and CNAPS number without blanks. Raises Refused at the field."""
    account_no, cnaps = re.sub(r"[\s-]", "", account_no), re.sub(r"\s", "", cnaps)
    if not _ACCOUNT.fullmatch(account_no):
        raise Refused(N_("银行账号应为 8 到 28 位数字，请对照开户许可证核对。"), field="account_no")
    if not _CNAPS.fullmatch(cnaps):
        raise Refused(N_("联行号应为 12 位数字，可向开户银行查询。"), field="cnaps")
    return account_no, cnaps
