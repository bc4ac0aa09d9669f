"""States of a challenge (质疑)."""

from __future__ import annotations

from enum import StrEnum

from market.kernel.permits import Permit
from market.kernel.states import Machine, Move
from market.kernel.text import N_


class ChallengeState(StrEnum):
    """A challenge."""

    FILED = "filed"
    REPLIED = "replied"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ChallengeVerb(StrEnum):
    """What happens to a challenge."""

    REPLY = "reply"
    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


CHALLENGE_LABELS = {
    ChallengeState.FILED: N_("待答复"),
    ChallengeState.REPLIED: N_("已答复，待处理决定"),
    ChallengeState.UPHELD: N_("质疑成立"),
    ChallengeState.REJECTED: N_("质疑不成立"),
    ChallengeState.WITHDRAWN: N_("已撤回"),
}

_S, _V, _P = ChallengeState, ChallengeVerb, Permit

CHALLENGE_MACHINE = Machine(
    ChallengeState,
    name="challenge",
    start=_S.FILED,
    moves=[
        Move(_S.FILED, _V.REPLY, _S.REPLIED, _P.CHALLENGE_REPLY, N_("答复质疑")),
        Move(_S.FILED, _V.WITHDRAW, _S.WITHDRAWN, _P.CHALLENGE_FILE, N_("撤回质疑")),
        Move(_S.REPLIED, _V.WITHDRAW, _S.WITHDRAWN, _P.CHALLENGE_FILE, N_("撤回质疑")),
        Move(_S.REPLIED, _V.UPHOLD, _S.UPHELD, _P.CHALLENGE_DECIDE, N_("认定成立")),
        Move(_S.REPLIED, _V.REJECT, _S.REJECTED, _P.CHALLENGE_DECIDE, N_("认定不成立")),
    ],
)
