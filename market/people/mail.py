"""Mails of the room: the link with which somebody sets a password."""

from __future__ import annotations

from datetime import datetime

from market.people.models import User
from market.records.messages import post_mail


def send_invitation(user: User, link: str, at: datetime) -> None:
    """Send the one-time link to whom the new account is for. `at` is real time."""
    post_mail(
        user.email,
        "请设置邻里购密码",  # zh-only
        f"{user.name}，您好：\n\n您的账号“{user.login}”已开通。"  # zh-only
        f"请在三天内打开以下链接，并按下页面上的按钮设置密码：\n{link}\n\n"  # zh-only
        "链接过期的，在登录页点“忘记密码”，即可重新收到链接。\n",  # zh-only
        at,
    )
