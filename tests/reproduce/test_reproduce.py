"""``evenhand reproduce``: every published value comes out of the real data; wrong, broken or missing data is told."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evenhand.cli import main
from evenhand.reproduce.crowds import HATECHECK
from evenhand.reproduce.examples import EXAMPLES
from evenhand.reproduce.questions import BBQ
from evenhand.reproduce.run import DATA_SETS, Outcome, reproduce
from evenhand.reproduce.values import DataSet, Relation, Value, Verdict

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
REAL = pytest.mark.skipif(not DATA.is_dir(), reason=f"The real data is not beside the repository: {DATA}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["reproduce", *arguments])


def copied(data_sets: Iterable[DataSet], folder: Path) -> Path:
    for name in (name for data_set in data_sets for name in data_set.files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(DATA / name, folder / name)
    return folder


@REAL
@pytest.mark.acceptance
def test_every_value_comes_out_of_the_real_data():
    result = run("--data", str(DATA), "--json", "--known-ok")
    told = json.loads(result.output)
    assert result.exit_code == 0, [value for value in told["values"] if value["verdict"] == "off"]
    assert told["holds"] is False  # one published value is not reached, and without --known-ok that is exit code 1
    assert told["failures"] == []
    verdicts = [value["verdict"] for value in told["values"]]
    assert (verdicts.count("holds"), verdicts.count("known")) == (37, 1)
    assert all(value["source"] for value in told["values"])
    (known,) = (value for value in told["values"] if value["verdict"] == "known")
    assert "is not reached" in known["note"]


@REAL
def test_a_changed_label_is_found(tmp_path):
    folder = copied([HATECHECK], tmp_path)
    path = folder / "hatecheck" / "all_annotations.csv"
    path.write_text(path.read_text().replace(",hateful,,,hateful,", ",non-hateful,,,hateful,", 1))
    off = [value.name for value in reproduce(folder, [HATECHECK]).values if value.verdict is Verdict.OFF]
    assert "HateCheck: template flips, mean annotator" in off


@REAL
def test_a_changed_answer_is_found_and_also_where_the_value_was_never_reached(tmp_path):
    folder = copied([BBQ], tmp_path)
    for path in (folder / "bbq").glob("*.csv"):
        path.write_text(path.read_text().replace("arc,1", "arc,0"))
    verdicts = [value.verdict for value in reproduce(folder, [BBQ]).values]
    assert verdicts == [Verdict.OFF, Verdict.HOLDS, Verdict.OFF, Verdict.OFF]


@REAL
def test_the_command_fails_on_tampered_data_and_shows_where(tmp_path):
    folder = copied(DATA_SETS, tmp_path)
    path = folder / "dices350" / "ratings_wide.csv"
    path.write_text(path.read_text().replace(",Yes", ",No"))
    result = run("--data", str(folder))
    assert result.exit_code == 1
    (line,) = (line for line in result.output.splitlines() if line.startswith("OFF"))
    assert "DICES-350" in line


@REAL
@pytest.mark.parametrize("content", ["", "nothing,of,this\n1,2,3\n", "\x00"])
def test_files_that_are_something_else_are_a_sentence(tmp_path, content):
    folder = copied([HATECHECK], tmp_path)
    (folder / "hatecheck" / "all_annotations.csv").write_text(content)
    outcome = reproduce(folder, [EXAMPLES, HATECHECK])
    assert not outcome.holds
    assert len(outcome.values) == 5  # the others are computed all the same
    assert "HateCheck: the files in" in outcome.failures[0]
    assert "github.com/paul-rottger/hatecheck-data" in outcome.failures[0]


def test_what_is_missing_is_named_with_where_it_was_sought_and_where_to_get_it(tmp_path):
    result = run("--data", str(tmp_path))
    assert result.exit_code == 1
    assert f"hatecheck/all_annotations.csv, hatecheck/test_suite_cases.csv not found in {tmp_path}" in result.output
    assert "github.com/nyu-mll/BBQ" in result.output
    assert "--data" in result.output
    assert "ok          Fleiss' κ, 14 raters" in result.output  # needs no file


VALUE = Value("figure", target=0.5, ours=0.5, tolerance=0.05, source="somebody")


@pytest.mark.parametrize(
    ("relation", "ours", "verdict"),
    [
        (Relation.EQUAL, 0.55, Verdict.HOLDS),
        (Relation.EQUAL, 0.56, Verdict.OFF),
        (Relation.EQUAL, 0.44, Verdict.OFF),
        (Relation.AT_MOST, 0.1, Verdict.HOLDS),
        (Relation.AT_MOST, 0.56, Verdict.OFF),
        (Relation.AT_LEAST, 0.9, Verdict.HOLDS),
        (Relation.AT_LEAST, 0.44, Verdict.OFF),
        (Relation.EQUAL, math.nan, Verdict.OFF),
        (Relation.AT_MOST, math.nan, Verdict.OFF),
        (Relation.AT_LEAST, math.nan, Verdict.OFF),
    ],
)
def test_when_a_value_holds(relation, ours, verdict):
    value = replace(VALUE, relation=relation, ours=ours)
    assert value.verdict is verdict
    assert json.loads(json.dumps(value.as_json(), allow_nan=False))["verdict"] == verdict.name.lower()


def test_a_known_difference_is_known_only_as_long_as_it_is_that_one():
    assert replace(VALUE, ours=0.7, known=0.71).verdict is Verdict.KNOWN
    assert replace(VALUE, ours=0.7, known=0.8).verdict is Verdict.OFF


def test_what_is_not_reached_does_not_hold_however_well_it_is_known(tmp_path):
    outcome = Outcome(tmp_path, [VALUE, replace(VALUE, ours=0.7, known=0.71)], [])
    assert (outcome.holds, outcome.holds_as_known) == (False, True)
    outcome = Outcome(tmp_path, [VALUE, replace(VALUE, ours=0.7, known=0.8)], [])
    assert (outcome.holds, outcome.holds_as_known) == (False, False)
