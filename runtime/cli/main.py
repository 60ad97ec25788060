"""`milepost`: runs a command, and says in one line what went wrong."""

from __future__ import annotations

import sys
import traceback

import typer
from typer.exceptions import TyperException

from engine.errors import InvalidWorkflow, MilepostError
from runtime.cli.choices import COULD_NOT_RUN, FINE
from runtime.cli.commands import app
from runtime.collector import collect_seldom


def main() -> None:
    """Run a command; an error of ours is one line on stderr, and exit code 2; findings are 1."""
    collect_seldom()
    try:
        sys.exit(app(standalone_mode=False) or FINE)
    except TyperException as usage:
        _say_usage(usage)
    except InvalidWorkflow as invalid:
        from runtime.cli.findings import refuse

        sys.exit(refuse(invalid))
    except MilepostError as error:
        _say(str(error))
    except UnicodeDecodeError as error:
        _say(f"the file is no UTF-8 text (byte {error.start}); save it as UTF-8")
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except Exception as bug:  # noqa: BLE001  a fault of ours is no finding in the files
        traceback.print_exception(bug)
        _say(f"this is a fault of Milepost: {type(bug).__name__}: {bug}")
    sys.exit(COULD_NOT_RUN)


def _say_usage(error: TyperException) -> None:
    """Bad usage in one line; a group without a command has shown its help already."""
    words = error.format_message()
    if "\n" in words.strip() or not words.strip():
        typer.echo(words, err=True)
    else:
        _say(f"{words.rstrip('.')}; see `milepost --help`")


def _say(line: str) -> None:
    typer.secho(f"milepost: {' '.join(line.split())}", err=True, fg=typer.colors.RED)


if __name__ == "__main__":
    main()
