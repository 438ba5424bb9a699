"""``flask catalog``: bringing products in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from ppm_web.cli.output import fail, json_option, print_json
from ppm_web.services.catalog.errors import ImportFileError
from ppm_web.services.imports.run import ImportResult, import_catalog

catalog_commands = AppGroup("catalog", help="The products that PPM holds.")


@catalog_commands.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@json_option
def import_file(file: Path, dry_run: bool, as_json: bool) -> None:
    """Add and update products from FILE (CSV or .xlsx; docs/import.md), by SKU.

    Bad lines are told, the good ones go in. Status 1 if any line was bad, 2 if the file is of no use.
    """
    from ppm_web.cli.import_progress import progress_bar  # its library is of no use to workers and the web

    try:
        with progress_bar() as progress:
            result = import_catalog(file, dry_run=dry_run, progress=progress)
    except ImportFileError as error:
        fail(str(error), status=2)
    if as_json:
        print_json(asdict(result))
    else:
        _tell(result, dry_run=dry_run)
    if result.bad:
        raise SystemExit(1)


def _tell(result: ImportResult, *, dry_run: bool) -> None:
    for bad in result.bad:
        column = f", column {bad.column}" if bad.column else ""
        click.echo(f"line {bad.line}{column}: {bad.reason}", err=True)
    for warning in result.warnings:
        click.echo(f"Warning: line {warning.line}, column {warning.column}: {warning.reason}", err=True)
    would = "would be " if dry_run else ""
    parts = [
        f"{result.added} {would}added",
        f"{result.updated} {would}updated",
        f"{result.unchanged} unchanged",
    ]
    if result.bad:
        parts.append(f"{result.bad_lines} bad {'line' if result.bad_lines == 1 else 'lines'} left out")
    click.echo(f"{_lines(result.total)}: {', '.join(parts)}" + (" (dry run)" if dry_run else ""))


def _lines(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"
