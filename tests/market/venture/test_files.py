"""Attachments and their readers, the one reminder before a deadline, and who may be on a jury."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from market.db.session import db
from market.kernel.categories import Category
from market.kernel.errors import NotFound, Refused
from market.kernel.permits import CLOCK, Role
from market.panels.queries import draws, panel_for
from market.panels.rules import draw_holds
from market.people.models import User
from market.records.models import Message, Receipt
from market.venture import actions, queries
from market.venture.due import remind_before_deadlines
from tests.factories import rounds
from tests.factories.organisations import organisation
from tests.factories.panels import experts
from tests.factories.people import acting, person, sign_in

pytestmark = pytest.mark.usefixtures("session")

PDF = b"%PDF-1.7 "


def begun(case, team, **typed):
    """A draft with one field."""
    editor = acting(team.editor)
    actions.save_fields(editor, case.round_id, team.id, rounds.values(**typed), 0, case.tick())
    return editor


def attach(case, team, name="登记证书.pdf", content=PDF):
    editor = acting(team.editor)
    desk = actions.desk_for(editor, case.round_id, team.id, case.at)
    return actions.attach_file(editor, desk, io.BytesIO(content), name, case.at)


def test_a_draft_takes_files_within_limits_and_the_receipt_covers_them():
    case, team = rounds.published(), organisation(bank=False)
    with pytest.raises(Refused) as refusal:
        attach(case, team)
    assert refusal.value.field == "document"
    begun(case, team)
    for content, name in ((b"", "空.pdf"), (b"\x00MZ", "病毒.exe")):
        with pytest.raises(Refused) as refusal:
            attach(case, team, name, content)
        assert refusal.value.field == "document"
    first = attach(case, team)
    assert attach(case, team).id == first.id  # pressed twice
    for number in range(9):
        attach(case, team, f"{number}.pdf", PDF + str(number).encode())
    with pytest.raises(Refused, match="最多"):
        attach(case, team, "多.pdf", PDF + b"x")
    with pytest.raises(NotFound):
        actions.remove_file(acting(organisation(bank=False).editor), case.round_id, team.id, first.id, case.at)
    for one in queries.files_of(first.subject_id)[1:]:
        actions.remove_file(acting(team.editor), case.round_id, team.id, one.id, case.at)
    sent = actions.submit_application(acting(team.signatory), case.round_id, team.id, case.tick())
    assert sent.content["files"] == [{"name": "登记证书.pdf", "sha256": first.sha256, "size": len(PDF)}]
    receipt = db.session.scalars(select(Receipt).filter_by(number=sent.receipt_number)).one()
    assert sent.digest in str(receipt.payload)
    # Handed in, it is frozen.
    with pytest.raises(Refused):
        attach(case, team, "后.pdf", PDF + b"later")
    with pytest.raises(Refused):
        actions.remove_file(acting(team.editor), case.round_id, team.id, first.id, case.at)


def test_an_application_without_files_keeps_the_digest_it_always_had():
    case = rounds.applied(({},))
    assert "files" not in case.applications()[0].content


def test_a_file_is_the_applicants_alone_then_the_streets_then_the_declared_jurors(visitors, clock):
    case = rounds.published()
    team, rival = organisation(bank=False), organisation(bank=False)
    begun(case, team)
    file_id = attach(case, team).id
    actions.submit_application(acting(team.signatory), case.round_id, team.id, case.tick())

    def seen_by(*users):
        clock.forward(seconds=max(0.0, (case.at - clock.now).total_seconds()))
        return [sign_in(visitors(), one).get(f"/rounds/files/{file_id}").status for one in users]

    assert seen_by(team.editor, rival.editor, case.clerk_user) == [200, 404, 404]
    case.at = case.round.deadline_at + timedelta(minutes=1)
    actions.close_round(case.round_id, CLOCK, case.at)
    assert seen_by(case.clerk_user, rival.editor) == [200, 404]
    experts(7)
    actions.screen_application(case.clerk, case.applications()[0].id, True, "", case.tick())
    actions.finish_screening(case.clerk, case.round_id, case.tick())
    actions.draw_jury(case.clerk, case.round_id, case.tick(), size=5, expert_seats=5)
    declared, silent, *_ = case.seats
    actions.declare(case.member(declared), declared.id, list(queries.parties(case.applications())), case.at)
    jurors = [db.session.get_one(User, seat.user_id) for seat in (declared, silent)]
    assert seen_by(*jurors) == [200, 404]


def test_the_page_of_files_saves_shows_and_removes(visitors, clock):
    case, team = rounds.published(), organisation(bank=False)
    begun(case, team)
    clock.forward(seconds=(case.at - clock.now).total_seconds())
    ours = sign_in(visitors(), team.editor)
    path = f"/rounds/{case.round_id}/apply/{team.id}/files"
    page = ours.submit(ours.get(path), {}, button="上传")
    assert "document" in page.errors
    page = ours.submit(page, {"document": (io.BytesIO(PDF), "章程.pdf")}, button="上传")
    assert "章程.pdf" in page.text
    page = ours.submit(page, button="移除")
    assert "还没有附件" in page.text


def test_whoever_has_begun_is_reminded_once_shortly_before_the_deadline():
    case = rounds.published()
    late, ready = organisation(bank=False), organisation(bank=False)
    begun(case, late)
    rounds.apply(case, ready)
    deadline = case.round.deadline_at
    assert remind_before_deadlines(deadline - timedelta(days=3, seconds=1)) == 0
    assert remind_before_deadlines(deadline - timedelta(days=3)) == 1
    assert remind_before_deadlines(deadline - timedelta(days=1)) == 0
    assert remind_before_deadlines(deadline) == 0
    count = select(func.count()).select_from(Message).where(Message.subject.contains("申报即将截止"))
    assert db.session.scalar(count.where(Message.user_id == late.editor.id)) == 1
    assert db.session.scalar(count.where(Message.user_id == ready.editor.id)) == 0


def test_the_jury_is_drawn_from_every_themes_field_and_may_hold_named_members():
    case = rounds.screened(({},))
    experts(2)
    experts(3, fields=(Category.DISABILITY,))
    experts(3, fields=(Category.SOCIAL_RELIEF,))  # no theme of this round
    resident = person(Role.EXPERT, case.street.scope, name="居民代表")
    with pytest.raises(Refused):
        actions.draw_jury(case.clerk, case.round_id, case.tick(), size=5, expert_seats=3, sitting=[resident.id])
    with pytest.raises(Refused):
        actions.draw_jury(case.clerk, case.round_id, case.at, size=5, expert_seats=4, sitting=[case.clerk_user.id])
    actions.draw_jury(case.clerk, case.round_id, case.at, size=5, expert_seats=4, sitting=[resident.id])
    panel = panel_for("round", case.round_id)
    record = draws(panel.id)[0].as_data()
    assert len(record["pool"]) == 5
    assert draw_holds(record)
    named = [seat.user_id for seat in case.seats if seat.is_representative]
    assert named == [resident.id]
