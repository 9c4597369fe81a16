"""`python -m training lexicon` and `python -m training fit [TEXTS] [EPOCHS]`: make the two files of
`guard/classify/latin`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from guard.classify import latin
from guard.classify.latin import lexicon as at_work
from guard.classify.latin import model
from training import chain, lexicon, sentences

HERE = Path(latin.__file__).parent
TEXTS, EPOCHS, SEED = 80_000, 4, 1


def main(arguments: list[str]) -> None:
    """Writes the file that is asked for."""
    if arguments[:1] == ["lexicon"]:
        (HERE / at_work.FILE).write_bytes(at_work.pack(lexicon.build()))
    elif arguments[:1] == ["fit"]:
        count, epochs = (int(one) for one in (*arguments[1:], *map(str, (TEXTS, EPOCHS)[len(arguments) - 1 :])))
        texts = [chain.labelled(text, spans) for text, spans in sentences.texts(count, "train")]
        r = random.Random(SEED)
        shaken = [(chain.shaken(words, labels, r), labels) for words, labels in texts if words]
        made = chain.fit(shaken, epochs=epochs, size=128, decay=1.0, seed=SEED)
        (HERE / model.FILE).write_bytes(model.pack(made))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
