"""What the PDF tests share: a small contract, its rendering, and the outside programs that judge it."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader, PrefixLoader

from market.paths import resource_dir
from market.records.pdf import Attachment, Rendered, render_document

AT = datetime(2026, 3, 31, 1, tzinfo=UTC)  # 09:00 in Beijing
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DATA = Attachment("contract.json", '{"总额_fen":128640000}'.encode(), "application/json", "合同数据")

CONTRACT = """
{% extends "pdf/base.html" %}
{% import "pdf/parts.html" as parts %}
{% block content %}
{{ parts.parties([
  {"role": "甲方（购买主体）", "name": "虚构街道办事处", "rows": [("经办人", "王㛃䶮")]},
  {"role": "乙方（承接主体）", "name": "暖邻社会工作服务中心", "rows": [("法定代表人", "欧阳喆")]},
]) }}
<h2>第一条　服务内容</h2>
<p class="clause">乙方为辖区内八十周岁以上独居老人提供定期探访。</p>
<h2>第二条　合同金额</h2>
{{ parts.sum("合同总金额", "¥1,286,400.00", "人民币壹佰贰拾捌万陆仟肆佰元整") }}
{{ parts.facts([("期限", "2026-04-01 至 2027-03-31"), ("付款", "按里程碑与评价结果支付")], caption="要点") }}
{{ extra }}
{{ parts.signatures([
  {"role": "甲方（签章）", "name": "虚构街道办事处", "field": "purchaser"},
  {"role": "乙方（签章）", "name": "暖邻社会工作服务中心", "field": "provider"},
]) }}
{% endblock %}
"""


def contract_html(*, demo: bool = True, extra: str = "", number: str = "虚购〔2026〕0017 号") -> str:
    """The contract as HTML, from the product's own templates."""
    folder = FileSystemLoader(resource_dir("templates") / "pdf")
    here = DictLoader({"contract.html": CONTRACT})
    environment = Environment(
        loader=PrefixLoader({"pdf": folder, "here": here}), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return environment.get_template("here/contract.html").render(
        title="政府购买服务合同", number=number, demo=demo, digest=DIGEST, extra=extra, lang="zh-Hans"
    )


def contract(*attachments: Attachment, html: str | None = None) -> Rendered:
    """The contract as PDF."""
    return render_document(
        html or contract_html(), title="政府购买服务合同", lang="zh-Hans", at=AT, attachments=attachments
    )


def run(*command: str | Path) -> str:
    """Standard output of an outside program, whatever it returns; a missing one fails the test with what to install."""
    if shutil.which(str(command[0])) is None:
        pytest.fail(f"{command[0]} is missing: sudo apt-get install -y poppler-utils qpdf libnss3-tools")
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, check=False, timeout=60, env={**os.environ, "TZ": "UTC"}
    )
    return result.stdout.decode("utf-8", "replace")


def text_of(pdf: bytes, folder: Path) -> str:
    """What pdftotext reads."""
    path = folder / "text.pdf"
    path.write_bytes(pdf)
    return run("pdftotext", "-enc", "UTF-8", path, "-")
