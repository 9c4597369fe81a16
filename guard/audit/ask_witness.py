"""The log's side of witnessing: asks each witness to cosign the published checkpoint, and keeps what they answer.

The cosigned checkpoint stands beside the published one, as `checkpoint.witnessed`; proofs are made against it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

from guard.audit import checkpoint as note
from guard.audit import proof, reader
from guard.audit.cosign import CosignerKey, merged
from guard.audit.disk import PosixDisk
from guard.audit.keys import PublicKey, PublicKeys
from guard.errors import AuditError, ConfigError, IntegrityError
from guard.model import Checkpoint, Value

TIMEOUT = 10.0  # seconds, for each witness
MAX_ANSWER = 65_536  # bytes


class WitnessAt(Value, frozen=True):
    """A witness and where it listens: the submission prefix of C2SP tlog-witness."""

    url: str
    key: CosignerKey

    @classmethod
    def parse(cls, text: str) -> WitnessAt:
        """The witness of `URL=KEY`, as `http://host:8788=name+id+key`.

        Raises:
            ConfigError: it is not an HTTP address and a key.
            KeyUnavailableError: the key is not a witness's, or of an algorithm that guard does not verify.
        """
        url, equals, public = text.partition("=")
        if not equals or not url.startswith(("http://", "https://")):
            raise ConfigError("a witness is not URL=KEY", help="write http://host:8788=name+id+key")
        return cls(url, CosignerKey.parse(public))


class Reply(Value, frozen=True):
    """What a witness answered."""

    status: int
    body: str


Post = Callable[[str, str], Reply]  # URL and body; raises AuditError when there is no answer


class Asked(Value, frozen=True):
    """What came of asking: the checkpoint with all cosignatures, and why some witnesses did not sign."""

    checkpoint: Checkpoint
    signed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()  # name of the witness, cause


def ask(
    folder: Path,
    public: PublicKey | PublicKeys,
    witnesses: Sequence[WitnessAt],
    *,
    needed: int = 1,
    post: Post | None = None,
) -> Asked:
    """Asks all witnesses about the published checkpoint of the log in `folder`; may run beside the writer.

    What is kept is replaced when `needed` witnesses signed, or at least as many of them as signed what was kept: one
    that is away for an hour must not take from older entries the cosignatures that they have.

    Raises:
        AuditError: nothing is published yet, or the cosigned checkpoint cannot be written.
        IntegrityError: the published checkpoint is not the log's own, or its tiles do not lead to it.
    """
    head = reader.published(folder)
    if head is None:
        raise AuditError("the audit log has no checkpoint yet", help="ask again when something was recorded")
    public.verify(head)
    before = reader.witnessed(folder)
    lines: list[str] = []
    signed: list[str] = []
    refused: list[tuple[str, str]] = []
    for witness in witnesses:
        try:
            lines += _ask_one(folder, head, before, witness, post or http_post)
            signed.append(witness.key.name)
        except AuditError as error:
            refused.append((witness.key.name, error.message))
    cosigned = merged(head, lines)
    kept = sum(_has_signed(witness, before) for witness in witnesses) if before else 0
    if len(signed) >= max(1, min(needed, kept)):
        path = folder / reader.WITNESSED
        try:
            PosixDisk().put(path, note.text(cosigned).encode())
            PosixDisk().sync_folder(folder)
        except OSError as error:
            raise AuditError(f"`{path.name}` cannot be written: {error.strerror}") from None
    return Asked(cosigned, tuple(signed), tuple(refused))


def _has_signed(witness: WitnessAt, head: Checkpoint) -> bool:
    try:
        return witness.key.verify(head) is not None
    except IntegrityError:
        return False


def _ask_one(folder: Path, head: Checkpoint, before: Checkpoint | None, witness: WitnessAt, post: Post) -> list[str]:
    """The witness's signature lines; it is asked again once when it tells another size than was expected."""
    old = before.size if before and before.size <= head.size and witness.key.verify(before) is not None else 0
    url = f"{witness.url.rstrip('/')}/add-checkpoint"
    answer = post(url, request(folder, old, head))
    if answer.status == 409:
        told = answer.body.strip()
        if not (told.isascii() and told.isdecimal()) or len(told) > 19:
            raise AuditError("the witness told no size")
        if int(told) > head.size:
            raise IntegrityError(f"the witness has seen {told} entries, the log has {head.size}: it was set back")
        if int(told) == old:
            raise IntegrityError(f"the witness has seen another history of {old} entries")
        answer = post(url, request(folder, int(told), head))
    if answer.status != 200:
        raise AuditError(f"the witness refused with status {answer.status}")
    lines = [line.removeprefix("— ") for line in answer.body.split("\n") if line.startswith("— ")]
    mine = [line for line in lines if line.partition(" ")[0] == witness.key.name]
    if not mine or witness.key.verify(Checkpoint(head.origin, head.size, head.root, tuple(mine))) is None:
        raise IntegrityError("the witness answered without a cosignature of its key")
    return mine


def request(folder: Path, old: int, head: Checkpoint) -> str:
    """The body of `POST add-checkpoint`."""
    path = proof.extension(folder, old, to=head)
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in path), "", ""]
    return "\n".join(lines) + note.text(head)


def http_post(url: str, body: str) -> Reply:
    """Sends by HTTP; follows no redirect and reads no more than `MAX_ANSWER` bytes.

    Raises:
        AuditError: there is no answer, or it is not text.
    """
    import httpx

    data = b""
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body.encode()) as response,
        ):
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_ANSWER:
                    raise AuditError("the witness's answer is too long")
            return Reply(response.status_code, data.decode())
    except httpx.HTTPError as error:
        raise AuditError(f"the witness did not answer ({type(error).__name__})") from None
    except UnicodeDecodeError:
        raise AuditError("the witness's answer is not text") from None
