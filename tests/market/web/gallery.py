"""A tiny app that shows every shared piece with sample data, for tests, axe and screenshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from flask import Flask, flash, redirect, render_template, request, session
from flask_babel import get_locale
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length

from market.kernel.errors import Forbidden, NotFound, Refused, Stale
from market.paths import resource_dir
from market.web import catalogues, fields, filters, pages

NOW = datetime(2026, 3, 31, 1, 0, tzinfo=UTC)


class Method(StrEnum):
    """Sample enum with labels of its own."""

    OPEN = "open"
    COMPARE = "compare"
    SINGLE = "single"


LABELS = {Method.OPEN: "公开招标", Method.COMPARE: "比选", Method.SINGLE: "单一来源"}
WRONG = MultiDict(
    {
        "title": "居家养老探访",
        "ceiling": "一百二十八万",
        "weight": "12.555",
        "visits": "两次",
        "deadline": "明天",
        "method": "x",
    }
)


@dataclass
class Actor:
    name: str = "周明远"
    label: str = "街道经办人 · 江宁区 秣陵街道"


@dataclass
class Entry:
    label: str
    url: str
    active: bool = False


@dataclass
class Demo:
    now_text: str = "2026-03-31 09:00:12"
    next_step_url: str = "/demo/next-day"
    next_deadline_url: str = "/demo/next-deadline"
    banner: str = ""


class SampleForm(fields.Form):
    """One field of every kind."""

    form_token = fields.FormToken()
    title = StringField("项目名称", [fields.Required(), Length(max=40)], description="写清服务对象和内容，40 字以内。")
    method = fields.ChoiceRadios("采购方式", [fields.Required()], members=Method, labels=LABELS)
    item = fields.PickField("服务目录", [fields.Required()], choices=[(1, "居家养老探访"), (2, "青少年社区支持")])
    ceiling = fields.YuanField("最高限价", [fields.Required()], description="含税。可写 128.64万。")
    weight = fields.PercentField("价格权重", [fields.Required()])
    score = fields.CentiField("评分", [fields.optional()])
    visits = fields.CountField("探访次数", [fields.Required()], unit="次")
    deadline = fields.BeijingDateTimeField("投标截止时间", [fields.Required()], description="北京时间。")
    starts = fields.DayField("服务开始日", [fields.Required()])
    uscc = fields.UsccField("统一社会信用代码", [fields.Required()])
    groups = fields.CheckboxesField(
        "服务对象", choices=[("old", "高龄老人"), ("child", "困境儿童"), ("disabled", "残障人士")]
    )
    reason = TextAreaField("采购理由", [fields.Required()])
    paper = fields.OneFileField("采购需求文件", [fields.Required()], accept=".pdf", description="PDF，不超过 20 MB。")
    papers = fields.FilesField("其他附件")
    passphrase = PasswordField("签署口令", [fields.Required()])
    agree = BooleanField("我确认以上内容属实", [fields.Required()])


def create_app() -> Flask:
    """The gallery; `?anonymous=1` shows it to a visitor who is not signed in."""
    app = Flask(__name__, static_folder=str(resource_dir("static")), static_url_path="/static")
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(resource_dir("templates")), FileSystemLoader(Path(__file__).parent / "gallery_pages")]
    )
    app.jinja_env.undefined = StrictUndefined
    app.config.update(SECRET_KEY="gallery", WTF_CSRF_TIME_LIMIT=None, MAX_CONTENT_LENGTH=200_000)
    CSRFProtect(app)
    catalogues.configure(app)
    filters.register(app)
    pages.register(app)
    app.context_processor(_context)
    _routes(app)
    return app


def _context() -> dict[str, object]:
    path = request.path
    menu = [
        Entry("工作台", "/desk", path == "/desk"),
        Entry("年度资金", "/budget", False),
        Entry("采购项目", "/tender", path == "/tender"),
        Entry("合同", "/contracts", False),
        Entry("履约与评估", "/outcomes", False),
        Entry("付款", "/payouts", False),
        Entry("公开信息", "/form", path == "/form"),
    ]
    stranger = "anonymous" in request.args
    return {
        "actor": None if stranger else Actor(), "menu": menu[-1:] if stranger else menu, "demo": Demo(), "now": NOW,
        "locale": str(get_locale()),
    }  # fmt: skip


def _routes(app: Flask) -> None:
    @app.get("/desk")
    def desk() -> str:
        if "flash" in request.args:
            for kind in ("success", "info", "warning", "danger"):
                flash("公告已发布，128.64万元已预留。", kind)
        return render_template("desk.html")

    @app.get("/tender")
    def tender() -> str:
        return render_template("tender.html", now=NOW)

    @app.post("/form/save")
    def save() -> dict[str, str]:
        session["saved"] = request.form["field"]
        return {"saved_at": "2026-03-31T06:03:22Z"}

    app.add_url_rule("/form", view_func=fill_in, methods=["GET", "POST"])
    app.add_url_rule("/trouble/<kind>", view_func=trouble, methods=["GET", "POST"])
    app.add_url_rule("/form/trouble/<kind>", endpoint="trouble_below", view_func=trouble)


def fill_in() -> object:
    """A form with every kind of field."""
    form = SampleForm()
    if "wrong" in request.args:
        form = SampleForm(WRONG, meta={"csrf": False})
        form.validate()
        fields.show_refusal(form, Refused("资金余额不足，还差 %(missing)s 元。", missing="12,000.00"))
        return render_template("form.html", form=form)
    if form.validate_on_submit():
        if form.ceiling.data == 0:
            fields.show_refusal(form, Refused("最高限价不能是零。", field="ceiling"))
        elif form.title.data == "stale":
            fields.show_refusal(form, Refused("资金余额不足，还差 %(missing)s。", missing="12,000.00"))
        else:
            return redirect("/desk")
    return render_template("form.html", form=form), 422 if form.errors else 200


def trouble(kind: str) -> str:
    """Every kind of error."""
    if kind == "crash":
        raise ZeroDivisionError
    raise {
        "refused": Refused("最高限价 %(ceiling)s 超过了预算余额。", field="ceiling", ceiling="¥1.00"),
        "forbidden": Forbidden("您没有办理此事的权限；如确需办理，请联系本单位管理员授权。"),
        "missing": NotFound("没有找到您要的内容，链接可能已失效。"),
        "stale": Stale("同一事项正由他人办理，或内容重复提交；请刷新后查看结果。"),
    }[kind]


app = create_app()
