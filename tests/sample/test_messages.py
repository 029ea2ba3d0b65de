"""How many messages there are, of whom, with what gold, and that the seed alone decides what may differ."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from evenhand.sample.identities import ATTRIBUTES, DISABILITY, GENDER, ORIGIN, RELIGION
from evenhand.sample.messages import SampleItem, by_external_id, generate, row, rows, to_jsonl

SIZES = {"religion": (4, 60), "origin": (4, 60), "disability": (3, 60), "gender": (3, 84)}
"""Attribute: its number of groups, and how many messages mention each of them."""


def test_same_seed_gives_the_same_items(items: list[SampleItem]) -> None:
    assert generate() == items


def test_items_are_the_same_in_another_process(items: list[SampleItem]) -> None:
    program = "from evenhand.sample.messages import *; import sys; sys.stdout.write(to_jsonl(generate()))"
    path = [entry for entry in sys.path if entry]
    started = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}; {program}"],
        env={"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8", "EVENHAND_HOME": "/nonexistent"},
        capture_output=True,
        check=True,
    )
    assert started.stdout.decode() == to_jsonl(items)


def test_another_seed_changes_details_order_and_gold_but_neither_ids_nor_families(
    items: list[SampleItem],
) -> None:
    other = generate(seed=1)
    assert {item.external_id for item in other} == {item.external_id for item in items}
    assert {item.family for item in other} == {item.family for item in items}
    assert [item.external_id for item in other] != [item.external_id for item in items]
    assert {item.text for item in other} != {item.text for item in items}
    assert {item.family for item in other if item.gold} != {item.family for item in items if item.gold}
    known = by_external_id()
    assert all(item.latent == known[item.external_id].latent for item in other)


def test_numbers(items: list[SampleItem], families: dict[str, list[SampleItem]]) -> None:
    assert len(items) == 780
    assert len(families) == 196
    assert len({item.external_id for item in items}) == 780


@pytest.mark.parametrize("seed", range(5))
def test_no_text_occurs_twice(seed: int) -> None:
    repeated = [text for text, times in Counter(item.text for item in generate(seed=seed)).items() if times > 1]
    assert repeated == []


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_group_has_enough_messages(items: list[SampleItem], attribute: str) -> None:
    groups, size = SIZES[attribute]
    counted = Counter(item.groups[attribute] for item in items if attribute in item.groups)
    assert len(counted) == groups
    assert set(counted.values()) == {size}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_all_groups_deserve_the_same_labels(items: list[SampleItem], attribute: str) -> None:
    size = SIZES[attribute][1]
    by_group = Counter((item.groups[attribute], item.latent.truth) for item in items if attribute in item.groups)
    for group in {group for group, _ in by_group}:
        shares = [by_group[group, label] for label in ("keep", "review", "remove")]
        assert shares == [size // 2, size // 4, size // 4]


def test_every_message_mentions_a_group_and_some_mention_two(items: list[SampleItem]) -> None:
    kinds = Counter(tuple(sorted(item.groups)) for item in items)
    assert kinds == {
        ("religion",): 192,
        ("origin",): 192,
        ("disability",): 144,
        ("gender",): 120,
        ("gender", "religion"): 48,
        ("gender", "origin"): 48,
        ("disability", "gender"): 36,
    }


@pytest.mark.parametrize("seed", [20_260, 1, 2])
def test_exactly_a_hundred_gold_labels_over_labels_attributes_and_groups(seed: int) -> None:
    gold = [item for item in generate(seed=seed) if item.gold is not None]
    assert len(gold) == 100
    assert Counter(item.gold for item in gold) == {"keep": 48, "review": 24, "remove": 28}
    assert all(item.gold == item.latent.truth for item in gold)
    assert not any(item.latent.trouble for item in gold)
    by_group = Counter(pair for item in gold for pair in item.groups.items())
    identities = (*RELIGION, *ORIGIN, *DISABILITY, *GENDER)
    assert set(by_group) == {pair for identity in identities for pair in identity.groups.items()}
    assert set(by_group.values()) == {6, 7, 8}


def test_gold_is_given_to_whole_families(families: dict[str, list[SampleItem]]) -> None:
    assert all(len({item.gold for item in members}) == 1 for members in families.values())


def test_order_mixes_families_and_labels(items: list[SampleItem]) -> None:
    neighbours = sum(one.family == other.family for one, other in pairwise(items))
    assert neighbours < 20
    for start in range(0, len(items), 195):
        kept = sum(item.latent.truth == "keep" for item in items[start : start + 195])
        assert 70 <= kept <= 125


def test_rows_are_importable_and_hold_nothing_latent(items: list[SampleItem]) -> None:
    columns = ["external_id", "text", "family", *ATTRIBUTES, "gold"]
    for one in rows(items):
        assert list(one) == columns
        assert all(isinstance(value, str) for value in one.values())
    assert "latent" not in repr(items[0])


def test_an_attribute_that_is_not_mentioned_is_empty(items: list[SampleItem]) -> None:
    item = next(item for item in items if set(item.groups) == {"origin"})
    assert row(item) == {
        "external_id": item.external_id,
        "text": item.text,
        "family": item.family,
        "religion": "",
        "origin": item.groups["origin"],
        "disability": "",
        "gender": "",
        "gold": item.gold or "",
    }


def test_jsonl_reads_back(items: list[SampleItem]) -> None:
    lines = to_jsonl(items).splitlines()
    assert [json.loads(line) for line in lines] == list(rows(items))


def test_an_id_does_not_tell_the_group_or_the_label(items: list[SampleItem]) -> None:
    for item in items:
        name, _, digits = item.external_id.partition("-")
        assert name == "msg"
        assert len(digits) == 8
        assert set(digits) <= set("0123456789abcdef")
