"""The simulated expert: the right label, a cause that fits who erred, and a reason in whole sentences."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from evenhand.sample.crowd import Worker, answer, labellers
from evenhand.sample.expert import Settlement, Vote, expert_settlement
from evenhand.sample.grammar import SEVERITY, Label
from evenhand.sample.messages import SampleItem


def _item(items: list[SampleItem], truth: Label, trouble: str = "") -> SampleItem:
    return next(item for item in items if item.latent.truth == truth and item.latent.trouble == trouble)


def _votes(people: str, model: str = "") -> list[Vote]:
    """``people`` and ``model`` as initials: k keep, v review, x remove."""
    labels: dict[str, Label] = {"k": "keep", "v": "review", "x": "remove"}
    return [Vote("human", labels[one]) for one in people] + [Vote("model", labels[one]) for one in model]


def test_it_is_deterministic_and_always_right(items: list[SampleItem]) -> None:
    for item in items:
        votes = _votes("kvx", "x")
        settled = expert_settlement(item, votes)
        assert settled == expert_settlement(item, votes)
        assert settled.label == item.latent.truth


@pytest.mark.parametrize(
    ("trouble", "truth", "cause", "recurrent"),
    [
        ("fragment", "review", "bad_item", False),
        ("guideline", "keep", "unclear_guideline", True),
        ("guideline", "review", "unclear_guideline", True),
        ("ambiguous", "review", "ambiguous_item", False),
        ("ambiguous", "remove", "ambiguous_item", False),
    ],
)
def test_the_item_explains_the_case_where_it_can(
    items: list[SampleItem], trouble: str, truth: Label, cause: str, recurrent: bool
) -> None:
    settled = expert_settlement(_item(items, truth, trouble), _votes("kvx", "k"))
    assert (settled.label, settled.cause, settled.recurrent) == (truth, cause, recurrent)


@pytest.mark.parametrize(
    ("truth", "people", "model", "cause", "recurrent"),
    [
        ("keep", "kkk", "x", "model_error", True),
        ("keep", "kkv", "v", "model_error", True),
        ("remove", "xxx", "k", "model_error", False),
        ("review", "", "k", "model_error", False),
        ("keep", "kkv", "k", "human_error", False),
        ("keep", "kvv", "k", "human_error", True),
        ("keep", "kvv", "x", "human_error", True),
        ("remove", "xkv", "x", "human_error", False),
        ("keep", "kkk", "k", "ambiguous_item", False),
    ],
)
def test_otherwise_the_cause_is_who_erred(
    items: list[SampleItem], truth: Label, people: str, model: str, cause: str, recurrent: bool
) -> None:
    settled = expert_settlement(_item(items, truth), _votes(people, model))
    assert (settled.label, settled.cause, settled.recurrent) == (truth, cause, recurrent)


def test_a_model_is_never_blamed_where_only_people_labelled(
    items: list[SampleItem], workers: tuple[Worker, ...]
) -> None:
    for item in items:
        votes = [Vote("human", answer(worker, item).label) for worker in labellers(item, workers)]
        settled = expert_settlement(item, votes)
        assert settled.cause != "model_error"
        assert "model" not in settled.reason


def test_reasons_are_whole_sentences_and_varied(items: list[SampleItem]) -> None:
    settled: list[Settlement] = []
    for item in items:
        for wrong in SEVERITY:
            settled.append(expert_settlement(item, [Vote("human", wrong)]))
            settled.append(expert_settlement(item, [Vote("model", wrong)]))
    for one in settled:
        assert re.fullmatch(r"[A-Z“].*[.]", one.reason), one.reason
        assert "{" not in one.reason
        assert "  " not in one.reason
    reasons = Counter(one.reason for one in settled)
    assert len(reasons) > 40
    causes = {one.cause for one in settled}
    assert causes == {"human_error", "model_error", "ambiguous_item", "unclear_guideline", "bad_item"}


def test_a_case_without_labels_is_refused(items: list[SampleItem]) -> None:
    with pytest.raises(ValueError, match="without labels"):
        expert_settlement(items[0], [])
