"""The built-in messages of the form libraries, said in our own words and through our own catalogue."""

from __future__ import annotations

from flask_babel import gettext

from market.kernel.text import N_

SENTENCES = {
    "This field is required.": N_("请填写这一项。"),
    "Invalid input.": N_("填写的内容无法识别，请检查。"),
    "Not a valid choice.": N_("请从列出的选项中选择。"),
    "Field must be equal to %(other_name)s.": N_("两次填写的内容不一致。"),
    "Field must be at least %(min)d character long.": N_("请至少填写 %(min)d 个字符。"),
    "Field must be at least %(min)d characters long.": N_("请至少填写 %(min)d 个字符。"),
    "Field cannot be longer than %(max)d character.": N_("最多填写 %(max)d 个字符，请缩短。"),
    "Field cannot be longer than %(max)d characters.": N_("最多填写 %(max)d 个字符，请缩短。"),
    "Field must be exactly %(max)d character long.": N_("请填写正好 %(max)d 个字符。"),
    "Field must be exactly %(max)d characters long.": N_("请填写正好 %(max)d 个字符。"),
    "Field must be between %(min)d and %(max)d characters long.": N_("请填写 %(min)d 到 %(max)d 个字符。"),
    "Number must be at least %(min)s.": N_("不能小于 %(min)s。"),
    "Number must be at most %(max)s.": N_("不能大于 %(max)s。"),
    "Number must be between %(min)s and %(max)s.": N_("请填写 %(min)s 到 %(max)s 之间的数。"),
    "Invalid email address.": N_("电子邮箱的格式不对，例如 name@example.cn。"),
    "Invalid URL.": N_("网址的格式不对，请以 https:// 开头。"),
    "Not a valid integer value.": N_("请填写整数，例如 12。"),
    "Not a valid datetime value.": N_("请填写日期和时间，例如 2026-03-31 09:00。"),
    "Not a valid date value.": N_("请填写日期，例如 2026-03-31。"),
    "Not a valid time value.": N_("请填写时间，例如 09:00。"),
    "CSRF token missing.": N_("页面已过期，请再提交一次。"),
    "CSRF token expired.": N_("页面已过期，请再提交一次。"),
    "The CSRF token is missing.": N_("页面已过期，请再提交一次。"),
    "The CSRF token is invalid.": N_("页面已过期，请再提交一次。"),
    "The CSRF token has expired.": N_("页面已过期，请再提交一次。"),
    "The CSRF session token is missing.": N_("页面已过期，请再提交一次。"),
    "The CSRF tokens do not match.": N_("页面已过期，请再提交一次。"),
}


class Sentences:
    """What WTForms asks for its built-in messages; goes through our catalogue."""

    def gettext(self, string: str) -> str:
        return str(gettext(SENTENCES.get(string, string)))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)
