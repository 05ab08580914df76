"""The `sluss` command. Each subcommand lives in its own package, as `command.py`."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import typer

# module, attribute, name. An attribute that is a typer.Typer becomes a group of commands.
_COMMANDS = (
    ("host_tools.virtual_board.command", "sim", "sim"),
    ("host_tools.flash.command", "flash", "flash"),
    ("host_tools.bench.command", "bench", "bench"),
    ("host_tools.jig.command", "jig", "jig"),
    ("host_tools.cut.command", "cut", "cut"),
    ("host_tools.console.command", "console", "console"),
    ("host_tools.journal.command", "journal", "journal"),
    ("host_tools.certificate.command", "certificate", "certificate"),
    ("host_tools.prove.command", "prove", "prove"),
)


def build() -> typer.Typer:
    """Return the command with every subcommand whose package is there."""
    app = typer.Typer(
        name="sluss",
        help="Flash a detector, bench it, prove its gate.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )

    @app.callback()
    def _group() -> None:
        """Keep subcommands subcommands while there is only one of them."""

    for module_name, attribute, name in _COMMANDS:
        if importlib.util.find_spec(module_name.rsplit(".", 1)[0]) is None:
            continue
        if importlib.util.find_spec(module_name) is None:
            continue
        command = getattr(importlib.import_module(module_name), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """Run the command line."""
    try:
        build()()
    except KeyboardInterrupt:
        sys.exit(130)
