"""The simulated crowd does what its statements say, and its figures stay within the promised bounds."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean, median

import pytest

from evenhand.sample.crowd import (
    BEHAVIOURS,
    BIAS_ATTRIBUTE,
    BIAS_GROUP,
    FLAG_REASONS,
    SKIP_REASONS,
    Worker,
    answer,
    crowd,
    describe,
    labellers,
    reaction,
)
from evenhand.sample.grammar import SEVERITY, Label
from evenhand.sample.messages import SampleItem, generate


@dataclass(frozen=True)
class Figures:
    """What redundancy 3 gives: shares of all items."""

    majority_right: float
    disagreed: float
    no_majority: float


def _votes(items: list[SampleItem], workers: tuple[Worker, ...], seed: int) -> Iterator[tuple[SampleItem, list[Label]]]:
    for item in items:
        yield item, [answer(worker, item, seed=seed).label for worker in labellers(item, workers, seed=seed)]


def _figures(seed: int) -> Figures:
    items = generate(seed=seed)
    right = disagreed = open_ = 0
    for item, labels in _votes(items, crowd(seed=seed), seed):
        label, support = Counter(labels).most_common(1)[0]
        right += support > 1 and label == item.latent.truth
        disagreed += support < 3
        open_ += support == 1
    return Figures(right / len(items), disagreed / len(items), open_ / len(items))


def _selection_rates(items: list[SampleItem], workers: tuple[Worker, ...], seed: int) -> dict[str, float]:
    kept: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for item, labels in _votes(items, workers, seed):
        if group := item.groups.get(BIAS_ATTRIBUTE):
            kept[group] += labels.count("keep")
            given[group] += len(labels)
    return {group: kept[group] / given[group] for group in given}


def test_thirty_workers_of_four_kinds(workers: tuple[Worker, ...]) -> None:
    assert [worker.number for worker in workers] == list(range(1, 31))
    assert Counter(worker.kind for worker in workers) == {
        "careful": 17,
        "hasty": 5,
        "biased": 6,
        "spammer": 2,
    }
    assert len({worker.key for worker in workers}) == 30
    assert crowd() == workers
    assert [worker.kind for worker in crowd(seed=1)] != [worker.kind for worker in workers]


def test_names_and_statements_say_simulated_and_the_behaviour(workers: tuple[Worker, ...]) -> None:
    for worker in workers:
        assert worker.name == f"Simulated worker {worker.number:02d} ({worker.kind})"
        assert worker.statement.endswith(".")
    assert {BIAS_GROUP in worker.statement for worker in workers if worker.kind == "biased"} == {True}
    assert len({worker.statement for worker in workers if worker.kind == "spammer"}) == 2


def test_the_description_names_every_worker_once(workers: tuple[Worker, ...]) -> None:
    text = describe(workers)
    assert "simulated" in text
    for behaviour in BEHAVIOURS.values():
        assert behaviour.statement in text
    for worker in workers:
        assert len(re.findall(rf" {worker.number:02d}[,)]", text)) == 1


def test_an_answer_depends_on_seed_worker_and_item_alone(items: list[SampleItem], workers: tuple[Worker, ...]) -> None:
    pairs = [(worker, item) for worker in workers[:6] for item in items[:40]]
    first = {(worker.key, item.external_id): answer(worker, item) for worker, item in pairs}
    random.Random(3).shuffle(pairs)
    assert {(worker.key, item.external_id): answer(worker, item) for worker, item in pairs} == first
    other = {(worker.key, item.external_id): answer(worker, item, seed=1) for worker, item in pairs}
    assert other != first


def test_the_shipped_figures() -> None:
    figures = _figures(20_260)
    assert figures.majority_right == pytest.approx(701 / 780)
    assert figures.disagreed == pytest.approx(204 / 780)
    assert figures.no_majority == pytest.approx(13 / 780)


@pytest.mark.parametrize("seed", range(1, 7))
def test_other_seeds_stay_within_the_promised_bounds(seed: int) -> None:
    figures = _figures(seed)
    assert 0.85 <= figures.majority_right <= 0.93
    assert 0.15 <= figures.disagreed <= 0.30


@pytest.mark.parametrize("seed", [20_260, 1, 2, 3, 4, 5])
def test_the_biased_workers_show_in_the_rates_but_do_not_rule_them(seed: int) -> None:
    rates = _selection_rates(generate(seed=seed), crowd(seed=seed), seed)
    others = mean(rate for group, rate in rates.items() if group != BIAS_GROUP)
    assert 0.02 <= others - rates[BIAS_GROUP] <= 0.15
    assert min(rates, key=lambda group: rates[group]) == BIAS_GROUP


def test_without_the_biased_workers_the_gap_is_gone(items: list[SampleItem], workers: tuple[Worker, ...]) -> None:
    fair = [worker for worker in workers if worker.kind != "biased"]
    kept: Counter[str] = Counter()
    for item in items:
        if group := item.groups.get(BIAS_ATTRIBUTE):
            kept[group] += sum(answer(worker, item).label == "keep" for worker in fair)
    rates = {group: count / (60 * len(fair)) for group, count in kept.items()}
    assert max(rates.values()) - min(rates.values()) < 0.04


def test_biased_workers_are_severer_on_the_stated_group_alone(
    items: list[SampleItem], workers: tuple[Worker, ...]
) -> None:
    biased = [worker for worker in workers if worker.kind == "biased"]
    careful = [worker for worker in workers if worker.kind == "careful"]

    def severity(of: list[Worker], about: bool) -> float:
        chosen = [item for item in items if (item.groups.get(BIAS_ATTRIBUTE) == BIAS_GROUP) is about]
        return mean(SEVERITY.index(answer(worker, item).label) for worker in of for item in chosen)

    assert severity(biased, True) - severity(careful, True) > 0.3
    assert abs(severity(biased, False) - severity(careful, False)) < 0.03


def test_the_kinds_differ_in_accuracy_and_speed(items: list[SampleItem], workers: tuple[Worker, ...]) -> None:
    right: dict[str, list[bool]] = {kind: [] for kind in BEHAVIOURS}
    times: dict[str, list[int]] = {kind: [] for kind in BEHAVIOURS}
    for worker in workers:
        for item in items[:300]:
            label, active_ms = answer(worker, item)
            right[worker.kind].append(label == item.latent.truth)
            times[worker.kind].append(active_ms)
    assert mean(right["careful"]) > mean(right["biased"]) > mean(right["hasty"]) > mean(right["spammer"])
    assert 0.86 <= mean(right["careful"]) <= 0.95
    assert mean(right["spammer"]) < 0.5
    assert 7_000 <= median(times["careful"]) <= 13_000
    assert 2_500 <= median(times["hasty"]) <= 4_500
    assert 800 <= median(times["spammer"]) <= 1_400
    assert all(active_ms >= 300 for kind in times for active_ms in times[kind])


def test_one_spammer_repeats_and_the_other_draws(items: list[SampleItem], workers: tuple[Worker, ...]) -> None:
    repeating, drawing = sorted(
        (worker for worker in workers if worker.kind == "spammer"), key=lambda w: w.always is None
    )
    assert {answer(repeating, item).label for item in items} == {"keep"}
    counted = Counter(answer(drawing, item).label for item in items)
    assert set(counted) == set(SEVERITY)
    assert min(counted.values()) > 200


def test_who_reads_takes_longer_over_a_long_message(items: list[SampleItem], workers: tuple[Worker, ...]) -> None:
    careful = [worker for worker in workers if worker.kind == "careful"]
    by_length = sorted(items, key=lambda item: len(item.text))
    short = median(answer(worker, item).active_ms for worker in careful for item in by_length[:200])
    long = median(answer(worker, item).active_ms for worker in careful for item in by_length[-200:])
    assert long > 1.2 * short


def test_skips_and_flags_are_rare_deterministic_and_explained(
    items: list[SampleItem], workers: tuple[Worker, ...]
) -> None:
    reactions = [reaction(worker, item) for worker in workers for item in items]
    skips = [one.skip for one in reactions if one.skip]
    flags = [one.flag for one in reactions if one.flag]
    assert 0.005 < len(skips) / len(reactions) < 0.04
    assert 0.003 < len(flags) / len(reactions) < 0.03
    assert set(skips) == set(SKIP_REASONS)
    assert set(flags) == set(FLAG_REASONS.values())
    assert not any(one.skip and one.flag for one in reactions)
    assert reaction(workers[3], items[5]) == reaction(workers[3], items[5])


def test_labellers_are_different_and_share_the_work(items: list[SampleItem], workers: tuple[Worker, ...]) -> None:
    work: Counter[str] = Counter()
    for item in items:
        chosen = labellers(item, workers)
        assert len({worker.key for worker in chosen}) == 3
        work.update(worker.kind for worker in chosen)
    per_worker = {kind: work[kind] / sum(worker.kind == kind for worker in workers) for kind in BEHAVIOURS}
    assert per_worker["hasty"] > per_worker["careful"] > per_worker["spammer"] > 30


@pytest.mark.parametrize("redundancy", [0, 31])
def test_an_impossible_redundancy_is_refused(
    items: list[SampleItem], workers: tuple[Worker, ...], redundancy: int
) -> None:
    with pytest.raises(ValueError, match=f"between 1 and 30, not {redundancy}"):
        labellers(items[0], workers, redundancy=redundancy)
