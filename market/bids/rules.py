"""Pure decisions about bids: when one may be submitted or opened, what is still missing, what is committed to."""

from __future__ import annotations

import dataclasses
import hmac
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from market.kernel.canonical import canonical_bytes, digest
from market.kernel.clock import aware, beijing, is_before
from market.kernel.commitments import commit, commit_fields, root_of
from market.kernel.errors import DomainError, Refused
from market.kernel.money import format_yuan
from market.kernel.seen import seen_mark
from market.kernel.text import N_

# A submission received in time may still be on its way into the database: nothing is opened before this has passed.
OPENING_WAIT = timedelta(seconds=60)
# Hours before the deadline at which those who have started but not submitted are reminded.
REMINDER_HOURS = (72, 24, 2)
# How long the first half of a re-wrapping waits for the second.
REWRAP_WAIT = timedelta(hours=24)

FORM = "linli.bid.1"
TEXT_FIELDS = ("plan", "team", "schedule", "declaration_ties", "legal_representative")
ANSWER, FILE, WORKER = "answers/", "files/", "workers/"

# What every bid must contain besides price and answers, in the order of the page, with its name.
REQUIRED = {
    "team": N_("项目团队"),
    "schedule": N_("实施进度"),
    "legal_representative": N_("法定代表人（负责人）"),
    "declaration_ties": N_("关联关系声明"),
}


class TooLate(Refused):
    """The deadline had been reached when the request came in. Whoever catches it writes the attempt down."""


# --- may it be done now -----------------------------------------------------------------------------------------------


def check_in_time(at: datetime, deadline_at: datetime | None) -> None:
    """Raise TooLate when a request received at `at` is not strictly before the deadline."""
    if deadline_at is None or not is_before(at, deadline_at):
        raise TooLate(
            N_("投标已于 %(deadline)s 截止，系统收到本次递交的时间是 %(at)s，不能接受；本次尝试已记录在案。"),
            deadline=_to_the_second(deadline_at or at),
            at=_to_the_second(at),
        )


def _to_the_second(at: datetime) -> str:
    return f"{beijing(at):%Y-%m-%d %H:%M:%S}"


def check_may_submit(*, at: datetime, deadline_at: datetime | None, sealed: bool, trouble: str | None) -> None:
    """Raise unless a bid may be submitted: in time, the lot still sealed, the organisation free to bid.

    `sealed` is whether the lot takes bids, `trouble` why the organisation may not (`organisations.queries.may_bid`).
    """
    check_in_time(at, deadline_at)
    if not sealed:
        raise Refused(N_("这个采购包现在不接受投标，请刷新页面查看最新情况。"))
    if trouble:
        raise Refused(trouble)


def opens_at(deadline_at: datetime) -> datetime:
    """The first instant at which bids may be opened."""
    return deadline_at + OPENING_WAIT


def opening_trouble(*, at: datetime, deadline_at: datetime | None, count: int, minimum: int) -> DomainError | None:
    """Why bids may not be opened at `at`, or None. Fewer than `minimum` are never opened (row 19, 采购法 art. 36)."""
    if deadline_at is None or aware(at) < opens_at(deadline_at):
        return Refused(N_("截止时间过后满 60 秒才能开标，请等待页面上的倒计时结束。"))
    if count < minimum:
        return Refused(N_("只收到 %(count)s 份投标，少于 %(minimum)s 份，不得开标。"), count=count, minimum=minimum)
    return None


def reminders_reached(at: datetime, deadline_at: datetime) -> list[int]:
    """Those of 72, 24 and 2 hours before the deadline that have come, the latest last; none once it has passed."""
    if not is_before(at, deadline_at):
        return []
    return [hours for hours in REMINDER_HOURS if aware(at) >= deadline_at - timedelta(hours=hours)]


# --- what a bid says --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BidContent:
    """What a bidder offers. `answers` by criterion id, `files` as {file_id, name, media_type, size, sha256, key}.

    `workers` are people of the bidder's own register as {worker_id, name, level, weekly_centi} (hundredths of an hour).
    """

    price_fen: int | None = None
    plan: str = ""
    team: str = ""
    schedule: str = ""
    answers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    declaration_small: bool = False
    declaration_ties: str = ""
    legal_representative: str = ""
    files: Sequence[Mapping[str, Any]] = ()
    workers: Sequence[Mapping[str, Any]] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain JSON values; without people it reads as it did before bids named any."""
        lists = {name: [dict(one) for one in getattr(self, name)] for name in ("files", "workers")}
        data = {**vars(self), "answers": dict(self.answers), **lists}
        if not self.workers:
            del data["workers"]
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> BidContent:
        """Read back from `as_data`; raises TypeError or ValueError for anything else."""
        content = cls(**data)
        if type(content.price_fen) is not int or content.price_fen <= 0:
            raise ValueError("a bid has a positive price in whole fen")
        return content

    def committed(self) -> dict[str, Any]:
        """The parts that are committed to one by one: each field, answer, person, and file (without its key)."""
        shown = ("file_id", "name", "media_type", "size", "sha256")
        parts: dict[str, Any] = {
            name: value for name, value in vars(self).items() if name not in {"answers", "files", "workers"}
        }
        parts |= {f"{WORKER}{one['worker_id']}": dict(one) for one in self.workers}
        parts |= {f"{ANSWER}{key}": text for key, text in self.answers.items()}
        parts |= {f"{FILE}{one['file_id']}": {name: one[name] for name in shown} for one in self.files}
        return parts


def content_mark(content: BidContent, secret_fields: Iterable[str]) -> str:
    """The digest by which the page before the submission remembers what it showed: all that would be sealed."""
    return digest({**content.committed(), "secret_fields": sorted(secret_fields)})


@dataclass(frozen=True)
class BidDocument:
    """What is sealed: the content, which of its parts are business secrets, and the salts of the commitments."""

    lot_id: int
    organisation_id: int
    receipt_number: str
    content: BidContent
    secret_fields: tuple[str, ...]
    salts: Mapping[str, str]

    def committed(self) -> dict[str, Any]:
        """All leaves of the root."""
        return {
            **self.content.committed(),
            "lot_id": self.lot_id,
            "organisation_id": self.organisation_id,
            "receipt_number": self.receipt_number,
            "secret_fields": list(self.secret_fields),
        }

    def sealed_bytes(self) -> bytes:
        """The canonical plaintext of the envelope."""
        return canonical_bytes({"form": FORM, **vars(self), "content": self.content.as_data()})


def make_document(
    lot_id: int, organisation_id: int, receipt_number: str, content: BidContent, secret_fields: Iterable[str]
) -> tuple[BidDocument, str]:
    """A document ready to be sealed, and its Merkle root over freshly salted commitments."""
    bare = BidDocument(lot_id, organisation_id, receipt_number, content, tuple(sorted(secret_fields)), {})
    root, leaves = commit_fields(bare.committed())
    return BidDocument(**{**vars(bare), "salts": {leaf["name"]: leaf["salt"] for leaf in leaves}}), root


def read_document(data: Mapping[str, Any]) -> BidDocument:
    """Read the JSON of an opened envelope. Raises KeyError, TypeError or ValueError when it is no bid."""
    if data["form"] != FORM:
        raise ValueError("not a bid document")
    values = {name: data[name] for name in ("lot_id", "organisation_id", "receipt_number", "salts")}
    content = BidContent.from_data(data["content"])
    return BidDocument(**values, content=content, secret_fields=tuple(data["secret_fields"]))


def root_matches(document: BidDocument, root: str) -> bool:
    """True when the document is the one the receipt's root commits to."""
    fields = document.committed()
    if set(fields) != set(document.salts):
        return False
    digests = {name: commit(name, fields[name], salt) for name, salt in document.salts.items()}
    return hmac.compare_digest(root, root_of(digests))


def envelope_info(lot_id: int, receipt_number: str) -> bytes:
    """What an envelope is bound to: it cannot be moved to another lot or receipt."""
    return f"linli/bid/1/lot/{lot_id}/receipt/{receipt_number}".encode()


# --- what is still missing --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gap:
    """One thing to mend before submission: the field to go to and the sentence that says what is wrong."""

    field: str
    text: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)


def gaps(
    content: BidContent, criteria: Sequence[tuple[int, str]], ceiling_fen: int, *, may_claim_small: bool
) -> list[Gap]:
    """Everything that keeps a bid from being submitted, in the order of the page; `criteria` are those with answers."""
    found = []
    if content.price_fen is None:
        found.append(Gap("price_fen", N_("还没有填写报价。")))
    elif content.price_fen <= 0:
        found.append(Gap("price_fen", N_("报价必须大于零。")))
    elif content.price_fen > ceiling_fen:
        ceiling = format_yuan(ceiling_fen)
        found.append(Gap("price_fen", N_("报价高于最高限价 %(ceiling)s，会被判为无效投标。"), {"ceiling": ceiling}))
    for criterion_id, title in criteria:
        if not content.answers.get(str(criterion_id), "").strip():
            found.append(Gap(f"{ANSWER}{criterion_id}", N_("还没有回应评分项“%(title)s”。"), {"title": title}))
    for name, label in REQUIRED.items():
        if not getattr(content, name).strip():
            found.append(Gap(name, N_("还没有填写“%(label)s”。"), {"label": label}))
    if content.declaration_small and not may_claim_small:
        found.append(Gap("declaration_small", N_("贵机构的类型不能声明为小微企业，请取消勾选。")))
    return found


# --- drafts: several people, field by field ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed after this page was loaded; their words stand, ours are given back."""

    field: str
    theirs: Any
    by: str
    at: str


def empty_draft(legal_representative: str = "") -> dict[str, Any]:
    """A draft's document before anything is typed."""
    return {"values": {"legal_representative": legal_representative}, "files": [], "touched": {}, "hands": []}


def apply_changes(
    doc: dict[str, Any],
    changes: Mapping[str, Any],
    *,
    person: tuple[int, str],
    at: str,
    seen_version: int,
    version: int,
    seen: Mapping[str, str] | None = None,
) -> list[Conflict]:
    """Write changed fields into a draft and return those that somebody else changed since `seen_version`.

    `seen` are the marks of what the page showed: a field that still has what was shown is no change of this person.
    """
    conflicts = []
    for name, value in changes.items():
        current = doc["values"].get(name)
        if (current or None) == (value or None) or (seen and seen.get(name) == seen_mark(value)):
            continue
        last = doc["touched"].get(name)
        if last and last["version"] > seen_version and last["user_id"] != person[0]:
            conflicts.append(Conflict(name, current, last["name"], last["at"]))
            continue
        doc["values"][name] = value
        doc["touched"][name] = {"version": version, "user_id": person[0], "name": person[1], "at": at}
    return conflicts


def named_ids(doc: Mapping[str, Any]) -> dict[int, int]:
    """The people a draft names, each with the planned hours a week (hundredths)."""
    found = {int(n.removeprefix(WORKER)): v for n, v in doc["values"].items() if n.startswith(WORKER)}
    return {worker_id: centi for worker_id, centi in sorted(found.items()) if isinstance(centi, int) and centi > 0}


def draft_content(
    doc: Mapping[str, Any], criteria: Sequence[tuple[int, str]], people: Mapping[int, tuple[str, str]] | None = None
) -> tuple[BidContent, tuple[str, ...]]:
    """The bid a draft would make now, and which of its parts are marked as business secrets.

    `people` gives name and certificate level of those who may be named; who is not among them any more is left out.
    """
    values, files, known_people = doc["values"], doc["files"], people or {}
    answers = {str(key): values.get(f"{ANSWER}{key}") or "" for key, _ in criteria}
    content = BidContent(
        price_fen=values.get("price_fen"),
        **{name: values.get(name) or "" for name in TEXT_FIELDS},
        answers=answers,
        declaration_small=bool(values.get("declaration_small")),
        files=tuple(files),
        workers=tuple(
            {"worker_id": i, "name": known_people[i][0], "level": known_people[i][1], "weekly_centi": centi}
            for i, centi in named_ids(doc).items()
            if i in known_people
        ),
    )
    known = {"plan", "team", "schedule", *(f"{ANSWER}{k}" for k in answers), *(f"{FILE}{f['file_id']}" for f in files)}
    return content, tuple(sorted(known.intersection(values.get("secret_fields") or ())))


def draft_from(content: BidContent, secret_fields: Iterable[str]) -> dict[str, Any]:
    """A draft that continues from a submitted bid."""
    doc = empty_draft(content.legal_representative)
    doc["values"] |= {name: getattr(content, name) for name in ("price_fen", "declaration_small", *TEXT_FIELDS)}
    doc["values"] |= {f"{ANSWER}{key}": text for key, text in content.answers.items()}
    doc["values"] |= {f"{WORKER}{one['worker_id']}": one["weekly_centi"] for one in content.workers}
    doc["values"]["secret_fields"] = sorted(secret_fields)
    doc["files"] = [dict(one) for one in content.files]
    return doc


# --- after opening ----------------------------------------------------------------------------------------------------


def head_name(name: str) -> str:
    """A person's name reduced to what counts: no width variants, no blanks, no dots between parts."""
    return "".join(c for c in unicodedata.normalize("NFKC", name) if c.isalnum()).casefold()


def same_heads(heads: Mapping[int, Iterable[str]]) -> set[int]:
    """The bids (by key) that share a legal representative with another: all are invalid (row 25, 条例 art. 18)."""
    holders: dict[str, set[int]] = defaultdict(set)
    for key, names in heads.items():
        for name in {head_name(one) for one in names} - {""}:
            holders[name].add(key)
    return {key for keys in holders.values() if len(keys) > 1 for key in keys}
