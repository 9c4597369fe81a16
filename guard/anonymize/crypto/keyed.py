"""What the keyed transforms share: names, keys of the right length, and the error where a database has no form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.keys import MAX_NAME_BYTES
from guard.errors import PlanError, TransformError
from guard.model import Sensitive

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys

Others: TypeAlias = Literal["refuse", "null"]

SM4_KEY_BYTES = 16
_LONGEST_USE = 32  # bytes that the name of a use has before its domain


def check_names(transform: str, domain: str, purpose: str, version: int | None) -> None:
    """Refuses names that no key can be derived for.

    Raises:
        PlanError: too long, or a version below 1.
    """
    longest = MAX_NAME_BYTES - _LONGEST_USE
    if len(domain.encode()) > longest or len(purpose.encode()) > MAX_NAME_BYTES:
        msg = f"`domain` or `purpose` of `{transform}` has more than {longest} bytes"
        raise PlanError(msg, help="use a short name, such as `person`")
    if version is not None and version < 1:
        msg = f"`version` of `{transform}` is less than 1"
        raise PlanError(msg, help="leave it out for the current key")


def key_of(
    keys: Keys, transform: str, domain: str, version: int | None, cipher: CipherName, *, part: str = ""
) -> Sensitive[bytes]:
    """The key of one transform, domain, version and cipher; independent of all others of the same root.

    Raises:
        KeyUnavailableError: the keyring does not hold this version.
    """
    key = keys.derive(f"{transform}/{cipher}{part}:{domain}", version)
    return Sensitive(key.reveal()[:SM4_KEY_BYTES]) if cipher == "sm4" else key


def no_database_form(transform: str) -> TransformError:
    """The error of a transform that only runs here."""
    msg = f"the transform `{transform}` has no form in SQL: no database has its cipher"
    return TransformError(msg, help="use `pseudonym` as a mask in queries, or anonymise the table with a plan")
