"""The alternative-annotator test on public crowds, with one of the annotators played as the model."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from llm_workers.replacing.alternative import Judged, Verdict, advantages, verdict

DATA = Path(__file__).parents[3] / "shared" / "data"
HATECHECK = DATA / "hatecheck" / "all_annotations.csv"
DICES = DATA / "dices350" / "ratings_wide.csv"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not (HATECHECK.exists() and DICES.exists()), reason=f"The real data is not in {DATA}"),
]
Said = dict[str, str]  # annotator → label, of one item


@cache
def rows(path: Path, prefix: str) -> list[Said]:
    with path.open() as lines:
        return [
            {name: text for name, text in row.items() if name.startswith(prefix) and name[-1].isdigit() and text}
            for row in csv.DictReader(lines)
        ]


def played(items: list[Said], model: str) -> Verdict:
    """The test of the annotator called ``model`` against all others."""
    labels = sorted({label for said in items for label in said.values()})
    people = sorted({name for said in items for name in said} - {model})
    place = {name: number for number, name in enumerate(people)}
    given = [
        (number, place[name], labels.index(label))
        for number, said in enumerate(items)
        for name, label in said.items()
        if name != model
    ]
    item, person, label = np.array(given).T
    own = np.array([labels.index(said[model]) if model in said else -1 for said in items])
    judged = Judged(item, person, label, own, np.eye(len(labels)), len(people))
    return verdict(advantages(judged), people=len(people), allowance=0.1)


@pytest.mark.parametrize("number", range(1, 11))
def test_every_annotator_of_hatecheck_could_stand_in_for_another(number):
    found = played(rows(HATECHECK, "label_"), f"label_{number}")
    assert found.passes
    assert found.winning_rate == 1
    assert found.advantage is not None
    assert found.advantage >= 0.94
    assert found.items > 1900


def test_on_dices_some_raters_could_and_others_not():
    crowd = rows(DICES, "r")
    found = [played(crowd, f"r{number:03d}").winning_rate for number in range(0, 123, 8)]
    assert {rate is not None and rate >= 0.5 for rate in found} == {True, False}


def test_on_dices_a_guess_fails_and_the_commonest_answer_passes():
    """Why the platform tests the commonest answer beside a model."""
    crowd = rows(DICES, "r")
    chance = np.random.default_rng(0)
    guessed = played([said | {"m": str(chance.choice(["Yes", "No", "Unsure"]))} for said in crowd], "m")
    constant = played([said | {"m": "No"} for said in crowd], "m")
    assert guessed.winning_rate == 0
    assert constant.winning_rate == pytest.approx(0.95, abs=0.01)
    assert constant.advantage == pytest.approx(0.856, abs=0.005)
