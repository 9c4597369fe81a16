"""Properties of the batched ciphers: permutations, agreement of all ways in, and clear refusals."""

from __future__ import annotations

import base64

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn as stdnum_luhn

from guard.anonymize.crypto import base64url
from guard.anonymize.crypto.alphabet import ALPHANUMERIC, DIGITS, Alphabet
from guard.anonymize.crypto.cipher import cipher
from guard.anonymize.crypto.cmac import Cmac
from guard.anonymize.crypto.digits import parse, write
from guard.anonymize.crypto.fakes import Fakes, Pool
from guard.anonymize.crypto.feistel import Feistel
from guard.anonymize.crypto.feistel_batch import FeistelBatch
from guard.anonymize.crypto.ff1 import FF1
from guard.anonymize.crypto.matrix import assemble, from_list, groups, to_list
from guard.anonymize.crypto.permutation import Permutation, shape
from guard.anonymize.crypto.resident_id import ResidentIds
from guard.anonymize.crypto.siv import Siv
from guard.anonymize.crypto.tail_digits import CARD_WIDTHS, Mobiles, bank_cards
from guard.anonymize.transforms import fake_address, fake_company, fake_email, fake_name
from guard.errors import PlanError, TransformError
from guard.model import Sensitive
from tests.anonymize.identifiers import resident_ids, texts

AES, SM4 = cipher("aes", Sensitive(bytes(range(32)))), cipher("sm4", Sensitive(bytes(range(16))))


@pytest.mark.parametrize("block", [AES, SM4], ids=["aes", "sm4"])
@pytest.mark.parametrize(("radix", "length"), [(10, 3), (10, 4), (3, 7), (36, 2), (8547, 2)])
def test_the_rounds_are_a_permutation(block: object, radix: int, length: int) -> None:
    """On small domains (which only tests may use) every value is hit exactly once, and the way back is the way back."""
    core = Feistel(block, radix, length, b"tweak")
    everything = np.arange(min(core.domain, 100_000), dtype=np.uint64)
    a, b = np.divmod(everything, np.uint64(core.high))
    FeistelBatch(block, core).encrypt(a, b)
    there = a * np.uint64(core.high) + b
    assert len(np.unique(there)) == len(everything)
    assert there.max() < core.domain
    assert [core.encrypt(*divmod(one, core.high)) for one in (0, 7)] == [(int(a[i]), int(b[i])) for i in (0, 7)]
    FeistelBatch(block, core).decrypt(a, b)
    assert (a * np.uint64(core.high) + b == everything).all()


def test_a_tweak_of_a_row_is_the_tweak_of_the_standard() -> None:
    """The column form with a tweak in each row gives what FF1 gives with that tweak."""
    batch = FeistelBatch(AES, Feistel(AES, 10, 9, bytes(3)))
    a, b, tweaks = (np.array(values, np.uint64) for values in ([12, 3456], [78901, 5], [622202, 0]))
    batch.encrypt(a, b, tweaks)
    for row, (left, right, tweak) in enumerate([(12, 78901, 622202), (3456, 5, 0)]):
        assert Feistel(AES, 10, 9, tweak.to_bytes(3)).encrypt(left, right) == (int(a[row]), int(b[row]))


ALPHABETS = {"digits": DIGITS, "letters": ALPHANUMERIC, "han": "零一二三四五六七八九", "mixed": "0123456789é€😀"}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(ALPHABETS)))
def test_all_ways_into_ff1_agree(data: st.DataObject, name: str) -> None:
    """One by one, by the list, in any mix of lengths: one answer, of the same form, that comes back; none collide."""
    engine = FF1(AES, Alphabet(ALPHABETS[name]))
    word = st.text(ALPHABETS[name], min_size=engine.min_length, max_size=45)
    values = data.draw(st.lists(word, min_size=1, max_size=40, unique=True))
    made = engine.encrypt_list(values * 2)
    assert made == [engine.encrypt(value) for value in values] * 2
    assert engine.decrypt_list(made) == values * 2 == [engine.decrypt(one) for one in made]
    assert len(set(made)) == len(values)
    assert all(
        len(one) == len(value) and set(one) <= set(ALPHABETS[name]) for one, value in zip(made, values, strict=False)
    )


@pytest.mark.parametrize(("alphabet", "least"), [("01", 20), (DIGITS, 6), (ALPHANUMERIC, 4), (ALPHANUMERIC + "!", 4)])
def test_the_floor_of_a_million_holds(alphabet: str, least: int) -> None:
    """The shortest length has 10^6 values or more; one less is refused, alone and in a list, without the value."""
    engine = FF1(AES, Alphabet(alphabet))
    assert engine.min_length == least
    assert len(alphabet) ** least >= 1_000_000 > len(alphabet) ** (least - 1)
    short = alphabet[1] * (least - 1)
    for attempt in (lambda: engine.encrypt(short), lambda: engine.encrypt_list([short] * 50)):
        with pytest.raises(TransformError, match="is below the floor") as caught:
            attempt()
        assert short not in caught.value.diagnostics()


def test_what_is_outside_the_alphabet_is_refused() -> None:
    """One bad character among thousands stops the list, without the value in the message; an alphabet is strict too."""
    engine = FF1(AES, Alphabet(DIGITS))
    for bad in ("12345６7", "12345a7", "1234 67", "12345\n7", "-123456"):
        for values in ([bad], ["1234567"] * 9000 + [bad]):
            with pytest.raises(TransformError, match="not in the alphabet") as caught:
                engine.encrypt_list(values)
            assert bad not in caught.value.diagnostics()
    for characters in ("", "1", "11", "a\0", "\ud800x"):
        with pytest.raises(PlanError):
            Alphabet(characters)


@pytest.mark.parametrize("size", [1_000_000, 1_000_003, 51_134_000, 2**32 + 1, 2**55])
def test_a_permutation_stays_in_its_domain(size: int) -> None:
    """Both ends and a sample go to different places in the domain and come back."""
    made = Permutation(AES, size)
    sample = np.unique(np.append(np.linspace(0, size - 1, 50_000).astype(np.uint64), [0, size - 1]).astype(np.uint64))
    sample = sample[sample < size]
    there = made.encrypt(sample)
    assert (len(np.unique(there)), bool((there < size).all())) == (len(sample), True)
    assert (made.decrypt(there) == sample).all()
    radix, numerals = shape(size)
    assert radix**numerals >= size
    with pytest.raises(TransformError, match="the floor of 1,000,000"):
        Permutation(AES, 999_999)


def test_a_whole_domain_is_permuted() -> None:
    """A million and three numbers: each is hit once."""
    assert (
        np.sort(Permutation(AES, 1_000_003).encrypt(np.arange(1_000_003, dtype=np.uint64))) == np.arange(1_000_003)
    ).all()


def test_resident_ids_stay_valid() -> None:
    """Results have the region, a date that exists and the right check character; they differ, and come back."""
    made, ranks = ResidentIds(AES), np.arange(0, 51_134_000, 511, dtype=np.int64)
    rows = resident_ids(ranks)
    out, bad = made.encrypt(rows)
    assert bad is None
    found = {text.tobytes() for text in resident_ids(_ranks(out))}
    assert found == {row.tobytes() for row in out}
    assert len(found) == len(rows)
    back, bad = made.decrypt(out)
    assert bad is None
    assert (back == rows).all()
    other, _ = made.encrypt(resident_ids(ranks, "440305"))
    assert (other[:, 6:17] == out[:, 6:17]).all(axis=1).sum() <= 2, (
        "a region is a tweak: one person's digits, two results"
    )


def _ranks(rows: np.ndarray) -> np.ndarray:
    dates = [f"{text[6:10]}-{text[10:12]}-{text[12:14]}" for text in texts(rows)]
    days = (np.array(dates, "datetime64[D]") - np.datetime64("1900-01-01")).astype(np.int64)
    return days * 1000 + np.array([int(text[14:17]) for text in texts(rows)])


@pytest.mark.parametrize(
    "wrong",
    [
        "110105194912310021", "11010519491231002x", "110105189912310023", "110105204001010023", "11010519490229002X",
        "110105190002290021", "11010519491331002X", "11010519490001002X", "1101051949123100 X", "１10105194912310",
        "A1010519491231002X", "110105194912310X2X", "000000000000000000",
    ],
)  # fmt: skip
def test_no_valid_resident_id_no_result(wrong: str) -> None:
    """A wrong check character, a day that does not exist, a letter: marked, and the rows beside it are as ever."""
    encoded = wrong.encode()[:18].ljust(18, b"0")
    rows = np.frombuffer(b"11010519491231002X" + encoded, np.uint8).reshape(2, 18)
    out, bad = ResidentIds(AES).encrypt(rows)
    assert bad is not None
    assert bad.tolist() == [False, True]
    assert (out[0] == ResidentIds(AES).encrypt(rows[:1])[0][0]).all()


@pytest.mark.parametrize("width", CARD_WIDTHS)
def test_cards_keep_issuer_and_luhn(width: int) -> None:
    """Every length: the issuer stays, the check digit is right (python-stdnum says so), none collide, all come back."""
    bodies = [f"622202{number:0{width - 7}d}" for number in range(0, 10 ** (width - 7), 10 ** (width - 7) // 500)]
    values = [body + stdnum_luhn.calc_check_digit(body) for body in bodies]
    rows = from_list(values)
    out, bad = bank_cards(AES, width).encrypt(rows)
    made = texts(out)
    assert bad is None
    assert all(stdnum_luhn.is_valid(one) and one[:6] == "622202" for one in made)
    assert len(set(made)) == len(values)
    back, bad = bank_cards(AES, width).decrypt(out)
    assert (bad, texts(back)) == (None, values)
    wrong = from_list([value[:-1] + str((int(value[-1]) + 1) % 10) for value in values])
    assert bank_cards(AES, width).encrypt(wrong)[1].all()


def test_mobiles_keep_their_prefix() -> None:
    """Prefix and length stay; what is no mobile number is marked."""
    rows = from_list(["13812341234", "13812341235", "19900000000", "12812341234", "2381234123a"])
    out, bad = Mobiles(AES).encrypt(rows)
    assert bad.tolist() == [False, False, False, True, True]
    assert [text[:3] for text in texts(out[:3])] == ["138", "138", "199"]
    assert (Mobiles(AES).decrypt(out[:3])[0] == rows[:3]).all()


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.binary(max_size=70), min_size=1, max_size=20))
def test_siv_is_that_of_the_library(values: list[bytes]) -> None:
    """Any bytes: the ciphertext of cryptography's AES-SIV (which does not take the empty text), and back."""
    key = bytes(range(64))
    made = Siv(*(cipher("aes", Sensitive(half)) for half in (key[:32], key[32:])), b"head")
    for value in values:
        sealed = made.encrypt_one(value)
        if value:
            assert sealed == AESSIV(key).encrypt(value, [b"head"])
        plain, bad = made.decrypt(np.frombuffer(sealed, np.uint8).reshape(1, -1))
        assert (plain.tobytes(), bad) == (value, None)


def test_one_changed_bit_does_not_open() -> None:
    """Every single bit of a SIV ciphertext is authenticated, and the rows beside it open."""
    made = Siv(AES, SM4, b"head")
    sealed = made.encrypt(np.frombuffer(b"seventeen bytes!!" * 2, np.uint8).reshape(2, 17))
    for bit in range(33 * 8):
        torn = sealed.copy()
        torn[1, bit // 8] ^= 1 << bit % 8
        plain, bad = made.decrypt(torn)
        assert bad is not None
        assert (bad.tolist(), plain[1].any()) == ([False, True], False)


@settings(max_examples=80, deadline=None)
@given(data=st.data(), size=st.integers(0, 40), rows=st.integers(1, 5))
def test_base64url_is_that_of_the_library(data: st.DataObject, size: int, rows: int) -> None:
    """The same letters as the standard library without padding, and back."""
    raw = data.draw(st.binary(min_size=size * rows, max_size=size * rows))
    matrix = np.frombuffer(raw, np.uint8).reshape(rows, size)
    out = np.empty((rows, base64url.length(size)), np.uint8)
    base64url.encode(matrix, out)
    assert [row.tobytes() for row in out] == [base64.urlsafe_b64encode(row.tobytes()).rstrip(b"=") for row in matrix]
    back, bad = base64url.decode(out)
    assert (back.tobytes(), bad) == (raw, None)


@pytest.mark.parametrize("letters", [b"AB", b"AA+A", b"AA=A", b"AAB", b"A AA", b"\xff\xff\xff\xff"])
def test_base64url_has_one_spelling(letters: bytes) -> None:
    """Unused bits that are not zero, padding, and letters of other alphabets are marked."""
    assert base64url.decode(np.frombuffer(letters, np.uint8).reshape(1, -1))[1].tolist() == [True]


@settings(max_examples=100, deadline=None)
@given(width=st.integers(1, 19), data=st.data())
def test_digits_are_read_and_printed(width: int, data: st.DataObject) -> None:
    """Numbers of any width up to 19 digits, aligned or not, come back as they were."""
    values = data.draw(st.lists(st.integers(0, 10**width - 1), min_size=1, max_size=9))
    rows = from_list([f"{value:0{width}d}" for value in values])
    numbers, bad = parse(rows)
    assert (numbers.tolist(), bad) == (values, None)
    out = np.empty((len(values), width + 1), np.uint8)
    write(numbers, out[:, :width])
    assert to_list(out) == [f"{value:0{width}d}" for value in values]


@pytest.mark.parametrize("character", [*map(chr, range(33, 48)), *map(chr, range(58, 127)), "\x10", "\x7f"])
def test_only_digits_are_digits(character: str) -> None:
    """Every other character at every place of a word is seen."""
    for place in range(8):
        text = "12345678"[:place] + character + "12345678"[place + 1 :]
        assert parse(np.frombuffer(text.encode(), np.uint8).reshape(1, 8))[1].tolist() == [True]


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.text(max_size=6), max_size=20))
def test_groups_and_back(values: list[str]) -> None:
    """A column cut into groups by length and put together again is the column, slices included."""
    column = pa.array(["x", *values, "y"], pa.string())[1:-1]
    parts = list(groups(column))
    assert assemble(len(column), parts, pa.string()).to_pylist() == values
    assert sorted(row for group in parts for row in (range(len(column)) if group.rows is None else group.rows)) == list(
        range(len(values))
    )


@pytest.mark.parametrize(
    "values", [["a\n", "b"], ["a", "bb"], ["é", "é"], ["ab", "c", "d"], ["a\nb", "cde"], ["a", "", "bc"]]
)
def test_a_list_that_is_no_matrix_is_seen(values: list[str]) -> None:
    """Line ends inside values, other lengths, other scripts: none of them passes as a matrix."""
    assert from_list(values) is None


def test_cmac_does_not_depend_on_the_company() -> None:
    """A tag is that of the value alone, in whatever chunk it stands."""
    made, rows = Cmac(AES), np.arange(20_000 * 21, dtype=np.uint64).astype(np.uint8).reshape(20_000, 21)
    tags = made.tags(rows)
    assert all(made.tag(rows[at].tobytes()) == tags[at].tobytes() for at in (0, 8191, 8192, 19_999))


POOLS = {
    "name-zh": fake_name.pool("zh"), "name-en": fake_name.pool("en"), "company-zh": fake_company.pool("zh"),
    "company-en": fake_company.pool("en"), "address-zh": fake_address.pool("zh"),
    "address-en": fake_address.pool("en"), "email": fake_email.pool(),
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_different_places_are_different_fakes(name: str) -> None:
    """200,000 places all over a pool give as many texts, and the pool is above the floor."""
    pool: Pool = POOLS[name]
    step = max(1, pool.size // 200_000)
    places = np.concatenate([np.arange(0, 100_000), np.arange(0, pool.size, step)[:100_000]]).astype(np.uint64)
    assert pool.size >= 1_000_000
    assert len(set(pool.at(np.unique(places)))) == len(np.unique(places))


def test_fakes_of_an_index_never_meet_where_fakes_by_mac_do() -> None:
    """Seeded fault and its cure: 50,000 names by CMAC collide, by their index they do not."""
    values, made = [f"v{number}" for number in range(50_000)], Fakes(AES, POOLS["name-zh"])
    index = {value: number for number, value in enumerate(values)}
    assert len(set(made.by_mac(values))) < len(values)
    unique = made.by_index(values, index)
    assert len(set(unique)) == len(values)
    assert made.by_index(["v7", "unknown"], {**index, "later": 50_000}) == [unique[7], None]
