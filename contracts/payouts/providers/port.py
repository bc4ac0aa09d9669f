"""The port: an instruction goes out under a key, an outcome comes back. Knows no provider, no database and no web.

The promise every provider keeps, and which the worker relies on when it is killed between sending and writing down:
* the same key with the same instruction moves money once, however often it is sent, and gives the same reference;
* the same key with another instruction is refused (`KeyConflict`), and the first one stands;
* `look_up` answers None only when the provider has never taken an order under that key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from market.kernel.canonical import digest
from market.kernel.errors import Refused
from market.kernel.money import MAX_FEN, format_yuan
from market.kernel.text import N_

NAME_LENGTH = 140  # Max140Text of ISO 20022, also the longest name banks take
ACCOUNT_LENGTH = 34  # Max34Text
NUMBER_LENGTH = 35  # Max35Text

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-]*\Z")
_CNAPS = re.compile(r"[0-9]{12}\Z")
_USCC = re.compile(r"[0-9A-Z]{18}\Z")

# Control characters, lone surrogates, zero-width blanks, bidirectional overrides and what XML cannot carry at all.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


class ProviderError(Exception):
    """Something went wrong on the way to the provider.

    `reason` is a sentence for the officer (a catalogue key), `detail` the provider's own words, `code` its error code.
    """

    def __init__(self, reason: str, *, detail: str = "", code: str = "") -> None:
        self.reason = reason
        self.detail = detail
        self.code = code
        super().__init__(f"{reason} {detail}".strip())


class Unsure(ProviderError):
    """No answer, or one that settles nothing: the order may have been taken: send again with the same key."""


class Declined(ProviderError):
    """A definite no: under this key no money has moved and none will."""


class KeyConflict(ProviderError):
    """The key was used before for another instruction, which stands. So this is never "failed": a person must look."""


class Misconfigured(ProviderError):
    """Wrong key or address. Nothing was taken; the order may be sent again unchanged once the setting is mended."""


class OutcomeState(StrEnum):
    """Where an order stands at the provider."""

    ACCEPTED = "accepted"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorAccount:
    """The street's account from which one fund source is paid. `cnaps` is the 12-digit number of its bank branch."""

    name: str
    account_no: str
    bank_name: str
    cnaps: str

    def __post_init__(self) -> None:
        _check_name(self.name, "debtor_name")
        _check_account(self.account_no, "debtor_account_no")
        _check_name(self.bank_name, "debtor_bank_name")
        _check_cnaps(self.cnaps, "debtor_cnaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One payment to one organisation. Raises Refused where a bank would send the whole file back.

    `request_no` is the number both sides know the payment by; `fund_source` is the label printed on files (财政资金,
    福彩公益金 …), one per instruction; `remittance` names contract and milestone and is cut where a format is shorter.
    """

    request_no: str
    amount_fen: int
    payee_name: str
    payee_uscc: str
    account_no: str
    bank_name: str
    cnaps: str
    remittance: str
    fund_source: str
    debtor: DebtorAccount
    stripe_account: str | None = None

    def __post_init__(self) -> None:
        check_number(self.request_no, "request_no")
        if isinstance(self.amount_fen, bool) or not isinstance(self.amount_fen, int):
            raise TypeError("amount_fen is a whole number of fen")
        if not 0 < self.amount_fen <= MAX_FEN:
            raise Refused(
                N_("付款单 %(number)s 的金额必须大于零且不超过上限。请核对应付金额。"),
                field="amount",
                number=self.request_no,
            )
        _check_name(self.payee_name, "payee_name")
        if not _USCC.match(self.payee_uscc):
            raise Refused(
                N_("付款单 %(number)s 的收款人统一社会信用代码不是 18 位。请先更正该组织的登记信息。"),
                field="payee_uscc",
                number=self.request_no,
            )
        _check_account(self.account_no, "account_no")
        _check_name(self.bank_name, "bank_name")
        _check_cnaps(self.cnaps, "cnaps")
        if not 0 < len(clean(self.fund_source)) <= NUMBER_LENGTH:
            raise Refused(
                N_("付款单 %(number)s 没有写明资金来源，或名称超过 35 个字。"),
                field="fund_source",
                number=self.request_no,
            )

    def as_data(self) -> dict[str, object]:
        """The instruction as plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The instruction again from what `as_data` gave, checked again."""
        return cls(**{**data, "debtor": DebtorAccount(**data["debtor"])})

    def digest(self) -> str:
        """SHA-256 over the canonical JSON, in hex: equal digests mean the same order."""
        return digest(self.as_data())


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken the order. `reference` is its own number for it."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where the order stands. `returned_fen` is what came back, also in part; `reason` is the provider's own text."""

    state: OutcomeState
    reference: str
    amount_fen: int
    returned_fen: int = 0
    reason: str = ""


class Provider(Protocol):
    """A way of paying. Both calls may raise Unsure or Misconfigured; `send` also Declined and KeyConflict."""

    @property
    def name(self) -> str:
        """Short name kept beside the payment: `bank`, `stripe`."""
        ...

    def send(self, instruction: Instruction, idempotency_key: str) -> Sent:
        """Hand the order over once, however often it is called with the same key."""
        ...

    def look_up(self, idempotency_key: str) -> Outcome | None:
        """The order's present standing, or None if none was ever taken under this key."""
        ...


def plain_yuan(amount_fen: int) -> str:
    """Fen as machines read yuan: digits and a point with two decimals, no sign, no commas (129600.00)."""
    return format_yuan(amount_fen, symbol="").replace(",", "")


def clean(text: str) -> str:
    """The text without line breaks, invisible characters or doubled blanks.

    No Unicode normalisation: it would replace compatibility ideographs, which some names are written with.
    """
    return " ".join(_UNSEEN.sub(" ", text).split())


def cut(text: str, limit: int) -> str:
    """The cleaned text in at most `limit` code points, ending with … where something was left out.

    The cut never parts a character from the combining marks, variation selectors or joiners that follow it: a rare
    surname written with a variation selector would otherwise turn into another one.
    """
    text = clean(text)
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 0 and (_clings(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip() + "…"


def _clings(char: str) -> bool:
    """True for a code point that only modifies the one before it."""
    return unicodedata.category(char) in {"Mn", "Mc", "Me"} or char == "\u200d"


def check_number(number: str, field: str, limit: int = NUMBER_LENGTH) -> None:
    """Raise Refused unless `number` is Latin letters, digits and hyphens: what every bank gives back unharmed."""
    if len(number) > limit or not _NUMBER.match(number):
        raise Refused(
            N_("编号“%(number)s”只能用英文字母、数字和连字符，最多 %(limit)d 位。"),
            field=field,
            number=number,
            limit=limit,
        )


def _check_name(name: str, field: str) -> None:
    if clean(name) != name or not 0 < len(name) <= NAME_LENGTH:
        # A shortened name no longer matches the account and comes back from the bank, so names are never cut.
        raise Refused(
            N_("名称“%(name)s”为空、超过 140 个字，或含有换行、多余空格等看不见的字符。请按银行开户名称填写。"),
            field=field,
            name=clean(name),
        )


def _check_account(account_no: str, field: str) -> None:
    if len(account_no) > ACCOUNT_LENGTH or not _NUMBER.match(account_no):
        raise Refused(
            N_("银行账号“%(account)s”只能用数字、字母和连字符，最多 34 位。"), field=field, account=account_no
        )


def _check_cnaps(cnaps: str, field: str) -> None:
    if not _CNAPS.match(cnaps):
        raise Refused(N_("联行号“%(cnaps)s”应为 12 位数字。请向开户行核实。"), field=field, cnaps=cnaps)
