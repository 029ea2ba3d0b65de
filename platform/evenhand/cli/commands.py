"""``evenhand``: parses, calls one function, prints. Heavy imports wait until their command is the one asked
for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from evenhand.cli.bench import bench
from evenhand.cli.reproduce import reproduce
from evenhand.env import EnvError, env
from evenhand.local.errors import LocalError
from evenhand.local.programs import find_sources


class Sentences(click.Group):
    """Shows our own errors as the sentences they are, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (LocalError, EnvError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="evenhand")
def main() -> None:
    """A crowd and language models label side by side; experts settle; anyone can see how fair the
    labels are.
    """


@main.command()
@click.option("--demo", is_flag=True, help="Make the sample project, with a simulated crowd that goes on labelling.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the site (EVENHAND_PORT, 8000).")
@click.option("--bind", help="Address to listen on (EVENHAND_BIND, 127.0.0.1); 0.0.0.0 for every network.")
@click.option("--no-llm", is_flag=True, help="Do without the local language model.")
@click.option("--verbose", "-v", is_flag=True, help="Show everything that the processes write.")
def up(demo: bool, port: int | None, bind: str | None, no_llm: bool, verbose: bool) -> None:
    """Start everything on this machine and stay until Ctrl-C."""
    try:
        from evenhand.local.up import Options, up
    except ModuleNotFoundError as error:
        raise LocalError(
            f"{error.name} is not installed, which starting everything on one machine needs. Install the local "
            "extra (pip install 'evenhand[local]'), or run the parts one by one: docs/how-to/deploy-with-compose.md"
        ) from error

    options = Options(
        home=env.home(),
        port=port or env.number("EVENHAND_PORT", 8000, low=1, high=65535),
        bind=bind or env.text("EVENHAND_BIND", "127.0.0.1"),
        demo=demo,
        llm=not no_llm,
        verbose=verbose,
    )
    try:
        up(options)
    except KeyboardInterrupt:
        raise click.ClickException("stopped before it had started.") from None


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def doctor(as_json: bool) -> None:
    """Check every part and say how to mend what is broken; exit code 1 if something is."""
    from evenhand.doctor.report import as_data, as_text, exit_code
    from evenhand.doctor.run import examine

    findings = examine()
    click.echo(json.dumps(as_data(findings), indent=1) if as_json else as_text(findings))
    sys.exit(exit_code(findings))


@main.group()
def models() -> None:
    """The local language models."""


@models.command()
@click.argument("name", default="smollm2-135m")
def fetch(name: str) -> None:
    """Fetch a model, or go on with a broken download."""
    from evenhand.local.models import by_name, ensure

    click.echo(ensure(by_name(name), env.home()))


@models.command("list")
def list_models() -> None:
    """The models that can be had, and whether they are here."""
    from evenhand.local.models import MODELS, installed, models_folder

    for model in MODELS.values():
        path = installed(model, models_folder(env.home()))
        state = str(path) if path else f"not fetched: evenhand models fetch {model.name}"
        click.echo(f"{model.name}  {model.size / 1e6:.0f} MB  {model.license}  {state}\n  {model.about}")


@main.group()
def ledger() -> None:
    """The hash-chained record of everything that happened."""


@ledger.command()
@click.option("--head", help="A block hash noted at an earlier time, which must still be in the chain.")
def verify(head: str | None) -> None:
    """Recompute the chain and find any altered, removed or reordered row."""
    run_django(["ledger_verify", *(["--head", head] if head else [])])


@main.group()
def fairness() -> None:
    """The live counters, from which every fairness figure is computed."""


@fairness.command()
@click.option("--project", type=int, help="Only this project.")
@click.option("--mend", is_flag=True, help="Put the counters right where they differ.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def recount(project: int | None, mend: bool, as_json: bool) -> None:
    """Compare the live counters to a count of all rows; exit code 1 where they differ and are not mended."""
    chosen = ["--project", str(project)] if project is not None else []
    flags = [flag for flag, given in (("--mend", mend), ("--json", as_json)) if given]
    run_django(["fairness_recount", *chosen, *flags])


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: Sequence[str]) -> None:
    """Django's management commands: evenhand manage migrate."""
    run_django(list(arguments) or ["help"])


def run_django(arguments: list[str]) -> None:
    """Run one management command in this process, beside a running instance if there is one."""
    find_sources()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["evenhand manage", *arguments])


main.add_command(bench)
main.add_command(reproduce)
