"""`guard rules explain INPUT`: every rule that one policy input touches, and what it gave."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.cli.commands.rules.named import Alg, Folder, Key, Scope, pack_at
from guard.cli.options import ConfigFile, check_choice, read_text
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, UsageError

MAX_VALUE = 300  # characters of a value in text
WHERE = "see docs/reference/policy-input.md"


def command(
    policy_input: Annotated[
        str, typer.Argument(help="The policy input as JSON, or a line of a recording; `-` reads stdin, `@FILE` a file.")
    ],
    folder: Folder = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    key: Key = None,
    alg: Alg = "RS256",
    scope: Scope = "",
    config: ConfigFile = None,
) -> int:
    """Evaluate one policy input and show each rule with its value, in the order of evaluation."""
    from guard.policy.entry import ENTRY_POINT
    from guard.policy.rego import UNDEFINED

    check_choice(output_format, ("text", "json"))
    asked = _asked(read_text(policy_input))
    pack = pack_at(folder, config, key=key, alg=alg, scope=scope)
    found = pack.compile().explain(ENTRY_POINT, asked, pack.data, now_ns=_now(asked))
    rules = [
        {
            "rule": one.rule.removeprefix("data."),
            "value": None if one.value is UNDEFINED else one.value,
            "defined": one.value is not UNDEFINED,
        }
        for one in found.rules
    ]
    if output_format == "json":
        value = None if found.value is UNDEFINED else found.value
        answer(json.dumps({"v": 1, "rules": rules, "verdict": value}, ensure_ascii=False, indent=1) + "\n")
        return EXIT_CLEAN
    for one in rules:
        text = json.dumps(one["value"], ensure_ascii=False) if one["defined"] else "undefined"
        out(f"{one['rule']} = {text[:MAX_VALUE]}{'…' if len(text) > MAX_VALUE else ''}\n")
    out(f"revision {pack.revision}\n")
    return EXIT_CLEAN


def _asked(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        cure = f"write `@{text}` for the file" if len(text) < MAX_VALUE and Path(text).is_file() else WHERE
        raise UsageError("the policy input is not JSON", help=cure) from None
    if isinstance(document, dict) and isinstance(document.get("input"), dict):
        document = document["input"]
    if not isinstance(document, dict):
        raise UsageError("the policy input is not a JSON object", help=WHERE)
    return document


def _now(asked: dict[str, Any]) -> int:
    """The input's own time, as the engine takes it."""
    context = asked.get("context")
    try:
        time = datetime.fromisoformat(str(context["time"] if isinstance(context, dict) else ""))
        return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    except (KeyError, TypeError, ValueError):
        raise UsageError("the policy input has no time at `context.time`", help="write it as RFC 3339, UTC") from None
