"""Forms of the draft, the signature, the cancellation and the check of a document."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from contracts.agreements.rules import CONDITION_LABELS, Dispute, Options, bond_share_bp, limit_fen
from contracts.agreements.states import DISPUTE_LABELS
from market.awards.rules import Terms
from market.kernel.money import format_bp, format_yuan
from market.web import filters
from market.web.fields import (
    CheckboxesField,
    ChoiceRadios,
    CountField,
    Form,
    FormToken,
    OneFileField,
    PickField,
    Required,
    YuanField,
    optional,
)


class OptionsForm(Form):
    """What the clerk settles in the draft; everything else comes from the award."""

    seen = HiddenField()
    place = StringField(_l("服务地点"), [Length(max=200)], description=_l("例如：东山街道所辖各社区。可以不填。"))
    bond_fen = YuanField(_l("履约保证金"), [optional()])
    due_days = CountField(
        _l("付款期限"), [Required(), NumberRange(min=1)], unit=_l("日"), description=_l("自应付金额确定之日起算。")
    )
    late_interest_day_bp = CountField(
        _l("逾期利息"),
        [Required(), NumberRange(min=0, max=100)],
        unit=_l("（万分之几，每日）"),
        description=_l("社会组织不是中小企业，是否比照约定由双方选择；填 0 表示不约定。"),
    )
    dispute = ChoiceRadios(_l("争议解决"), [Required()], members=Dispute, labels=DISPUTE_LABELS)
    arbitration_body = StringField(
        _l("仲裁机构"), [Length(max=100)], description=_l("选择仲裁时填写全称，例如：南京仲裁委员会。")
    )
    conditions = CheckboxesField(
        _l("期限超过一年须同时符合的条件"), choices=[], description=_l("期限不超过一年的不必勾选。")
    )
    budget_assured = BooleanField(_l("各年度预算有保障"))
    supplement = TextAreaField(
        _l("补充约定"),
        [Length(max=4000)],
        description=_l("写与本项目有关的具体要求；不得改变金额、节点、评估办法和兑付比例。"),
    )

    def offer_conditions(self) -> None:
        """Show the four conditions in the reader's language."""
        self.conditions.choices = [(key, filters.text(label)) for key, label in CONDITION_LABELS.items()]

    def offer_bond(self, terms: Terms) -> None:
        """Say how large the bond may be that the purchase announced; where it announced none there is no field."""
        share = bond_share_bp(terms)
        if not share:
            del self.bond_fen
            return
        self.bond_fen.description = gettext(
            "不收取的，留空或填 0。最多 %(most)s（采购文件写明的合同金额的 %(share)s），以非现金形式提交。",
            most=format_yuan(limit_fen(terms.amount_fen, share)),
            share=format_bp(share),
        )

    def options(self) -> Options:
        """Return what was settled."""
        return Options(
            bond_fen=self.bond_fen.data or 0 if self.bond_fen else 0,
            due_days=self.due_days.data or 0,
            late_interest_day_bp=self.late_interest_day_bp.data or 0,
            dispute=self.dispute.data.value if self.dispute.data else Dispute.COURT.value,
            arbitration_body=self.arbitration_body.data or "",
            place=self.place.data or "",
            conditions=tuple(self.conditions.data or ()),
            budget_assured=bool(self.budget_assured.data),
            supplement=self.supplement.data or "",
        )


class SignForm(Form):
    """The passphrase, and that the text was read."""

    read = BooleanField(_l("我已核对合同全文和内容摘要，同意以上面写明的一方的名义签署"), [Required()])
    passphrase = PasswordField(
        _l("签署口令"),
        [Required(), Length(max=200)],
        description=_l("即“我的密钥”页设置的口令，不是登录密码。"),
    )


class CancelForm(Form):
    """Why the contract is given up."""

    reason = TextAreaField(_l("取消原因"), [Required(), Length(max=1000)], description=_l("供应商会看到这段话。"))


class CheckForm(Form):
    """A document to be checked: the file itself, or its digest."""

    document = OneFileField(_l("合同文件（PDF）"), accept=".pdf", description=_l("只在内存中核验，不会保存。"))
    digest = StringField(
        _l("或者填写文件的 SHA-256 摘要"),
        [Length(max=64)],
        description=_l("64 位十六进制数字，用任何校验工具都能算出。"),
    )


class SubstitutionForm(Form):
    """Who leaves, who enters, and why; the view sets both lists."""

    token = FormToken()
    leaving_id = PickField(_l("离开的人员"), [Required()], coerce=int)
    entering_id = PickField(
        _l("接替的人员"), [Required()], coerce=int, description=_l("证书级别不低于投标时承诺的级别，工时与原约定相同。")
    )
    reason = TextAreaField(
        _l("换人的原因"),
        [Required(), Length(max=500)],
        description=_l("街道会看到；公告只说级别和工时，不说人和原因。"),
    )


class AnswerForm(Form):
    """Why the street does not agree."""

    answer = TextAreaField(_l("不同意的原因"), [Required(), Length(max=500)], description=_l("供应商会看到这段话。"))
