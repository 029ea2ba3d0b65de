"""The ``evenhand`` command: what it answers, and that its errors are sentences."""

from __future__ import annotations

import builtins
import json
import sys

import pytest
from click.testing import CliRunner

from evenhand.cli import bench, main
from evenhand.local.errors import LocalError
from evenhand.local.models import SMOLLM2


@pytest.fixture
def cli():
    return CliRunner()


BENCH = '''
"""A benchmark for the test."""

from evenhand.cli.bench import Figure


def run():
    return {"items": Figure(value=12.5, unit="items/s", better="higher", goal=10.0)}
'''


@pytest.fixture
def benchmarks(tmp_path, monkeypatch):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").write_text("")
    (tmp_path / "benchmarks" / "probe.py").write_text(BENCH)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in [name for name in sys.modules if name.split(".")[0] == "benchmarks"]:
        monkeypatch.delitem(sys.modules, name)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "benchmarks"]:
        del sys.modules[name]


def test_a_benchmark_is_found_by_its_file_and_gives_one_object(benchmarks):
    assert bench.names(benchmarks) == ["probe"]
    result = bench.measure("probe", benchmarks)
    assert result["bench"] == "probe"
    assert result["figures"] == {"items": {"value": 12.5, "unit": "items/s", "better": "higher", "goal": 10.0}}
    assert {"system", "processor", "cores", "memory_gb", "python"} == set(result["machine"])
    assert json.loads(json.dumps(result)) == result


def test_the_number_of_items_is_for_those_that_take_one(benchmarks):
    with pytest.raises(LocalError, match=r"The number of items of 'probe' cannot be chosen\."):
        bench.measure("probe", benchmarks, items=5)
    source = BENCH.replace("def run()", "USES_ITEMS = True\n\n\ndef run(items=None)").replace("12.5", "items or 3.5")
    (benchmarks / "benchmarks" / "large.py").write_text(source)
    assert bench.measure("large", benchmarks, items=5)["figures"]["items"]["value"] == 5
    assert bench.measure("large", benchmarks)["figures"]["items"]["value"] == 3.5


def test_too_few_items_for_a_benchmark_are_refused(cli):
    result = cli.invoke(main, ["bench", "llm", "--items", "10"])
    assert result.exit_code == 1
    assert "At least 4,000 items are needed" in result.output


def test_an_unknown_benchmark_is_answered_with_the_known_ones(benchmarks, cli):
    with pytest.raises(LocalError, match=r"no benchmark named 'nope'\. Known: probe\."):
        bench.measure("nope", benchmarks)
    result = cli.invoke(main, ["bench", "nope"])
    assert result.exit_code == 1
    assert "There is no benchmark named 'nope'" in result.output
    assert "Traceback" not in result.output


def test_without_a_name_the_benchmarks_are_listed(cli):
    result = cli.invoke(main, ["bench"])
    assert result.exit_code == 0
    assert result.output.split() == bench.names() or "No benchmark" in result.output


def test_models_are_listed_with_the_command_that_fetches_them(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path))
    assert "not fetched: evenhand models fetch smollm2-135m" in cli.invoke(main, ["models", "list"]).output
    (tmp_path / "models").mkdir()
    with (tmp_path / "models" / SMOLLM2.file_name).open("wb") as file:
        file.truncate(SMOLLM2.size)
    assert str(tmp_path / "models" / SMOLLM2.file_name) in cli.invoke(main, ["models", "list"]).output


def test_an_unknown_model_is_a_sentence(cli):
    result = cli.invoke(main, ["models", "fetch", "gpt-9"])
    assert result.exit_code == 1
    assert "There is no model named 'gpt-9'. Known: smollm2-135m." in result.output


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], ["ledger_verify"]),
        (["--head", "ab12"], ["ledger_verify", "--head", "ab12"]),
    ],
)
def test_verifying_the_ledger_hands_over_to_its_command(cli, monkeypatch, arguments, given):
    asked: list[list[str]] = []
    monkeypatch.setattr("evenhand.cli.commands.run_django", asked.append)
    assert cli.invoke(main, ["ledger", "verify", *arguments]).exit_code == 0
    assert asked == [given]


def test_management_commands_get_their_options_untouched(cli, monkeypatch):
    asked: list[list[str]] = []
    monkeypatch.setattr("evenhand.cli.commands.run_django", asked.append)
    cli.invoke(main, ["manage", "migrate", "--plan", "-v", "2", "--help"])
    cli.invoke(main, ["manage"])
    assert asked == [["migrate", "--plan", "-v", "2", "--help"], ["help"]]


def test_without_the_local_extra_starting_says_what_to_install(cli, monkeypatch):
    real = builtins.__import__

    def without_honcho(name, *arguments, **named):
        if name.startswith("honcho"):
            raise ModuleNotFoundError("No module named 'honcho'", name="honcho")
        return real(name, *arguments, **named)

    for name in ("evenhand.local.up", "evenhand.local.console"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", without_honcho)
    result = cli.invoke(main, ["up"])
    assert result.exit_code == 1
    assert "honcho is not installed" in result.output
    assert "evenhand[local]" in result.output
