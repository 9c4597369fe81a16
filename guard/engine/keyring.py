"""Where the keyring of this guard is, and how it is opened: as configured under `[keys]`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from guard.config import KeysSection, Loaded, resolve_secret
from guard.errors import ConfigError, KeyUnavailableError
from guard.model import Sensitive, Value

if TYPE_CHECKING:
    from guard.anonymize.keys import Keyring
    from guard.anonymize.keys_envelope import KeyEncryption
    from guard.anonymize.plan import Plan

ACTOR = "guard"  # of what guard does by itself
FILE = "root.key"  # in the folder of keys


class KeyState(Value, frozen=True):
    """What may be told of a keyring: never a secret.

    Attributes:
        where: the file, or the reference of the configuration.
        kek: the key-encryption key that it is wrapped under; empty for a keyring in clear.
        versions: the versions that it holds, rising; the last one is current.
    """

    where: str
    kek: str
    versions: tuple[int, ...]


def open_keyring(loaded: Loaded, folder: Path) -> tuple[Keyring, KeyState]:
    """The keyring; made, wrapped if so configured, when it is guard's own and there is none.

    Raises:
        KeyUnavailableError: missing, open to others, damaged, or wrapped under another key than the configured one; or
            the key-encryption key cannot be had.
    """
    from guard.anonymize.keyring_file import create_private, keyring_text, parse_keyring, random_secret, read_private
    from guard.anonymize.keys import Keyring
    from guard.anonymize.keys_envelope import is_sealed, seal_keyring, sealed_under
    from guard.anonymize.keys_envelope import open_keyring as unseal

    settings: KeysSection = loaded.config.keys
    kek = kek_of(settings.kek, loaded)
    path = folder / FILE
    if settings.root:
        where, text = settings.root, resolve_secret(settings.root, root=loaded.root)
    else:
        where = str(path)
        if not os.path.lexists(path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            first = Keyring({1: random_secret()})
            made = Sensitive(seal_keyring(first, kek)) if kek else keyring_text(first)
            try:
                create_private(path, made, what="keyring")
            except KeyUnavailableError:
                if not os.path.lexists(path):  # otherwise another process was faster, and its keyring stands
                    raise
        text = read_private(path, what="keyring")
    if is_sealed(text.reveal()):
        if kek is None:
            msg = f"the keyring is wrapped under `{sealed_under(text.reveal())}`, and no such key is configured"
            raise KeyUnavailableError(msg, help="name the key-encryption key by `keys.kek`")
        ring = unseal(text.reveal(), kek)
    elif kek is not None:
        msg = f"the keyring `{where}` is not wrapped, although `keys.kek` is set"
        raise KeyUnavailableError(msg, help="wrap it with `guard keys rewrap --from clear`, or leave `keys.kek` out")
    else:
        ring = parse_keyring(text)
    return ring, KeyState(where, kek.name if kek else "", ring.versions)


def keyring_path(loaded: Loaded) -> Path:
    """Where guard keeps a keyring of its own, whether it is there or not."""
    state: Path = loaded.root / loaded.config.state
    return state / "keys" / FILE


def own_keyring(loaded: Loaded) -> Path:
    """The file of guard's own keyring, which it may change.

    Raises:
        KeyUnavailableError: the keyring is kept elsewhere.
    """
    if loaded.config.keys.root:
        msg = f"the keyring comes from `{loaded.config.keys.root}`, which guard only reads"
        raise KeyUnavailableError(msg, help="change it where it is kept, then start guard again")
    return keyring_path(loaded)


def key_use(plan: Plan, ring: Keyring) -> dict[str, list[int]]:
    """What an entry says of the keys that a plan used: their versions; nothing where no transform has a key."""
    keyed = [field for field in plan.fields if field.keyed]
    versions = {getattr(field.params, "version", None) or ring.current for field in keyed}
    return {"key_versions": sorted(versions)} if keyed else {}


def kek_of(reference: str, loaded: Loaded) -> KeyEncryption | None:
    """The key-encryption key behind `env:NAME`, `file:/path` or `transit:NAME`; None for an empty reference.

    What a file or a variable holds is a key of 32 bytes, or an SM2 key in PEM.

    Raises:
        KeyUnavailableError: it cannot be had.
        ConfigError: the transit engine's settings are missing or wrong.
    """
    from guard.anonymize.keyring_file import read_private
    from guard.anonymize.keys_envelope import LocalKek
    from guard.anonymize.keys_sm2 import Sm2Kek, is_pem

    settings: KeysSection = loaded.config.keys
    kind, _, name = reference.partition(":")
    match kind:
        case "":
            return None
        case "env":
            if is_pem(text := Sensitive(os.environ.get(name, "").encode())):
                return Sm2Kek(text)
            return LocalKek.from_environment(os.environ, variable=name, cipher=settings.kek_cipher)
        case "file":
            path = loaded.root / Path(name).expanduser()
            if is_pem(text := read_private(path, what="key-encryption key")):
                return Sm2Kek(text)
            return LocalKek.from_file(path, cipher=settings.kek_cipher)
        case "transit":
            return _transit(name, settings, loaded)
    msg = f"`{kind}:` is no kind of key-encryption key"
    raise ConfigError(msg, help="write `env:NAME`, `file:/path` or `transit:NAME`")


def _transit(name: str, settings: KeysSection, loaded: Loaded) -> KeyEncryption:
    from guard.anonymize.kms.transit import TransitAddress, TransitKek

    token = settings.transit_token
    if not settings.transit_url or token is None:
        msg = "a key of a transit engine needs `keys.transit_url` and `keys.transit_token`"
        raise ConfigError(msg, help="write transit_url = 'https://host:8200' and transit_token = 'env:NAME'")
    address = TransitAddress(
        url=settings.transit_url,
        token=lambda: resolve_secret(token, root=loaded.root),
        mount=settings.transit_mount,
        namespace=settings.transit_namespace,
        ca_file=str(loaded.root / settings.transit_ca_file) if settings.transit_ca_file else "",
        deadline=settings.transit_deadline_ms / 1000,
    )
    return TransitKek(name, address)
