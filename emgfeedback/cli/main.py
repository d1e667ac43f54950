"""``emgfeedback``: the commands, and how a failure becomes one sentence and an exit code."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence

import click

from emgfeedback import __version__
from emgfeedback.errors import EmgFeedbackError

COMMANDS = {
    "demo": ("demo", "Show a whole session with a simulated person; no board needed."),
    "run": ("live", "Run an exercise with a board, and record it."),
    "replay": ("replay", "Run a recording again; the same answer, hop by hop."),
    "analyze": ("files", "RMS, share and quality of the muscles in a file."),
    "import": ("files", "Take files of other programs into a library."),
    "recover": ("files", "Repair a recording that was cut short."),
    "protocols": ("protocols", "List, show and check exercise files."),
    "boards": ("devices", "List the boards, and what each can show."),
    "impedance": ("impedance", "Check the electrodes; on a Cyton, pin by pin."),
    "support": ("support", "Pack versions, set-up and log lines for support, without personal data."),
    "virtual-cyton": ("virtual_cyton", "Be an OpenBCI Cyton on a pseudo-terminal, with faults."),
}
"""Command → module of this folder, help. Modules load when used, so that help is quick."""


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Keep the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"emgfeedback.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command", None) or getattr(module, cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="emgfeedback")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Show which hip muscle does the work, live and in replay.

    For training and research; not a medical device. Without a command the workstation opens. Every command
    takes --json (one JSON object on stdout) and --debug (a traceback when something fails).
    """
    if ctx.invoked_subcommand is None:
        from emgfeedback.cli.workstation import open_workstation

        ctx.exit(open_workstation())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 2 usage, 3 source, 4 input, 5 recording."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    sys.exit(_exit_code(words, debug))


def _exit_code(words: list[str], debug: bool) -> int:
    try:
        code = cli.main(words, prog_name="emgfeedback", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as request:
        click.echo(request.format_message(), err=True)
        return 2
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "emgfeedback"
        return _tell(f"{where}: {error.format_message()} See {where} --help.", 2, debug)
    except (click.Abort, KeyboardInterrupt):
        return 0
    except EmgFeedbackError as error:
        return _tell(str(error), error.exit_code, debug)
    except BrokenPipeError:
        return 0
    except Exception as error:
        sentence = f"emgfeedback failed ({type(error).__name__}: {error}); please report it with --debug"
        return _tell(sentence, 1, debug)


def _tell(sentence: str, exit_code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    click.echo(sentence, err=True)
    return exit_code
