"""The story: three districts, their people, their money, and purchases at every stage, told until the last working day
of March 2026. Same people, dates, amounts, scores and states at each load; digests, salts and signatures differ.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pyotp
from flask import Flask

from contracts.payouts import actions as payouts
from contracts.payouts.actions import AccountFacts
from contracts.payouts.states import AccountVerb
from market.budgets import actions as budgets
from market.budgets.actions import LineFacts
from market.budgets.states import FundSource
from market.catalogue import actions as catalogue
from market.demo import cast, network, rounds, staffing
from market.demo.contracting import Contractor
from market.demo.episodes import EPISODES
from market.demo.playing import OPENING, Theatre
from market.kernel.categories import Category
from market.kernel.clock import beijing_day, instant, system_now
from market.kernel.permits import Actor, Grant, Role, Scope
from market.kernel.sealing import Argon2Cost
from market.organisations import actions as organisations
from market.organisations.actions import OrganisationFacts
from market.organisations.states import BankVerb
from market.panels import actions as panels
from market.people import actions as people
from market.people.queries import person
from market.places.actions import add_street, adopt_district
from market.places.models import District, Street
from market.places.queries import streets
from market.public.actions import post_verifier
from market.records.democlock import set_demonstration_now
from market.records.receipts import close_day

FOUNDED = instant(date(2025, 12, 8), 9, 0)
_INSTALLER = Actor(None, "installer", (Grant(Role.OPERATOR), Grant(Role.DISTRICT_CIVIL)))


def load(app: Flask) -> None:
    """Play the whole story into an empty database, then set the demonstration clock."""
    stage = Theatre(app)
    hashed = people.hash_password(cast.PASSWORD)
    stage.act(catalogue.load_negative_list)
    places = {d.code: stage.act(_found_district, stage, d) for d in cast.DISTRICTS}
    for d in cast.DISTRICTS:
        stage.act(_hire, stage, d, places[d.code], hashed)
        stage.act(_open_catalogue, stage.who(f"civil-{d.short}"), places[d.code])
    stage.act(_hire_others, stage, hashed)
    for firm in cast.FIRMS:
        _register(stage, firm, places[firm.district], hashed)
    for firm in cast.FIRMS:
        if firm.confirmed:
            short = next(d.short for d in cast.DISTRICTS if d.code == firm.district)
            staffing.staff(stage, firm.short, f"civil-{short}")
    network.play(stage, places, hashed)
    for d in cast.DISTRICTS:
        _fund(stage, d)
    for plan in EPISODES:
        Contractor(stage, plan).play()
    staffing.newcomers(stage)
    rounds.play(stage, hashed)
    stage.act(set_demonstration_now, OPENING)
    stage.act(close_day, beijing_day(OPENING) - timedelta(days=1), OPENING)
    stage.act(post_verifier, OPENING)


def _found_district(stage: Theatre, plan: cast.District) -> District:
    district = adopt_district(None, plan.code, FOUNDED)
    code, name = plan.invented
    add_street(None, district, code, name, FOUNDED, invented=True)
    wanted = {*plan.streets, name}
    stage.streets |= {s.name: s for s in streets(district.id) if s.name in wanted}
    return district


def _hire(stage: Theatre, plan: cast.District, district: District, hashed: str) -> None:
    own = [stage.streets[name] for name in (*plan.streets, plan.invented[1])]
    for official in cast.OFFICIALS:
        login = f"{official.login}-{plan.short}"
        user = people.create_user(
            None,
            login,
            cast.NAMES[plan.short][official.login],
            f"{login}@example.cn",
            cast.PASSWORD,
            FOUNDED,
            hashed=hashed,
        )
        scopes = [Scope(s.district_id, s.id) for s in own] if official.street else [Scope(district.id)]
        for role in official.roles:
            for scope in scopes:
                people.grant(None, user.id, role, scope, FOUNDED)
        if official.keys:
            _keys(user.id, district.full_name)
        if official.factor:
            people.set_totp(user, cast.TOTP_SECRET, pyotp.TOTP(cast.TOTP_SECRET).at(system_now()), system_now())
        stage.ids[login] = user.id


def _keys(user_id: int, organisation: str) -> None:
    """Keys whose passphrase is printed for everybody need no slow lock."""
    prepared = people.prepare_keys(cast.PASSPHRASE, Argon2Cost(1, 1024, 1))
    people.make_keys(user_id, cast.PASSPHRASE, None, system_now(), organisation, prepared)


def _open_catalogue(civil: Actor, district: District) -> None:
    catalogue.load_starter(civil, district, "2026", date(2025, 12, 9), FOUNDED)


def _hire_others(stage: Theatre, hashed: str) -> None:
    def hire(login: str, name: str, role: Role) -> int:
        user = people.create_user(None, login, name, f"{login}@example.cn", cast.PASSWORD, FOUNDED, hashed=hashed)
        people.grant(None, user.id, role, Scope(), FOUNDED)
        stage.ids[login] = user.id
        return user.id

    for login, name in cast.EVALUATORS:
        hire(login, name, Role.EVALUATOR)
    hire(*cast.OPERATOR, Role.OPERATOR)
    hire(*cast.AUDITOR, Role.AUDITOR)
    for judge in cast.EXPERTS:
        user_id = hire(judge.login, judge.name, Role.EXPERT)
        user = person(user_id)
        assert user is not None
        panels.add_expert(_INSTALLER, user, list(Category), judge.employer, judge.title, FOUNDED)


def _register(stage: Theatre, firm: cast.Firm, district: District, hashed: str) -> None:
    at = instant(date(2025, 12, 10), 10, 0)
    facts = OrganisationFacts(
        name=firm.name,
        provider_type=firm.kind,
        uscc=firm.uscc,
        legal_representative=firm.signatory,
        registered_on=date(2018, 5, 8),
        address=f"{district.full_name}（演示地址）",
        contact_name=firm.admin,
        contact_phone="000-00000000",
        service_fields=tuple(c.value for c in firm.fields),
        introduction=f"{firm.name}为演示虚构机构。",
        is_small=firm.small,
    )

    def register() -> int:
        admin = people.create_user(
            None, f"{firm.short}-admin", firm.admin, f"{firm.short}@example.cn", cast.PASSWORD, at, hashed=hashed
        )
        row = organisations.register(Actor(admin.id, admin.name), district.id, facts, at)
        signatory = people.create_user(
            None, f"{firm.short}-sign", firm.signatory, f"{firm.short}@example.cn", cast.PASSWORD, at, hashed=hashed
        )
        people.grant(None, signatory.id, Role.ORGANISATION_SIGNATORY, Scope(organisation_id=row.id), at)
        _keys(signatory.id, firm.name)
        return row.id

    stage.firms[firm.short] = stage.act(register)
    admin, signatory = stage.who(f"{firm.short}-admin"), stage.who(f"{firm.short}-sign")
    stage.act(organisations.submit, admin, stage.firm(firm.short), at)
    if not firm.confirmed:
        return
    short = next(d.short for d in cast.DISTRICTS if d.code == firm.district)
    stage.act(organisations.confirm, stage.who(f"civil-{short}"), stage.firm(firm.short), at)
    account = stage.act(
        organisations.propose_bank, admin, stage.firm(firm.short), firm.name, firm.account, firm.bank, firm.cnaps, at
    )
    stage.act(organisations.decide_bank, signatory, account, BankVerb.CONFIRM, at)


_LINES = (
    (FundSource.FISCAL, Category.ELDER_CARE, "居家和社区养老服务", 1_200_000_00),
    (FundSource.LOTTERY, Category.ELDER_CARE, "福彩公益金助老项目", 400_000_00),
    (FundSource.LOTTERY, Category.DISABILITY, "福彩公益金助残项目", 300_000_00),
    (FundSource.FISCAL, Category.DISABILITY, "残疾人社区康复与陪伴", 250_000_00),
    (FundSource.FISCAL, Category.LEGAL_AID, "社区法律援助引导", 150_000_00),
    (FundSource.STREET_FUND, Category.SOCIAL_RELIEF, "困难家庭社会救助服务", 280_000_00),
    (FundSource.DONATION, Category.CHARITY_RELIEF, "慈善救济与物资发放", 120_000_00),
)


def _fund(stage: Theatre, plan: cast.District) -> None:
    clerk, finance = stage.who(f"clerk-{plan.short}"), stage.who(f"finance-{plan.short}")
    at = instant(date(2025, 12, 15), 9, 30)
    for name in (*plan.streets, plan.invented[1]):
        year = stage.act(_plan_year, clerk, stage.streets[name], 2026, at)
        stage.act(budgets.propose, clerk, year, at)
        stage.act(budgets.close_year, finance, year, instant(date(2025, 12, 22), 15, 0))
    _open_accounts(stage, plan, at)
    later = instant(date(2026, 3, 30), 15, 0)
    year = stage.act(_plan_year, clerk, stage.streets[plan.streets[1]], 2027, later)
    stage.act(budgets.propose, clerk, year, later)
    stage.act(_plan_year, clerk, stage.streets[plan.streets[0]], 2027, instant(date(2026, 3, 30), 16, 0), 5)


def _open_accounts(stage: Theatre, plan: cast.District, at: datetime) -> None:
    """Each street's paying accounts, one a source, entered by the cashier and confirmed by the checker."""
    cashier, checker = stage.who(f"cashier-{plan.short}"), stage.who(f"checker-{plan.short}")
    for order, name in enumerate((*plan.streets, plan.invented[1])):
        street = stage.streets[name]
        for number, source in enumerate(FundSource):
            facts = AccountFacts(
                source, street.office, f"1040{plan.code}{order:02d}{number:02d}", "演示银行营业部", "104301003011"
            )
            row = stage.act(payouts.propose_account, cashier, street, facts, at)
            stage.act(payouts.decide_account, checker, row.id, AccountVerb.CONFIRM, at)


def _plan_year(clerk: Actor, street: Street, year: int, at: datetime, lines: int = len(_LINES)) -> int:
    row = budgets.open_year(clerk, street, year, None, at)
    for source, category, title, amount_fen in _LINES[-lines:]:
        purpose = "捐赠协议约定用于困难家庭" if source is FundSource.DONATION else ""
        budgets.add_line(clerk, row.id, LineFacts(source, category, title, amount_fen, purpose), at)
    return row.id


def accounts_text() -> str:
    """Return the printed list of accounts: one per role, with password, passphrase and second factor."""
    lines = [
        "",
        "演示账号（演示数据，纯属虚构） / demonstration accounts (all data invented)",
        f"  密码 / password: {cast.PASSWORD}    密钥口令 / key passphrase: {cast.PASSPHRASE}",
        f"  动态验证码密钥（出纳、财务复核） / second factor of cashier and checker: {cast.TOTP_SECRET}",
        "  登录时页面会显示当前验证码 / the page shows the current code while signing in",
        "",
    ]
    shown = [(f"{o.login}-jn", cast.NAMES["jn"][o.login], o.roles[0].value) for o in cast.OFFICIALS]
    shown += [
        ("heqiao-admin", "苏禾", Role.ORGANISATION_ADMIN.value),
        ("heqiao-sign", "桥亦安", Role.ORGANISATION_SIGNATORY.value),
        ("incubator-jn", "丁新苗", Role.INCUBATOR.value),
        ("xiaoman-admin", "满春华", Role.ORGANISATION_ADMIN.value),
        ("expert1", cast.EXPERTS[0].name, Role.EXPERT.value),
        ("evaluator1", cast.EVALUATORS[0][1], Role.EVALUATOR.value),
        (cast.OPERATOR[0], cast.OPERATOR[1], Role.OPERATOR.value),
        (cast.AUDITOR[0], cast.AUDITOR[1], Role.AUDITOR.value),
    ]
    lines += [f"  {login:<16}{role:<26}{name}" for login, name, role in shown]
    lines.append("  吴兴、温江两区的账号把 -jn 换成 -wx、-wj / for 吴兴 and 温江 replace -jn by -wx, -wj")
    return "\n".join(lines)
