"""Card of the records: mail, the day's end, and the noticeboard's projections made again."""

from __future__ import annotations

import click
from flask import current_app

from market.db.session import transaction
from market.kernel.permits import Permit
from market.kernel.text import N_
from market.records import due, jobs, projections
from market.records.messages import SEND_JOB
from market.records.views import bp
from market.web.menus import MenuGroup
from market.web.rooms import MenuEntry, Room


def _send_mail(mail_id: int) -> None:
    settings = current_app.extensions["linli"].settings

    def frame(body: str) -> str:
        page = current_app.jinja_env.get_template("mail/base.txt")
        return page.render(body=body, greeting="", demo=settings.is_demonstration).lstrip()

    jobs.send_mail(mail_id, settings=settings, frame=frame)


@click.group()
def notices() -> None:
    """公告栏 / the noticeboard."""


@notices.command()
def rebuild() -> None:
    """由公告重新生成列表、检索和汇总 / make lists, search and figures again from the notices."""
    with transaction():
        found = projections.rebuild()
    click.echo("已重建采购 {} 项、名录 {} 条 / rebuilt {} purchases, {} entries".format(*found, *found))  # zh-only


CARD = Room(
    name="records",
    blueprints=[bp],
    menu=[MenuEntry(N_("存证"), "records.index", (Permit.BOOKS_READ,), group=MenuGroup.PLATFORM)],
    jobs={SEND_JOB: _send_mail},
    due=[due.close_ended_day],
    commands=[notices],
)
