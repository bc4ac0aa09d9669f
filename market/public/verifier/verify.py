#!/usr/bin/env python3
"""核对程序：把一项采购从公告到付款重新算一遍。Verifier: computes one purchase again, from its notice to its payments.

    python3 verify.py 核对包.zip [--receipt 回执.json] [--head 每日摘要] [--lang zh|en] [--brief]

It reads one file (a bundle) and nothing else, needs Python 3.10 or later and no library, except `cryptography` where a
signature is checked; without it everything else is checked and the output says so. It shares no code with the product:
every format and formula it uses stands in docs/verification.md, from which anyone may write another one.

Exit status: 0 everything that can be checked holds; 1 something is wrong (the first thing is repeated at the end, with
both figures); 2 the file cannot be read at all.
"""

import argparse
import hashlib
import json
import re
import struct
import sys
import zlib
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from itertools import combinations, groupby
from pathlib import Path

BEIJING = timezone(timedelta(hours=8))
MOST_BYTES = 256 * 1024 * 1024
MOST_FIELDS = 14
WHOLE_BP, WHOLE_CENTI = 10_000, 10_000
GENESIS = "0" * 64
SOURCES = ("self", "mutual", "public", "third")
# What the codes of a file mean; English readers read the code itself.
WORDS = {
    "self": "自评",
    "mutual": "互评",
    "public": "群众评",
    "third": "第三方评",
    "excellent": "优秀",
    "good": "良好",
    "pass": "合格",
    "fail": "不合格",
    "valid": "有效",
    "invalid": "无效",
    "average": "平均价",
    "second": "次低价",
    "ceiling": "最高限价",
    "price": "按报价",
    "quality": "按质量分",
    "draw": "抽签",
    "receipt": "回执",
    "root": "根摘要",
    "lot_id": "标段",
    "organisation_id": "机构",
    "price_fen": "报价（分）",
    "receipt_number": "回执编号",
    "declaration_small": "小微企业声明",
    "unspent": "未使用",
    "reserved": "已预留",
    "committed": "已签约",
    "payable": "应付",
    "paid": "已付",
    "planning": "采购意向公开",
    "planningUpdate": "采购意向更新",
    "tender": "公告",
    "tenderUpdate": "进展",
    "tenderAmendment": "更正公告",
    "tenderCancellation": "终止公告",
    "award": "结果公告",
    "awardUpdate": "结果公告更新",
    "awardCancellation": "结果撤销公告",
    "contract": "合同公告",
    "contractUpdate": "合同进展",
    "contractAmendment": "合同变更公告",
    "contractTermination": "合同结束公告",
    "implementation": "履约和付款",
    "implementationUpdate": "履约进展",
}
NAME = re.compile(
    r"manifest\.json|(?:chain|days|proofs)\.jsonl|key\.json|verify\.py|(?:notices|releases)/[A-Za-z0-9][A-Za-z0-9._-]*\.json"
)
# What broken content can raise while it is read; each becomes a line of the report.
BROKEN = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError)


class Unreadable(Exception):
    """The file is no bundle at all."""


# --- 1. Bytes: canonical JSON, digests, trees (docs/verification.md, 2 to 4) ------------------------------------------


def sha(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):
    return WRITER.encode(value).encode()


WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def read_json(data):
    """JSON in UTF-8; amounts with decimals stay exact. A name that stands twice in an object is an error."""
    return READER.decode(data.decode("utf-8"))


def once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def never(text):
    raise ValueError(text)


def short(kind, text):
    if len(text) > 40 or "e" in text.lower():
        raise ValueError("a number of no sensible size")
    return kind(text)


READER = json.JSONDecoder(
    object_pairs_hook=once, parse_constant=never, parse_float=partial(short, Decimal), parse_int=partial(short, int)
)


def commitment(name, value, salt):
    return sha(b"\x00" + canonical(["linli.commitment.1", name, salt, value]))


def leaf(name, committed):
    return sha(b"\x01" + canonical([name, committed]))


def node(left, right):
    return sha(b"\x02" + bytes.fromhex(left) + bytes.fromhex(right))


def half(count):
    """The largest power of two below a count of at least two."""
    return 1 << ((count - 1).bit_length() - 1)


def tree(leaves):
    if len(leaves) == 1:
        return leaves[0]
    return node(tree(leaves[: half(len(leaves))]), tree(leaves[half(len(leaves)) :]))


def root(leaves):
    top = bytes.fromhex(tree(leaves)) if leaves else b""
    return sha(b"\x03" + len(leaves).to_bytes(8, "big") + top)


def root_by_path(own, place, count, path):
    """The root of a tree of `count` leaves, from one leaf, its place and the digests beside its way up."""

    def climb(place, count, path):
        if count == 1:
            if path:
                raise ValueError("too many digests beside the way")
            return own
        k = half(count)
        if place < k:
            return node(climb(place, k, path[:-1]), path[-1])
        return node(path[-1], climb(place - k, count - k, path[:-1]))

    if not 0 <= place < count:
        raise ValueError("no such leaf")
    return sha(b"\x03" + count.to_bytes(8, "big") + bytes.fromhex(climb(place, count, path)))


def signature_holds(public, signed):
    """True or False; None when the library for it is not installed."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    try:
        key = bytes.fromhex(public)
        if set(signed) != {"payload", "key", "signature"} or signed["key"] != sha(key):
            return False
        check_signature(Ed25519PublicKey, key, bytes.fromhex(signed["signature"]), canonical(signed["payload"]))
    except (InvalidSignature, *BROKEN):
        return False
    return True


@lru_cache
def check_signature(kind, key, signature, data):
    """Raise unless the signature is the key's over these bytes. One stands in several places, and is computed once."""
    kind.from_public_bytes(key).verify(signature, data)


# --- 2. Numbers and days (docs/verification.md, 5 and 6) --------------------------------------------------------------


def half_up(number):
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def fen(amount):
    """An OCDS value in whole fen."""
    exact = Fraction(amount["amount"]) * 100
    if exact.denominator != 1 or amount["currency"] != "CNY":
        raise ValueError("not an amount in fen")
    return int(exact)


def split_last(total, weights):
    """Each part rounded down, the rest on the last."""
    parts = [total * weight // sum(weights) for weight in weights[:-1]]
    return [*parts, total - sum(parts)]


def split_remainder(total, weights):
    """Each part rounded down; what is left goes to the largest remainders, the earlier part first."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


def instant(text):
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: FURB162  Python 3.10 needs it
    if found.tzinfo is None:
        raise ValueError("an instant without a zone")
    return found


def day_of(text):
    """The Beijing day on which an instant falls."""
    return instant(text).astimezone(BEIJING).date()


def end_of(day):
    """The first instant after a Beijing day."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + timedelta(days=1)


def written(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def yuan(amount):
    return f"{'-' if amount < 0 else ''}¥{abs(amount) // 100:,}.{abs(amount) % 100:02d}"


def points(centi):
    return f"{'-' if centi < 0 else ''}{abs(centi) // 100}.{abs(centi) % 100:02d}"


def percent(bp):
    return f"{bp // 100}.{bp % 100:02d}".rstrip("0").rstrip(".") + "%"


def decimal(number):
    """A fraction of hundredths as people read it, four decimals, cut off."""
    cut = number.numerator * 100 // number.denominator
    return f"{cut // 10_000}.{cut % 10_000:04d}"


class Calendar:
    """Working days: weekdays that are no holiday, and make-up days at weekends; a district may change a year later."""

    def __init__(self, data):
        self.off = {date.fromisoformat(one) for one in data["off"]}
        self.on = {date.fromisoformat(one) for one in data["on"]}

    def change(self, year, off, on):
        self.off = {d for d in self.off if d.year != year} | {date.fromisoformat(one) for one in off}
        self.on = {d for d in self.on if d.year != year} | {date.fromisoformat(one) for one in on}

    def works(self, day):
        return day in self.on or (day.weekday() < 5 and day not in self.off)

    def after(self, day, count):
        """The count-th working day after a day."""
        if count < 0:
            raise ValueError("working days are counted forwards")
        while count:
            day += timedelta(days=1)
            count -= self.works(day)
        return day

    def roll(self, day):
        while not self.works(day):
            day += timedelta(days=1)
        return day


# --- 3. The report ----------------------------------------------------------------------------------------------------


class Report:
    """Lines of what was checked. A text is a pair: Chinese, English."""

    def __init__(self, lang):
        self.lang, self.lines, self.faults, self.checked, self.notices = lang, [], [], 0, 0

    def say(self, text):
        return text if isinstance(text, str) else text[self.lang == "en"]

    def word(self, code):
        """A code of the file, or whether something holds, in the reader's language."""
        if isinstance(code, bool):
            return self.say(("是", "yes") if code else ("否", "no"))
        return self.say((WORDS.get(code, code), code)) if isinstance(code, str) else str(code)

    def words(self, codes):
        return ", ".join(map(self.word, codes))

    def part(self, *title):
        self.lines.append(("part", self.say(title)))

    def same(self, what, expected, found, show=None):
        """Compare what was computed here with what is written there."""
        self.checked += 1
        if expected == found and type(expected) is type(found):
            self.lines.append(("ok", f"{self.say(what)}: {self.shown(found, show)}"))
            return True
        told = self.say(("应为 {}，文件中是 {}", "should be {}, the file says {}"))
        return self.wrong(what, told.format(self.shown(expected, show), self.shown(found, show)))

    def shown(self, value, show):
        if value is None:
            return self.say(("（没有）", "(nothing)"))
        try:
            return str((show or self.word)(value))[:300]
        except BROKEN:
            return repr(value)[:300]

    def sure(self, what, holds, figures=""):
        """A condition with the figures it was judged by."""
        self.checked += 1
        if holds:
            self.lines.append(("ok", f"{self.say(what)}: {figures}" if figures else self.say(what)))
            return True
        return self.wrong(what, self.say(("不成立", "does not hold")) + (f" ({figures})" if figures else ""))

    def wrong(self, what, told):
        place = next((text for kind, text in reversed(self.lines) if kind == "part"), "")
        self.faults.append(f"{place} · {self.say(what)}: {told}")
        self.lines.append(("wrong", f"{self.say(what)}: {told}"))
        return False

    def note(self, *text):
        self.notices += 1
        self.lines.append(("note", self.say(text)))

    def later(self, *text):
        self.lines.append(("later", self.say(text) + self.say(("：还没有到这一步", ": not yet due"))))

    def text(self, brief):
        marks = {"part": "\n== ", "ok": "  ✓ ", "wrong": "  ✗ ", "note": "  ! ", "later": "  … "}
        shown = [] if brief else [marks[kind] + text for kind, text in self.lines]
        if brief:
            shown = [marks[kind] + text for kind, text in self.lines if kind == "note"]
        if self.faults:
            shown += [
                "",
                self.say(("结论：有 {} 处不符。第一处：", "Verdict: {} things are wrong. The first:")).format(
                    len(self.faults)
                ),
                "  " + self.faults[0],
            ]
        else:
            told = ("结论：{} 项核对全部相符。", "Verdict: all {} checks hold.")
            shown += ["", self.say(told).format(self.checked)]
        # What stands in a file is not to steer the terminal it is shown on.
        return "".join(c if c.isprintable() or c == "\n" else "?" for c in "\n".join(shown))


# --- 4. The container (docs/verification.md, 1) -----------------------------------------------------------------------


def unpack(raw):
    """The entries of a ZIP file, read from its front. Raises ValueError with the place where it is not as it should."""
    if raw[:4] != b"PK\x03\x04":
        raise Unreadable
    entries, at = [], 0
    while raw[at : at + 4] == b"PK\x03\x04":
        fixed = struct.unpack_from("<HHHHHIIIHH", raw, at + 4)
        method, packed, size, name_size, extra = fixed[2], fixed[6], fixed[7], fixed[8], fixed[9]
        begin = at + 30 + name_size
        if method or packed != size or extra or begin + size > len(raw):
            raise ValueError(
                (
                    f"第 {at} 字节处的条目是重新压缩过的或不完整；请使用下载时的原文件",
                    f"the entry at byte {at} was packed anew or is cut off; use the file as it was downloaded",
                )
            )
        entries.append((raw[at + 30 : begin].decode("utf-8"), raw[begin : begin + size]))
        at = begin + size
    return entries


def pack(entries):
    """The only ZIP file there may be for these entries."""
    body, directory = bytearray(), bytearray()
    parts = []
    for name, content in entries:
        raw = name.encode("utf-8")
        facts = struct.pack(
            "<HHHHHIIIHH", 20, 0x0800, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), len(raw), 0
        )
        directory += b"PK\x01\x02\x14\x00" + facts + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\x03\x04" + facts + raw + content
        parts.append(name)
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + end)


class Bundle:
    """What was read: files, chain, releases, the purchase as it stands, rules and calendar."""

    def __init__(self, raw, r):
        r.part("文件", "The file")
        self.files, self.good = {}, False
        try:
            entries = unpack(raw)
            again = pack(entries)
        except (ValueError, struct.error) as error:
            r.wrong(("格式不是核对包规定的格式", "not in the form a bundle has"), accident(r, error))
            return
        if again != raw:
            at = next(
                (i for i, (a, b) in enumerate(zip(again, raw, strict=False)) if a != b), min(len(again), len(raw))
            )
            what = ("文件的字节与规定格式不同", "the bytes differ from the only form there may be")
            r.wrong(
                what,
                f"{r.say(('第 {} 字节', 'at byte {}')).format(at)}: {again[at : at + 4].hex()} / "
                f"{raw[at : at + 4].hex()}; {len(again)} / {len(raw)}",
            )
        names, digests = [name for name, _ in entries], [sha(content) for _, content in entries]
        self.files, self.digests = dict(entries), dict(zip(names, digests, strict=True))
        for name in names:
            if not NAME.fullmatch(name):
                r.wrong(("不该有的文件", "a file that does not belong here"), repr(name)[:120])
        r.same(
            ("文件依次排列，没有重复", "files in order, none twice"),
            [names[0], *sorted(set(names[1:]))],
            names,
            lambda found: f"{len(found)}",
        )
        manifest = read_json(self.files["manifest.json"])
        r.sure(
            ("清单写法规范", "the manifest is in canonical form"),
            canonical(manifest) == self.files["manifest.json"] and set(manifest) == {"form", "ocid", "chain", "files"},
        )
        r.same(("格式版本", "form"), "linli.bundle.1", manifest["form"])
        listed = [(one["name"], one["sha256"], one["size"]) for one in manifest["files"]]
        real = [(name, digest, len(content)) for (name, content), digest in zip(entries, digests, strict=True)][1:]
        for said, found in zip(listed, real, strict=False):
            if said != found:
                r.wrong(("清单与文件不符", "the manifest and a file differ"), f"{said} / {found}")
        r.same(("清单上的文件数", "files on the manifest"), len(real), len(listed))
        self.ocid, self.key = manifest["ocid"], manifest["chain"]
        self.public = read_json(self.files["key.json"])["publicKey"]
        own = sha(Path(__file__).read_bytes())
        if own != self.digests["verify.py"]:
            r.note(
                f"您运行的核对程序（摘要 {own}）不是核对包里的那一份；请与公告栏上公布的摘要对照。",
                f"the verifier you run (digest {own}) is not the one in the bundle; compare with the noticeboard.",
            )
        else:
            r.note(
                f"核对程序的摘要 {own}，可与公告栏上公布的对照。",
                f"this verifier's digest is {own}; compare it with the one on the noticeboard.",
            )
        self.good = True

    def load(self, r):
        """Chain, releases and notices; what is wrong with one of them is said, and the rest still read."""
        r.part("存证链", "The chain")
        self.links, self.heads = read_chain(self, r)
        self.releases = read_releases(self, r)
        self.now = {}
        for release in self.releases:
            self.now = merge(self.now, {k: v for k, v in release.items() if k not in ("id", "tag")})
        self.tender = self.now.get("tender", {})
        self.lots = {one["id"]: one for one in self.tender.get("lots", ())}
        self.awards = {one["id"]: one for one in self.now.get("awards", ())}
        self.rules, self.calendar, self.changes = {}, None, []
        read_rules(self, r)

    def on(self, day):
        """The calendar as it stood on a day."""
        for changed, data in list(self.changes):
            if changed <= day:
                self.calendar.change(data["year"], data["off"], data["on"])
                self.changes.remove((changed, data))
        return self.calendar


def read_chain(b, r):
    lines = b.files["chain.jsonl"].split(b"\n")
    if lines.pop() != b"":
        r.wrong(("存证链不完整", "the chain's file is cut off"), "chain.jsonl")
    links, heads, before = [], [GENESIS], GENESIS
    for number, line in enumerate(lines, 1):
        header = read_json(line)
        where = (f"第 {number} 条", f"link {number}")
        if canonical(header) != line:
            r.wrong(where, r.say(("写法不规范", "not in canonical form")))
        if header["prev"] != before:
            r.same((f"第 {number} 条所接的上一条", f"what link {number} follows"), before, header["prev"])
        if header["seq"] != number or header["chain"] != b.key:
            r.same(
                (f"第 {number} 条的位置", f"place of link {number}"), [number, b.key], [header["seq"], header["chain"]]
            )
        before = sha(line)
        links.append(header)
        heads.append(before)
    r.sure(("每一条都接着上一条，共", "each link follows the one before it, in all"), links != [], f"{len(links)}")
    r.note(f"链头 {before}", f"the chain's head is {before}")
    return links, heads


def read_releases(b, r):
    stated = {}
    for link in b.links:
        facts = link["facts"]
        if link["verb"] == "publish" and link["subject"][0] == "notice" and "release" in facts:
            stated[facts["release"]] = facts["digest"]
    found = {n[len("releases/") : -len(".json")]: c for n, c in b.files.items() if n.startswith("releases/")}
    r.same(
        ("公告都在链上，链上的公告都在", "every notice is in the chain, and the other way round"),
        sorted(stated),
        sorted(found),
        lambda names: f"{len(names)}",
    )
    releases, last = [], ""
    for number, name in enumerate(sorted(found), 1):
        digest = b.digests[f"releases/{name}.json"]
        if stated.get(name) != digest:
            r.same((f"公告 {name} 的摘要", f"digest of notice {name}"), stated.get(name), digest)
        release = read_json(found[name])
        r.sure(
            (f"公告 {name}", f"notice {name}"),
            release["id"] == name == f"{b.ocid}-{number:04d}" and release["ocid"] == b.ocid and release["date"] > last,
            f"{release['date']} {r.word(release['tag'][0])}",
        )
        last = release["date"]
        releases.append(release)
    return releases


def read_rules(b, r):
    """The set of rules the purchase is judged by, and the calendar; later changes of the district's calendar too."""
    b.notices = notices = {n: read_json(c) for n, c in sorted(b.files.items()) if n.startswith("notices/")}
    for name, one in notices.items():
        if "kind" in one and canonical(one) != b.files[name]:
            r.wrong((f"公告 {name}", f"notice {name}"), r.say(("写法不规范", "not in canonical form")))
    book, b.call = b.tender.get("rulebook"), {}
    parents = [one["identifier"] for one in b.now.get("relatedProcesses", ()) if "parent" in one["relationship"]]
    for one in sorted((one for one in notices.values() if one.get("ocid") in parents), key=lambda one: one["id"]):
        b.call = merge(b.call, {k: v for k, v in one.items() if k not in ("id", "tag")})
    if parents:
        book = b.call["tender"]["rulebook"]
    if not book or not book.get("set"):
        r.note(
            "公告没有附规则集，法定日期和规则数字不能核对。",
            "no set of rules is published; legal dates and numbers cannot be checked.",
        )
        return
    named = [one for name, one in notices.items() if one.get("kind") == "rules" and b.digests[name] == book["set"]]
    data = named[0]["data"] if named else None
    if data is None:
        r.wrong(("公告所指的规则集", "the set of rules the notice names"), r.say(("不在文件中", "is not in the file")))
        return
    r.same(("规则的摘要", "digest of the rules"), book["digest"], sha(canonical(data["rules"])))
    b.rules = {one["key"]: one["value"] for one in data["rules"]["rules"]}
    b.calendar = Calendar(data["calendar"])
    b.changes = sorted(
        ((day_of(one["date"]), one["data"]) for one in notices.values() if one.get("kind") == "calendar"),
        key=lambda pair: pair[0],
    )
    r.note(
        f"规则 {len(b.rules)} 条，其中假定 {sum(one['confidence'] == 'G' for one in data['rules']['rules'])} 条；"
        f"日历覆盖 {data['calendar']['years']}。",
        f"{len(b.rules)} rules, {sum(one['confidence'] == 'G' for one in data['rules']['rules'])} of them assumed; "
        f"calendar of {data['calendar']['years']}.",
    )


def merge(old, new, name=""):
    """OCDS 1.1 merging: objects by name, lists of objects by id, everything else replaced; null removes."""
    if isinstance(new, dict):
        merged = dict(old) if isinstance(old, dict) else {}
        for key, value in new.items():
            if value is None:
                merged.pop(key, None)
            elif isinstance(value, (dict, list)):
                merged[key] = merge(merged.get(key), value, key)
            else:
                merged[key] = value
        return merged
    whole = name in ("additionalIdentifiers", "additionalClassifications")
    if (
        isinstance(new, list)
        and not whole
        and new
        and all(isinstance(x, dict) for x in new)
        and any("id" in x for x in new)
    ):
        rows = list(old) if isinstance(old, list) else []
        places = {row["id"]: i for i, row in enumerate(rows) if isinstance(row, dict) and "id" in row}
        for item in new:
            at = places.get(item["id"]) if "id" in item else None
            if at is None:
                if "id" in item:
                    places[item["id"]] = len(rows)
                rows.append(merge({}, item))
            else:
                rows[at] = merge(rows[at], item)
        return rows
    return new


# --- 5. What anchors the file (docs/verification.md, 7) ---------------------------------------------------------------


def check_anchors(b, r, head, receipt):
    r.part("有什么证明文件没有整个换过", "What anchors the file")
    days = {}
    for line in b.files["days.jsonl"].splitlines():
        check_day(b, r, line, days)
    signed = [one["linliReceipt"] for one in b.now.get("bids", {}).get("details", ()) if "linliReceipt" in one]
    signed += [read_json(line)["signed"] for line in b.files["days.jsonl"].splitlines()]
    if signed and signature_holds(b.public, signed[0]) is None:
        r.note(
            "没有安装 cryptography，签名没有核对；安装后再运行一次：pip install cryptography",
            "`cryptography` is not installed, no signature was checked; run again after: pip install cryptography",
        )
    if not days:
        r.later("每日摘要", "daily digests")
    check_proofs(b, r, days)
    if head:
        wanted = head.strip().lower()
        name = next((day for day, (digest, _) in days.items() if digest == wanted), None)
        what = ("您抄下的每日摘要在文件中", "the daily digest you wrote down is in the file")
        newest = next(((day, digest) for day, (digest, _) in reversed(days.items())), None)
        if name is None:
            r.checked += 1
            told = r.say(("您抄下的是 {}，文件里最近一天是 {}", "you wrote {}, the newest in the file is {}"))
            r.wrong(what, told.format(wanted, " ".join(newest) if newest else "-"))
        else:
            r.sure(what, True, wanted)
            listed = days[name][1] is not None
            r.sure((f"{name} 的摘要包含这项采购", f"the digest of {name} includes this purchase"), listed, name)
    if receipt is not None:
        check_kept_receipt(b, r, receipt)
    if not head and receipt is None:
        r.note(
            "没有锚：没有给出您自己保存的回执（--receipt）或每日摘要（--head），只能证明文件前后一致，"
            "不能证明它没有被整个重做过。",
            "nothing anchors this file: without a receipt (--receipt) or a daily digest (--head) that you kept "
            "yourself, it is shown to be consistent, not that it was not made anew as a whole.",
        )
    elif not head:
        r.note(
            "回执只锚住它自己那份投标：评分、合同、付款等其余内容要用您抄下的每日摘要（--head）才锚得住。",
            "a receipt anchors its own bid alone: scores, contract, payments and all else are anchored only by a daily "
            "digest (--head) that you kept.",
        )


def check_day(b, r, line, days):
    """One daily digest: form, signature, and that this chain's head is one of those it is over."""
    day = read_json(line)
    at, name = day["head"], day["signed"]["payload"]["day"]
    if canonical(day) != line or name in days or (days and name < max(days)):
        r.wrong((f"每日摘要 {name}", f"daily digest {name}"), r.say(("写法或次序不对", "form or order is wrong")))
    days[name] = day["signed"]["payload"]["digest"], at
    check_signed_head(b, r, day, name)
    if at is None:
        return
    kind, key, digest, length = at
    there = b.heads[length] if 0 <= length < len(b.heads) else None
    r.same((f"{name} 签过的链头", f"the head signed on {name}"), [*b.key, digest], [kind, key, there])


def check_signed_head(b, r, day, name):
    """A daily digest's signature, and that it is over the head that stands beside it."""
    signed, payload = day["signed"], day["signed"]["payload"]
    if signature_holds(b.public, signed) is False:
        what = (f"每日摘要 {name} 的签名", f"signature of daily digest {name}")
        r.wrong(what, r.say(("不成立", "does not hold")))
    if day["head"] is not None:
        top = root_by_path(sha(b"\x04" + canonical(day["head"])), day["place"], payload["chains"], day["path"])
        r.same((f"{name} 的每日摘要", f"daily digest of {name}"), payload["digest"], top)


def check_proofs(b, r, days):
    """Notices of other chains (calendars, the round's): by which daily digest each was on the board at the latest."""
    proved = {}
    for line in b.files["proofs.jsonl"].splitlines():
        proof = read_json(line)
        payload = proof["signed"]["payload"]
        name, (kind, key, digest, length) = payload["day"], proof["head"]
        if canonical(proof) != line or days.get(name, (payload["digest"],))[0] != payload["digest"]:
            r.wrong((f"公告证明 {name}", f"proof of notices, {name}"), r.say(("写法不对", "its form is wrong")))
        check_signed_head(b, r, proof, name)
        links = [read_json(text.encode()) for text in proof["links"]]
        seqs = list(range(length - len(links) + 1, length + 1))
        r.same((f"{kind} {key} 的存证连续", f"links of {kind} {key}"), seqs, [one["seq"] for one in links], len)
        before = [link["prev"] for link in links[1:]] + [digest]
        own = [sha(text.encode()) for text in proof["links"]]
        r.same((f"{kind} {key} 的链头", f"head of {kind} {key}"), own, before, lambda found: found[-1])
        for link in links:
            if link["chain"] == [kind, key] and link["verb"] == "publish" and "release" in link["facts"]:
                proved.setdefault(link["facts"]["release"], (name, link["facts"]["digest"]))
    for file, one in b.notices.items():
        name = file[len("notices/") : -len(".json")]
        if one.get("kind") == "rules":
            continue
        what = (f"公告 {name}（{one['date']}）", f"notice {name} ({one['date']})")
        if name not in proved:
            r.note(
                f"{what[0]}不在本文件的任何每日摘要中，它的日期没有证明。",
                f"{what[1]} is in no daily digest of this file: nothing proves its date.",
            )
            continue
        day, digest = proved[name]
        r.same((f"{what[0]}最迟在 {day} 已公布", f"{what[1]} was on the board by {day}"), digest, b.digests[file])


def check_kept_receipt(b, r, data):
    try:
        kept = read_json(data)
        payload = kept["payload"]
        number = payload["number"]
    except BROKEN:
        r.wrong(("您保存的回执", "the receipt you kept"), r.say(("看不懂", "cannot be read")))
        return
    holds = signature_holds(b.public, kept)
    if holds is not None:
        r.sure(
            ("回执是用这个安装的密钥签的", "the receipt was signed with this installation's key"), holds, str(number)
        )
    r.same(("回执所属的采购", "the purchase of the receipt"), payload.get("ocid"), b.ocid)
    details = b.now.get("bids", {}).get("details", [])
    line = next((one for one in details if one.get("receipt") == number), None)
    if line is None:
        if details:
            r.wrong(
                ("回执上的投标", "the bid of the receipt"),
                r.say(
                    (
                        "不在开标记录中（截止前撤回或替换过的投标除外）",
                        "is not in the opening record, unless it was withdrawn or replaced",
                    )
                ),
            )
        else:
            r.later("回执上的投标", "the bid of the receipt")
        return
    r.same(("开标的投标与回执的根摘要", "root of the opened bid and of the receipt"), payload["root"], line["root"])
    r.same(("投标文件的密文与回执", "envelope and receipt"), payload["envelope"]["sha256"], line["envelope"])
    r.same(
        ("公布的回执与您保存的", "the published receipt and yours"),
        sha(canonical(kept)),
        sha(canonical(line.get("linliReceipt", kept))),
    )


# --- 6. The notice (docs/verification.md, 8) --------------------------------------------------------------------------


def notice_of(b):
    return next((one for one in b.releases if "tender" in one["tag"]), None)


def check_notice(b, r):
    r.part("公告", "The notice")
    first = notice_of(b)
    if first is None:
        r.later("采购公告", "the notice")
        return
    tender, rules = first["tender"], b.rules
    r.same(
        ("预算等于各包限价之和", "the budget is the sum of the lots' ceilings"),
        sum(one["ceilingFen"] for one in tender["lots"]),
        fen(tender["value"]),
        yuan,
    )
    money = first["planning"]["budget"]
    r.same(("公告的预算", "budget as planned"), fen(tender["value"]), fen(money["amount"]), yuan)
    for lot in tender["lots"]:
        name = lot["id"]
        r.same((f"{name} 的限价", f"ceiling of {name}"), fen(lot["value"]), lot["ceilingFen"], yuan)
        reserved = sum(fen(one["amount"]) for one in money["budgetBreakdown"] if one["relatedLot"] == name)
        r.sure((f"{name} 的资金够用", f"money for {name}"), reserved >= lot["ceilingFen"], yuan(reserved))
        criteria = lot["awardCriteria"]["criteria"]
        r.same((f"{name} 的评分满分", f"points of {name}"), WHOLE_CENTI, sum(c["maxCenti"] for c in criteria), points)
        price = sum(c["maxCenti"] for c in criteria if c["type"] == "price")
        if "evaluation.price_weight_min_centi" in rules:
            least, most = rules["evaluation.price_weight_min_centi"], rules["evaluation.price_weight_max_centi"]
            r.sure(
                (f"{name} 的价格分值", f"price weight of {name}"),
                least <= price <= most,
                f"{points(least)} ≤ {points(price)} ≤ {points(most)}",
            )
        shares = [m["shareBp"] for m in tender["milestones"] if name in m["relatedLots"]]
        r.same((f"{name} 的付款比例合计", f"shares of {name}"), WHOLE_BP, sum(shares), percent)
        check_terms(r, name, lot["evaluationTerms"])
    if b.calendar is None:
        return
    most = fen(tender["value"]) * rules["security.performance_max_bp"] // WHOLE_BP
    r.same(("履约保证金上限", "most of a performance bond"), most, tender["performanceBondMaxFen"], yuan)
    if "performanceBondBp" in tender:
        share, limit = tender["performanceBondBp"], rules["security.performance_max_bp"]
        told = f"{percent(share)} ≤ {percent(limit)}"
        r.sure(("公告的履约保证金比例", "share of the performance bond as announced"), share <= limit, told)
    check_timetable(b, r, first)


def check_terms(r, name, terms):
    weights = terms["weights_bp"]
    r.same((f"{name} 四方权重合计", f"weights of the four sources, {name}"), WHOLE_BP, sum(weights.values()), str)
    starts = sorted((one["from_centi"] for one in terms["bands"]), reverse=True)
    r.sure(
        (f"{name} 等次分数线由高到低直至 0", f"bands fall to 0, {name}"),
        len(set(starts)) == len(starts) and starts[-1] == 0,
        " > ".join(map(points, starts)),
    )


def check_timetable(b, r, first):
    tender, rules = first["tender"], b.rules
    at = tender["tenderPeriod"]["startDate"]
    issued = day_of(at)
    cal = b.on(issued)
    lines = {one["id"]: one for one in tender["timetable"]}
    r.same(("规则集的日期", "day of the set of rules"), issued.isoformat(), tender["rulebook"]["day"])
    r.same(("公告日期", "day of the notice"), at, lines["notice"]["at"])
    notice = cal.after(issued, rules["tender.notice_working_days"])
    papers = cal.after(issued, rules["tender.documents_working_days"])
    r.same(
        (f"公告期满（{rules['tender.notice_working_days']} 个工作日）", "end of the notice period"),
        notice.isoformat(),
        lines["notice_until"]["day"],
    )
    r.same(("采购文件提供至", "documents until"), papers.isoformat(), lines["documents_until"]["day"])
    days, safety = rules["tender.bid_period_days"], rules["tender.bid_period_safety_days"]
    earliest = max(
        end_of(issued + timedelta(days=days)),
        end_of(issued + timedelta(days=days + safety - 1)),
        end_of(notice),
        end_of(papers),
    )
    closes = instant(tender["tenderPeriod"]["endDate"])
    r.sure(
        ("截止不早于依法最早的时间", "the deadline is not before the first lawful one"),
        closes >= earliest,
        f"{written(earliest)} ≤ {written(closes)}",
    )
    r.same(("截止时间", "deadline"), written(closes), lines["deadline"]["at"])
    clarify = closes.astimezone(BEIJING).date() - timedelta(days=rules["tender.clarification_days"])
    r.same(("澄清最晚", "clarifications until"), clarify.isoformat(), lines["clarify_until"]["day"])
    r.same(("提问截止", "enquiries until"), written(end_of(clarify)), tender["enquiryPeriod"]["endDate"])
    lead = rules.get("plan.intention_lead_days", 0)
    planned = next((day_of(one["date"]) for one in b.releases if "planning" in one["tag"]), None)
    if lead and not tender.get("intentionWaiver"):
        r.sure(
            ("采购意向公开满规定天数", "the intention was public long enough"),
            planned is not None and issued >= planned + timedelta(days=lead),
            f"{planned} + {lead} ≤ {issued}",
        )


# --- 7. The opening (docs/verification.md, 9) -------------------------------------------------------------------------


def bid_number(detail):
    return int(detail["id"].rsplit("-", 1)[1])


def bids_of(b, lot):
    details = b.now.get("bids", {}).get("details", ())
    return {bid_number(one): one for one in details if lot in one.get("relatedLots", ())}


def check_opening(b, r, lot):
    name = lot["id"]
    r.part(f"开标 {name}", f"Opening of {name}")
    opening = lot.get("opening")
    if lot.get("status") in ("unsuccessful", "cancelled") and check_ended(b, r, lot):
        return
    if opening is None:
        r.later("开标", "the opening")
        return
    closes = instant(b.tender["tenderPeriod"]["endDate"])
    r.sure(
        ("截止满 60 秒后才开标", "opened 60 seconds after the deadline or later"),
        instant(opening["openedAt"]) >= closes + timedelta(seconds=60),
        f"{written(closes)} → {opening['openedAt']}",
    )
    acts = [link for link in b.links if link["verb"] == "open" and link["facts"].get("record") == opening["record"]]
    r.sure(("开标记录在链上", "the opening record is in the chain"), len(acts) == 1, opening["record"])
    if acts:
        r.same(("链上的投标数", "number of bids in the chain"), opening["bidders"], acts[0]["facts"]["bids"])
    if b.rules:
        r.sure(
            ("投标不少于法定最低数", "not fewer bids than the law asks"),
            opening["bidders"] >= b.rules["tender.min_bidders"],
            f"{opening['bidders']} ≥ {b.rules['tender.min_bidders']}",
        )
    for one in b.now["bids"]["statistics"]:
        if one["relatedLot"] == name and one["measure"] == "bids":
            r.same(("公布的投标数", "published number of bids"), opening["bidders"], one["value"])
    bids = bids_of(b, name)
    if not bids:
        r.note(
            "依法不公布投标人名单，或者还没有到公布的时候。",
            "the names of the bidders are not published by law, or not yet.",
        )
        return
    r.same(("公布的投标份数", "bids published"), list(range(1, opening["bidders"] + 1)), sorted(bids), len)
    for what in ("receipt", "root"):
        different = len({one[what] for one in bids.values()})
        r.same((f"{r.word(what)} 各不相同", f"each {what} is different"), len(bids), different)
    for number, bid in sorted(bids.items()):
        check_bid(b, r, number, bid, closes, name)


def check_ended(b, r, lot):
    """A lot without an award; True when it ended unopened, for want of bids."""
    told = lot.get("statusDetails", "")
    r.note(f"这个采购包没有成交：{told}", f"this lot ended without an award: {told}")
    statistics = b.now.get("bids", {}).get("statistics", ())
    counts = [one["value"] for one in statistics if one.get("relatedLot") == lot["id"]]
    if "opening" in lot or not counts or not b.rules:
        return False
    least = b.rules["tender.min_bidders"]
    return r.sure(("投标不足，没有开标", "too few bids, none was opened"), counts[0] < least, f"{counts[0]} < {least}")


def check_bid(b, r, number, bid, closes, lot):
    who = (f"投标 {number}", f"bid {number}")
    given = bid.get("linliReceipt")
    if given is not None:
        payload = given["payload"]
        if signature_holds(b.public, given) is False:
            r.wrong(who, r.say(("回执签名不成立", "the receipt's signature does not hold")))
        said = [
            payload["number"],
            payload["root"],
            payload["envelope"]["sha256"],
            payload["ocid"],
            f"lot-{payload['lot']['number']}",
        ]
        r.same(
            (f"{who[0]} 与回执一致", f"{who[1]} and its receipt"),
            said,
            [bid["receipt"], bid["root"], bid["envelope"], b.ocid, lot],
            lambda found: " ".join(str(one)[:24] for one in found),
        )
        r.sure(
            (f"{who[0]} 在截止前收到", f"{who[1]} came before the deadline"),
            instant(payload["at"]) < closes == instant(payload["deadline"]),
            payload["at"],
        )
    leaves = bid.get("linliLeaves")
    if leaves is None:
        r.note(
            f"{who[0]}：内容打不开或与回执不符，已按无效处理。",
            f"{who[1]}: unreadable or not as its receipt says, invalid.",
        )
        return
    r.same((f"{who[0]} 各部分的根摘要", f"root over the parts of {who[1]}"), bid["root"], root(leaves))
    opened = {}
    for one in bid["linliOpened"]:
        opened[one["id"]] = one["value"]
        r.sure(
            (f"{who[0]} 打开的“{r.word(one['id'])}”", f"{one['id']} of {who[1]}"),
            leaf(one["id"], commitment(one["id"], one["value"], one["salt"])) in leaves,
            r.word(one["value"]),
        )
    r.same((f"{who[0]} 封存的回执编号", f"receipt number sealed in {who[1]}"), bid["receipt"], opened["receipt_number"])
    if "value" in bid:
        r.same((f"{who[0]} 的报价", f"price of {who[1]}"), opened.get("price_fen"), fen(bid["value"]), yuan)


# --- 8. Evaluation and ranking (docs/verification.md, 10) -------------------------------------------------------------


def check_draw(r, draw, promised, public_part):
    number = draw["number"]
    secret = bytes.fromhex(draw["secret"])
    r.same(
        (f"抽取 {number}：秘密值的摘要早已公布", f"draw {number}: the secret's digest was published before"),
        promised,
        sha(secret),
    )
    r.same((f"抽取 {number}：公开部分", f"draw {number}: public part"), public_part, draw["public_part"])
    seed = sha(secret + draw["public_part"].encode())
    r.same((f"抽取 {number}：种子", f"draw {number}: seed"), seed, draw["seed"])
    places = {one["key"]: sha((seed + one["key"]).encode()) for one in draw["pool"]}
    r.same(
        (f"抽取 {number}：序号值", f"draw {number}: places"), places, {o["key"]: o["place"] for o in draw["pool"]}, len
    )
    order = sorted(places, key=lambda key: (places[key], key))
    r.same((f"抽取 {number}：结果", f"draw {number}: result"), order[: len(draw["result"])], draw["result"], ", ".join)


def with_empties(s):
    """What is empty is left out of a release; here it is read as empty."""
    low = s.get("low_price") or {}
    inquiries = [{"accepted": None, "hits": [], **one} for one in low.get("inquiries") or []]
    return {
        **s,
        "draws": s.get("draws") or [],
        "sheets": s.get("sheets") or [],
        "low_price": {"inquiries": inquiries, "lines": low.get("lines") or []},
        "qualification": [{"code": None, "reason": None, **one} for one in s.get("qualification") or []],
        "results": [{**one, "tie": one.get("tie") or ""} for one in s.get("results") or []],
        "ranking": s.get("ranking") or [],
    }


def check_scoring(b, r, lot, award):
    s = with_empties(award["linliScoring"])
    r.part(f"评审 {lot['id']}", f"Evaluation of {lot['id']}")
    r.sure(
        ("评审报告在链上", "the report is in the chain"),
        any(link["verb"] == "rank" and link["facts"].get("report") == s["reportDigest"] for link in b.links),
        s["reportDigest"],
    )
    for draw in s["draws"]:
        check_draw(r, draw, lot["drawCommitment"], lot["opening"]["record"])
    check_panel(b, r, s)
    check_qualification(b, r, lot, s)
    most = {str(c["id"]): c["max_centi"] for c in s["criteria"] if c["kind"] == "quality"}
    check_sheets(r, s["sheets"], s["panel"]["size"], most, [one["bid"] for one in s["results"]])
    for one in s["results"]:
        check_averages(r, s["sheets"], one)
    if all("price_fen" in one for one in s["results"]):
        check_low_prices(b, r, lot, s)
        check_ranking(b, r, lot, s)
    else:
        r.note(
            "依法不公布其他供应商的报价（采购法第三十八条），价格分不能核对。",
            "other suppliers' prices are not public by law; price scores cannot be checked.",
        )
        for one in s["results"]:
            who = one["bid"]
            quality = sum(one["per_criterion"].values())
            r.same((f"投标 {who} 的质量分", f"quality points of bid {who}"), quality, one["quality_centi"], points)
            total = quality + one["price_centi"]
            r.same((f"投标 {who} 的总分", f"total of bid {who}"), total, one["total_centi"], points)
        ranked = [one["total_centi"] for one in s["results"]]
        r.sure(("按总分排列", "in the order of totals"), ranked == sorted(ranked, reverse=True), str(len(ranked)))


def check_sheets(r, sheets, size, most, scored):
    """The members' sheets without names: one a member, whole, within the limits, in an order that tells nothing."""
    r.same(("评分表份数等于人数", "a score sheet of each member"), size, len(sheets))
    what = ("评分表按自身内容排列，看不出是谁的", "the sheets stand in the order of their own content")
    r.sure(what, sheets == sorted(sheets, key=canonical), str(len(sheets)))
    for place, sheet in enumerate(sheets, 1):
        what = (f"评分表 {place} 给每一份都打了分", f"sheet {place} covers everything that was judged")
        r.same(what, sorted(map(str, scored)), sorted(sheet), len)
        # The first row that is wrong beside what it may be at most; else the limits alone.
        what = (f"评分表 {place} 逐项打分，不超过满分", f"sheet {place} has every criterion, none above its most")
        odd = next((row for row in sheet.values() if not within(row, most)), None)
        r.sure(what, odd is None, f"{odd} ≤ {most}" if odd is not None else f"≤ {most}")


def within(row, most):
    return set(row) == set(most) and all(type(got) is int and 0 <= got <= most[key] for key, got in row.items())


def check_averages(r, sheets, one):
    """Each criterion's points follow from the sheets: the exact mean of all members, half up."""
    rows = [sheet[str(one["bid"])] for sheet in sheets]
    means = {key: half_up(Fraction(sum(row[key] for row in rows), len(rows))) for key in one["per_criterion"]}
    what = (f"投标 {one['bid']} 各项平均分来自评分表", f"averages of bid {one['bid']} follow from the sheets")
    r.same(what, means, one["per_criterion"], lambda found: ", ".join(map(points, found.values())))


def check_panel(b, r, s):
    members = s["panel"]["members"]
    r.same(("评审组人数", "members of the panel"), s["panel"]["size"], len(members))
    drawn = {key for draw in s["draws"] for key in draw["result"]}
    experts = [one for one in members if one["role"] == "expert"]
    r.sure(
        ("专家都是抽出来的", "every expert was drawn"), all(one["key"] in drawn for one in experts), str(len(experts))
    )
    if b.rules:
        least = b.rules["panel.size_min"]
        r.sure(
            ("人数为单数，专家不少于三分之二", "an odd number, two thirds of them experts"),
            len(members) % 2 == 1 and len(members) >= least and 3 * len(experts) >= 2 * len(members),
            f"{len(experts)}/{len(members)} ≥ {least}",
        )


def check_qualification(b, r, lot, s):
    bids = bids_of(b, lot["id"])
    listed = {one["number"]: one for one in s["qualification"]}
    r.same(("逐份审查", "every bid was judged"), list(range(1, lot["opening"]["bidders"] + 1)), sorted(listed), len)
    for number, one in sorted(listed.items()):
        who = (f"投标 {number}", f"bid {number}")
        bid = bids.get(number, {})
        opened = {part["id"]: part["value"] for part in bid.get("linliOpened", ())}
        if "value" in bid and "price_fen" in one:
            r.same(
                (f"{who[0]} 审查时的报价", f"price of {who[1]} when judged"), fen(bid["value"]), one["price_fen"], yuan
            )
            if one["price_fen"] > lot["ceilingFen"]:
                r.same((f"{who[0]} 超过限价", f"{who[1]} is over the ceiling"), "invalid", one["verdict"])
        if "declaration_small" in opened:
            r.same(
                (f"{who[0]} 是否声明为小微", f"{who[1]} claims to be small"),
                opened["declaration_small"],
                one["claims_small"],
            )
        if bid.get("status") == "disqualified":
            r.same((f"{who[0]} 开标时即无效", f"{who[1]} was invalid at the opening"), "invalid", one["verdict"])
    valid = sorted(n for n, one in listed.items() if one["verdict"] == "valid")
    r.same(("有效的投标都排了名", "every valid bid was ranked"), valid, sorted(one["bid"] for one in s["results"]), len)
    if b.rules:
        r.sure(
            ("有效投标不少于规定家数", "enough valid bids"),
            len(valid) >= b.rules["evaluation.min_qualified"],
            f"{len(valid)} ≥ {b.rules['evaluation.min_qualified']}",
        )


def low_line(r, one):
    return f"{r.word(one['test'])} {percent(one['rate_bp'])} → {decimal(Fraction(*one['line']))}"


def check_low_prices(b, r, lot, s):
    if not b.rules:
        return
    asked = {one["bid"]: one for one in s["low_price"]["inquiries"]}
    passed = [
        one
        for one in s["qualification"]
        if one["verdict"] == "valid" or asked.get(one["number"], {}).get("accepted") is False
    ]
    prices = sorted(one["price_fen"] for one in passed)
    against = [("average", Fraction(sum(prices), len(prices))), ("ceiling", Fraction(lot["ceilingFen"]))]
    if len(prices) > 1:
        against.insert(1, ("second", Fraction(prices[1])))
    lines = []
    for test, base in against:
        rate = b.rules.get(f"low_price.{test}_bp", 0)
        if rate:
            line = base * rate / WHOLE_BP
            lines.append(
                {
                    "test": test,
                    "rate_bp": rate,
                    "line": [line.numerator, line.denominator],
                    "against": [base.numerator, base.denominator],
                }
            )
    r.same(
        ("异常低价线", "lines of abnormally low prices"),
        lines,
        s["low_price"]["lines"],
        lambda all_of: "; ".join(low_line(r, one) for one in all_of) or "-",
    )
    for one in passed:
        below = [line["test"] for line in lines if one["price_fen"] < Fraction(*line["line"])]
        if not below:
            continue
        number = one["number"]
        inquiry = asked.get(number)
        r.sure(
            (f"投标 {number} 的低价要求说明过", f"bid {number} was asked to explain its price"),
            inquiry is not None and set(below) <= {hit["test"] for hit in inquiry["hits"]},
            r.words(below),
        )
        if inquiry:
            window = instant(inquiry["until"]) - instant(inquiry["asked_at"])
            least = timedelta(minutes=b.rules["low_price.explain_minutes"])
            r.sure(
                (f"投标 {number} 的说明时间", f"time to explain of bid {number}"),
                window >= least,
                f"{window} ≥ {least}",
            )
            r.same(
                (f"投标 {number} 的说明结果", f"bid {number} after its explanation"),
                "valid" if inquiry["accepted"] else "invalid",
                one["verdict"],
            )


def check_ranking(b, r, lot, s):
    published = {c["id"]: (c["type"], c["maxCenti"]) for c in lot["awardCriteria"]["criteria"]}
    used = {f"{lot['id']}-c{c['number']}": (c["kind"], c["max_centi"]) for c in s["criteria"]}
    r.same(("评分项与公告一致", "criteria as announced"), published, used, len)
    weight = sum(c["max_centi"] for c in s["criteria"] if c["kind"] == "price")
    rows = [quality_row(b, r, s, one) for one in s["results"]]
    base = min(row["scaled"] for row in rows)
    for row in rows:
        price_row(r, row, base, weight)
    check_order(b, r, s, rows)
    keys = (
        ("rank", "rank"), ("organisation", "bidder"), ("price_fen", "priceFen"),
        ("adjusted_price_fen", "adjustedPriceFen"), ("deduction_bp", "deductionBp"),
        ("quality_centi", "qualityCenti"), ("price_centi", "priceCenti"), ("total_centi", "totalCenti"),
        ("per_criterion", "perCriterion"),
    )  # fmt: skip
    first = [[*(one[key] for key, _ in keys), one["tie"] or None] for one in s["results"]]
    second = [[*(one[key] for _, key in keys), one.get("tieNote")] for one in s["ranking"]]
    r.same(("两处公布的排名相同", "the ranking is the same in both places"), first, second, len)


def quality_row(b, r, s, one):
    """One ranked bid: its deduction and its quality points."""
    number = one["bid"]
    facts = next(row for row in s["qualification"] if row["number"] == number)
    most = {str(c["id"]): c["max_centi"] for c in s["criteria"] if c["kind"] == "quality"}
    small = facts["claims_small"] and (facts["code"] or "")[:2] in b.rules.get("sme.eligible_prefixes", ())
    cut = b.tender.get("smallFirmDeductionBp", 0) if small else 0
    given = one["per_criterion"]
    if b.rules:
        r.same((f"投标 {number} 的小微扣除", f"deduction of bid {number}"), cut, one["deduction_bp"], percent)
    r.same((f"投标 {number} 的原报价", f"raw price of bid {number}"), facts["price_fen"], one["price_fen"], yuan)
    r.same((f"投标 {number} 的各项质量分", f"criteria of bid {number}"), sorted(most), sorted(given), len)
    within = all(0 <= got <= most[key] for key, got in given.items())
    r.sure((f"投标 {number} 各项不超过满分", f"no criterion of bid {number} above its most"), within)
    quality = sum(given.values())
    r.same((f"投标 {number} 的质量分", f"quality points of bid {number}"), quality, one["quality_centi"], points)
    scaled = facts["price_fen"] * (WHOLE_BP - cut)
    return {"n": number, "raw": facts["price_fen"], "scaled": scaled, "quality": quality, "said": one}


def price_row(r, row, base, weight):
    """Its adjusted price, its price score, its total."""
    number, said = row["n"], row["said"]
    adjusted = half_up(Fraction(row["scaled"], WHOLE_BP))
    what = (f"投标 {number} 的评审价", f"adjusted price of bid {number}")
    r.same(what, adjusted, said["adjusted_price_fen"], yuan)
    row["price"] = half_up(Fraction(base * weight, row["scaled"]))
    row["total"] = row["quality"] + row["price"]
    figures = f"{yuan(half_up(Fraction(base, WHOLE_BP)))} / {yuan(adjusted)} × {points(weight)}"
    what = (f"投标 {number} 的价格分 {figures}", f"price score of bid {number} {figures}")
    r.same(what, row["price"], said["price_centi"], points)
    r.same((f"投标 {number} 的总分", f"total of bid {number}"), row["total"], said["total_centi"], points)


def check_order(b, r, s, rows):
    """The ranking, with lots between equals."""
    said = s["results"]
    order = b.rules.get("evaluation.tie_order", ["total", "price", "draw"])
    seed = s["draws"][0]["seed"] if s["draws"] else ""
    facts = "\n".join(sorted(f"bid-{row['n']}:{row['total']}:{row['raw']}" for row in rows))
    mixed = sha((seed + sha(facts.encode())).encode())
    ranked = in_order(rows, [step for step in order if step in STEPS], mixed)
    own, theirs = [row["n"] for row in ranked], [one["bid"] for one in said]
    r.same(("名次", "ranking"), own, theirs, lambda found: " > ".join(map(str, found)))
    r.same(("名次连续", "ranks"), list(range(1, len(rows) + 1)), [one["rank"] for one in said], len)
    own, theirs = [row["tie"] or "" for row in ranked], [one["tie"] for one in said]
    what = ("同分如何分出先后", "what decided between equals")
    r.same(what, own, theirs, lambda found: r.words(x or "-" for x in found))
    drawn = mixed if "draw" in own else None
    r.same(("抽签种子", "seed of the lots between equals"), drawn, (s.get("tie") or {}).get("seed"))


STEPS = {"total": lambda row: -row["total"], "price": lambda row: row["raw"], "quality": lambda row: -row["quality"]}


def in_order(rows, steps, seed):
    """Rows in their legal order; each with the step that first parted it from those of the same total."""
    rows = sorted(rows, key=lambda row: tuple(STEPS[step](row) for step in steps))
    found = []
    for _, group in groupby(rows, key=lambda row: row["total"]):
        found += settle(list(group), steps[1:], seed)
    return found


def settle(group, steps, seed):
    if len(group) == 1:
        return [{"tie": "", **group[0]}]
    for step in steps:
        parts = [list(part) for _, part in groupby(group, key=STEPS[step])]
        if len(parts) > 1:
            rest = [other for other in steps if other != step]
            return [
                {**row, "tie": step} if len(part) == 1 else row for part in parts for row in settle(part, rest, seed)
            ]
    lots = {row["n"]: sha((seed + f"bid-{row['n']}").encode()) for row in group}
    return [{**row, "tie": "draw"} for row in sorted(group, key=lambda row: (lots[row["n"]], f"bid-{row['n']}"))]


# --- 9. Awards and what follows them (docs/verification.md, 11) -------------------------------------------------------


def award_story(b):
    """Each award with its first notice, the day of its confirmation, and which had fallen before it."""
    told = {}
    for release in b.releases:
        for one in release.get("awards", ()):
            if one["id"] not in told:
                fallen = {
                    x["supplier"] for x in told.values()
                    if x["status"] == "cancelled" and x["first"].get("relatedLots") == one.get("relatedLots")
                }  # fmt: skip
                told[one["id"]] = {
                    "first": one,
                    "at": release["date"],
                    "status": one["status"],
                    "fallen": fallen,
                    "supplier": one["suppliers"][0]["name"],
                    "confirmed": None,
                    "windows": {},
                }
            story = told[one["id"]]
            story["status"] = one.get("status", story["status"])
            story["windows"] = {**story["windows"], **one.get("linliWindows", {})}
            if one.get("linliState") == "active" and "date" in one and one is not story["first"]:
                story["confirmed"] = one["date"]
    return told


def check_awards(b, r):
    stories = award_story(b)
    if not stories:
        r.part("成交", "The award")
        r.later("成交", "the award")
    for key, story in stories.items():
        first = story["first"]
        r.part(f"成交 {key}", f"Award {key}")
        r.same(("成交金额", "amount"), fen(first["value"]), fen(b.awards[key]["value"]), yuan)
        if "linliScoring" in first:
            lot = b.lots[first["relatedLots"][0]]
            guard(r, check_scoring, b, r, lot, first)
            r.part(f"成交 {key}", f"Award {key}")
            ranked = [one for one in first["linliScoring"]["results"] if one["organisation"] not in story["fallen"]]
            r.same(
                ("按名次确定成交供应商", "the first in rank is awarded"), ranked[0]["organisation"], story["supplier"]
            )
            if "price_fen" in ranked[0]:
                r.same(
                    ("成交金额等于其报价", "the amount is its price"), ranked[0]["price_fen"], fen(first["value"]), yuan
                )
            r.sure(
                ("不超过限价", "not above the ceiling"),
                fen(first["value"]) <= lot["ceilingFen"],
                yuan(lot["ceilingFen"]),
            )
        if b.calendar is not None:
            check_windows(b, r, first, story)


def check_windows(b, r, first, story):
    rules, at = b.rules, first["date"]
    cal = b.on(day_of(at))
    notice = cal.after(day_of(at), rules["award.result_notice_working_days"])
    windows = first["linliWindows"]
    r.same(("结果公告期满", "end of the result notice"), written(end_of(notice)), windows["resultNoticeUntil"])
    signing = day_of(story["confirmed"] or at)
    if first.get("linliState") == "proposed":
        if story["confirmed"]:
            r.sure(
                ("公示期满后才确认", "confirmed after its notice"),
                instant(story["confirmed"]) >= instant(windows["resultNoticeUntil"]),
                story["confirmed"],
            )
        elif story["status"] == "pending":
            r.later("确认", "the confirmation")
            return
    else:
        challenge = cal.after(notice, rules["challenge.file_working_days"])
        r.same(("质疑期满", "end of the challenge window"), written(end_of(challenge)), windows["challengeUntil"])
    if "signBy" in story["windows"]:
        last = b.on(signing).roll(signing + timedelta(days=rules["contract.sign_days"]))
        r.same(("签订合同的最后一日", "last day to sign"), last.isoformat(), story["windows"]["signBy"])
    for one in b.awards[first["id"]].get("linliObjections", ()):
        filed = date.fromisoformat(one["filedOn"])
        r.same(
            ("答复异议的最后一日", "last day to answer the objection"),
            b.on(filed).after(filed, rules["objection.answer_working_days"]).isoformat(),
            one["answerBy"],
        )
    for one in b.awards[first["id"]].get("documents", ()):
        if "linliChallenge" in one:
            filed = date.fromisoformat(one["linliChallenge"]["filedOn"])
            r.same(
                ("答复质疑的最后一日", "last day to reply to the challenge"),
                b.on(filed).after(filed, rules["challenge.reply_working_days"]).isoformat(),
                one["linliChallenge"]["replyBy"],
            )


# --- 10. The contract (docs/verification.md, 12) ----------------------------------------------------------------------


def check_contracts(b, r):
    signed = {}
    for release in b.releases:
        for one in release.get("contracts", ()):
            if "dateSigned" in one:
                signed[one["id"]] = one
    if not signed:
        r.part("合同", "The contract")
        r.later("合同", "the contract")
        return
    stories, deals = award_story(b), {}
    standing = {one["id"]: one for one in b.now["contracts"]}
    for key, contract in signed.items():
        r.part(f"合同 {contract['description']}", f"Contract {contract['description']}")
        guard(r, check_contract, b, r, contract, stories[contract["awardID"]])
        r.part(f"履约 {contract['description']}", f"Delivery {contract['description']}")
        guard(r, check_performance, b, r, contract, standing[key], deals)
    r.part("应付和付款", "Due and paid")
    raised = check_earnings(b, r, deals)
    check_payments(b, r, [one for now in standing.values() for one in transactions_of(now)], raised)
    for key, contract in signed.items():
        check_claims(b, r, contract, standing[key])


def check_contract(b, r, contract, story):
    price = fen(contract["value"])
    r.same(("合同金额等于成交金额", "the price is the amount awarded"), fen(story["first"]["value"]), price, yuan)
    r.sure(
        ("合同摘要在链上", "the contract's digest is in the chain"),
        any(link["verb"] == "issue" and link["facts"].get("digest") == contract["linliDigest"] for link in b.links),
        contract["linliDigest"],
    )
    stages = contract["milestones"]
    amounts = split_last(price, [one["linliShareBp"] for one in stages])
    for one, amount in zip(stages, amounts, strict=True):
        r.same((f"节点“{one['title']}”的金额", f"amount of “{one['title']}”"), amount, fen(one["linliValue"]), yuan)
    lot = story["first"].get("relatedLots", [None])[0]
    funding = [(one["id"], fen(one["value"])) for one in contract["linliFunding"]]
    check_bearing(b, r, price, lot, funding)
    left = [amount for _, amount in funding]
    for one, amount in zip(stages, amounts, strict=True):
        shares = split_remainder(amount, left)
        left = [rest - share for rest, share in zip(left, shares, strict=True)]
        r.same(
            (f"节点“{one['title']}”的资金", f"lines of “{one['title']}”"),
            [(line, share) for (line, _), share in zip(funding, shares, strict=True) if share],
            [(part["id"], fen(part["value"])) for part in one["linliFunding"]],
            lambda found: ", ".join(f"{k} {yuan(v)}" for k, v in found),
        )
    announced = next((one["evaluationTerms"] for one in b.lots.values() if one["id"] == lot), None)
    if announced:
        same = [name for name in announced if name not in ("questions", "bands", "indicators")]
        r.same(
            ("评估办法与公告一致", "evaluation as announced"),
            [announced[name] for name in same] + [bands_of(announced)],
            [contract["linliEvaluation"][name] for name in same] + [bands_of(contract["linliEvaluation"])],
            len,
        )
    if "performanceBondBp" in b.tender:
        bond, most = fen(contract["linliPerformanceBond"]), price * b.tender["performanceBondBp"] // WHOLE_BP
        told = f"{yuan(bond)} ≤ {yuan(most)}"
        r.sure(("履约保证金不超过公告", "performance bond within what was announced"), bond <= most, told)
    if b.calendar is not None:
        check_signing(b, r, contract, story)


def check_bearing(b, r, price, lot, funding):
    """The price over the lines that were reserved at the notice."""
    if notice_of(b) is None:
        r.note(
            "没有采购公告，资金分担不能与预留核对。",
            "there is no notice; lines cannot be compared with what was reserved.",
        )
        return
    reserved = reserved_for(b, lot)
    parts = split_remainder(price, [amount for _, amount in reserved])
    own = [(line, part) for (line, _), part in zip(reserved, parts, strict=True) if part]
    theirs = [one for one in funding if one[1]]
    what = ("各笔资金分担", "what each budget line bears")
    r.same(what, own, theirs, lambda found: ", ".join(f"{k} {yuan(v)}" for k, v in found))


def bands_of(terms):
    return sorted(((one["from_centi"], one["grade"], one["share_bp"]) for one in terms["bands"]), reverse=True)


def reserved_for(b, lot, every=False):
    """What was reserved for a lot (or for `every` one), by budget line, in the order of the notice."""
    rows = notice_of(b)["planning"]["budget"]["budgetBreakdown"]
    return [
        ("line-" + one["id"].rsplit("line-", 1)[1], fen(one["amount"]))
        for one in rows
        if every or one.get("relatedLot", lot) == lot
    ]


def check_signing(b, r, contract, story):
    signed, rules = contract["dateSigned"], b.rules
    book = b.tender.get("rulebook") or b.call["tender"]["rulebook"]
    r.same(("合同适用的规则", "rules of the contract"), book["digest"], contract["linliRules"])
    if rules["contract.wait_for_windows"]:
        until = story["windows"].get("challengeUntil", story["windows"]["resultNoticeUntil"])
        r.sure(
            ("公告期、质疑期满后才签", "signed after the windows"),
            instant(signed) >= instant(until),
            f"{until} ≤ {signed}",
        )
    late = day_of(signed) > date.fromisoformat(story["windows"]["signBy"])
    told = any(link["verb"] == "sign_buyer" and link["facts"].get("late") for link in b.links)
    r.same(("是否逾期签订", "signed too late"), late, told)
    cal, day = b.on(day_of(signed)), day_of(signed)
    duties = contract["linliDuties"]
    for what, rule, name in (
        (("公开合同的最后一日", "last day to publish"), "contract.publish_working_days", "publishBy"),
        (("备案的最后一日", "last day to file a copy"), "contract.file_copy_working_days", "fileCopyBy"),
    ):
        r.same(what, cal.after(day, rules[rule]).isoformat(), duties[name])


# --- 11. Delivery, outcome, money (docs/verification.md, 13 and 14) ---------------------------------------------------


def check_performance(b, r, contract, now, deals):
    terms = contract["linliEvaluation"]
    stages = {one["id"]: one for one in contract["milestones"]}
    results = {}
    for release in b.releases:
        for part in release.get("contracts", ()):
            if part["id"] != contract["id"]:
                continue
            for one in part.get("milestones", ()):
                if "linliAcceptance" in one:
                    results.setdefault(one["id"], {})["accepted"] = day_of(one["dateMet"])
                if "linliEvaluation" in one:
                    check_evaluation(b, r, terms, stages[one["id"]], one, part["implementation"])
                    results[one["id"]] |= {
                        "evaluated": day_of(one["dateModified"]),
                        "share": one["linliEvaluation"]["shareBp"],
                    }
    for key, stage in stages.items():
        if key not in results:
            r.later(f"节点“{stage['title']}”的验收", f"acceptance of “{stage['title']}”")
        elif stage["linliBase"] == "evaluation" and "evaluated" not in results[key]:
            r.later(f"节点“{stage['title']}”的评估", f"evaluation of “{stage['title']}”")
        deals[key] = Deal(contract, now, stage, results.get(key, {}))


def check_evaluation(b, r, terms, stage, one, implementation):
    e = one["linliEvaluation"]
    title = f"“{stage['title']}”" + r.say(("第 {} 次", " round {}")).format(e["round"])
    prefix = f"{stage['id']}-round-{e['round']}-"
    metrics = {m["id"]: m["observations"][0] for m in implementation["metrics"]}
    given = {key[len(prefix) :]: seen for key, seen in metrics.items() if key.startswith(prefix)}
    weights = {source: terms["weights_bp"].get(source, 0) for source in SOURCES}
    own, theirs = [s for s in SOURCES if weights[s]], [s for s in SOURCES if s in given]
    r.same((f"{title} 有权重的来源", f"{title} sources with weight"), own, theirs, r.words)
    committed = e["inputs"]["commitments"]
    means = {s: check_source(r, title, terms, s, seen, len(committed.get(s, ()))) for s, seen in given.items()}
    every = sorted(value for values in committed.values() for value in values)
    r.same((f"{title} 全部评分的根摘要", f"{title} root over all ratings"), root(every), e["inputs"]["root"])
    used = [source for source in given if given[source]["linliCounted"]]
    missing = [source for source in given if source not in used]
    r.same((f"{title} 有来源缺失", f"{title} a source is missing"), bool(missing), e["renormalised"])
    if missing:
        may = terms["renormalise"] and "third" not in missing
        r.sure((f"{title} 合同允许缺少这个来源", f"{title} the contract allows it"), may, r.words(missing))
    whole = sum(weights[source] for source in used)
    score = sum((weights[s] * means[s] for s in used), Fraction(0)) / whole
    figures = " + ".join(f"{weights[s]} × {decimal(means[s])}" for s in used) + f" / {whole}"
    exact, what = [score.numerator, score.denominator], (f"{title} 总分 {figures}", f"{title} score {figures}")
    r.same(what, exact, e["scoreExact"], lambda pair: decimal(Fraction(*pair)))
    r.same((f"{title} 公布的总分", f"{title} score as shown"), points(half_up(score)), e["score"])
    check_grade(r, title, terms, stage, e, score)
    if b.rules and means.get("self") is not None and means.get("third") is not None:
        far = abs(means["self"] - means["third"]) >= b.rules["outcome.gap_flag_centi"]
        r.same((f"{title} 自评与第三方评相差过大", f"{title} self and third party far apart"), far, e["flagged"])


def check_source(r, title, terms, source, seen, committed):
    """One source's ratings; returns their exact mean, None without any."""
    count, total = seen["linliCount"], seen["linliSumCenti"]
    least = {"mutual": terms["min_mutual"], "public": terms["min_public"]}.get(source, 1)
    what = f"{title} {r.word(source)}"
    r.same((f"{what} 的评分份数", f"{what} ratings"), committed, count)
    r.sure((f"{what} 的分数之和", f"{what} sum"), 0 <= total <= count * WHOLE_CENTI, points(total))
    r.same((f"{what} 是否计入", f"{what} counts"), count >= max(least, 1), seen["linliCounted"])
    r.same((f"{what} 的权重", f"{what} weight"), terms["weights_bp"].get(source, 0), seen["linliWeightBp"], percent)
    mean = Fraction(total, count) if count else None
    r.same((f"{what} 的平均分", f"{what} mean"), None if mean is None else points(half_up(mean)), seen.get("measure"))
    return mean


def check_grade(r, title, terms, stage, e, score):
    """Grade, share and money of an exact score."""
    band = next((band for band in bands_of(terms) if score >= band[0]), None)
    if band is None:
        raise ValueError(f"no grade for a score of {score}")
    _, grade, share = band
    r.same((f"{title} 等次", f"{title} grade"), grade, e["grade"])
    r.same((f"{title} 应得比例", f"{title} share"), share, e["shareBp"], percent)
    amount = fen(stage["linliValue"])
    earned = half_up(Fraction(amount * share, WHOLE_BP))
    figures = f"{yuan(amount)} × {percent(share)}"
    r.same((f"{title} 应得 {figures}", f"{title} earned {figures}"), earned, fen(e["earned"]), yuan)
    r.same((f"{title} 未兑付", f"{title} withheld"), amount - earned, fen(e["withheld"]), yuan)


class Deal:
    """One milestone of a contract: its terms, and what has come of it."""

    def __init__(self, contract, now, stage, done):
        self.stage, self.done = stage, done
        self.days, self.ended = contract["linliPayDays"], "linliTermination" in now
        self.at_once = stage["linliBase"] == "acceptance"
        self.amount = fen(stage["linliValue"])
        self.share = WHOLE_BP if self.at_once else done.get("share")
        self.when = done.get("accepted") if self.at_once else done.get("evaluated")

    def lines(self, due):
        """What each budget line pays of an amount."""
        funding = self.stage["linliFunding"]
        shares = split_remainder(due, [fen(part["value"]) for part in funding]) if due else []
        return [(part["id"], share) for part, share in zip(funding, shares, strict=False) if share]

    def fits(self, said, lines):
        """Whether what was written down as earned may be this milestone's; an early end may agree on a share."""
        agreed = self.share == said["share_bp"] or self.ended
        return (
            self.amount == said["amount_fen"]
            and self.lines(said["due_fen"]) == lines
            and "accepted" in self.done
            and agreed
        )


def check_earnings(b, r, deals):
    """What became payable (from the chain) against acceptance, evaluation and the contracts' split over the lines."""
    groups, raised, waiting = [], {}, dict(deals)
    for link in b.links:
        if link["verb"] == "earn":
            groups.append((link["facts"], []))
        elif link["verb"] == "raise" and groups:
            groups[-1][1].append(link["facts"])
    for said, payments in groups:
        due = half_up(Fraction(said["amount_fen"] * said["share_bp"], WHOLE_BP))
        figures = f"{yuan(said['amount_fen'])} × {percent(said['share_bp'])}"
        r.same((f"应付 {figures}", f"due {figures}"), due, said["due_fen"], yuan)
        r.same(("不付的部分", "not due"), said["amount_fen"] - due, said["withheld_fen"], yuan)
        lines = [(f"line-{one['line']}", one["amount_fen"]) for one in payments]
        match = next((key for key, deal in waiting.items() if deal.fits(said, lines)), None)
        shown = ", ".join(f"{line} {yuan(part)}" for line, part in lines) or yuan(0)
        if match is None:
            what = (
                "应付与节点、验收、评估和资金分担",
                "what is due, against milestone, acceptance, evaluation and lines",
            )
            r.wrong(what, f"{figures}: {shown}")
            continue
        deal = waiting.pop(match)
        title = deal.stage["title"]
        r.sure((f"节点“{title}”由各笔资金承担", f"lines that pay “{title}”"), True, shown)
        for one in payments:
            raised[one["number"]] = {**one, "milestone": match}
            check_limit(b, r, deal, one)
    return raised


def check_limit(b, r, deal, one):
    """The last day to pay; where an early end settled, the day is that of the settlement."""
    if b.calendar is None or deal.when is None or deal.ended:
        return
    last = b.on(deal.when).roll(deal.when + timedelta(days=deal.days))
    what = (f"付款单 {one['number']} 的付款期限", f"last day to pay {one['number']}")
    r.same(what, last.isoformat(), one["pay_by"])


def transactions_of(now):
    return now.get("implementation", {}).get("transactions", [])


def check_payments(b, r, transactions, raised):
    standing = {}
    for one in transactions:
        if "linliClaim" in one:
            continue
        number, amount = one["linliPayment"], fen(one["value"])
        owed = raised.get(number)
        if owed is None:
            r.wrong((f"付款 {one['id']}", f"payment {one['id']}"), r.say(("没有对应的应付", "nothing is due for it")))
            continue
        r.same((f"付款 {one['id']} 的金额", f"amount of payment {one['id']}"), owed["amount_fen"], abs(amount), yuan)
        r.same(
            (f"付款 {one['id']} 的去处和期限", f"line, milestone and limit of payment {one['id']}"),
            [f"line-{owed['line']}", owed["milestone"], owed["pay_by"]],
            [one["linliLine"], one["relatedImplementationMilestone"]["id"], one["linliPayBy"]],
            ", ".join,
        )
        standing[number] = standing.get(number, 0) + amount
        late = day_of(one["date"]) > date.fromisoformat(owed["pay_by"])
        if late and amount > 0:
            r.note(
                f"付款 {one['id']} 晚于期限 {owed['pay_by']}。",
                f"payment {one['id']} came after its limit {owed['pay_by']}.",
            )
    for number, amount in standing.items():
        r.sure(
            (f"付款单 {number} 没有付重", f"{number} is not paid twice"),
            amount in (0, raised[number]["amount_fen"]),
            yuan(amount),
        )
    for number in raised:
        if not standing.get(number):
            r.later(f"付款单 {number}（{yuan(raised[number]['amount_fen'])}）的付款", f"payment of {number}")


def check_claims(b, r, contract, now):
    rows = transactions_of(now)
    for claim in now.get("linliClaims", ()):
        name = claim["id"]
        paid = sum(
            fen(one["value"])
            for one in rows
            if "linliClaim" not in one and day_of(one["date"]).isoformat() <= claim["claimedOn"]
        )
        recovery = contract.get("linliRecovery", {})
        r.same((f"{name} 之前已付", f"paid before {name}"), paid, fen(claim["paid"]), yuan)
        r.same((f"{name} 的追回比例", f"share of {name}"), recovery.get("claim_bp"), claim["shareBp"])
        amount = half_up(Fraction(paid * claim["shareBp"], WHOLE_BP))
        r.same((f"{name} 应追回", f"amount of {name}"), amount, fen(claim["value"]), yuan)
        back = -sum(fen(one["value"]) for one in rows if one.get("linliClaim") == name)
        r.same((f"{name} 已退回", f"received of {name}"), back, fen(claim["received"]), yuan)
        r.sure(
            (f"{name} 没有多退", f"not more came back than {name}"), back <= amount, f"{yuan(back)} ≤ {yuan(amount)}"
        )
        if b.calendar is not None:
            day = date.fromisoformat(claim["claimedOn"])
            last = b.on(day).roll(day + timedelta(days=recovery["due_days"]))
            r.same((f"{name} 的退款期限", f"last day of {name}"), last.isoformat(), claim["dueOn"])


# --- 12. The books (docs/verification.md, 15) -------------------------------------------------------------------------

WAYS = {
    "reserve": ("unspent", "reserved"),
    "release": ("reserved", "unspent"),
    "commit": ("reserved", "committed"),
    "uncommit": ("committed", "reserved"),
    "free": ("committed", "unspent"),
    "owe": ("committed", "payable"),
    "pay": ("payable", "paid"),
    "bounce": ("paid", "payable"),
    "clawback": ("paid", "unspent"),
}


RESTING = ("reserved", "committed", "payable", "paid")


def check_books(b, r):
    r.part("账", "The books")
    moved = [link["facts"] for link in b.links if link["verb"] == "book"]
    r.same(("每笔转账只记一次", "no transfer is booked twice"), len(moved), len({one["transfer"] for one in moved}))
    parent = "parent" in str(b.now.get("relatedProcesses"))
    balances = {(line, "reserved"): amount for line, amount in reserved_for(b, None)} if parent else {}
    sums = {}
    for one in moved:
        source, target = WAYS[one["reason"]]
        line, amount = f"line-{one['line']}", one["amount_fen"]
        balances[line, source] = balances.get((line, source), 0) - amount
        balances[line, target] = balances.get((line, target), 0) + amount
        sums[one["reason"], line] = sums.get((one["reason"], line), 0) + amount
        if source != "unspent" and balances[line, source] < 0:
            what = (f"转账 {one['transfer']}", f"transfer {one['transfer']}")
            r.wrong(what, f"{source} {yuan(balances[line, source])}")
    if not parent and notice_of(b):
        check_reserved(b, r, sums)
    contracts = b.now.get("contracts", [])
    lines = sorted({line for line, _ in balances})
    for line in lines:
        check_line(r, line, contracts, sums, balances)
    total = {reason: sum(v for (k, _), v in sums.items() if k == reason) for reason in WAYS}
    raised = sum(link["facts"]["amount_fen"] for link in b.links if link["verb"] == "raise")
    r.same(("转为应付的合计", "became payable in all"), raised, total["owe"], yuan)
    withheld = sum(link["facts"]["withheld_fen"] for link in b.links if link["verb"] == "earn")
    freed = sum(fen(c["linliTermination"]["freed"]) for c in contracts if "linliTermination" in c)
    r.same(("退回预算的合计", "went back to the budget in all"), withheld + freed, total["free"], yuan)
    check_settled(b, r, contracts, balances, lines)


def check_reserved(b, r, sums):
    """Reserved at the notice, line by line."""
    planned = {}
    for line, amount in reserved_for(b, None, every=True):
        planned[line] = planned.get(line, 0) + amount
    for line in sorted({*planned, *(k for reason, k in sums if reason == "reserve")}):
        r.same((f"{line} 预留", f"{line} reserved"), planned.get(line, 0), sums.get(("reserve", line), 0), yuan)


def check_line(r, line, contracts, sums, balances):
    """One budget line: the books against contracts and transactions."""
    booked = {reason: sums.get((reason, line), 0) for reason in WAYS}
    signed = sum(fen(p["value"]) for c in contracts for p in c.get("linliFunding", ()) if p["id"] == line)
    r.same((f"{line} 签约", f"{line} committed"), signed, booked["commit"] - booked["uncommit"], yuan)
    rows = [one for c in contracts for one in transactions_of(c) if one.get("linliLine") == line]
    paid = sum(fen(one["value"]) for one in rows if "linliClaim" not in one)
    back = -sum(fen(one["value"]) for one in rows if "linliClaim" in one)
    r.same((f"{line} 付出", f"{line} paid"), paid, booked["pay"] - booked["bounce"], yuan)
    r.same((f"{line} 退回", f"{line} came back"), back, booked["clawback"], yuan)
    rest = {place: balances.get((line, place), 0) for place in RESTING}
    figures = ", ".join(f"{r.word(place)} {yuan(amount)}" for place, amount in rest.items())
    r.sure((f"{line} 现在", f"{line} now"), min(rest.values()) >= 0, figures)


def check_settled(b, r, contracts, balances, lines):
    """Once every lot has come to its end, nothing stays reserved; once a contract has, nothing stays committed."""
    status = b.tender.get("status")
    if status in ("unsuccessful", "cancelled"):
        r.same(
            ("采购结束，没有留下预留", "the purchase is over: nothing stays reserved"),
            0,
            sum(balances.get((line, "reserved"), 0) for line in lines),
            yuan,
        )
    ended = [c for c in contracts if c.get("status") == "terminated"]
    if ended and len(ended) == len(contracts):
        r.same(
            ("合同结束，没有留下签约资金", "the contract is over: nothing stays committed"),
            0,
            sum(balances.get((line, "committed"), 0) for line in lines),
            yuan,
        )


# --- 13. Rounds of grants (docs/verification.md, 16) ------------------------------------------------------------------


def check_round(b, r):
    call = notice_of(b)
    tender, said = call["tender"], call["tender"]["linliRound"]
    r.part("征集公告", "The call")
    pool = fen(tender["value"])
    r.same(
        ("资金池等于各笔资金之和", "the pool is the sum of its lines"),
        sum(o["amountFen"] for o in said["sources"]),
        pool,
        yuan,
    )
    r.same(("评分满分", "points"), WHOLE_CENTI, sum(c["maxCenti"] for c in said["criteria"]), points)
    r.same(("拨付比例合计", "shares of the tranches"), WHOLE_BP, sum(o["shareBp"] for o in said["tranches"]))
    if b.calendar is not None:
        issued = day_of(tender["tenderPeriod"]["startDate"])
        lines = {one["id"]: one for one in tender["timetable"]}
        last = date.fromisoformat(lines["deadline"]["day"])
        least = b.rules["round.apply_days_min"]
        r.sure(
            ("申报期不少于规定天数", "long enough to apply"),
            last >= issued + timedelta(days=least),
            f"{issued} + {least} ≤ {last}",
        )
        r.same(("申报截止", "deadline"), written(end_of(last)), tender["tenderPeriod"]["endDate"])
        screened = b.on(issued).after(last, b.rules["round.screen_working_days"])
        r.same(("完成形式审查", "formal check until"), screened.isoformat(), lines["screening"]["day"])
    now = b.tender["linliRound"]
    r.part("评选", "The choice")
    if "applications" not in now:
        r.later("评选结果", "the result")
        return
    rows = [one for one in now["applications"] if one.get("totalCenti") is not None]
    check_jury(r, now, rows)
    check_totals(b, r, now, rows)
    check_grants(b, r, now, rows, pool)
    for draw in now["jury"].get("draws", ()):
        check_draw(r, draw, said["drawCommitment"], now["closingDigest"])
    chosen = [one for one in rows if one.get("ocid")]
    portfolio = now["portfolio"]
    if not portfolio.get("departure"):
        r.same(
            ("入选项目的总分之和", "points of the chosen"),
            sum(o["totalCenti"] for o in chosen),
            portfolio.get("scoreCenti"),
            points,
        )
        r.same(
            ("入选项目的金额之和", "money of the chosen"),
            sum(o["grantedFen"] for o in chosen),
            portfolio.get("amountFen"),
            yuan,
        )
    r.same(("申报数", "applications"), len(now["applications"]), now["applicationCount"])


def check_jury(r, now, rows):
    """The jury's points follow from its sheets: the mean of the members' sums, rounded once."""
    sheets = now["jury"].get("sheets") or []
    most = {one["id"]: one["maxCenti"] for one in now["criteria"]}
    check_sheets(r, sheets, len(now["jury"]["members"]), most, [one["number"] for one in rows])
    for one in rows:
        sums = [sum(sheet[str(one["number"])].values()) for sheet in sheets]
        number = one["number"]
        what = (f"项目 {number} 的评委分来自评分表", f"jury's points of project {number} follow from the sheets")
        r.same(what, half_up(Fraction(sum(sums), len(sums))), one["juryCenti"], points)


def check_totals(b, r, now, rows):
    how = now["scoring"]
    ballots = now["ballots"]
    weighted = how["score_model"] == "weighted"
    most = max((one.get("votes") or 0 for one in rows), default=0)
    votes_count = weighted and how.get("public_weight_bp") and ballots >= (how.get("vote_ballots_min") or 0) and most
    for one in rows:
        name, jury = one["number"], one["juryCenti"]
        r.sure(
            (f"项目 {name} 的票数不超过选票数", f"votes of project {name}"),
            0 <= (one.get("votes") or 0) <= ballots,
            f"{one.get('votes')} ≤ {ballots}",
        )
        public = None
        if votes_count:
            public = half_up(Fraction(one["votes"] * WHOLE_CENTI, most))
        if weighted:
            r.same(
                (f"项目 {name} 的居民分", f"residents' points of project {name}"),
                public,
                one.get("publicCenti"),
                points,
            )
            total = jury
            if public is not None:
                parts = how["jury_weight_bp"], how["public_weight_bp"]
                total = half_up(Fraction(jury * parts[0] + public * parts[1], sum(parts)))
        else:
            total = jury + one["bonusCenti"]
        r.same((f"项目 {name} 的总分", f"total of project {name}"), total, one["totalCenti"], points)
    for one in rows:
        place = 1 + sum(other["totalCenti"] > one["totalCenti"] for other in rows)
        r.same((f"项目 {one['number']} 的名次", f"rank of project {one['number']}"), place, one["rank"])


def check_grants(b, r, now, rows, pool):
    grant = now["grant"]
    cap = min(grant["cap_fen"], now.get("projectCapFen") or grant["cap_fen"])
    chosen = [one for one in rows if one.get("ocid")]
    for one in chosen:
        if grant["model"] == "graded":
            steps = zip(grant["grade_floors_centi"], grant["grade_amounts_fen"], strict=True)
            wanted = next((min(amount, cap) for floor, amount in steps if one["totalCenti"] >= floor), 0)
        else:
            total, own = one["total_fen"], one["own_fen"]
            wanted = min(one["asked_fen"], max(0, min(total * grant["share_max_bp"] // WHOLE_BP, cap, total - own)))
        r.same((f"项目 {one['number']} 的资助额", f"grant of project {one['number']}"), wanted, one["grantedFen"], yuan)
        r.sure(
            (f"项目 {one['number']} 达到入选线", f"project {one['number']} is above the line"),
            one["totalCenti"] >= now["scoreMinCenti"],
            points(one["totalCenti"]),
        )
    spent = sum(one["grantedFen"] for one in chosen)
    r.sure(("不超过资金池", "within the pool"), spent <= pool, f"{yuan(spent)} ≤ {yuan(pool)}")
    fields = sorted({one["field"] for one in chosen})
    if len(fields) > MOST_FIELDS:
        raise ValueError("more fields than there are")
    for size in range(1, len(fields) + 1):
        for some in combinations(fields, size):
            cost = sum(one["grantedFen"] for one in chosen if one["field"] in some)
            able = sum(one["amountFen"] for one in now["sources"] if set(one["fields"]) & set(some))
            r.sure(
                (f"{'、'.join(some)} 的资金用途", f"purposes that pay for {', '.join(some)}"),
                cost <= able,
                f"{yuan(cost)} ≤ {yuan(able)}",
            )
    for who in sorted({one["applicant"] for one in chosen}):
        count = sum(one["applicant"] == who for one in chosen)
        r.sure(
            (f"{who} 的入选个数", f"projects of {who}"),
            count <= now["perApplicant"],
            f"{count} ≤ {now['perApplicant']}",
        )
    if now.get("projectsMost"):
        r.sure(
            ("入选项目个数", "number of projects"),
            len(chosen) <= now["projectsMost"],
            f"{len(chosen)} ≤ {now['projectsMost']}",
        )


def check_project(b, r):
    r.part("资助项目", "The funded project")
    first = notice_of(b)
    tender, money = first["tender"], first["planning"]["budget"]
    value = fen(tender["value"])
    r.same(
        ("资助额等于各笔资金之和", "the grant is the sum of its lines"),
        sum(fen(o["amount"]) for o in money["budgetBreakdown"]),
        value,
        yuan,
    )
    r.same(("计划的资助额", "the grant as planned"), value, fen(money["amount"]), yuan)
    shares = [one["shareBp"] for one in tender["milestones"]]
    r.same(("拨付比例合计", "shares of the tranches"), WHOLE_BP, sum(shares))
    if b.rules:
        r.same(("拨付比例与规则一致", "tranches as the rules say"), b.rules["round.tranche_shares_bp"], shares, str)
    check_terms(r, "lot-1", tender["lots"][0]["evaluationTerms"])
    check_choice(b, r, value)


def check_choice(b, r, value):
    """Why this project is funded, from its round's notices: sheets, points, the grant. The round has its own bundle."""
    now = b.call["tender"]["linliRound"]
    r.part("评选（本轮的公告）", "The choice (notices of the round)")
    rows = [one for one in now["applications"] if one.get("totalCenti") is not None]
    check_jury(r, now, rows)
    check_totals(b, r, now, rows)
    own = [one["grantedFen"] for one in rows if one.get("ocid") == b.ocid]
    r.same(("本轮给这个项目的资助额", "the round's grant for this project"), own, [value], lambda all_of: yuan(*all_of))


# --- 14. All of it ----------------------------------------------------------------------------------------------------


def accident(r, error):
    """What went wrong while content was read, in the reader's language."""
    first = error.args[0] if error.args else ""
    if isinstance(error, KeyError):
        return r.say((f"缺少“{first}”", f"“{first}” is missing"))[:300]
    if isinstance(first, tuple):
        return r.say(first)
    return r.say(("读不懂这一部分的内容", "this part cannot be read")) + f" ({type(error).__name__}: {first})"[:300]


def guard(r, check, *arguments):
    """Run a check; content it cannot read is a fault, not an accident."""
    try:
        check(*arguments)
    except BROKEN as error:
        r.wrong(("内容残缺或类型不对", "content is missing or of the wrong kind"), accident(r, error))


def verify(raw, receipt=None, head=None, lang="zh"):
    """Check the bytes of a bundle; returns the report. Raises Unreadable for what is no bundle."""
    r = Report(lang)
    if len(raw) > MOST_BYTES:
        raise Unreadable
    try:
        b = Bundle(raw, r)
    except BROKEN as error:
        r.wrong(("文件残缺", "the file is not whole"), accident(r, error))
        return r
    if not b.good:
        return r
    try:
        b.load(r)
    except BROKEN as error:
        r.wrong(("内容残缺或类型不对", "content is missing or of the wrong kind"), accident(r, error))
        return r
    guard(r, check_anchors, b, r, head, receipt)
    if "linliRound" in b.tender:
        guard(r, check_round, b, r)
    elif "parent" in str(b.now.get("relatedProcesses")):
        guard(r, check_project, b, r)
        guard(r, check_awards, b, r)
        guard(r, check_contracts, b, r)
    else:
        guard(r, check_notice, b, r)
        for lot in b.lots.values():
            guard(r, check_opening, b, r, lot)
        guard(r, check_awards, b, r)
        guard(r, check_contracts, b, r)
    guard(r, check_books, b, r)
    return r


def main(arguments=None):
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("file")
    asked.add_argument("--receipt", help="您保存的回执 / a receipt you kept (JSON)")
    asked.add_argument("--head", help="您抄下的每日摘要 / a daily digest you wrote down")
    asked.add_argument("--lang", choices=["zh", "en"], default="zh")
    asked.add_argument("--brief", action="store_true", help="只列出结论 / the verdict alone")
    given = asked.parse_args(arguments)
    try:
        with Path(given.file).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        receipt = Path(given.receipt).read_bytes() if given.receipt else None
        report = verify(raw, receipt, given.head, given.lang)
    except (OSError, Unreadable) as error:
        told = "读不了这个文件：" if given.lang == "zh" else "the file cannot be read: "
        print(told + (str(error) or given.file))
        return 2
    print(report.text(given.brief))
    return 1 if report.faults else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main())
