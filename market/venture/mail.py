"""What people are told about a round, and who they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from market.kernel.clock import deadline_text
from market.kernel.permits import Permit, Scope
from market.kernel.text import N_
from market.people.queries import holders
from market.records.messages import tell
from market.venture.models import Application, Round


def _applicants(one: Application) -> list[int]:
    """People of who applies and of who answers."""
    found = holders(Permit.APPLICATION_DRAFT, Scope(organisation_id=one.organisation_id))
    if one.through_host:
        found = [*found, *holders(Permit.APPLICATION_DRAFT, Scope(organisation_id=one.applicant_id))]
    return found


def tell_approvers(row: Round, at: datetime, *, but: int | None) -> None:
    """A draft waits for a second officer."""
    people = [p for p in holders(Permit.ROUND_APPROVE, row.subject.scope) if p != but]
    subject, body = N_("请审核征集方案"), N_("“%(title)s”已提交审核，请核对后发布或退回修改。")
    tell(people, subject, body, f"/rounds/{row.id}", at, {"title": row.title})


def tell_writer(row: Round, reason: str, at: datetime) -> None:
    """A draft came back."""
    if row.created_by is None:
        return
    subject, body = N_("征集方案被退回修改"), N_("“%(title)s”被退回：%(reason)s")
    tell([row.created_by], subject, body, f"/rounds/{row.id}", at, {"title": row.title, "reason": reason})


def tell_published(row: Round, at: datetime) -> None:
    """The writer learns that the call is out."""
    if row.created_by is None or row.deadline_at is None:
        return
    subject, body = N_("征集公告已发布"), N_("“%(title)s”已发布，申报截止时间为北京时间 %(deadline)s。")
    params = {"title": row.title, "deadline": deadline_text(row.deadline_at)}
    tell([row.created_by], subject, body, f"/rounds/{row.id}", at, params)


def tell_closed(row: Round, count: int, at: datetime) -> None:
    """The officers learn that the check can begin."""
    subject, body = N_("申报已截止，请做形式审查"), N_("“%(title)s”收到 %(count)s 份申报，请逐份审查。")
    people = holders(Permit.ROUND_DRAFT, row.subject.scope)
    tell(people, subject, body, f"/rounds/{row.id}", at, {"title": row.title, "count": count})


def tell_submitted(one: Application, at: datetime) -> None:
    """Everybody of the applicant learns that it is in."""
    subject, body = N_("申报已提交：%(title)s"), N_("回执编号 %(number)s。截止前可以撤回修改后重新提交。")
    url = f"/rounds/applications/{one.id}"
    tell(_applicants(one), subject, body, url, at, {"title": one.round.title, "number": one.receipt_number or ""})


def tell_closing_soon(row: Round, one: Application, at: datetime) -> None:
    """A draft was begun, and the deadline is near."""
    assert row.deadline_at is not None
    subject = N_("申报即将截止：%(title)s")
    body = N_("贵单位的草稿还没有提交。申报截止时间为北京时间 %(deadline)s，提交后拿到回执才算申报。")
    params = {"title": row.title, "deadline": deadline_text(row.deadline_at)}
    tell(_applicants(one), subject, body, f"/rounds/{row.id}/apply/{one.applicant_id}", at, params)


def tell_lapsed(row: Round, one: Application, at: datetime) -> None:
    """A draft was begun and never handed in."""
    subject, body = N_("申报未提交：%(title)s"), N_("申报期已结束，贵单位的草稿没有提交，不参加评审。")
    tell(_applicants(one), subject, body, f"/rounds/applications/{one.id}", at, {"title": row.title})


def tell_screened(row: Round, one: Application, admitted: bool, at: datetime) -> None:
    """The formal check has decided."""
    subject = N_("形式审查结果：%(title)s")
    body = N_("贵单位的申报通过了形式审查。") if admitted else N_("贵单位的申报没有通过形式审查：%(reason)s")
    params = {"title": row.title, "reason": one.reason}
    tell(_applicants(one), subject, body, f"/rounds/applications/{one.id}", at, params)


def tell_drawn(row: Round, user_ids: Iterable[int], at: datetime) -> None:
    """Somebody was drawn for the jury."""
    subject, body = N_("您已被抽为评委"), N_("请为“%(title)s”声明利害关系，之后即可查看申报材料并打分。")
    tell(user_ids, subject, body, "/rounds/seats", at, {"title": row.title})


def tell_ranked(row: Round, at: datetime) -> None:
    """The approvers may decide."""
    subject, body = N_("请决定拟资助项目"), N_("“%(title)s”已完成评分和组合测算，请决定拟资助名单。")
    people = holders(Permit.ROUND_APPROVE, row.subject.scope)
    tell(people, subject, body, f"/rounds/{row.id}/result", at, {"title": row.title})


def tell_decided(row: Round, one: Application, chosen: bool, at: datetime) -> None:
    """In or out, with the reasons on the page."""
    subject = N_("评审结果：%(title)s")
    body = (
        N_("贵单位的项目列入拟资助名单，正在公示。得分和理由见申报页。")
        if chosen
        else N_("贵单位的项目未列入拟资助名单。得分和理由见申报页。")
    )
    tell(_applicants(one), subject, body, f"/rounds/applications/{one.id}", at, {"title": row.title})


def tell_settled(row: Round, one: Application, stands: bool, at: datetime) -> None:
    """The award was confirmed, or fell."""
    subject = N_("资助结果：%(title)s")
    body = N_("贵单位的项目已确认资助，街道将起草协议。") if stands else N_("贵单位的项目不再资助，原因见公告。")
    tell(_applicants(one), subject, body, f"/rounds/applications/{one.id}", at, {"title": row.title})


def tell_cancelled(row: Round, rows: Iterable[Application], at: datetime) -> None:
    """A published round was called off."""
    subject, body = N_("征集已取消：%(title)s"), N_("原因：%(reason)s")
    people = [person for one in rows for person in _applicants(one)]
    params = {"title": row.title, "reason": row.reason}
    tell([*people, *holders(Permit.ROUND_DRAFT, row.subject.scope)], subject, body, f"/rounds/{row.id}", at, params)
