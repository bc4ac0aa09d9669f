"""Whatever is changed in a bundle is found: by its digests, and, when those were made anew, by what a reader kept."""

from __future__ import annotations

import json
import random
import re
import struct
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from market.kernel.canonical import canonical_bytes, sha256_hex
from market.public.rules.bundle import canonical_zip
from tests.factories.bundles import Plan, Story, published
from tests.factories.bundling import OCID, bundle_of, day_of
from tests.factories.verifying import PATH, program, verify

Entries = list[tuple[str, bytes]]


@cache
def whole() -> tuple[Story, bytes]:
    """A purchase from notice to payment, and its bundle."""
    story = published()
    return story, story.bundle()


def entries(raw: bytes) -> Entries:
    with zipfile.ZipFile(BytesIO(raw)) as file:
        return [(one.filename, file.read(one)) for one in file.infolist()]


# --- single changes ---------------------------------------------------------------------------------------------------


def _digit(content: bytes, chance: random.Random) -> bytes:
    places = [m.start() for m in re.finditer(rb"[0-9]", content)]
    at = chance.choice(places)
    other = chance.choice([d for d in b"0123456789" if d != content[at]])
    return content[:at] + bytes([other]) + content[at + 1 :]


def _date(content: bytes, chance: random.Random) -> bytes:
    places = [m.start() for m in re.finditer(rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}", content)]
    if not places:
        return _digit(content, chance)
    at = chance.choice(places) + 9
    return content[:at] + bytes([(content[at] - 48 + chance.randint(1, 9)) % 10 + 48]) + content[at + 1 :]


def _byte(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :]


def _order(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n") if content.count(b"\n") > 2 else re.split(rb"(?=,)", content)
    at = chance.choice([i for i in range(len(lines) - 1) if lines[i] != lines[i + 1]])
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return (b"\n" if content.count(b"\n") > 2 else b"").join(lines)


def _inside(change: Callable[[bytes, random.Random], bytes]) -> Callable[[Entries, random.Random], Entries]:
    def made(found: Entries, chance: random.Random) -> Entries:
        at = chance.choice([i for i, (name, _) in enumerate(found) if name != "key.json"])
        name, content = found[at]
        return [*found[:at], (name, change(content, chance)), *found[at + 1 :]]

    return made


def _rows(repeat: bool) -> Callable[[Entries, random.Random], Entries]:
    def made(found: Entries, chance: random.Random) -> Entries:
        at = next(i for i, (name, _) in enumerate(found) if name == "chain.jsonl")
        lines = found[at][1].splitlines(keepends=True)
        row = chance.randrange(len(lines))
        lines = [*lines[: row + 1], lines[row], *lines[row + 1 :]] if repeat else [*lines[:row], *lines[row + 1 :]]
        return [*found[:at], ("chain.jsonl", b"".join(lines)), *found[at + 1 :]]

    return made


def _swapped(found: Entries, chance: random.Random) -> Entries:
    one, two = chance.sample(range(len(found)), 2)
    made = list(found)
    made[one], made[two] = (found[one][0], found[two][1]), (found[two][0], found[one][1])
    return made


def _left_out(found: Entries, chance: random.Random) -> Entries:
    at = chance.randrange(len(found))
    return [*found[:at], *found[at + 1 :]]


CHANGES: dict[str, Callable[[Entries, random.Random], Entries]] = {
    "digit": _inside(_digit),
    "date": _inside(_date),
    "byte": _inside(_byte),
    "order": _inside(_order),
    "dropped row": _rows(repeat=False),
    "repeated row": _rows(repeat=True),
    "swapped files": _swapped,
    "dropped file": _left_out,
}


def manifested(found: Entries) -> bytes:
    """Pack with a manifest made anew over changed files: what a little more care would do."""
    manifest = json.loads(dict(found)["manifest.json"])
    rest = [one for one in found if one[0] != "manifest.json"]
    manifest["files"] = [{"name": n, "sha256": sha256_hex(c), "size": len(c)} for n, c in rest]
    return canonical_zip([("manifest.json", canonical_bytes(manifest)), *rest])


def test_a_thousand_single_changes_are_all_found() -> None:
    _, raw = whole()
    found, chance, missed = entries(raw), random.Random(20260331), []
    tried: Counter[str] = Counter()
    for number in range(1000):
        name = list(CHANGES)[number % len(CHANGES)]
        changed = CHANGES[name](found, chance)
        if changed == found:
            continue
        tried[name] += 1
        try:
            faults = verify(canonical_zip(changed)).faults
        except program()["Unreadable"]:
            continue
        if not faults:
            missed.append((name, number))
    print(dict(tried))
    assert not missed
    assert sum(tried.values()) >= 990
    assert all(tried[name] for name in CHANGES)


def test_a_change_is_found_under_a_new_manifest_too() -> None:
    _, raw = whole()
    chance, missed = random.Random(7), []
    found = entries(raw)
    for number in range(300):
        name = ("digit", "date", "order", "dropped row", "repeated row")[number % 5]
        changed = CHANGES[name]([one for one in found if one[0] not in {"manifest.json", "verify.py"}], chance)
        kept = {**dict(found), **dict(changed)}
        if kept == dict(found):
            continue
        if not verify(manifested([(n, kept[n]) for n, _ in found])).faults:
            missed.append((name, number))
    assert not missed


def test_every_byte_of_the_container_counts() -> None:
    _, raw = whole()
    chance = random.Random(5)
    for _ in range(60):
        try:
            assert verify(_byte(raw, chance)).faults
        except program()["Unreadable"]:
            continue


# --- forgeries --------------------------------------------------------------------------------------------------------


def forged(story: Story, chance: random.Random, put: Callable[[Any], Any] | None = None) -> Story:
    """A copy in which one thing was changed and every digest after it made again, as whoever runs the system could."""
    at = chance.randrange(len(story.releases))
    release = json.loads(story.releases[at][1])
    leaves = list(_leaves(release))
    path, old = chance.choice([leaf for leaf in leaves if leaf[0][0] not in {"ocid", "id", "date", "tag"}])
    other = put or (lambda old: old + 1 if type(old) is int else f"{old}1" if isinstance(old, str) else not old)
    _put(release, path, other(old))
    return remade(story, at, release)


def remade(story: Story, at: int, release: Any) -> Story:
    """A copy with another release in one place, and every digest after it made again."""
    name = story.releases[at][0]
    copy = Story(story.plan)
    copy.releases = list(story.releases)
    copy.releases[at] = (name, orjson.dumps(release, option=orjson.OPT_SORT_KEYS))
    fresh, prev = sha256_hex(copy.releases[at][1]), "0" * 64
    for text in story.headers:
        header = json.loads(text)
        header["prev"] = prev
        if header["facts"].get("release") == name:
            header["facts"]["digest"] = fresh
        again = canonical_bytes(header)
        copy.headers.append(again.decode())
        prev = sha256_hex(again)
    return copy


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, key))
    elif isinstance(value, str | int):
        yield path, value


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def test_a_hundred_forgeries_are_found_by_a_daily_digest_that_was_kept() -> None:
    story, _ = whole()
    kept = story.day().payload["payload"]["digest"]
    chance, alone = random.Random(11), 0
    for _ in range(100):
        fake = forged(story, chance).bundle()
        report = verify(fake, head=kept)
        assert any("您抄下的每日摘要" in fault for fault in report.faults)
        alone += bool(verify(fake).faults)
    print(f"{alone} of 100 were wrong in themselves")


SHEETS: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
    "another mark": (lambda sheets: sheets[0]["1"].update({"1": sheets[0]["1"]["1"] + 3}), "平均分来自评分表"),
    "two bids changed": (lambda sheets: sheets[0].update({"1": sheets[0]["2"], "2": sheets[0]["1"]}), "平均分"),
    "another order": (lambda sheets: sheets.reverse(), "按自身内容排列"),
    "a sheet left out": (lambda sheets: sheets.pop(), "份数"),
    "a sheet twice": (lambda sheets: sheets.append(sheets[-1]), "份数"),
    "a bid left out of one": (lambda sheets: sheets[1].pop("2"), "每一份都打了分"),
    "a criterion left out": (lambda sheets: sheets[1]["2"].pop("1"), "逐项打分"),
    "above the most": (lambda sheets: sheets[-1]["3"].update({"2": 2501}), "满分"),
    "a name": (lambda sheets: sheets[0].update({"name": {"1": 1}}), "每一份都打了分"),
}


@pytest.mark.parametrize("change", SHEETS)
def test_a_forged_score_sheet_is_wrong_in_itself(change: str) -> None:
    story, _ = whole()
    act, word = SHEETS[change]
    at = next(n for n, (_, body) in enumerate(story.releases) if b'"sheets"' in body)
    release = json.loads(story.releases[at][1])
    act(release["awards"][0]["linliScoring"]["sheets"])
    faults = verify(remade(story, at, release).bundle()).faults
    assert any(word in fault for fault in faults)
    if change == "another mark":
        assert "应为" in faults[0]
        assert "文件中是" in faults[0]


def test_a_bond_that_was_not_announced_is_found() -> None:
    story = published(Plan(bond_bp=500))
    assert not verify(story.bundle()).faults
    at = next(n for n, (_, body) in enumerate(story.releases) if b"linliPerformanceBond" in body)
    release = json.loads(story.releases[at][1])
    release["contracts"][0]["linliPerformanceBond"]["amount"] += 1
    faults = verify(remade(story, at, release).bundle()).faults
    assert any("履约保证金不超过公告" in fault for fault in faults)


def test_forged_bids_are_found_by_a_kept_receipt() -> None:
    story, _ = whole()
    kept = [canonical_bytes(one) for one in story.receipts.values()]
    chance = random.Random(12)
    for _ in range(30):
        at = chance.randrange(3)
        offers = list(story.plan.offers)
        offers[at] = replace(offers[at], price_fen=offers[at].price_fen - chance.randint(1, 9_000_00))
        fake = published(replace(story.plan, offers=tuple(offers))).bundle()
        assert verify(fake).faults == []
        report = verify(fake, receipt=kept[at])
        assert any("回执" in fault for fault in report.faults)


def test_an_honest_bundle_holds_against_what_was_kept() -> None:
    story, raw = whole()
    receipt = canonical_bytes(next(iter(story.receipts.values())))
    report = verify(raw, receipt=receipt, head=story.day().payload["payload"]["digest"].upper())
    assert report.faults == []
    assert [note for note in ("没有锚", "回执只锚住") if note in report.text(brief=False)] == []
    # A receipt knows nothing of scores and money, and is not taken for more than it is.
    alone = verify(raw, receipt=receipt)
    assert alone.faults == []
    assert "回执只锚住它自己那份投标" in alone.text(brief=True)


def test_without_anything_kept_the_output_says_that_nothing_anchors_the_file() -> None:
    story, _ = whole()
    copy = Story(story.plan)
    copy.releases = [
        (name, body.replace("为老人送餐".encode(), "为老人送菜".encode())) for name, body in story.releases
    ]
    digests, prev = {name: sha256_hex(body) for name, body in copy.releases}, "0" * 64
    for text in story.headers:
        header = json.loads(text) | {"prev": prev}
        if "release" in header["facts"]:
            header["facts"]["digest"] = digests[header["facts"]["release"]]
        copy.headers.append(canonical_bytes(header).decode())
        prev = sha256_hex(copy.headers[-1].encode())
    report = verify(copy.bundle())
    assert report.faults == []
    assert "没有锚" in report.text(brief=True)
    assert "nothing anchors this file" in verify(copy.bundle(), lang="en").text(brief=True)


def test_a_daily_digest_signed_by_someone_else_is_no_anchor() -> None:
    story, _ = whole()
    day = day_of(story.headers)
    false = replace(day, payload={**day.payload, "signature": "00" * 64})
    faults = verify(bundle_of(story.releases, story.headers, story.rules_notice, [false])).faults
    assert any("签名" in fault for fault in faults)


def _proofs_changed(change: Callable[[Any], Any]) -> bytes:
    found = dict(entries(whole()[1]))
    proof = json.loads(found["proofs.jsonl"])
    change(proof)
    return manifested([(n, canonical_bytes(proof) + b"\n" if n == "proofs.jsonl" else c) for n, c in found.items()])


PROOFS: dict[str, Callable[[Any], Any]] = {
    "another notice's digest": lambda p: p["links"].__setitem__(0, re.sub(r"[0-9a-f]{64}", "0" * 64, p["links"][0])),
    "a link left out": lambda p: p["links"].pop(1),
    "another head": lambda p: p["head"].__setitem__(2, "ab" * 32),
    "another place": lambda p: p.update(place=1),
    "a signature of somebody else": lambda p: p["signed"].update(signature="00" * 64),
    "another digest of a day that is known": lambda p: p["signed"]["payload"].update(digest="ab" * 32),
}


@pytest.mark.parametrize("change", PROOFS)
def test_a_false_proof_of_a_notices_date_is_found(change: str) -> None:
    assert verify(_proofs_changed(PROOFS[change])).faults


def test_a_calendar_under_no_daily_digest_is_called_unproved() -> None:
    story, raw = whole()
    assert "最迟在 2026-12-31 已公布" in verify(raw).text(brief=False)
    bare = bundle_of(story.releases, story.headers, story.rules_notice, [])
    assert "它的日期没有证明" in verify(bare).text(brief=True)
    assert verify(bare).faults == []
    found = dict(entries(raw))
    name = next(name for name in found if name.startswith("notices/calendar"))
    changed = found[name].replace(b"2027-01-01", b"2027-01-04")
    assert verify(manifested([(n, changed if n == name else c) for n, c in found.items()])).faults


def test_the_first_wrong_thing_is_named_with_both_figures() -> None:
    story, _ = whole()
    copy = Story(story.plan)
    copy.headers, copy.releases = story.headers, list(story.releases)
    name, body = copy.releases[2]
    copy.releases[2] = (name, body.replace(b'"total_centi":', b'"total_centi":1', 1))
    text = verify(copy.bundle()).text(brief=True)
    assert "第一处" in text
    assert "应为" in text


# --- files made to do harm --------------------------------------------------------------------------------------------


def _zip(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return out.getvalue()


def _with(name: str, content: bytes) -> bytes:
    found = dict(entries(whole()[1])) | {name: content}
    return manifested(sorted(found.items(), key=lambda one: (one[0] != "manifest.json", one[0])))


def _rules_of_a_million_days() -> bytes:
    story, _ = whole()
    rules = json.loads(canonical_bytes(story.rules_notice))
    for row in rules["rules"]["rules"]:
        if row["unit"] == "working_days":
            row["value"] = 10**12
    return bundle_of(story.releases, story.headers, rules, [])


HARMFUL: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: _zip({"manifest.json": b"\x00" * 50_000_000}, zipfile.ZIP_DEFLATED),
    "a name that climbs": lambda: _with("../../etc/passwd", b"x"),
    "an absolute name": lambda: _with("/tmp/x", b"x"),
    "a name with a terminal's commands": lambda: _with("releases/\x1b[2J.json", b"{}"),
    "a file twice": lambda: canonical_zip([*entries(whole()[1]), entries(whole()[1])[-1]]),
    "bytes before the end": lambda: whole()[1] + b"more",
    "cut off": lambda: whole()[1][:-100],
    "cut in the middle": lambda: whole()[1][: len(whole()[1]) // 2],
    "only a header": lambda: b"PK\x03\x04" + b"\xff" * 40,
    "nothing in it": lambda: _zip({"manifest.json": b""}),
    "deep": lambda: _with("key.json", b"[" * 200_000 + b"]" * 200_000),
    "an endless number": lambda: _with("key.json", b'{"publicKey": 1e999999999}'),
    "a long number": lambda: _with("key.json", b'{"publicKey": ' + b"9" * 100_000 + b"}"),
    "no number": lambda: _with("key.json", b'{"publicKey": NaN}'),
    "a name twice in an object": lambda: _with("key.json", b'{"publicKey": "", "publicKey": ""}'),
    "half a character": lambda: _with("key.json", b'{"publicKey": "\\ud800"}'),
    "no text": lambda: _with("chain.jsonl", b"\xff\xfe\n"),
    "a list for an object": lambda: _with("chain.jsonl", b"[]\n"),
    "a release of nothing": lambda: _with(f"releases/{OCID}-0001.json", b"null"),
    "a million working days": _rules_of_a_million_days,
    "ten thousand files": lambda: canonical_zip([(f"releases/{n}.json", b"{}") for n in range(10_000)]),
    "a wrong size": lambda: whole()[1][:18] + struct.pack("<I", 2**32 - 1) + whole()[1][22:],
}


CODES = r"\b(True|False|None|self|mutual|public|third|excellent|good|pass|fail|valid|invalid|average|second|ceiling)\b"


def test_readers_of_chinese_are_told_no_codes() -> None:
    told = verify(whole()[1]).text(brief=False)
    assert [line for line in told.splitlines() if re.search(CODES, line)] == []
    assert "互评 是否计入: 是" in told
    assert "等次: 良好" in told
    english = verify(whole()[1], lang="en").text(brief=False)
    assert "mutual counts: yes" in english


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_file_is_reported_and_nothing_else_happens(name: str) -> None:
    report = verify(HARMFUL[name]())
    assert report.faults
    text = report.text(brief=False)
    assert "\x1b" not in text
    assert "Traceback" not in text


def test_values_of_the_wrong_kind_under_right_digests_are_no_accident() -> None:
    story, _ = whole()
    chance = random.Random(17)
    kinds = (None, [], {}, "", "x", -1, 10**18, 1.5, True, [[]], {"id": None}, "2026-99-99", "../..")
    for number in range(200):
        other = kinds[number % len(kinds)]
        report = verify(forged(story, chance, lambda _, other=other: other).bundle())
        assert report.text(brief=False)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip", b"%PDF-1.7"])
def test_what_is_no_bundle_cannot_be_read(content: bytes) -> None:
    with pytest.raises(program()["Unreadable"]):
        verify(content)


# --- as a reader runs it ----------------------------------------------------------------------------------------------


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_file_in_the_bundle_runs_alone_without_any_library(tmp_path: Path) -> None:
    story, raw = whole()
    bundle, own = tmp_path / "bundle.zip", tmp_path / "verify.py"
    bundle.write_bytes(raw)
    own.write_bytes(dict(entries(raw))["verify.py"])
    good = _run(str(own), str(bundle), "--lang", "en", "--head", story.day().payload["payload"]["digest"])
    assert good.returncode == 0, good.stdout + good.stderr
    assert "`cryptography` is not installed" in good.stdout
    bundle.write_bytes(raw[:-1])
    bad = _run(str(own), str(bundle))
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "第一处" in bad.stdout
    gone = _run(str(own), str(tmp_path / "nowhere.zip"))
    assert (gone.returncode, gone.stderr) == (2, "")


def test_the_verifier_imports_nothing_of_the_product() -> None:
    text = PATH.read_text(encoding="utf-8")
    imported = set(re.findall(r"^\s*(?:from|import)\s+([a-z_]+)", text, re.MULTILINE))
    assert imported <= {*sys.stdlib_module_names, "cryptography"}
    ours = "[name for name in sys.modules if name.split('.')[0] in ('market', 'contracts')]"
    code = f"import runpy, sys; runpy.run_path(sys.argv[1]); print({ours})"
    assert _run("-c", code, str(PATH)).stdout.strip() == "[]"


def test_a_plan_that_stops_early_says_what_is_not_yet_due() -> None:
    for until, what in (("announce", "开标"), ("open", "成交"), ("award", "合同"), ("sign", "验收")):
        report = verify(published(Plan(until=until)).bundle())
        assert report.faults == []
        assert any(kind == "later" and what in text for kind, text in report.lines)
