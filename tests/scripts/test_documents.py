"""The commands of the README and of the tutorials run as they stand there, and print what the page shows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.scripts.fences import MARK, agrees, blocks, script

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/tutorials").glob("*.md"))]


def run(guard, text: str) -> list[str]:
    """What each block of a script printed."""
    done = subprocess.run(
        ["bash", "-c", text], cwd=guard.folder, env={**guard.environment, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:]
    return done.stdout.decode().split(f"{MARK}\n")[:-1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands(guard, page):
    """Every `sh` block runs, and every `console` block is what the one before it prints."""
    found = blocks(page.read_text(encoding="utf-8"))
    if not found:  # a page without commands promises nothing
        return
    if page.name == "README.md":
        # Its two commands are `make demo`, which leaves `guard-demo`, and `make test`, which runs this.
        assert guard("demo").code == 0
    for block, printed in zip(found, run(guard, script(found)), strict=True):
        if block.shown is not None:
            assert agrees(block.shown, printed), (
                f"{block.commands}\nprints\n{printed}\nand the page shows\n{block.shown}"
            )


def test_a_page_that_is_wrong_is_caught(guard):
    """A command that fails ends the run, a finding does not, and other output than shown is seen."""
    page = "```sh\nfalse\necho one d-0123456789abcdef0123\n```\ntext\n```console\none d-aaaaaaaaaaaaaaaaaaaa\n```\n"
    found = blocks(page)
    assert [block.commands for block in found] == ["false\necho one d-0123456789abcdef0123\n"]
    (printed,) = run(guard, script(found))
    assert found[0].shown is not None
    assert agrees(found[0].shown, printed)
    assert not agrees("two", printed)
    assert agrees("o...\n", printed)
    with pytest.raises(AssertionError):
        run(guard, script(blocks("```sh\nsh -c 'exit 2'\necho on\n```\n")))
    with pytest.raises(AssertionError, match="follows no"):
        blocks("```console\none\n```\n")
