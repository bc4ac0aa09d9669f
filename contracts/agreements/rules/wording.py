"""The contract's text, composed from its data: the same words on the page, in the PDF and under the digest.

A contract is written in Chinese whatever language the reader's pages are in, so nothing here is marked for translation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.agreements.rules.basis import Basis, basis_of, cited
from market.kernel.money import BP, format_bp, format_centi, format_yuan

_DIGITS = "零一二三四五六七八九"
_SOURCES = {"self": "自评", "mutual": "互评", "public": "群众评", "third": "第三方评"}
_LEVELS = ("很满意", "满意", "一般", "不满意", "很不满意")
# By what a term may pass a year: the order on buying services binds purchases by law, others follow it by choice.
_LONG = {
    Basis.PROCUREMENT_LAW: "依照《政府购买服务管理办法》第二十四条，",
    Basis.OWN_RULES: "参照《政府购买服务管理办法》第二十四条，",
    Basis.GRANT: "",
}
_BONDLESS = "本合同不收取履约保证金。"


def ordinal(number: int) -> str:
    """A number below 100 in Chinese: 12 -> 十二."""
    tens, ones = divmod(number, 10)
    head = ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "")
    return head + (_DIGITS[ones] if ones or not tens else "")


def day_text(value: str) -> str:
    """2026-05-01 -> 2026年5月1日."""
    day = date.fromisoformat(value)
    return f"{day.year}年{day.month}月{day.day}日"


def clauses(data: Mapping[str, Any], *, is_long: bool) -> list[dict[str, Any]]:
    """Return the numbered clauses: key, title, paragraphs. Tables named by the key stand after the paragraphs."""
    parts: list[tuple[str, str, list[str]]] = [
        ("subject", "服务内容", _subject(data)),
        ("term", "服务期限", _term(data, is_long)),
        ("price", "合同金额与资金来源", _price(data)),
        ("milestones", "履约节点", _milestones()),
        ("acceptance", "验收", _acceptance(data)),
        ("evaluation", "绩效评估", _evaluation(data)),
        ("payout", "按评估结果兑付", _payout(data)),
        ("payment", "付款期限与逾期利息", _payment(data)),
        ("bond", "履约保证金", _bond(data)),
        ("subcontract", "分包与转包", _subcontract(data)),
        ("change", "变更与追加", _change(data)),
        ("breach", "违约责任", _BREACH),
        ("recovery", "提前终止与追回款项", _recovery(data)),
        ("privacy", "个人信息保护与保密", _PRIVACY),
        ("records", "项目档案与监督", _records(data)),
        ("dispute", "争议解决", _dispute(data)),
    ]
    if data["options"]["supplement"]:
        parts.append(("supplement", "补充约定", data["options"]["supplement"].splitlines()))
    parts.append(("effect", "生效、签署与公告", _effect(data)))
    parts = [part for part in parts if part[2]]
    return [
        {"key": key, "title": f"第{ordinal(number)}条　{title}", "paragraphs": [p for p in paragraphs if p.strip()]}
        for number, (key, title, paragraphs) in enumerate(parts, 1)
    ]


def _subject(data: Mapping[str, Any]) -> list[str]:
    place, grant = data["options"]["place"], basis_of(data["regime"]) is Basis.GRANT
    subject, (full, short) = data["subject"], ("申请书", "申请书") if grant else ("投标（响应）文件", "投标文件")
    offer = (
        f"乙方的{full}是本合同的组成部分，其内容摘要（SHA-256）为 {data['offer_digest']}。"
        f"{short}与本合同不一致的，以本合同为准；{short}对乙方要求更高的，从其更高要求。"
    )
    return [
        (
            f"甲方资助乙方实施“{subject}”，乙方同意承担。服务内容和要求如下："
            if grant
            else f"甲方向乙方购买“{subject}”，乙方同意承接。服务内容和要求如下："
        ),
        *data["requirement"].splitlines(),
        f"服务地点：{place}。" if place else "",
        *_on_behalf(data.get("on_behalf_of", "")),
        offer if data["offer_digest"] else "",
    ]


def _term(data: Mapping[str, Any], is_long: bool) -> list[str]:
    starts, ends = day_text(data["term"]["starts_on"]), day_text(data["term"]["ends_on"])
    lines = [f"服务期限自{starts}起至{ends}止。期满后本合同不自动续期。"]
    if is_long:
        lines.append(
            "本项目预算有保障，且内容相对固定、连续性强、经费来源稳定、价格变化幅度小，"
            f"{_LONG[basis_of(data['regime'])]}期限超过一年但不超过三年。"
        )
    return lines


def _price(data: Mapping[str, Any]) -> list[str]:
    price = data["price"]
    return [
        (
            f"合同总金额为人民币{format_yuan(price['amount_fen'])}（大写：{price['capital']}），含税，"
            "是甲方为本合同全部服务支付的最高金额。"
        ),
        "实际支付金额按第五条至第七条的验收和评估结果计算。合同金额由下列资金来源承担，各来源分别核算，不得混用：",
    ]


def _milestones() -> list[str]:
    return [
        "本合同按下列节点履行。各节点金额按合同总金额乘以所占比例计算，向下取整到分，余数计入最后一个节点。",
        "一个节点由两个以上资金来源承担的，各来源承担的金额以本合同数据附件所列为准。",
    ]


def _acceptance(data: Mapping[str, Any]) -> list[str]:
    source = cited(data["regime"], "《政府采购法实施条例》第四十五条")
    return [
        (
            "每一节点完成后，乙方在平台提交履约报告和证明材料。甲方指定专人逐项验收，出具验收意见；"
            "材料不齐或不符合约定的，甲方写明理由退回，乙方补正后重新报告。"
        ),
        f"甲方应当邀请服务对象参加验收并出具意见，验收结果向社会公告{source}。",
    ]


def _evaluation(data: Mapping[str, Any]) -> list[str]:
    terms, rules = data["evaluation"], data["rules"]
    weights = "、".join(f"{_SOURCES[s]}{format_bp(w)}" for s, w in terms["weights_bp"].items())
    levels = "、".join(
        f"{name}{format_centi(points).removesuffix('.00')}分"
        for name, points in zip(_LEVELS, rules["public_levels_centi"], strict=True)
    )
    scale = (
        "自评、互评、第三方评按下列指标评分。一份评分的得分，为各指标得分之和乘以100再除以各指标满分之和，四舍五入到0.01分。"
        if terms["indicators"]
        else "自评、互评、第三方评各给出一个百分制总分，精确到0.01分。"
    )
    return [
        (
            "注明“验收并评估”的节点验收合格后启动评估，由自评、互评、群众评、第三方评四方评分。"
            f"权重为：{weights}。自启动之日起{rules['collect_days']}日内收集评分，届满后不再接收。"
        ),
        scale,
        (
            f"群众评由服务对象凭一次性代码匿名填写下列{len(terms['questions'])}个问题，每题的回答依次折合{levels}；"
            f"一份问卷的得分为各题得分的平均分，四舍五入到0.01分。问题为：{'；'.join(terms['questions'])}。"
        ),
        (
            "每一方的得分为该方全部有效评分的算术平均数；四方得分乘以各自权重后相加，为综合得分。"
            "平均数和综合得分均按精确分数计算，中间不取舍。"
        ),
        _missing(terms),
        (
            "互评机构、第三方评估员与甲乙双方均不得有利害关系，评分前须书面声明。"
            f"自评与第三方评相差达到{format_centi(rules['gap_flag_centi']).removesuffix('.00')}分的，在结果中提示，由甲方核查。"
        ),
    ]


def _missing(terms: Mapping[str, Any]) -> str:
    head = (
        f"互评有效评分少于{terms['min_mutual']}份、群众评有效问卷少于{terms['min_public']}份，"
        "或者自评、第三方评逾期未提交的，该方视为缺失。"
    )
    if not terms["renormalise"]:
        return head + "任何一方缺失的，不得汇总，由甲方延长收集期补齐后再汇总。"
    needed = "但第三方评缺失的，不得汇总，须补齐后再汇总。" if terms["weights_bp"]["third"] else ""
    return head + "一方缺失的，其权重按其余各方原权重的比例分配给其余各方；" + needed


def _payout(data: Mapping[str, Any]) -> list[str]:
    rules = data["rules"]
    again = (
        f"评为不合格的，乙方自结果通知之日起{rules['rectify_days']}日内整改，甲方可以组织复评"
        f"{rules['reevaluations_max']}次，复评结果替代原结果。"
        if rules["reevaluations_max"]
        else ""
    )
    return [
        "“验收即付”的节点，验收合格后支付该节点金额的100%。",
        (
            "“验收并评估”的节点，按综合得分所在档次确定兑付比例。"
            "应付金额＝该节点金额×兑付比例，四舍五入到分；其余部分不再支付，退回甲方预算。"
        ),
        "综合得分按精确值归档，归档前不取整：例如89.5分未达到90分的，属于下一档。",
        again,
    ]


def _payment(data: Mapping[str, Any]) -> list[str]:
    options = data["options"]
    lines = [
        (
            f"甲方自应付金额确定之日起{options['due_days']}日内，按国库集中支付规定付至乙方在平台登记并经两人复核的收款账户。"
            "平台不收取、不经手、不垫付任何资金。"
        ),
        "甲方未按期验收或者评估的，付款期限自约定期限届满之日起算；不得以审计结果作为付款前提。",
    ]
    if options["late_interest_day_bp"]:
        lines.append(
            f"甲方逾期付款的，按逾期金额每日{_per_ten_thousand(options['late_interest_day_bp'])}支付逾期利息："
            "逾期利息＝逾期金额×日利率×逾期日数，四舍五入到分。双方参照《保障中小企业款项支付条例》自愿约定本款。"
        )
    return lines


def _per_ten_thousand(rate_bp: int) -> str:
    return f"万分之{ordinal(rate_bp)}" if rate_bp < 100 else format_bp(rate_bp)


def _bond(data: Mapping[str, Any]) -> list[str]:
    bond = data["options"]["bond_fen"]
    if not bond:
        return [_BONDLESS]
    share = format_bp(bond * BP // data["price"]["amount_fen"])
    return [
        (
            f"乙方于本合同生效之日起10日内，以保函、支票、汇票等非现金形式提交履约保证金{format_yuan(bond)}"
            f"（约占合同金额的{share}，不超过10%）。乙方全面履行合同后，甲方应当及时无息退还。"
        )
    ]


def _subcontract(data: Mapping[str, Any]) -> list[str]:
    source = cited(data["regime"], "《政府采购法》第四十八条")
    return [
        (
            "乙方不得将本合同转包给他人。经甲方书面同意，乙方可以将部分服务分包；"
            f"乙方就全部服务向甲方负责，分包人就分包部分承担责任{source}。"
        )
    ]


def _change(data: Mapping[str, Any]) -> list[str]:
    source = cited(data["regime"], "《政府采购法》第四十九条") or "，以本合同约定为准"
    return [
        "评估权重、评分办法、分档标准和兑付比例自双方签署后不得变更，任何一方不得单方变更本合同。",
        (
            "需要追加与合同标的相同的服务的，在不改变其他条款的前提下可以签订补充合同，"
            f"全部补充合同金额合计不超过原合同金额的10%，即{format_yuan(data['additions_max_fen'])}{source}。"
        ),
        "本合同所依据的成交结果被暂停或者认定无效的，甲方应当暂停履行和付款；双方按已经提供并验收的服务结算。",
    ]


_BREACH = [
    "乙方提供虚假证明材料、擅自停止服务或者将合同转包的，甲方可以解除合同，追回相应款项，并要求赔偿损失。",
    "乙方未按约定时间完成节点，经催告后10日内仍未完成的，甲方可以相应顺延验收和付款；造成服务对象人身或者财产损害的，依法承担责任。",
    "甲方无正当理由拖延验收、评估或者付款的，依照第八条承担责任；给乙方造成其他损失的，依法赔偿。",
    "因不可抗力不能履行的，受影响一方应当及时通知对方并提供证明，双方按已经提供的服务结算。",
]


def _on_behalf(group: str) -> list[str]:
    if not group:
        return []
    return [
        (
            f"“{group}”不具有法人资格，不能独立承担合同责任，由乙方代其签订本合同。"
            f"乙方对“{group}”履行本合同的全部行为向甲方承担责任，不得以其行为对抗甲方。"
        ),
        f"款项由乙方收取、单独核算，专门用于本合同约定的服务；“{group}”及其成员为履行本合同所做的工作，视为乙方的履行。",
    ]


def _recovery(data: Mapping[str, Any]) -> list[str]:
    """What follows a final failure; nothing where the award says nothing of it."""
    terms = data.get("recovery")
    if not terms:
        return []
    lines = [
        (
            "注明“验收并评估”的节点评为不合格，且已按约定整改、复评仍不合格，或者整改期届满没有复评的，为最终不合格。"
            + (
                "任一节点最终不合格的，甲方付清此前已经确定的应付款项后，本合同即行终止；"
                if terms["stop_on_fail"]
                else "任一节点最终不合格的，甲方可以终止本合同；"
            )
            + "终止后，尚未确定应付金额的节点不再履行，也不再付款。乙方违约，甲方依法解除本合同的，适用相同规定。"
        )
    ]
    if terms["claim_bp"]:
        lines += [
            (
                f"合同依前款终止或者解除的，甲方有权追回终止之日已付款项的{format_bp(terms['claim_bp'])}。"
                "追回金额＝已付款项合计×追回比例，四舍五入到分；"
                "由两个以上资金来源支付的，按各来源已付金额以最大余数法分摊，追回的款项退回原资金来源。"
            ),
            (
                "乙方没有可用的收款账户，致使应付款项在付款期限届满后仍不能支付的，不影响合同终止；"
                "该款项计入前款的已付款项，乙方登记可用账户后照付。"
            ),
            (
                f"乙方自收到追回通知之日起{terms['due_days']}日内退回；可以分次退回，累计不超过追回金额。"
                "区级主管部门可以书面决定免予追回全部或者剩余部分，决定和理由向社会公布。"
            ),
        ]
    return lines


_PRIVACY = [
    (
        "乙方只能为履行本合同处理服务对象的个人信息，范围以必要为限；"
        "处理健康状况、未满十四周岁未成年人等敏感个人信息的，应当取得单独同意。"
    ),
    "证明材料中的服务对象应当以代号表示。双方公开任何材料前应当删去个人信息；合同终止后，除依法保存的档案外，乙方应当删除个人信息。",
    "双方对履约中知悉的对方商业秘密和工作秘密负有保密义务。",
]


def _records(data: Mapping[str, Any]) -> list[str]:
    source = cited(data["regime"], "《政府采购法》第四十二条")
    return [
        "乙方应当建立项目台账，如实记录服务、人员和经费情况，并接受甲方、财政、审计和社会监督。",
        f"采购和履约档案自采购结束之日起至少保存{data['rules']['retention_years']}年{source}。",
    ]


def _dispute(data: Mapping[str, Any]) -> list[str]:
    options = data["options"]
    if options["dispute"] == "arbitration":
        return [f"因本合同发生的争议，双方先行协商；协商不成的，提交{options['arbitration_body']}仲裁。"]
    return ["因本合同发生的争议，双方先行协商；协商不成的，向甲方所在地人民法院起诉。"]


def _effect(data: Mapping[str, Any]) -> list[str]:
    rules = data["rules"]
    return [
        (
            f"双方应当在{day_text(data['sign_by'])}前（含当日）签署。本合同以电子形式订立，由双方授权签署人用各自的数字证书先后签署，"
            "自后签署一方签署时生效；符合条件的电子签名与手写签名或者盖章具有同等法律效力（《电子签名法》第十三条、第十四条）。"
        ),
        (
            f"本合同自签署之日起{rules['publish_working_days']}个工作日内公告，但涉及国家秘密、商业秘密的内容除外；"
            f"自签署之日起{rules['file_copy_working_days']}个工作日内将副本报同级财政部门备案。"
        ),
        "合同的机器可读数据作为附件嵌入本文件，其内容摘要印在每页页脚；文字与数据不一致的，以数据为准。",
    ]
