import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.metrics import Reason, Status, flip_rate, wilson


def test_a_family_with_two_labels_has_flipped():
    families = {f"kept{k}": ["hate"] * 7 for k in range(30)} | {f"moved{k}": ["hate"] * 6 + ["fine"] for k in range(10)}
    found = flip_rate(families)
    assert found.rate.value == 0.25
    assert (found.rate.low, found.rate.high) == wilson(10, 40)
    assert found.rate.n == 40
    assert found.flipped == tuple(f"moved{k}" for k in range(10))
    assert found.single == ()


def test_a_family_of_one_answer_cannot_flip_and_is_in_no_share():
    found = flip_rate({"a": ["x"], "b": [], "c": ["x", "y"], "d": ["x", "x"]}, min_group=1)
    assert found.rate.value == 0.5
    assert found.single == ("a", "b")
    nothing = flip_rate({"a": ["x"], "b": []})
    assert (nothing.rate.status, nothing.rate.reason) == (Status.UNDEFINED, Reason.NO_FAMILIES)
    assert flip_rate({}).rate.reason is Reason.NO_FAMILIES


def test_few_families_are_insufficient():
    found = flip_rate({k: ["x", "y"] for k in range(29)})
    assert (found.rate.status, found.rate.reason, found.rate.n) == (Status.INSUFFICIENT, Reason.SMALL_GROUP, 29)


def test_each_attribute_has_its_own_rate():
    families = {1: ["x", "y"], 2: ["x", "x"], 3: ["y", "y"], 4: ["x"], 5: ["x", "y"]}
    attributes = {1: "gender", 2: "gender", 3: "religion", 4: "age"}
    found = flip_rate(families, attributes=attributes, min_group=1)
    assert {a: e.value for a, e in found.by_attribute.items()} == {"gender": 0.5, "religion": 0.0, "age": None}
    assert found.by_attribute["age"].reason is Reason.NO_FAMILIES
    assert found.rate.value == 0.5


@given(st.dictionaries(st.integers(), st.lists(st.sampled_from("xyz"), max_size=5), max_size=12))
def test_every_family_is_kept_flipped_or_single(families):
    found = flip_rate(families, min_group=1)
    kept = [f for f, labels in families.items() if len(labels) > 1 and len(set(labels)) == 1]
    assert sorted([*kept, *found.flipped, *found.single]) == sorted(families)
    if found.rate.is_ok:
        assert found.rate.value == pytest.approx(len(found.flipped) / (len(kept) + len(found.flipped)))
