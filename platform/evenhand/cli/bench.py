"""``evenhand bench NAME --json``: one benchmark, one JSON object.

A benchmark is a module in ``benchmarks/`` at the repository root with a docstring and a function
``run() -> dict[str, Figure]``; putting the file there is all the registration there is. One that needs other people's
programs says so by ``USES_PROGRAMS = True``, takes ``run(programs=FOLDER)``, and raises ``Missing`` where they are not.
One that can be made larger says so by ``USES_ITEMS = True`` and takes ``run(items=NUMBER)``, None for its own number.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import click

from evenhand.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[3]


class Missing(LocalError):
    """Something that is no part of Evenhand is not installed, so there is nothing to measure; says how to get it."""


@dataclass(frozen=True)
class Figure:
    """One measured number. ``better`` says which direction is good; ``goal`` is what we hold it to, if
    anything.
    """

    value: float
    unit: str
    better: Literal["lower", "higher"]
    goal: float | None = None


def names(root: Path = ROOT) -> list[str]:
    """The benchmarks that exist, in order of name."""
    return sorted(path.stem for path in (root / "benchmarks").glob("[a-z]*.py"))


def measure(name: str, root: Path = ROOT, programs: Path | None = None, items: int | None = None) -> dict[str, Any]:
    """Run the benchmark ``name``: ``{"bench", "machine", "figures"}``, without figures and with ``"missing"`` where it
    needs what is not installed. ``programs``: a folder to find other people's programs in. ``items``: how many it is
    done with. Raises LocalError where there is no benchmark of that name, or its number of items cannot be chosen.
    """
    known = names(root)
    if name not in known:
        listed = ", ".join(known) if known else "none is installed here"
        raise LocalError(f"There is no benchmark named {name!r}. Known: {listed}.")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    module = importlib.import_module(f"benchmarks.{name}")
    options: dict[str, Any] = {"programs": programs} if getattr(module, "USES_PROGRAMS", False) else {}
    if getattr(module, "USES_ITEMS", False):
        options["items"] = items
    elif items is not None:
        raise LocalError(f"The number of items of {name!r} cannot be chosen.")
    result: dict[str, Any] = {"bench": name, "machine": machine(), "figures": {}}
    try:
        figures = module.run(**options)
    except Missing as missing:
        return result | {"missing": str(missing)}
    return result | {"figures": {title: asdict(figure) for title, figure in figures.items()}}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": usable,
        "memory_gb": round(memory / 1e9, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
@click.option(
    "--programs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the programs to compare with; else they are looked for on PATH.",
)
@click.option("--items", type=click.IntRange(min=1), help="How many items; for those that say so, such as llm.")
def bench(name: str | None, as_json: bool, programs: Path | None, items: int | None) -> None:
    """Run one benchmark; without a name, list them. Ends well where a program to compare with is not installed."""
    if name is None:
        click.echo("\n".join(names()) or "No benchmark is installed here.")
        return
    result = measure(name, programs=programs, items=items)
    if as_json:
        click.echo(json.dumps(result))
        return
    if "missing" in result:
        click.echo(result["missing"])
    for title, figure in result["figures"].items():
        goal = f"  (goal {figure['goal']:g})" if figure["goal"] is not None else ""
        click.echo(f"{title}: {figure['value']:g} {figure['unit']}{goal}")
