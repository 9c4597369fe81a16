"""FF1: format-preserving encryption of texts over an alphabet, with the floor of a million values.

Below 10^6 values an attacker who sees enough pairs tabulates the permutation, so SP 800-38G Rev. 1 (second public
draft, 2025) turned radix^minlen >= 1,000,000 from advice into a requirement, and withdrew FF3: it holds here, and
there is no way around it. Three ways in, one result: a single text, a list, and a matrix of bytes.

Reference: NIST SP 800-38G (2016) and Rev. 1, second public draft (2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from guard.anonymize.crypto.alphabet import Alphabet, outside
from guard.anonymize.crypto.cipher import BlockCipher
from guard.anonymize.crypto.feistel import MAX_LENGTH, Feistel
from guard.errors import TransformError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from guard.anonymize.crypto.feistel_batch import FeistelBatch

FLOOR = 1_000_000  # values in the domain
SMALL_BATCH = 32  # values; up to here one by one is faster than setting a column up
MAX_LENGTHS = 256  # lengths whose rounds are kept ready


class FF1:
    """Encrypts texts over `alphabet` to texts of the same length over it. Not safe for use from two threads at once.

    >>> from guard.anonymize.crypto.cipher import cipher
    >>> from guard.anonymize.crypto.alphabet import DIGITS
    >>> from guard.model import Sensitive
    >>> aes = cipher("aes", Sensitive(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")))
    >>> FF1(aes, Alphabet(DIGITS)).encrypt("0123456789")
    '2433477484'
    """

    def __init__(self, cipher: BlockCipher, alphabet: Alphabet, tweak: bytes = b"") -> None:
        self.alphabet, self._cipher, self._tweak = alphabet, cipher, tweak
        self._ready: dict[int, tuple[Feistel, FeistelBatch | None]] = {}
        length = 2
        while alphabet.radix**length < FLOOR:
            length += 1
        self.min_length = length

    def encrypt(self, text: str) -> str:
        """The ciphertext of one text.

        Raises:
            TransformError: the text is too short or too long, or holds a character outside the alphabet.
        """
        return self._one(text, inverse=False)

    def decrypt(self, text: str) -> str:
        """The text of one ciphertext.

        Raises:
            TransformError: see `encrypt`.
        """
        return self._one(text, inverse=True)

    def encrypt_list(self, texts: Sequence[str]) -> list[str]:
        """The ciphertexts of many texts.

        Raises:
            TransformError: see `encrypt`; nothing is returned then.
        """
        return self._list(texts, inverse=False)

    def decrypt_list(self, texts: Sequence[str]) -> list[str]:
        """The texts of many ciphertexts.

        Raises:
            TransformError: see `encrypt`; nothing is returned then.
        """
        return self._list(texts, inverse=True)

    def encrypt_matrix(self, matrix: NDArray[Any], out: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Encrypts each row of character codes into the same row of `out`.

        Returns which rows hold a character outside the alphabet (None: none do); what `out` holds there is noise.

        Raises:
            TransformError: the rows are too short or too long.
        """
        return self._matrix(matrix, out, inverse=False)

    def decrypt_matrix(self, matrix: NDArray[Any], out: NDArray[Any]) -> NDArray[np.bool_] | None:
        """The way back of `encrypt_matrix`."""
        return self._matrix(matrix, out, inverse=True)

    def check_length(self, length: int) -> None:
        """Raises:
        TransformError: values of this length are below the floor, or too long.
        """
        if length < self.min_length:
            msg = (
                f"a value of {length} characters over an alphabet of {self.alphabet.radix} is below the floor: fewer "
                f"than {FLOOR:,} values could be tabulated"
            )
            raise TransformError(
                msg, help=f"{self.min_length} characters are the least; mask or tokenise shorter values"
            )
        if length > MAX_LENGTH:
            msg = f"a value has more than {MAX_LENGTH} characters"
            raise TransformError(msg, help="encrypt long texts with `siv` or `gcm`")

    def fits(self, text: str) -> bool:
        """True for a text that `encrypt` takes."""
        return self.min_length <= len(text) <= MAX_LENGTH and self.alphabet.holds(text)

    def _core(self, length: int) -> Feistel:
        return self._made(length)[0]

    def _made(self, length: int) -> tuple[Feistel, FeistelBatch | None]:
        found = self._ready.get(length)
        if found is None:
            self.check_length(length)
            if len(self._ready) >= MAX_LENGTHS:
                self._ready.clear()
            found = self._ready[length] = (Feistel(self._cipher, self.alphabet.radix, length, self._tweak), None)
        return found

    def _batch(self, length: int) -> FeistelBatch | None:
        """The column form; None where halves are too long for it."""
        from guard.anonymize.crypto.feistel_batch import FeistelBatch

        core, batch = self._made(length)
        if batch is None and FeistelBatch.fits(core):
            batch = FeistelBatch(self._cipher, core)
            self._ready[length] = (core, batch)
        return batch

    def _one(self, text: str, *, inverse: bool) -> str:
        length, known = len(text), self.alphabet
        core = self._core(length)
        cut = length // 2
        a, b = known.number(text[:cut]), known.number(text[cut:])
        a, b = core.decrypt(a, b) if inverse else core.encrypt(a, b)
        return known.text(a, cut) + known.text(b, length - cut)

    def _list(self, texts: Sequence[str], *, inverse: bool) -> list[str]:
        if len(texts) <= SMALL_BATCH:
            return [self._one(text, inverse=inverse) for text in texts]
        import numpy as np

        from guard.anonymize.crypto.matrix import from_list, to_list

        matrix = from_list(texts) if self.alphabet.ascii else None
        if matrix is None:
            return self._mixed(texts, inverse=inverse)
        out = np.empty((len(texts), matrix.shape[1] + 1), np.uint8)
        if self._matrix(matrix, out[:, :-1], inverse=inverse) is not None:
            raise outside()
        return to_list(out)

    def _mixed(self, texts: Sequence[str], *, inverse: bool) -> list[str]:
        """Texts of several lengths or of any script: by length, as code points."""
        import numpy as np

        from guard.anonymize.crypto.matrix import code_points

        by_length: dict[int, list[int]] = {}
        for row, text in enumerate(texts):
            by_length.setdefault(len(text), []).append(row)
        found = [""] * len(texts)
        for length, rows in by_length.items():
            self.check_length(length)
            matrix = code_points([texts[row] for row in rows], length)
            out = np.empty(matrix.shape, np.uint32)
            if self._matrix(matrix, out, inverse=inverse) is not None:
                raise outside()
            text = out.tobytes().decode("utf-32-le")
            for at, row in enumerate(rows):
                found[row] = text[at * length : (at + 1) * length]
        return found

    def _matrix(self, matrix: NDArray[Any], out: NDArray[Any], *, inverse: bool) -> NDArray[np.bool_] | None:
        import numpy as np

        from guard.anonymize.crypto.feistel_batch import CHUNK

        rows, length = matrix.shape
        batch, known, cut = self._batch(length), self.alphabet, length // 2
        if batch is None:
            return self._long(matrix, out, inverse=inverse)
        bad: NDArray[np.bool_] | None = None
        for start in range(0, rows, CHUNK):
            part = slice(start, start + CHUNK)
            (a, bad_a), (b, bad_b) = known.parse(matrix[part, :cut]), known.parse(matrix[part, cut:])
            for found in (bad_a, bad_b):
                if found is not None:
                    bad = np.zeros(rows, np.bool_) if bad is None else bad
                    bad[part] |= found
                    a[found], b[found] = 0, 0
            batch.decrypt(a, b) if inverse else batch.encrypt(a, b)
            known.write(a, out[part, :cut])
            known.write(b, out[part, cut:])
        return bad

    def _long(self, matrix: NDArray[Any], out: NDArray[Any], *, inverse: bool) -> NDArray[np.bool_] | None:
        """Halves of more than 56 bits: whole numbers of any size, one value at a time."""
        import numpy as np

        bad = np.zeros(len(matrix), np.bool_)
        for row, codes in enumerate(matrix.tolist()):
            try:
                out[row] = [ord(character) for character in self._one("".join(map(chr, codes)), inverse=inverse)]
            except TransformError:
                bad[row], out[row] = True, matrix[row]
        return bad if bad.any() else None
