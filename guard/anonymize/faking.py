"""What all realistic fakes share; each of them brings its pool of parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import Others, check_names, key_of
from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keys import required
from guard.anonymize.transform import File
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.anonymize.crypto.fakes import Fakes, Pool
    from guard.anonymize.keys import Keys


class FakeParams(Value, frozen=True):
    """`index` is a file with all values of a key column, one a line, so that fakes never meet.

    `cipher` is aes or sm4; `others` says what becomes of a value that is not in the index: `refuse` or `null`.
    `domain`, `version` and `purpose` as in `pseudonym`.
    """

    index: File = File("", b"")
    cipher: CipherName = "aes"
    others: Others = "refuse"
    domain: str = ""
    version: int | None = None
    purpose: str = ""

    def __post_init__(self) -> None:
        check_names("a fake", self.domain, self.purpose, self.version)


class Faking:
    """The verbs of one fake. `pool` gets the `script` where its parameters have one."""

    def __init__(self, transform: str, pool: Callable[..., Pool]) -> None:
        self._transform, self._pool = transform, pool

    def apply(self, values: pa.Array | pa.ChunkedArray, params: Any, keys: Keys | None) -> pa.Array:
        """One fake for each value.

        Raises:
            TransformError: the column is not text, or a value is not in the index (`others`).
            PlanError: the index is not a list of different values.
            KeyUnavailableError: there is no key, or not of this version.
        """
        from guard.anonymize.crypto.column import map_list
        from guard.anonymize.crypto.fakes import faked

        made = self.fakes(params, required(keys, self._transform))
        index, others = params.index, params.others
        return map_list(values, lambda texts: faked(made, texts, index, others), transform=self._transform)

    def fakes(self, params: Any, keys: Keys) -> Fakes:
        """The engine, for lists of Python texts too.

        Raises:
            KeyUnavailableError: there is no key of this version.
        """
        from guard.anonymize.crypto.cipher import cipher
        from guard.anonymize.crypto.fakes import Fakes

        script = [params.script] if hasattr(params, "script") else []
        use = "/".join([self._transform, *script])
        key = key_of(keys, use, params.domain, params.version, params.cipher)
        return Fakes(cipher(params.cipher, key), self._pool(*script))

    def guarantee(self, params: Any) -> Guarantee:
        """Equality within one purpose and domain."""
        unique = bool(params.index.name)
        note = "two values may get one fake; name the key column's values in `index` against that"
        return Guarantee(
            State.PSEUDONYMISED,
            shows="which rows have the same value",
            keyed=True,
            injective=unique,
            notes=() if unique else (note,),
        )
