"""What the rest of a run would take: by hand, and by drawing probes again and again."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt

import numpy as np
import pytest
from scipy.stats import t

from llm_workers.costs.money import Money
from llm_workers.estimates import Cost, estimate, total

NO_PRICE = Money(None)


def test_it_is_wider_the_fewer_items_it_rests_on(model):
    pair = [Cost(90, 2, 0.1), Cost(110, 2, 0.3)]
    few = estimate(pair * 3, left={"": 1000}, at_once=4, model=model, spent=NO_PRICE)
    many = estimate(pair * 30, left={"": 1000}, at_once=4, model=model, spent=NO_PRICE)
    assert few["tokens"][1] == many["tokens"][1] == 102_000
    assert few["tokens"][0] < many["tokens"][0] < 102_000 < many["tokens"][2] < few["tokens"][2]
    assert many["minutes"][1] == pytest.approx(1000 * 0.2 / 4 / 60, abs=0.01)
    assert many["money"] is None
    # By hand: mean 102, s = 11.5470 / by n = 4, t(0.975; 3) = 3.18245, m = 6: 612 ± 3.18245 · 11.5470 · √(6 + 36/4)
    hand = estimate(pair * 2, left={"": 6}, at_once=1, model=model, spent=NO_PRICE)
    assert hand["tokens"] == [470, 612, 754]
    alone = estimate([Cost(100, 2, 0.1)], left={"": 10}, at_once=1, model=model, spent=NO_PRICE)
    assert alone["tokens"] == [0, 1020, 2040]


def test_money_for_servers_time_is_each_item_s_by_its_part_of_the_model_time(model):
    costs = [Cost(90, 2, 0.1), Cost(110, 2, 0.3)] * 2
    spent = Money(Decimal(8), "USD", "server time")
    found = estimate(costs, left={"": 6}, at_once=1, model=model, spent=spent)
    # By hand: 1, 3, 1, 3 USD: mean 2, s = 1.15470: 12 ± 3.18245 · 1.15470 · √(6 + 36/4)
    assert found["money"] == pytest.approx([0.0, 12.0, 26.232343], abs=1e-4)
    assert found["currency"] == "USD"
    untimed = [Cost(100, 2, 0.0)] * 4
    assert estimate(untimed, left={"": 6}, at_once=1, model=model, spent=spent)["money"] == [12.0, 12.0, 12.0]


def test_tokens_minutes_and_money_all_count_groups_by_what_is_left(model):
    model.price_per_million_prompt, model.price_per_million_completion = Decimal(10), Decimal(0)
    costs = [Cost(100, 0, 6.0, "short")] * 3 + [Cost(1000, 0, 60.0, "long")] * 3
    spent = Money(Decimal("0.033"), "EUR", "tokens")
    found = estimate(costs, left={"short": 900, "long": 10}, at_once=2, model=model, spent=spent)
    assert found["items"] == 910
    assert found["tokens"] == [100_000] * 3
    assert found["minutes"] == pytest.approx([(900 * 6 + 10 * 60) / 60 / 2] * 3)
    assert found["money"] == pytest.approx([1.0] * 3)


def test_groups_add_up_with_satterthwaites_degrees_of_freedom():
    found = total([1, 3, 10, 14], ["a", "a", "b", "b"], {"a": 8, "b": 2})
    # By hand: 8 · 2 + 2 · 12; variances 2 and 8: 2 · (8 + 64/2) = 80 and 8 · (2 + 4/2) = 32, of 1 degree of freedom
    assert found.value == 40
    freedom = 112**2 / (80**2 + 32**2)
    assert found.high - found.value == pytest.approx(float(t.ppf(0.975, freedom)) * sqrt(112))


def test_groups_with_one_probed_item_or_none_are_taken_together_by_their_sizes():
    left = {"a": 98, "b": 7, "c": 1, "unseen": 3}
    values, groups = [10, 10, 4, 8, 2], ["a", "a", "b", "c", "exhausted"]
    found = total(values, groups, left)
    # b and c, which speak for 8 and 2 items, say 4.8; so does that for the unseen ones. What is used up says nothing.
    assert found.value == pytest.approx(98 * 10 + 11 * (8 * 4 + 2 * 8) / 10)
    assert found.low < found.value < found.high


def test_a_lone_item_is_taken_together_with_the_group_that_was_probed_least():
    together = total([10, 12, 30, 5, 6, 7], ["a", "a", "lone", "c", "c", "c"], {"a": 3, "lone": 1, "c": 4})
    # a speaks for 5 / 2 items each, the lone one for 2: (2.5 · 10 + 2.5 · 12 + 2 · 30) / 7
    assert together.value == pytest.approx(4 * (25 + 30 + 60) / 7 + 4 * 6)
    used_up = total([10, 12, 30], ["a", "a", "lone"], {"a": 0, "lone": 1})
    assert used_up.value == pytest.approx((10 + 12 + 2 * 30) / 4)


def test_with_more_groups_than_probed_items_large_ones_count_for_more():
    left = {f"group {number}": 1 for number in range(50)} | {"large": 999}
    found = total([10.0, 20.0], ["group 0", "large"], left)
    assert found.value == pytest.approx(1049 * (2 * 10 + 1000 * 20) / 1002)


def test_nothing_known_and_nothing_left():
    assert total([], [], {"": 10}).value == 0
    assert total([1, 2], ["", ""], {"": 0}).high == 0


# --- coverage ---------------------------------------------------------------------------------------------------------

SIZES = {"short": 900, "long": 100}
DRAWS = 2000


def _population(chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Tokens of every item, skewed to the right as lengths of texts are."""
    return {"short": 60 + chance.gamma(4, 10, SIZES["short"]), "long": 700 + chance.gamma(4, 75, SIZES["long"])}


def _coverage(*, by_group: bool, probed: int) -> tuple[float, float]:
    """How often the interval holds what the rest takes, and by how much the expected value is off on average, as a
    share: probes of half short and half long items, from populations that are drawn anew."""
    chance = np.random.default_rng(20_260)
    held, off = 0, []
    for _ in range(DRAWS):
        values, groups, rest = [], [], 0.0
        for name, tokens in _population(chance).items():
            values += tokens[: probed // 2].tolist()
            groups += [name if by_group else ""] * (probed // 2)
            rest += tokens[probed // 2 :].sum()
        left = {name: size - probed // 2 for name, size in SIZES.items()}
        found = total(values, groups, left if by_group else {"": sum(left.values())})
        held += found.low <= rest <= found.high
        off.append(found.value / rest - 1)
    return held / DRAWS, float(np.mean(off))


def test_the_interval_holds_what_it_promises_where_groups_differ_in_size_and_length():
    coverage, off = _coverage(by_group=True, probed=20)
    assert coverage == pytest.approx(0.95, abs=0.025)
    assert abs(off) < 0.01


def test_a_mean_over_the_probe_would_be_far_off():
    coverage, off = _coverage(by_group=False, probed=20)
    assert coverage < 0.2
    assert off > 1


def test_where_each_group_was_probed_once_the_interval_still_holds():
    """Forty groups of other sizes and lengths, half of which a probe of twenty sees, each once."""
    chance = np.random.default_rng(20_260)
    held = 0
    for _ in range(DRAWS):
        sizes = 1 + chance.geometric(0.05, 40)
        means = chance.normal(300, 60, 40)
        seen = chance.choice(40, 20, replace=False)
        tokens = [chance.normal(mean, 30, size) for mean, size in zip(means, sizes, strict=True)]
        left = {str(place): int(size) - (place in seen) for place, size in enumerate(sizes)}
        rest = sum(one[1:].sum() if place in seen else one.sum() for place, one in enumerate(tokens))
        found = total([float(tokens[place][0]) for place in seen], [str(place) for place in seen], left)
        held += found.low <= rest <= found.high
    assert 0.93 < held / DRAWS < 0.995  # what the twenty others are like is not known: rather too wide


@pytest.mark.parametrize("probed", [[8, *[1] * 12], [8, *[1] * 12, *[0] * 18], [1, *[1] * 19, *[0] * 11]])
def test_one_large_group_among_many_small_ones_does_not_make_the_interval_narrow(probed):
    """Nine thousand items and thirty of each small group, in the shares of a probe of twenty; the last: by turns."""
    chance = np.random.default_rng(20_260)
    held, off, draws = 0, [], 500
    for _ in range(draws):
        values, groups, rest, left = [], [], 0.0, {}
        for place, taken in enumerate(probed):
            size, mean = 30 if place else 9000, chance.uniform(150, 450)
            tokens = chance.gamma(4, mean / 4, size)
            values += tokens[:taken].tolist()
            groups += [str(place)] * taken
            rest += tokens[taken:].sum()
            left[str(place)] = size - taken
        found = total(values, groups, left)
        held += found.low <= rest <= found.high
        off.append(found.value / rest - 1)
    assert held / draws == pytest.approx(0.95, abs=0.03)
    assert abs(float(np.mean(off))) < (0.03 if probed[0] > 1 else 0.1)


def test_one_large_group_that_was_not_seen_makes_the_interval_wide():
    """What the seen groups say of the others is as far off as groups are apart, for each item of a large one alike."""
    seen = total([100.0, 200.0, 300.0], ["a", "b", "c"], {"a": 10, "b": 10, "c": 10, "unseen": 0})
    unseen = total([100.0, 200.0, 300.0], ["a", "b", "c"], {"a": 10, "b": 10, "c": 10, "unseen": 1000})
    # By hand: s = 100, t(0.975; 2) = 4.30265; of each seen group 10 − 1030/3, of the unseen one 1000
    assert unseen.high - unseen.value == pytest.approx(430.265 * sqrt(3 * (10 - 1030 / 3) ** 2 + 1000**2), rel=1e-4)
    assert seen.high - seen.value == pytest.approx(430.265 * sqrt(30 + 30**2 / 3), rel=1e-4)
