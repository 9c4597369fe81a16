"""Where keyrings are kept: a file that only its owner can read, or an environment variable.

Text form: the line `guard-keyring 1`, then one line a version, `<version> <32 bytes in base64url without padding>`,
rising; the last one is current. `;` may stand for the line ends, for environment variables. One spelling only.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from guard.anonymize.keys import ENVIRONMENT, SECRET_BYTES, Keyring
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

HEADER = b"guard-keyring 1"
MAX_FILE_BYTES = 64 * 1024

_LINE = re.compile(rb"[1-9][0-9]{0,2} [A-Za-z0-9_-]{43}")


def parse_keyring(text: Sensitive[bytes]) -> Keyring:
    """The keyring of its text form.

    Raises:
        KeyUnavailableError: the text is not a keyring. The message names the line, never its content.
    """
    body = Sensitive(text.reveal().replace(b";", b"\n").removesuffix(b"\n"))
    lines = [Sensitive(line) for line in body.reveal().split(b"\n")]
    if lines[0].reveal() != HEADER:
        msg = "the keyring does not begin with its header line"
        raise KeyUnavailableError(msg, help="create it with `create_keyring(path)`")
    roots: dict[int, Sensitive[bytes]] = {}
    for number, line in enumerate(lines[1:], start=2):
        version, root = _parse_line(line, number)
        if roots and version <= max(roots):
            msg = f"line {number} of the keyring has a version that does not rise"
            raise KeyUnavailableError(msg, help="each version stands once, in rising order")
        roots[version] = root
    return Keyring(roots)


def _parse_line(line: Sensitive[bytes], number: int) -> tuple[int, Sensitive[bytes]]:
    if _LINE.fullmatch(line.reveal()):
        version = int(line.reveal().partition(b" ")[0])
        try:
            root = Sensitive(base64.b64decode(line.reveal().partition(b" ")[2] + b"=", altchars=b"-_", validate=True))
        except binascii.Error:
            root = Sensitive(b"")
        if _line(version, root).reveal() == line.reveal():  # the unused bits at the end have one spelling
            return version, root
    msg = f"line {number} of the keyring is not a version and {SECRET_BYTES} bytes in base64url"
    raise KeyUnavailableError(msg, help="restore the keyring from its backup, or create a new one")


def _line(version: int, root: Sensitive[bytes]) -> Sensitive[bytes]:
    return Sensitive(b"%d %s" % (version, base64.urlsafe_b64encode(root.reveal()).rstrip(b"=")))


def keyring_text(ring: Keyring) -> Sensitive[bytes]:
    """The text form of a keyring: parsing it gives the same keyring again."""
    lines = [HEADER, *(_line(version, root).reveal() for version, root in ring.roots())]
    return Sensitive(b"\n".join(lines) + b"\n")


def random_secret() -> Sensitive[bytes]:
    """A new root secret from the operating system."""
    return Sensitive(secrets.token_bytes(SECRET_BYTES))


def create_keyring(path: Path, *, secret: Callable[[], Sensitive[bytes]] = random_secret) -> Keyring:
    """Writes a new keyring with one version to `path`, readable by its owner only, durable when this returns.

    Raises:
        KeyUnavailableError: the file exists already (a keyring is never overwritten) or cannot be written.
    """
    ring = Keyring({1: secret()})
    create_private(path, keyring_text(ring), what="keyring")
    return ring


def create_private(path: Path, content: Sensitive[bytes], *, what: str) -> None:
    """Writes a file that its owner alone can read, durable when this returns, and never over another.

    Raises:
        KeyUnavailableError: it exists already, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        msg = f"the {what} `{path}` exists already"
        raise KeyUnavailableError(msg, help="a keyring is never overwritten: every pseudonym rests on it") from None
    except OSError as error:
        msg = f"the {what} `{path}` cannot be created: {error.strerror}"
        raise KeyUnavailableError(msg, help="give a path in an existing folder that you may write") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.reveal())
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)  # half a keyring would look like a damaged one
        msg = f"the {what} `{path}` cannot be written: {error.strerror}"
        raise KeyUnavailableError(msg, help="free some space, then try again") from None


def replace_private(path: Path, content: Sensitive[bytes], *, what: str) -> None:
    """Puts new content in the place of a private file: whole and durable when this returns, or the old one stays.

    Raises:
        KeyUnavailableError: it cannot be written.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)  # of a crash; only one process writes a state folder at a time
        create_private(new, content, what=what)
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        msg = f"the {what} `{path}` cannot be replaced: {error.strerror}"
        raise KeyUnavailableError(msg, help="free some space, then try again") from None


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_keyring(path: Path) -> Keyring:
    """The keyring in a file that belongs to this user and that nobody else may read or write.

    Raises:
        KeyUnavailableError: missing, a symbolic link, someone else's, open to others, or not a keyring.
    """
    return parse_keyring(read_private(path, what="keyring"))


def read_private(path: Path, *, what: str) -> Sensitive[bytes]:
    """A file that belongs to this user and that nobody else may read or write; at most 64 KiB.

    Raises:
        KeyUnavailableError: missing, a symbolic link, someone else's, open to others, or too large.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        msg = f"the {what} `{path}` cannot be opened: {error.strerror}"
        raise KeyUnavailableError(msg, help="create one with `create_keyring(path)`; no symbolic link") from None
    with os.fdopen(handle, "rb") if _regular(handle) else contextlib.nullcontext() as file:
        # Checked on the open handle, not on the path: what was checked is what is read.
        if file is None or (status := os.fstat(handle)).st_uid != os.geteuid():
            msg = f"the {what} `{path}` is not a regular file of this user"
            raise KeyUnavailableError(msg, help=f"the {what} must belong to the user who runs guard")
        if stat.S_IMODE(status.st_mode) & 0o177:
            msg = f"the {what} `{path}` is open to others (mode {stat.S_IMODE(status.st_mode):04o})"
            raise KeyUnavailableError(msg, help=f"chmod 600 {path}, and rotate the key if others could have read it")
        content = Sensitive(file.read(MAX_FILE_BYTES + 1))
    if len(content.reveal()) > MAX_FILE_BYTES:
        msg = f"the {what} `{path}` has more than {MAX_FILE_BYTES} bytes"
        raise KeyUnavailableError(msg, help=f"restore the {what} from its backup")
    return content


def _regular(handle: int) -> bool:
    """True for a regular file; closes the handle of anything else."""
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return True
    os.close(handle)
    return False


def load_or_create(path: Path) -> Keyring:
    """The keyring in `path`; a new one when there is no such file and no other process makes it first.

    Raises:
        KeyUnavailableError: see `read_keyring` and `create_keyring`.
    """
    if not os.path.lexists(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return create_keyring(path)
        except KeyUnavailableError:
            if not os.path.lexists(path):
                raise
    return read_keyring(path)


def keyring_from(environment: Mapping[str, str], *, name: str = ENVIRONMENT) -> Keyring:
    """The keyring in an environment variable.

    Raises:
        KeyUnavailableError: the variable is not set or is not a keyring.
    """
    text = Sensitive(environment.get(name, "").encode())
    del environment  # a traceback that shows locals would print it
    if not text.reveal():
        msg = f"the environment variable `{name}` is not set"
        raise KeyUnavailableError(msg, help=f"set {name}, or create a keyring file with `create_keyring(path)`")
    return parse_keyring(text)
