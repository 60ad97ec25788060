"""The command table: names, arguments and their words; each command's work is in its own file, imported when it is called."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  typer reads the annotations at run time
from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.choices import ClockKind, Format, Profile, ReportFormat, Roll, Take, TestFormat


def _group(words: str) -> typer.Typer:
    return typer.Typer(help=words, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


app = _group("Staged procedures as YAML, run as cases. Settings are in the environment (MILEPOST_...).")
calendars = _group("Calendars: which days count.")
certificates = _group("Certificates: try the template, check a file.")
tokens = _group("Tokens: who may call the API, as whom.")
audits = _group("Proofs that nothing was changed.")
databases = _group("The database.")
for _name, _commands in (
    ("calendar", calendars),
    ("certificate", certificates),
    ("token", tokens),
    ("audit", audits),
    ("db", databases),
):
    app.add_typer(_commands, name=_name)

Paths = Annotated[list[Path], typer.Argument(help="Files or folders.", show_default=False)]
WorkflowFile = Annotated[Path, typer.Argument(help="A workflow file.", show_default=False)]
FormatOption = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: one that is free.")] = 8000,
    clock: Annotated[
        ClockKind, typer.Option(help="manual: time stands until POST /clock moves it.")
    ] = ClockKind.SYSTEM,
) -> None:
    """Run the API with its timers and deliveries."""
    from runtime.cli import serve as command

    raise typer.Exit(command.run(host, port, manual_clock=clock is ClockKind.MANUAL))


@app.command()
def schedule() -> None:
    """Run timers and deliveries without the API."""
    from runtime.cli import schedule as command

    raise typer.Exit(command.run())


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Where letters and certificates are put.")] = Path("demo-output"),
) -> None:
    """Tell a year of one region's list, on a server of its own."""
    from runtime.cli import demo as command

    raise typer.Exit(command.run(output))


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def validate(
    paths: Paths,
    report: Annotated[ReportFormat, typer.Option("--format", help="text, json or sarif.")] = ReportFormat.TEXT,
    profile: Annotated[Profile, typer.Option(help="How strict: draft, team or production.")] = Profile.TEAM,
    people: Annotated[
        str | None,
        typer.Option(help="Who will work with them: a file with `people:`, or `directory` for who has a token."),
    ] = None,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely, in the files.")] = False,
    look: Annotated[bool, typer.Option("--diff", help="Only show what --fix would change.")] = False,
) -> None:
    """Check workflows, scenarios, calendars and templates before anything runs."""
    from runtime.cli import validate as command

    raise typer.Exit(command.run(paths, report, profile, people, fix=fix, look=look))


@app.command()
def test(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders.", show_default=False)] = None,  # noqa: PT028  it is a command
    report: Annotated[TestFormat, typer.Option("--format", help="text, json or junit.")] = TestFormat.TEXT,  # noqa: PT028
    html: Annotated[Path | None, typer.Option(help="A page to write: states by what was gone through.")] = None,  # noqa: PT028
    watch: Annotated[bool, typer.Option(help="Run again whenever a file there changes, until Ctrl-C.")] = False,  # noqa: PT028
    record: Annotated[str | None, typer.Option(help="Only print this case as a scenario file.")] = None,  # noqa: PT028
    suggest: Annotated[
        Path | None, typer.Option(help="Write scenarios for what is not covered to this new file.")
    ] = None,  # noqa: PT028
) -> None:
    """Run scenario files (*.test.yaml) and print what they cover."""
    if record is not None:
        from runtime.cli import record as recording

        raise typer.Exit(recording.run(record))
    if not paths:
        raise typer.BadParameter("name a scenario file or a folder of them")
    if suggest is not None:
        from runtime.cli import suggest as suggesting

        raise typer.Exit(suggesting.run(paths, suggest))
    from runtime.cli import test as command

    raise typer.Exit(command.watch(paths, report, html) if watch else command.run(paths, report, html))


@app.command()
def diagram(path: WorkflowFile) -> None:
    """Print a workflow as a Mermaid state diagram."""
    from runtime.cli import diagram as command

    raise typer.Exit(command.run(path))


@app.command()
def preview(
    path: WorkflowFile,
    begin: Annotated[str, typer.Option("--from", help="The day on which it begins: 2026-01-12.", show_default=False)],
    scenario: Annotated[str | None, typer.Option(help="The scenario to follow; none: the nominal one.")] = None,
    svg: Annotated[Path | None, typer.Option(help="A file to draw it in.")] = None,
    report: FormatOption = Format.TEXT,
) -> None:
    """Look ahead at a workflow: its nominal path with every due date."""
    from runtime.cli import preview as command

    raise typer.Exit(command.run(path, begin, scenario, svg, report))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The workflow file before.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The workflow file after.", show_default=False)],
    *,
    cases: Annotated[bool, typer.Option("--cases", help="With the running cases of the database.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="A file for what is gained, as scenarios.")] = None,
    report: FormatOption = Format.TEXT,
) -> None:
    """Say what a change of a workflow changes, with a case that shows it."""
    from runtime.cli import diff as command

    raise typer.Exit(command.run(old, new, report, cases=cases, scenarios=scenarios))


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="A code, such as WF031.", show_default=False)],
    report: FormatOption = Format.TEXT,
) -> None:
    """Say what a code of `validate` means."""
    from runtime.cli import explain as command

    raise typer.Exit(command.run(rule, report))


@app.command()
def publish(
    path: Annotated[
        Path, typer.Argument(help="A workflow file, a folder of them, or a calendar file.", show_default=False)
    ],
    *,
    earlier: Annotated[bool, typer.Option("--earlier", help="A calendar may bring deadlines forward.")] = False,
    reason: Annotated[str, typer.Option(help="Why a calendar has changed; cases keep it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which deadlines would move.")] = False,
    report: FormatOption = Format.TEXT,
) -> None:
    """Publish workflows: new cases run on them from now on. Deadlines that a new calendar counts otherwise move."""
    from runtime.cli import publish as command

    raise typer.Exit(command.run(path, report, earlier=earlier, reason=reason, dry_run=dry_run))


# ── cases ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command("import")
def import_table(
    workflow: Annotated[str, typer.Option(help="The workflow of the new cases.", show_default=False)],
    token: Annotated[
        str, typer.Option("--token", "--as", envvar="MILEPOST_TOKEN", help="Whose act it is.", show_default=False)
    ],
    file: Annotated[
        Path | None, typer.Argument(help="A table (CSV or XLSX), one row a case.", show_default=False)
    ] = None,
    parent: Annotated[str | None, typer.Option(help="The case that takes them as children: id or number.")] = None,
    sheet: Annotated[str | None, typer.Option(help="The sheet of a workbook; none: the first.")] = None,
    commit: Annotated[
        Take | None,
        typer.Option(help="all: every row, or none where one is bad. good: the good rows. none: only look."),
    ] = None,
    report_file: Annotated[Path | None, typer.Option("--report", help="Write the report as a workbook (XLSX).")] = None,
    template: Annotated[Path | None, typer.Option(help="Write the workbook to fill in, and do no more.")] = None,
    report: FormatOption = Format.TEXT,
) -> None:
    """Open a case for each row of a table; without --commit only say what would happen."""
    from runtime.cli import import_table as command

    if template is not None and file is None:
        raise typer.Exit(command.template(template, workflow, token))
    if file is None or template is not None:
        raise command.UnusableTable("name a table to import, or --template FILE.xlsx for one to fill in, not both")
    given = command.Given(file, workflow, parent, sheet, commit, report_file)
    raise typer.Exit(command.run(given, token, report))


@audits.command("verify")
def audit_verify(
    case: Annotated[str | None, typer.Argument(help="A case by id or number; none: all.", show_default=False)] = None,
    against: Annotated[Path | None, typer.Option(help="A file of `audit export` to compare with.")] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="A public key that is trusted too; may come again.", show_default=False)
    ] = None,
    report: FormatOption = Format.TEXT,
) -> None:
    """Prove that histories are as they were written: chains, the feed, checkpoints, present data."""
    from runtime.cli import audit as command

    raise typer.Exit(command.verify(case, against, key or (), report))


@audits.command("export")
def audit_export(
    file: Annotated[Path, typer.Argument(help="A new file, to be kept elsewhere.", show_default=False)],
    report: FormatOption = Format.TEXT,
) -> None:
    """Write all checkpoints and what they cover to a file."""
    from runtime.cli import audit as command

    raise typer.Exit(command.export(file, report))


# ── calendars ────────────────────────────────────────────────────────────────────────────────────────────────────────


@calendars.command("show")
def calendar_show(
    calendar: Annotated[str, typer.Argument(help="A name, such as ru, or a file.", show_default=False)],
    year: Annotated[int | None, typer.Argument(help="One year in full; none: all in short.")] = None,
    report: FormatOption = Format.TEXT,
) -> None:
    """Show which days count."""
    from runtime.cli import calendar as command

    raise typer.Exit(command.show(calendar, year, report))


@calendars.command("seed")
def calendar_seed(
    country: Annotated[str, typer.Argument(help="A code of ISO 3166, such as RU.", show_default=False)],
    years: Annotated[str, typer.Option(help="First to last, such as 2024-2028.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="A new file; none: print it.")] = None,
) -> None:
    """Write a first calendar file from public holidays."""
    from runtime.cli import calendar as command

    raise typer.Exit(command.seed_file(country, years, output))


@calendars.command("explain")
def calendar_explain(
    calendar: Annotated[str, typer.Argument(help="A name, such as ru, or a file.", show_default=False)],
    start: Annotated[str, typer.Argument(help="A day, or a day and time: 2025-12-29.", show_default=False)],
    term: Annotated[str, typer.Argument(help="A term: '10 working days'.", show_default=False)],
    timezone: Annotated[str, typer.Option(help="Where days begin and end.")] = "Europe/Moscow",
    roll: Annotated[Roll, typer.Option(help="When a term in days or months ends on a day off.")] = Roll.NEXT,
    report: FormatOption = Format.TEXT,
) -> None:
    """Count a term day by day."""
    from runtime.cli import calendar as command

    raise typer.Exit(command.explain(start, term, calendar, timezone, roll, report))


# ── certificates, tokens, the database ───────────────────────────────────────────────────────────────────────────────


@certificates.command("preview")
def certificate_preview(
    template: Annotated[Path | None, typer.Option(help="A template (*.typ); none: the one of the folder.")] = None,
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("certificate-preview.pdf"),
) -> None:
    """Print a certificate with invented facts."""
    from runtime.cli import certificate as command

    raise typer.Exit(command.preview(template, output))


@certificates.command("verify")
def certificate_verify(
    file: Annotated[Path, typer.Argument(help="A certificate's PDF.", show_default=False)],
    report: FormatOption = Format.TEXT,
) -> None:
    """Say what the register knows of this very file."""
    from runtime.cli import certificate as command

    raise typer.Exit(command.verify(file, report))


@tokens.command("create")
def token_create(
    actor: Annotated[str, typer.Option(help="The person's id: the same for all his tokens.", show_default=False)],
    name: Annotated[str, typer.Option(help="The person's name.", show_default=False)],
    role: Annotated[list[str] | None, typer.Option(help="A role; may come again.", show_default=False)] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="key=value; may come again.", show_default=False)] = None,
    party: Annotated[str | None, typer.Option(help="The organisation he acts for (attribute party).")] = None,
    email: Annotated[str | None, typer.Option(help="Where messages go.")] = None,
    locale: Annotated[str, typer.Option(help="The language he reads.")] = "en",
    expires: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="The first moment it opens nothing, UTC."
        ),
    ] = None,
    report: FormatOption = Format.TEXT,
) -> None:
    """Make a token; its secret is printed this once."""
    from runtime.cli import token as command

    given = command.Given(actor, name, tuple(role or ()), tuple(attribute or ()), party, email, locale, expires)
    raise typer.Exit(command.create(given, report))


@tokens.command("list")
def token_list(report: FormatOption = Format.TEXT) -> None:
    """Tokens that were made, without their secrets."""
    from runtime.cli import token as command

    raise typer.Exit(command.show(report))


@tokens.command("revoke")
def token_revoke(
    token: Annotated[str, typer.Argument(help="Its id, as the list shows it.", show_default=False)],
) -> None:
    """Let a token open nothing from now on."""
    from runtime.cli import token as command

    raise typer.Exit(command.revoke(token))


@databases.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the schema of this program."""
    from runtime.cli import db as command

    raise typer.Exit(command.upgrade())


@databases.command("copy")
def db_copy(
    source: Annotated[str, typer.Argument(help="The URL of the database to copy from.", show_default=False)],
    target: Annotated[str, typer.Argument(help="The URL of one that is empty.", show_default=False)],
) -> None:
    """Copy everything into another database: from a file to PostgreSQL, or back."""
    from runtime.cli import db as command

    raise typer.Exit(command.copy(source, target))


@databases.command("prune")
def db_prune(
    older_than: Annotated[str, typer.Option(help="How long ago they were closed: '36 months'.", show_default=False)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and why others stay.")] = False,
) -> None:
    """Prune closed cases after a term; what proves them stays."""
    from runtime.cli import db as command

    raise typer.Exit(command.prune(older_than, dry_run=dry_run))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib import metadata

    typer.echo(metadata.version("milepost"))
