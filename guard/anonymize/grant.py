"""The permission to turn pseudonyms back: without this value no `invert` runs.

Re-identification is an act of its own (PIPL art. 73, GDPR art. 4(5)): somebody decides it for a purpose, it is written
down before it happens, and it ends after a number of values. The engine makes a grant after the policy decision and
after the audit entry are durable, and passes it down; nothing in this room makes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import AccessDeniedError
from guard.model import Value

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys


class ReidentificationGrant(Value, frozen=True):
    """What was decided, for one call.

    Attributes:
        decision_id: the decision in the audit log.
        subject: who gets the values.
        purpose: what for.
        key_purpose: the purpose whose pseudonyms are turned back: keys of another one are refused.
        transform: the id of the transform that is turned back.
        limit: how many values at most.
    """

    decision_id: str
    subject: str
    purpose: str
    key_purpose: str
    transform: str
    limit: int

    def __post_init__(self) -> None:
        if not (self.decision_id and self.subject and self.purpose and self.key_purpose) or self.limit < 1:
            msg = "a grant of re-identification names no decision, subject or purpose, or no value"
            raise AccessDeniedError(msg, help="ask for a policy decision first; the engine makes the grant from it")


def require(grant: object, transform: str, keys: Keys, count: int) -> None:
    """Refuses what the grant does not cover.

    Raises:
        AccessDeniedError: no grant, or one for another transform or purpose, or for fewer values.
    """
    if not isinstance(grant, ReidentificationGrant):
        msg = f"turning `{transform}` back needs a grant of re-identification"
        raise AccessDeniedError(msg, help="ask for a policy decision first; the engine makes the grant from it")
    if grant.transform != transform or grant.key_purpose != keys.purpose:
        msg = f"the grant of re-identification is not for `{transform}` of the purpose `{keys.purpose}`"
        raise AccessDeniedError(
            msg, help="ask for a decision on this transform and purpose", decision_id=grant.decision_id
        )
    if count > grant.limit:
        msg = f"the grant of re-identification is for {grant.limit} values, not for {count}"
        raise AccessDeniedError(msg, help="ask for fewer values, or for a new decision", decision_id=grant.decision_id)
