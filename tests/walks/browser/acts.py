"""What happens in the same way after a purchase and after a round: both sides sign, a milestone is reported."""

from __future__ import annotations

from market.demo.cast import PASSPHRASE


def sign(someone, title: str):
    """禾桥 and the street sign the contract; a wrong passphrase signs nothing. Returns who signed last."""
    for login, side in (("heqiao-sign", "乙方"), ("approver-jn", "甲方")):
        signer = someone(login)
        signer.task(title, "签署")
        signer.tick("我已核对合同全文和内容摘要")
        signer.fill("签署口令", "not the passphrase")
        signer.press("签署合同")
        signer.sees("请先改正以下问题")
        signer.fill("签署口令", PASSPHRASE)
        signer.press("签署合同")
        signer.sees(side)
    return signer


def report(someone, tmp_path, title: str, milestone: str) -> None:
    """The organisation reports a milestone with evidence, the street accepts it."""
    admin = someone("heqiao-admin")
    admin.task(f"{title} · {milestone}")
    evidence = tmp_path / "供餐台账.csv"
    evidence.write_text("日期,人次,签收\n2026-04-20,126,已签收\n", encoding="utf-8")
    admin.press("提交报告")
    admin.sees("请先改正以下问题")
    admin.attach("证明材料", evidence)
    admin.press("上传")
    admin.sees("供餐台账.csv", "SHA-256")
    admin.fill("完成情况", f"“{milestone}”已按合同完成，台账和签收记录齐全。")
    admin.fill("服务人数", "126")
    admin.fill("服务次数", "38")
    admin.press("提交报告")
    clerk = someone("clerk-jn")
    clerk.task(f"{title} · {milestone}", "验收履约节点")
    clerk.follow("验收", within=".page-actions")
    clerk.fill("验收意见", "查阅台账并随机回访，数量和质量符合合同要求。")
    clerk.fill("邀请参加验收的服务对象", "12")
    clerk.fill("其中表示满意的", "11")
    clerk.fill("服务对象的意见", "味道合口，建议增加软食。")
    clerk.press("验收合格", sure=True)
    clerk.sees("已验收")
