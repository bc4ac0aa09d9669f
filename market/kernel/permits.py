"""Permissions: named once, given to roles, limited by scope; and the pairs one person may never do on one subject."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from market.kernel.errors import Forbidden
from market.kernel.text import N_


class Permit(StrEnum):
    """One act, written room:thing:verb."""

    DESK_SEE = "people:desk:see"
    KEY_OWN = "people:key:own"
    PEOPLE_MANAGE = "people:account:manage"
    CERTIFICATE_ISSUE = "people:certificate:issue"
    MEMBERS_MANAGE = "organisations:members:manage"
    RULES_OVERRIDE = "places:rules:override"
    BUDGET_DRAFT = "budgets:year:draft"
    BUDGET_APPROVE = "budgets:year:approve"
    BUDGET_SEE = "budgets:year:see"
    ORGANISATION_EDIT = "organisations:facts:edit"
    ORGANISATION_CONFIRM = "organisations:facts:confirm"
    RATING_ENTER = "organisations:rating:enter"
    BANK_PROPOSE = "organisations:bank:propose"
    BANK_CONFIRM = "organisations:bank:confirm"
    WORKER_EDIT = "workers:worker:edit"
    WORKER_CONFIRM = "workers:certificate:confirm"
    CATALOGUE_EDIT = "catalogue:item:edit"
    NEED_RECORD = "needs:need:record"
    INCUBATION_MANAGE = "incubation:network:manage"
    INCUBATION_DECIDE = "incubation:residency:decide"
    INCUBATION_WORK = "incubation:residency:work"
    INCUBATION_APPLY = "incubation:residency:apply"
    HOSTING_AGREE = "incubation:hosting:agree"
    TENDER_SEE = "tenders:tender:see"
    TENDER_DRAFT = "tenders:tender:draft"
    TENDER_APPROVE = "tenders:tender:approve"
    TENDER_CANCEL = "tenders:tender:cancel"
    BID_DRAFT = "bids:bid:draft"
    BID_SUBMIT = "bids:bid:submit"
    BID_OPEN = "bids:bid:open"
    PANEL_DRAW = "panels:panel:draw"
    EXPERT_MANAGE = "panels:expert:manage"
    BID_SCORE = "panels:sheet:score"
    BID_QUALIFY = "evaluation:bid:qualify"
    EVALUATION_REPORT = "evaluation:report:make"
    AWARD_CONFIRM = "awards:award:confirm"
    OBJECTION_DECIDE = "awards:objection:decide"
    CHALLENGE_FILE = "challenges:challenge:file"
    CHALLENGE_REPLY = "challenges:challenge:reply"
    CHALLENGE_DECIDE = "challenges:challenge:decide"
    AGREEMENT_DRAFT = "agreements:agreement:draft"
    AGREEMENT_SIGN_BUYER = "agreements:agreement:sign-buyer"
    AGREEMENT_SIGN_SUPPLIER = "agreements:agreement:sign-supplier"
    AGREEMENT_SEE = "agreements:agreement:see"
    AGREEMENT_TERMINATE = "agreements:agreement:terminate"
    DELIVERY_REPORT = "delivery:milestone:report"
    DELIVERY_ACCEPT = "delivery:milestone:accept"
    OUTCOME_ORGANISE = "outcomes:evaluation:organise"
    OUTCOME_RATE_SELF = "outcomes:evaluation:rate-self"
    OUTCOME_RATE_MUTUAL = "outcomes:evaluation:rate-mutual"
    OUTCOME_RATE_THIRD = "outcomes:evaluation:rate-third"
    PAYOUT_REQUEST = "payouts:payment:request"
    PAYOUT_APPROVE = "payouts:payment:approve"
    PAYOUT_SEND = "payouts:payment:send"
    PAYOUT_CONFIRM = "payouts:payment:confirm"
    PAYOUT_SEE = "payouts:payment:see"
    PAYOUT_ACCOUNT = "payouts:account:manage"
    CLAIM_WAIVE = "endings:claim:waive"
    BOOKS_READ = "records:books:read"
    ROUND_SEE = "venture:round:see"
    ROUND_DRAFT = "venture:round:draft"
    ROUND_APPROVE = "venture:round:approve"
    APPLICATION_DRAFT = "venture:application:draft"
    APPLICATION_SUBMIT = "venture:application:submit"


class Role(StrEnum):
    """What a person is, within a scope."""

    OPERATOR = "operator"
    DISTRICT_FINANCE = "district_finance"
    DISTRICT_CIVIL = "district_civil"
    DISTRICT_REVIEWER = "district_reviewer"
    KEY_ESCROW = "key_escrow"
    INCUBATOR = "incubator"
    STREET_CLERK = "street_clerk"
    STREET_APPROVER = "street_approver"
    STREET_OPENER = "street_opener"
    STREET_CASHIER = "street_cashier"
    STREET_CHECKER = "street_checker"
    ORGANISATION_ADMIN = "organisation_admin"
    ORGANISATION_EDITOR = "organisation_editor"
    ORGANISATION_SIGNATORY = "organisation_signatory"
    EXPERT = "expert"
    EVALUATOR = "evaluator"
    AUDITOR = "auditor"


ROLE_LABELS: dict[Role, str] = {
    Role.OPERATOR: N_("平台管理员"),
    Role.DISTRICT_FINANCE: N_("区财政经办"),
    Role.DISTRICT_CIVIL: N_("区民政经办"),
    Role.DISTRICT_REVIEWER: N_("区采购监督"),
    Role.KEY_ESCROW: N_("区密钥保管员"),
    Role.INCUBATOR: N_("孵化基地工作人员"),
    Role.STREET_CLERK: N_("街道经办人"),
    Role.STREET_APPROVER: N_("街道审核人"),
    Role.STREET_OPENER: N_("开标人"),
    Role.STREET_CASHIER: N_("街道出纳"),
    Role.STREET_CHECKER: N_("街道财务复核"),
    Role.ORGANISATION_ADMIN: N_("机构管理员"),
    Role.ORGANISATION_EDITOR: N_("机构经办人"),
    Role.ORGANISATION_SIGNATORY: N_("机构签署人"),
    Role.EXPERT: N_("评审专家"),
    Role.EVALUATOR: N_("第三方评估员"),
    Role.AUDITOR: N_("审计员"),
}

_P, _R = Permit, Role
_OWN = {_P.DESK_SEE, _P.KEY_OWN}
_ORGANISATION = _OWN | {_P.BID_DRAFT, _P.AGREEMENT_SEE, _P.PAYOUT_SEE, _P.DELIVERY_REPORT, _P.OUTCOME_RATE_SELF}
_STREET = _OWN | {_P.TENDER_SEE, _P.AGREEMENT_SEE, _P.PAYOUT_SEE, _P.BUDGET_SEE}

ROLE_PERMITS: dict[Role, frozenset[Permit]] = {
    _R.OPERATOR: frozenset(_OWN | {_P.PEOPLE_MANAGE, _P.CERTIFICATE_ISSUE, _P.BOOKS_READ}),
    _R.DISTRICT_FINANCE: frozenset(
        _OWN | {_P.BUDGET_APPROVE, _P.BUDGET_SEE, _P.TENDER_SEE, _P.BOOKS_READ, _P.CLAIM_WAIVE}
    ),
    _R.DISTRICT_CIVIL: frozenset(
        _OWN
        | {_P.ORGANISATION_CONFIRM, _P.CATALOGUE_EDIT, _P.RULES_OVERRIDE, _P.EXPERT_MANAGE, _P.PEOPLE_MANAGE}
        | {_P.CERTIFICATE_ISSUE, _P.BUDGET_SEE, _P.TENDER_SEE, _P.NEED_RECORD}
        | {_P.OBJECTION_DECIDE}
        | {_P.RATING_ENTER, _P.WORKER_CONFIRM}
        | {_P.INCUBATION_MANAGE, _P.INCUBATION_DECIDE}
    ),
    _R.DISTRICT_REVIEWER: frozenset(_OWN | {_P.CHALLENGE_DECIDE, _P.TENDER_SEE, _P.BOOKS_READ}),
    _R.KEY_ESCROW: frozenset(_OWN | {_P.BID_OPEN}),
    _R.INCUBATOR: frozenset(_OWN | {_P.INCUBATION_WORK}),
    _R.STREET_CLERK: frozenset(
        _STREET
        | {_P.BUDGET_DRAFT, _P.NEED_RECORD, _P.TENDER_DRAFT, _P.PANEL_DRAW, _P.BID_QUALIFY, _P.EVALUATION_REPORT}
        | {_P.CHALLENGE_REPLY, _P.AGREEMENT_DRAFT, _P.DELIVERY_ACCEPT, _P.OUTCOME_ORGANISE}
    ),
    _R.STREET_APPROVER: frozenset(
        _STREET
        | {_P.TENDER_APPROVE, _P.TENDER_CANCEL, _P.AWARD_CONFIRM, _P.AGREEMENT_SIGN_BUYER}
        | {_P.AGREEMENT_TERMINATE}
    ),
    _R.STREET_OPENER: frozenset(_OWN | {_P.BID_OPEN, _P.TENDER_SEE}),
    _R.STREET_CASHIER: frozenset(_STREET | {_P.PAYOUT_REQUEST, _P.PAYOUT_SEND}),
    _R.STREET_CHECKER: frozenset(_STREET | {_P.PAYOUT_APPROVE}),
    _R.ORGANISATION_ADMIN: frozenset(
        _ORGANISATION
        | {_P.ORGANISATION_EDIT, _P.MEMBERS_MANAGE, _P.BANK_PROPOSE, _P.CHALLENGE_FILE, _P.PAYOUT_CONFIRM}
        | {_P.OUTCOME_RATE_MUTUAL, _P.PAYOUT_ACCOUNT}
        | {_P.WORKER_EDIT, _P.INCUBATION_APPLY, _P.HOSTING_AGREE}
    ),
    _R.ORGANISATION_EDITOR: frozenset(_ORGANISATION | {_P.ORGANISATION_EDIT, _P.WORKER_EDIT, _P.INCUBATION_APPLY}),
    _R.ORGANISATION_SIGNATORY: frozenset(
        _ORGANISATION
        | {_P.BID_SUBMIT, _P.BANK_CONFIRM, _P.CHALLENGE_FILE, _P.AGREEMENT_SIGN_SUPPLIER}
        | {_P.PAYOUT_CONFIRM}
        | {_P.HOSTING_AGREE}
    ),
    _R.EXPERT: frozenset(_OWN | {_P.BID_SCORE}),
    _R.EVALUATOR: frozenset(_OWN | {_P.OUTCOME_RATE_THIRD}),
    _R.AUDITOR: frozenset(_OWN | {_P.BOOKS_READ, _P.TENDER_SEE, _P.BUDGET_SEE, _P.AGREEMENT_SEE, _P.PAYOUT_SEE}),
}

# Rounds: a street's clerk writes and organises, its approver publishes and decides; organisations apply.
_ROUNDS: dict[Role, set[Permit]] = {
    _R.DISTRICT_FINANCE: {_P.ROUND_SEE},
    _R.DISTRICT_CIVIL: {_P.ROUND_SEE},
    _R.STREET_CLERK: {_P.ROUND_SEE, _P.ROUND_DRAFT},
    _R.STREET_APPROVER: {_P.ROUND_SEE, _P.ROUND_APPROVE},
    _R.ORGANISATION_ADMIN: {_P.APPLICATION_DRAFT},
    _R.ORGANISATION_EDITOR: {_P.APPLICATION_DRAFT},
    _R.ORGANISATION_SIGNATORY: {_P.APPLICATION_DRAFT, _P.APPLICATION_SUBMIT},
    _R.AUDITOR: {_P.ROUND_SEE},
}
ROLE_PERMITS |= {role: ROLE_PERMITS[role] | permits for role, permits in _ROUNDS.items()}

# Two acts one person may never do on the same subject, with the reason shown to the person refused.
FORBIDDEN_PAIRS: dict[frozenset[Permit], str] = {
    frozenset({_P.TENDER_DRAFT, _P.TENDER_APPROVE}): N_("编制人不得审核自己编制的采购项目。"),
    frozenset({_P.BUDGET_DRAFT, _P.BUDGET_APPROVE}): N_("编制人不得批复自己编制的资金计划。"),
    frozenset({_P.BID_SUBMIT, _P.BID_SCORE}): N_("投标方人员不得参加评审。"),
    frozenset({_P.BID_DRAFT, _P.BID_SCORE}): N_("投标方人员不得参加评审。"),
    frozenset({_P.TENDER_DRAFT, _P.BID_SCORE}): N_("编制采购文件的人不得担任评审专家。"),
    frozenset({_P.WORKER_EDIT, _P.WORKER_CONFIRM}): N_("录入证书的人不得确认同一证书。"),
    frozenset({_P.BANK_PROPOSE, _P.BANK_CONFIRM}): N_("收款账户须由另一人复核。"),
    frozenset({_P.PAYOUT_REQUEST, _P.PAYOUT_APPROVE}): N_("申请付款的人不得审批同一笔付款。"),
    frozenset({_P.AGREEMENT_SIGN_BUYER, _P.AGREEMENT_SIGN_SUPPLIER}): N_("同一人不得代表合同双方签署。"),
    frozenset({_P.AGREEMENT_DRAFT, _P.AGREEMENT_TERMINATE}): N_("提出终止合同的人不得批准终止。"),
    frozenset({_P.CHALLENGE_REPLY, _P.CHALLENGE_DECIDE}): N_("答复质疑的人不得裁决同一质疑。"),
    frozenset({_P.AWARD_CONFIRM, _P.OBJECTION_DECIDE}): N_("提出或确认结果的人不得处理对同一结果的异议。"),
    frozenset({_P.DELIVERY_REPORT, _P.DELIVERY_ACCEPT}): N_("报告履约的人不得验收同一事项。"),
    frozenset({_P.INCUBATION_WORK, _P.INCUBATION_DECIDE}): N_("初审和日常辅导人员不得对同一机构作出入驻或出壳决定。"),
    frozenset({_P.INCUBATION_APPLY, _P.INCUBATION_WORK}): N_("申请机构的人员不得办理本机构的孵化事项。"),
    frozenset({_P.OUTCOME_RATE_SELF, _P.OUTCOME_RATE_THIRD}): N_("被评估方人员不得担任第三方评估员。"),
    frozenset({_P.ROUND_DRAFT, _P.ROUND_APPROVE}): N_("编制人不得审核自己编制的征集方案。"),
    frozenset({_P.APPLICATION_DRAFT, _P.BID_SCORE}): N_("申报方人员不得担任评委。"),
    frozenset({_P.APPLICATION_SUBMIT, _P.BID_SCORE}): N_("申报方人员不得担任评委。"),
    frozenset({_P.ROUND_DRAFT, _P.BID_SCORE}): N_("编制征集方案的人不得担任评委。"),
}


@dataclass(frozen=True)
class Scope:
    """Where a thing belongs; None means that it belongs to no particular one."""

    district_id: int | None = None
    street_id: int | None = None
    organisation_id: int | None = None


@dataclass(frozen=True)
class Grant:
    """A role within a scope; None in the scope means every one."""

    role: Role
    district_id: int | None = None
    street_id: int | None = None
    organisation_id: int | None = None

    def covers(self, scope: Scope) -> bool:
        """True when the subject lies within this grant."""
        return (
            self.district_id in (None, scope.district_id)
            and self.street_id in (None, scope.street_id)
            and self.organisation_id in (None, scope.organisation_id)
        )


@dataclass(frozen=True)
class Actor:
    """Who acts: a person with grants, or the clock (`user_id` None)."""

    user_id: int | None
    name: str
    grants: tuple[Grant, ...] = ()

    @property
    def is_clock(self) -> bool:
        """True for the timer, which may only make moves marked by_clock."""
        return self.user_id is None

    def permits(self, scope: Scope | None = None) -> set[Permit]:
        """Return the permits held in `scope`, or anywhere when it is None."""
        held = [g for g in self.grants if scope is None or g.covers(scope)]
        return {p for g in held for p in ROLE_PERMITS[g.role]}

    def scopes(self, permit: Permit) -> list[Grant]:
        """Return the grants that carry `permit`; lists are limited to them."""
        return [g for g in self.grants if permit in ROLE_PERMITS[g.role]]

    def role_for(self, permit: Permit, scope: Scope) -> Role | None:
        """Return the role under which this person holds `permit` in `scope`."""
        return next((g.role for g in self.grants if permit in ROLE_PERMITS[g.role] and g.covers(scope)), None)


CLOCK = Actor(None, "clock")


def allowed(actor: Actor, permit: Permit, scope: Scope) -> bool:
    """True when one of the actor's grants carries `permit` and covers `scope`."""
    return actor.role_for(permit, scope) is not None


def require(actor: Actor, permit: Permit, scope: Scope) -> None:
    """Raise Forbidden unless the actor may do this here."""
    if not allowed(actor, permit, scope):
        raise Forbidden(N_("您没有办理此事的权限；如确需办理，请联系本单位管理员授权。"))


def partners(permit: Permit) -> dict[Permit, str]:
    """Return the acts that may not be joined with `permit` on one subject, each with its reason."""
    return {next(iter(pair - {permit})): why for pair, why in FORBIDDEN_PAIRS.items() if permit in pair}


def require_apart(permit: Permit, done: Iterable[Permit]) -> None:
    """Raise Forbidden when this person already did a partner act on the same subject (`done`)."""
    barred = partners(permit)
    for earlier in done:
        if earlier in barred:
            raise Forbidden(barred[earlier])
