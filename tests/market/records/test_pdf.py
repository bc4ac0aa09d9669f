"""Official documents: what is in them, what they look like to machines, and what they may not reach."""

from __future__ import annotations

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from market.records import pdf
from market.records.pdf import Attachment, font_path, pdf_ready, render_pdf
from tests.market.records.documents import AT, DATA, DIGEST, contract, contract_html, run, text_of

RARE_NAMES = "㛃䶮喆堃犇镕翀煊赟昇濙燊彧旻曌婳頔邨垚淼焱鑫珺璟祎甯翾烜晢骉骎玥珏彣玹昉暐堉澍𬴊𫖯𬸣"


def every_chinese_character_of_gbk() -> set[str]:
    """All that the national code page for names and addresses holds, without symbols and forms for layout."""
    pairs = (bytes([high, low]) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    decoded = "".join(pair.decode("gbk", "ignore") for pair in pairs)
    return {character for character in decoded if "\u3400" <= character <= "\u9fff"}


@pytest.mark.parametrize("weight", [400, 700])
def test_fonts_hold_every_character_a_name_may_need(weight: int) -> None:
    needed = every_chinese_character_of_gbk() | set(RARE_NAMES)
    assert len(needed) > 20_900
    with TTFont(font_path(weight), lazy=True) as font:
        held = font.getBestCmap()
    assert sorted(character for character in needed if ord(character) not in held) == []


def test_rare_names_are_drawn_with_our_fonts_and_can_be_read_back(tmp_path: Path) -> None:
    made = contract(html=contract_html(extra=RARE_NAMES)).pdf
    assert RARE_NAMES in text_of(made, tmp_path).replace("\n", "")
    fonts = run("pdffonts", tmp_path / "text.pdf").splitlines()[2:]
    assert fonts
    assert all("Linli-Noto-Sans-SC" in line for line in fonts)


def test_text_of_a_contract_can_be_extracted(tmp_path: Path) -> None:
    text = text_of(contract().pdf, tmp_path)
    for expected in (
        "政府购买服务合同",
        "编号：虚购〔2026〕0017 号",
        "王㛃䶮",
        "暖邻社会工作服务中心",
        "¥1,286,400.00",
        "人民币壹佰贰拾捌万陆仟肆佰元整",
        f"内容摘要 SHA-256 {DIGEST}",
        "第 1 页，共 1 页",
    ):
        assert expected in text


def test_every_page_of_a_demonstration_says_so_and_no_other(tmp_path: Path) -> None:
    long = "甲乙双方应当按照约定全面履行自己的义务。" * 200
    made = contract(html=contract_html(extra=long))
    pages = text_of(made.pdf, tmp_path).split("\f")[:-1]
    assert made.pages == len(pages) > 2
    assert all("演示数据，纯属虚构" in page for page in pages)
    assert f"第 {made.pages} 页，共 {made.pages} 页" in pages[-1]
    assert "演示数据" not in text_of(contract(html=contract_html(demo=False)).pdf, tmp_path)


def test_attached_data_comes_out_as_it_went_in() -> None:
    second = Attachment("签名.bin", bytes(range(256)), "application/octet-stream", "任意字节")
    reader = PdfReader(BytesIO(contract(DATA, second).pdf))
    assert reader.attachments["contract.json"] == [DATA.data]
    assert reader.attachments["签名.bin"] == [second.data]
    files = [item.get_object() for item in reader.trailer["/Root"]["/AF"]]
    kinds = {item["/UF"]: item["/EF"]["/F"].get_object()["/Subtype"] for item in files}
    assert kinds == {"contract.json": "/application/json", "签名.bin": "/application/octet-stream"}
    assert {item["/AFRelationship"] for item in files} == {"/Source"}


def test_the_file_is_a_tagged_archive_pdf_that_names_itself(tmp_path: Path) -> None:
    made = contract(DATA).pdf
    (tmp_path / "made.pdf").write_bytes(made)
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", tmp_path / "made.pdf")
    reader = PdfReader(BytesIO(made))
    root = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert 'part="3"' in xmp
    assert 'conformance="A"' in xmp
    assert root["/MarkInfo"]["/Marked"]
    assert root["/OutputIntents"][0].get_object()["/S"] == "/GTS_PDFA1"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/Lang"] == "zh-Hans"
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("政府购买服务合同", "邻里购")
    assert reader.metadata.creation_date == AT


def test_equal_input_gives_equal_bytes_also_with_fresh_fonts() -> None:
    first = contract(DATA)
    assert contract(DATA) == first
    pdf._engine.cache_clear()
    assert contract(DATA) == first
    elsewhere = AT.astimezone(timezone(timedelta(hours=8)))
    same = render_pdf(contract_html(), title="政府购买服务合同", lang="zh-Hans", at=elsewhere, attachments=[DATA])
    assert same == first.pdf


def test_documents_made_at_once_are_those_made_alone() -> None:
    pages = [contract_html(number=f"虚购〔2026〕{number:04} 号") for number in range(6)]
    alone = [contract(html=page).pdf for page in pages]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda page: contract(html=page).pdf, pages))
    assert together == alone


def test_signing_places_are_found_where_the_frames_are() -> None:
    made = contract()
    assert [field.name for field in made.fields] == ["purchaser", "provider"]
    left, right = (field.box for field in made.fields)
    assert [field.page for field in made.fields] == [made.pages - 1] * 2
    assert 0 < left[0] < left[2] < right[0] < right[2] < 595
    assert left[1::2] == right[1::2]
    assert 66 <= left[3] - left[1] <= 71  # 24 mm high


@pytest.mark.parametrize(
    "asks",
    [
        '<img src="file:///etc/hostname" alt="">',
        '<img src="{here}" alt="">',
        '<link rel="stylesheet" href="{here}">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<a rel="attachment" href="file:///etc/hostname">x</a>',
        "<style>@import url('{here}');</style>",
        "<style>body {{ background: url({here}) }}</style>",
        '<style>@font-face {{ font-family: x; src: url("file:///etc/hostname") }}</style>',
        "<object data='{here}'></object>",
    ],
)
def test_a_document_cannot_make_the_server_fetch_anything(asks: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.05)
        here = f"http://127.0.0.1:{door.getsockname()[1]}/x.png"
        with pytest.raises(ValueError, match="only use what is inside it"):
            render_pdf(f"<p>{asks.format(here=here)}</p>", title="x", lang="zh-Hans", at=AT)
        with pytest.raises(TimeoutError):
            door.accept()


def test_a_drawing_cannot_fetch_anything_either() -> None:
    # WeasyPrint leaves out a drawing that asks for more, where it refuses a document.
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.05)
        here = f"http://127.0.0.1:{door.getsockname()[1]}/x.png"
        render_pdf(f"<svg><image href='{here}' width='9' height='9'/></svg>", title="x", lang="zh-Hans", at=AT)
        with pytest.raises(TimeoutError):
            door.accept()


def test_pictures_inside_the_document_and_links_are_allowed() -> None:
    dot = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='4' height='4'/>"
    page = f'<p><img src="{dot}" alt="点"> <a href="https://example.org/">去处</a></p>'
    links = PdfReader(BytesIO(render_pdf(page, title="x", lang="en", at=AT))).pages[0]["/Annots"]
    assert links[0].get_object()["/A"]["/URI"] == "https://example.org/"


def test_a_document_needs_an_instant_not_a_wall_clock() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render_pdf("<p>x</p>", title="x", lang="zh-Hans", at=datetime(2026, 3, 31))  # noqa: DTZ001


def test_this_machine_can_make_documents() -> None:
    assert pdf_ready() is None


def test_missing_libraries_are_named_with_the_command_that_installs_them() -> None:
    script = """
import sys
def refuse(event, arguments):
    if event == "ctypes.dlopen" and "pango" in str(arguments[0]):
        raise OSError("cannot open shared object file")
sys.addaudithook(refuse)
from datetime import UTC, datetime
from market.records.pdf import PdfUnavailable, pdf_ready, render_pdf
print(pdf_ready())
try:
    render_pdf("<p>x</p>", title="x", lang="zh-Hans", at=datetime(2026, 3, 31, tzinfo=UTC))
except PdfUnavailable as refusal:
    print(refusal.text)
"""
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", script], capture_output=True, check=True, text=True)
    command = "sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    assert done.stdout.splitlines() == [f"这台机器缺少生成 PDF 的系统库。请管理员运行：{command}"] * 2
    assert done.stderr == ""
