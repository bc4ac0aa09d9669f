"""Pure decisions about accounts: password strength, throttle, who may grant what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from market.kernel.permits import ROLE_PERMITS, Actor, Grant, Permit, Role, Scope
from market.kernel.text import N_

SHORTEST = 10
_COMMON = {"password", "1234567890", "0123456789", "qwertyuiop", "passw0rd12", "woaizhongguo", "aaaaaaaaaa"}
FREE_TRIES = 5
# A whole office may share one address.
FREE_TRIES_OF_ADDRESS = 50
_ORGANISATION_ROLES = {Role.ORGANISATION_ADMIN, Role.ORGANISATION_EDITOR, Role.ORGANISATION_SIGNATORY}


def password_trouble(password: str, login: str) -> str | None:
    """Return why a password or passphrase is too weak, or None. Length counts, not odd characters (NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        return N_("至少 10 个字符；可以用一句容易记住的话。")
    lowered = password.lower()
    if lowered in _COMMON or len(set(lowered)) < 4 or (login and lowered == login.lower()):
        return N_("太容易被猜到，请换一个。")
    return None


# Letters of any script, digits and what an e-mail address has: a login is said on the telephone and typed on a phone.
_LOGIN = re.compile(r"[\w.@+-]+")
# One @ and a domain with a dot in it. Whether somebody reads the mailbox, only a mail can tell.
_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>.]+(\.[^\s@,;<>.]+)+")


def login_trouble(login: str) -> str | None:
    """Return why this cannot be a login, or None."""
    return None if _LOGIN.fullmatch(login) else N_("登录名只能用文字、数字和 . _ - @ +，中间不能有空格。")


def email_trouble(email: str) -> str | None:
    """Return why this cannot be an e-mail address, or None."""
    return None if _EMAIL.fullmatch(email) else N_("电子邮箱不完整，请按 name@example.com 的样式填写。")


def throttle_until(failures: Sequence[datetime], free_tries: int = FREE_TRIES) -> datetime | None:
    """Return until when further attempts wait: after the free tries 1 minute, doubling up to an hour; None: at once.

    `failures` are the instants of the last hour, oldest first.
    """
    over = len(failures) - free_tries
    if over < 0:
        return None
    return failures[-1] + timedelta(minutes=min(2**over, 60))


_SIGNING = {Permit.AGREEMENT_SIGN_BUYER, Permit.AGREEMENT_SIGN_SUPPLIER}


def unit_of(grants: Sequence[Grant]) -> Scope | None:
    """Return the one unit a certificate of this person names: an organisation, a street, or the district of several.

    Roles that sign contracts count before all others. None where there is no such unit or more than one: then a
    certificate names the person alone, and for whom each signature is made stands beside it in the document.
    """
    counted = [g for g in grants if ROLE_PERMITS[g.role] & _SIGNING] or grants
    units = {
        Scope(None, None, g.organisation_id) if g.organisation_id else Scope(g.district_id, g.street_id)
        for g in counted
    }
    units.discard(Scope())
    if len(units) == 1:
        return units.pop()
    districts = {unit.district_id for unit in units}
    if len(districts) == 1 and None not in districts and not any(unit.organisation_id for unit in units):
        return Scope(districts.pop())
    return None


_OF_A_STREET = {
    Role.STREET_CLERK,
    Role.STREET_APPROVER,
    Role.STREET_OPENER,
    Role.STREET_CASHIER,
    Role.STREET_CHECKER,
}
_OF_A_DISTRICT = {Role.DISTRICT_FINANCE, Role.DISTRICT_CIVIL, Role.DISTRICT_REVIEWER, Role.KEY_ESCROW}


def misplaced(role: Role, scope: Scope) -> str | None:
    """Return why a role cannot be held there, or None: street roles need a street, district roles a district."""
    if role in _OF_A_STREET and scope.street_id is None:
        return N_("这个角色须指定街道。")
    if role in _OF_A_DISTRICT and (scope.district_id is None or scope.street_id is not None):
        return N_("这个角色须指定区县，不能只管一个街道。")
    if role in _ORGANISATION_ROLES and scope.organisation_id is None:
        return N_("机构人员的角色由机构管理员在“同事账号”中授予。")
    return None


def grantable(actor: Actor, wanted: Grant) -> bool:
    """True when the actor may give or take this role: within the own scope, organisation roles by the organisation."""
    scope = Scope(wanted.district_id, wanted.street_id, wanted.organisation_id)
    if wanted.role in _ORGANISATION_ROLES:
        if wanted.organisation_id is None:
            return False
        permit = Permit.MEMBERS_MANAGE
    else:
        permit = Permit.PEOPLE_MANAGE
    if wanted.role is Role.OPERATOR:
        # Whoever manages one district must not be able to make somebody who manages all.
        return any(g.role is Role.OPERATOR and g.covers(scope) for g in actor.grants)
    return any(g.covers(scope) for g in actor.scopes(permit))
