"""`guard rules list`: what is in the pack."""

from __future__ import annotations

from guard.cli.commands.rules.named import Alg, Folder, Key, Scope, pack_at
from guard.cli.options import ConfigFile
from guard.cli.tables import render_table
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN


def command(
    folder: Folder = None, key: Key = None, alg: Alg = "RS256", scope: Scope = "", config: ConfigFile = None
) -> int:
    """Print each rule with its mode, severity and title."""
    pack = pack_at(folder, config, key=key, alg=alg, scope=scope)
    rows = [(rule.id, rule.mode, rule.metadata.custom.severity, rule.metadata.title) for rule in pack.rules]
    out(render_table(("rule", "mode", "severity", "what it does"), rows))
    out(f"revision {pack.revision}\n")
    return EXIT_CLEAN
