"""Templates outside a request: documents and mails made by jobs. Always Chinese, the language of the record."""

from __future__ import annotations

from flask import current_app


def render(template: str, **values: object) -> str:
    """Return the text of a template under `templates/pdf` or `templates/mail`; the demonstration's mark is added."""
    demo = current_app.extensions["linli"].settings.is_demonstration
    values = {"lang": "zh-Hans", "demo": demo, "locale": "zh_Hans_CN", **values}
    return current_app.jinja_env.get_template(template).render(values)
