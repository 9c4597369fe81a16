"""`guard`: finds the commands, runs one, and turns every error into its exit code.

Exit codes: 0 clean, 1 findings or a denial, 2 usage or configuration, 3 nothing was looked at, 4 incomplete or an
internal error. Together with the sidecar's outermost handler this is the only place that catches everything.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from guard.cli import commands
from guard.cli.terminal import OutputError, finish, note, settle
from guard.errors import EXIT_INCOMPLETE, EXIT_USAGE, GuardError


def build() -> typer.Typer:
    """The application with every command found in `commands/`."""
    app = typer.Typer(
        name="guard",
        help="Find sensitive data, decide who may see it, enforce that on SQL, and prove who saw what.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def common(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
        ] = False,
        debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an internal error.")] = False,
    ) -> None:
        del version, debug  # `run` looks at the second: an error may come before the options are parsed

    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        name = found.name.rstrip("_").replace("_", "-")
        if hasattr(module, "group"):
            app.add_typer(module.group, name=name)
        else:
            app.command(name)(module.command)
    return app


def main() -> None:
    """The entry point of the `guard` program."""
    settle()
    sys.exit(finish(run(sys.argv[1:])))


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code."""
    try:
        code = build()(arguments or ["--help"], standalone_mode=False, prog_name="guard")
    except OutputError as error:
        if not error.is_broken_pipe:  # a reader such as `head` that has enough is no news
            note(f"error: {error.diagnostics()}")
        return error.exit_code
    except GuardError as error:
        note(f"error: {error.diagnostics()}")
        return error.exit_code
    except Abort:
        note("stopped; what was finished is kept")
        return EXIT_INCOMPLETE
    except TyperException as error:
        note(f"error: {_our_grammar(error.format_message())}\n  help: see `{_command_of(error)} --help`")
        return EXIT_USAGE
    except SystemExit:  # the option parser ends so when the reader of its help went away
        return EXIT_INCOMPLETE
    except OSError as error:
        note(f"error: the system refused: {(error.strerror or type(error).__name__).lower()}")
        _trace(arguments)
        return EXIT_INCOMPLETE
    except Exception as error:  # noqa: BLE001 - the outermost layer: a crash is exit code 4, never 0 or 1
        # The text of a foreign exception may hold data, so only its type is shown unless asked for.
        note(f"error: internal error of type `{type(error).__name__}`\n  help: run again with `guard --debug ...`")
        _trace(arguments)
        return EXIT_INCOMPLETE
    if not arguments:
        return EXIT_USAGE
    return code if isinstance(code, int) else 0


def _version(asked: bool) -> None:
    if asked:
        from guard import __version__
        from guard.cli.terminal import out

        out(f"guard {__version__}\n")
        raise typer.Exit


def _trace(arguments: list[str]) -> None:
    if arguments[:1] == ["--debug"]:
        traceback.print_exc()


def _our_grammar(message: str) -> str:
    """A message of the option parser as guard spells messages."""
    text = message.strip().rstrip(".").replace("'", "`")
    return text[:1].lower() + text[1:]


def _command_of(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "guard"
