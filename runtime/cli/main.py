"""The command table: names, arguments and their words; each command's work is in its own file, imported when it is called."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import MilepostError

app = typer.Typer(
    name="milepost",
    help="Staged procedures as YAML, run as cases.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

FINE, FINDINGS, COULD_NOT_RUN = 0, 1, 2


class Format(StrEnum):
    """How a command prints."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class Profile(StrEnum):
    """How strict validation is."""

    DRAFT = "draft"
    TEAM = "team"
    PRODUCTION = "production"


Paths = Annotated[list[Path], typer.Argument(help="Files or folders.", show_default=False)]
FormatOption = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]


@app.command()
def validate(
    paths: Paths,
    report: Annotated[ReportFormat, typer.Option("--format", help="text, json or sarif.")] = ReportFormat.TEXT,
    profile: Annotated[Profile, typer.Option(help="How strict: draft, team or production.")] = Profile.TEAM,
) -> None:
    """Check workflow files before anything runs."""
    from runtime.cli import validate as command

    raise typer.Exit(command.run(paths, report, profile))


@app.command()
def test(paths: Paths, report: FormatOption = Format.TEXT) -> None:
    """Run scenario files (*.test.yaml) and print what they cover."""
    from runtime.cli import test as command

    raise typer.Exit(command.run(paths, report))


@app.command()
def diagram(path: Annotated[Path, typer.Argument(help="A workflow file.")]) -> None:
    """Print a workflow as a Mermaid state diagram."""
    from runtime.cli import diagram as command

    raise typer.Exit(command.run(path))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(metadata.version("milepost"))


def main() -> None:
    """Run a command; an error of ours is one line, and exit code 2."""
    try:
        app()
    except MilepostError as error:
        typer.secho(f"milepost: {error}", err=True, fg=typer.colors.RED)
        sys.exit(COULD_NOT_RUN)
    except OSError as error:
        typer.secho(f"milepost: {error.filename or ''}: {error.strerror or error}", err=True, fg=typer.colors.RED)
        sys.exit(COULD_NOT_RUN)


if __name__ == "__main__":
    main()
