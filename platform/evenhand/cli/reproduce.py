"""``evenhand reproduce``: published values, computed anew with the platform's own functions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from evenhand.cli.bench import ROOT
from evenhand.local.programs import find_sources

DATA = ROOT.parent / "shared" / "data"


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DATA,
    help="Folder of the data sets; by default shared/data beside the repository.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option(
    "--known-ok", is_flag=True, help="Let pass what is documented as not reached, if it comes out as documented."
)
def reproduce(data: Path, as_json: bool, known_ok: bool) -> None:
    """Compute published values anew and compare; exit code 1 where one is off or its data is missing."""
    find_sources()
    from evenhand.reproduce.run import as_text
    from evenhand.reproduce.run import reproduce as compute

    outcome = compute(data)
    click.echo(json.dumps(outcome.as_json()) if as_json else as_text(outcome))
    sys.exit(0 if outcome.holds or (known_ok and outcome.holds_as_known) else 1)
