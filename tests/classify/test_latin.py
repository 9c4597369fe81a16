"""People, addresses, places and organisations in Latin letters: what is found, how the chain reads, and its files."""

from __future__ import annotations

import doctest
import importlib
import importlib.resources
import pkgutil
import random

import numpy as np
import pytest

from guard.classify import latin
from guard.classify.latin import dates, entities, features, labelled, lattice, lexicon, model
from guard.classify.latin.tokens import tokens
from guard.classify.text import classify_text

MODULES = sorted(module.name for module in pkgutil.iter_modules(latin.__path__, "guard.classify.latin."))


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    """The examples in the docstrings run."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def found(text: str) -> list[list[str]]:
    """Kinds and the texts of their spans."""
    return [[one.kind, text[one.start : one.end]] for one in classify_text(text)]


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("My name is Ingeborg Sandvik.", [["person.name_en", "Ingeborg Sandvik"]]),
        (
            "Please send it to 88 Saddlers Court, Leeds LS6 2QT",
            [["person.address_en", "88 Saddlers Court, Leeds LS6 2QT"]],
        ),
        ("We moved to Gothenburg in 2019.", [["place.name", "Gothenburg"], ["intl.date", "2019"]]),
        ("She is a dental hygienist.", [["person.occupation", "dental hygienist"]]),
        ("He is 47 years old.", [["person.age", "47"]]),
        ("The Norwegian embassy is closed.", [["person.nationality", "Norwegian"]]),
        ("Postcode: SW1A 1AA", [["intl.postcode", "SW1A 1AA"]]),
        ("My driver's license number is F255-9215-0094", [["person.driver_licence", "F255-9215-0094"]]),
        # ... and what is none of them
        ("Press Enter to continue, or choose Settings from the main menu.", []),
        ("Quarterly Revenue Summary and Outlook", []),
        ("The system restarts every night and writes a report.", []),
        ("Error: Connection refused while reading Response Header.", []),
        ("released in version 1.2.3, build 20190", []),
    ],
)
def test_what_is_found(text: str, finds: list[list[str]]) -> None:
    """Exactly these, with exact spans."""
    assert found(text) == finds


def test_without_names_nothing_of_it_is_read() -> None:
    """`names=False` leaves people, places and dates out."""
    assert classify_text("Ingeborg Sandvik moved to Gothenburg on 3 May 2019", names=False) == []


def test_an_identifier_stands_before_the_chain() -> None:
    """A number that a detector knows is not swallowed by an address around it."""
    assert ["intl.email", "anna.berg@mail.example.org"] in found("Write to Anna Berg, anna.berg@mail.example.org")
    assert found("call 13800138000 now")[0] == ["cn.mobile", "13800138000"]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("on 31/12/1999 and 2020-02-29", ["31/12/1999", "2020-02-29"]),
        ("on 31/02/1999 or 2021-02-29", []),
        ("due 3rd of May 2021, at 1.2.3", ["3rd of May 2021"]),
        ("Monday, March 4, 2019", ["Monday, March 4, 2019"]),
        ("since 1998 (2003) with 2004 cars", ["1998", "2003"]),
        ("2024年5月1日放假", ["2024年5月1日"]),
        ("IP 10.11.12.13, port 2020", []),
    ],
)
def test_dates(text: str, days: list[str]) -> None:
    """Days that exist, months and years where a word asks for one; no versions, no addresses of machines."""
    assert [text[start:end] for _, start, end, _ in dates.find(text, *tokens(text))] == days


def test_a_labelled_number_needs_its_label() -> None:
    """The same number without the word is nothing."""
    text = "the number is F255-9215-0094 or 90210"
    assert list(labelled.find(text, *tokens(text))) == []


def test_tokens_stand_where_they_say() -> None:
    """For any text each token is the text at its place, in order, and only blanks lie between."""
    r = random.Random(5)
    for _ in range(300):
        text = "".join(r.choices("aB3 .,'’s\n\t-王é/:", k=r.randrange(40)))
        end = 0
        for word, start in zip(*tokens(text), strict=True):
            assert text.startswith(word, start)
            assert text[end:start].strip() == ""
            end = start + len(word)
        assert text[end:].strip() == ""


def brute_force(scores: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The chance of each label of each token, by adding up every way through the chain that begins and ends in `O`."""
    steps, count = scores.shape
    total = np.zeros((steps, count))
    for number in range(count**steps):
        way = [number // count**step % count for step in range(steps)]
        chance = np.exp(
            sum(scores[step, label] for step, label in enumerate(way))
            + sum(moves[a, b] for a, b in zip([0, *way], [*way, 0], strict=True))
        )
        for step, label in enumerate(way):
            total[step, label] += chance
    return total / total.sum(axis=1, keepdims=True)


def test_the_lattice_is_the_sum_over_all_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Label and probability of every token are those of the slow obvious reference, side by side as alone."""
    monkeypatch.setattr(lattice, "LEAST", 100.0)
    r = np.random.default_rng(3)
    moves = r.normal(size=(3, 3)).astype(np.float32)
    for steps in (1, 2, 5):
        scores = r.normal(scale=2.0, size=(steps, 3)).astype(np.float32)
        labels, sure = lattice.read(scores, moves)
        wanted = brute_force(scores, moves)
        assert labels.tolist() == wanted.argmax(axis=1).tolist()
        assert sure == pytest.approx(wanted.max(axis=1), abs=1e-4)


def test_stretches_apart_do_not_touch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stretches in one text are read as each alone; a test of the reading in batches."""
    monkeypatch.setattr(lattice, "LEAST", 4.0)
    r = np.random.default_rng(4)
    moves = r.normal(size=(3, 3)).astype(np.float32)
    one, two = (r.normal(size=(size, 3)).astype(np.float32) for size in (4, 2))
    nothing = np.tile(np.array([50.0, 0.0, 0.0], np.float32), (5, 1))
    labels, sure = lattice.read(np.concatenate((one, nothing, two)), moves)
    for part, at in ((one, 0), (two, 9)):
        alone, chance = lattice.read(part, moves)
        assert labels[at : at + len(part)].tolist() == alone.tolist()
        assert sure[at : at + len(part)] == pytest.approx(chance, abs=1e-4)


def test_a_long_stretch_is_read_in_pieces() -> None:
    """Tokens without end are read to their end."""
    scores = np.zeros((1_000, 3), np.float32)
    starts, ends = lattice.stretches(scores)
    assert starts[0] == 0
    assert ends[-1] == 1_000
    assert starts[1:].tolist() == ends[:-1].tolist()
    assert max(ends - starts) <= lattice.LONGEST


def test_scores_are_the_rows_added_up() -> None:
    """The remembered tables say what adding the rows of each token says: the way that training reads them."""
    words = tokens("Dr. Ana Kowalska lives in Łódź.")[0]
    edged = [model.EDGE] * features.REACH + words + [model.EDGE] * features.REACH
    seen = [features.seen(word) for word in edged]
    pairs = model.pair_rows(np.array([one[5] for one in seen], np.int64))
    made = model.model()
    for place in range(len(words)):
        rows = [row for offset in range(5) for row in seen[place + offset][offset]] + [rows[place] for rows in pairs]
        wanted = made.weights[rows].sum(axis=0, dtype=np.float32) * made.scale
        assert model.scores(words)[place] == pytest.approx(wanted, abs=1e-3)


def test_the_model_survives_its_file() -> None:
    """What is written is what is read."""
    made = model.model()
    again = model.unpack(model.pack(made))
    assert again.labels == made.labels
    assert again.scale == made.scale
    assert np.array_equal(again.weights, made.weights)
    assert np.array_equal(again.moves, made.moves)


def test_a_model_with_other_weights_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeded fault: with the weights gone, so are the names; the findings come from the model."""
    made = model.model()
    text = "My name is Ingeborg Sandvik."
    assert list(entities.find(*tokens(text)))
    blank = model.Model(made.labels, np.zeros_like(made.weights), made.scale, made.moves)
    monkeypatch.setattr(model, "model", lambda: blank)
    monkeypatch.setattr(entities, "model", lambda: blank)
    model._table.cache_clear()
    try:
        assert not any(bits > 0 for *_, bits in entities.find(*tokens(text)))
    finally:
        model._table.cache_clear()


def test_the_lexicon_holds_no_words() -> None:
    """What ships are hashes: no name can be read from the file."""
    raw = (importlib.resources.files("guard.classify.latin") / lexicon.FILE).read_bytes()
    assert b"Johnson" not in raw
    assert b"johnson" not in raw
    assert lexicon.classes("Johnson") & lexicon.FREQUENT_SURNAME
    assert lexicon.classes("qzxvkj") == 0
