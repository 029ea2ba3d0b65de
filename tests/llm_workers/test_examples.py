"""Which items become examples, and which are drawn for a trial."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from annotations.models import Case, Settlement
from ledger.errors import DomainError
from llm_workers.examples.choosing import balanced
from llm_workers.examples.drawing import draw_items
from llm_workers.examples.likeness import MostAlike
from llm_workers.examples.named import items_named, picked_as_text, picked_from
from llm_workers.examples.sources import candidates
from llm_workers.prompts import Example
from tests.factories import make_items, make_project


def test_every_label_of_every_group_comes_before_any_comes_twice():
    cells = [(number, ("keep" if number % 10 else "remove", "muslim" if number % 7 else "christian"))
             for number in range(1, 500)]  # fmt: skip
    chosen = balanced(cells, count=4, seed=3)
    assert {dict(cells)[item_id] for item_id in chosen} == set(dict(cells).values())
    counts = Counter(dict(cells)[item_id] for item_id in balanced(cells, count=12, seed=3))
    assert set(counts.values()) == {3}


def test_a_seed_decides_and_the_order_of_candidates_does_not():
    cells = [(number, number % 3) for number in range(60)]
    assert balanced(cells, count=6, seed=1) == balanced(cells[::-1], count=6, seed=1)
    assert balanced(cells, count=6, seed=1) != balanced(cells, count=6, seed=2)
    assert sorted(balanced(cells, count=500, seed=1)) == list(range(60))
    assert balanced([], count=3, seed=1) == []


def alike(texts, **options):
    return MostAlike([Example(number, "text", {"text": text}, "keep") for number, text in enumerate(texts)], **options)


def test_the_most_similar_come_last_and_equal_scikit_learn_s_cosine():
    texts = ["red apple pie", "green apple", "a ship at sea", "apple pie with cream", "the sea, the sea", "?!"]
    own = "an apple pie"
    found = alike(texts, count=3).shown_for(item_id=99, kind="text", payload={"text": own})
    vectorizer = TfidfVectorizer(token_pattern=r"(?u)\w+", sublinear_tf=True)
    vectors = vectorizer.fit_transform(texts)
    best = np.argsort(-cosine_similarity(vectors, vectorizer.transform([own])).ravel(), kind="stable")[:3]
    assert [example.item_id for example in found] == list(best[::-1])


def test_an_item_is_never_its_own_example_and_ties_go_to_the_smaller_id():
    same = alike(["one word"] * 5, count=2)
    for item_id in range(5):
        shown = [one.item_id for one in same.shown_for(item_id=item_id, kind="text", payload={"text": "one word"})]
        assert item_id not in shown
        assert sorted(shown) == [number for number in range(5) if number != item_id][:2]
    assert alike(["!", "?"], count=1).shown_for(item_id=0, kind="text", payload={"text": "!"})[0].item_id == 1


def settle(cast, item, value):
    now = timezone.now()
    case = Case.objects.create(
        project=cast.project, item=item, kind="human_human", status="settled", opened_at=now, closed_at=now
    )
    Settlement.objects.create(
        case=case, schema=cast.schema, value=value, cause="human_error" if value else "bad_item", recurrent=False,
        reason="Because.", settled_by=cast.edgar, created_at=now + timedelta(seconds=case.pk),
    )  # fmt: skip


def test_examples_come_from_gold_and_settled_cases_and_the_expert_s_label_goes_before_gold(cast):
    gold, both, settled, bad, outdated, _plain = make_items(cast.project, 6)
    for item, label in ((gold, "keep"), (both, "keep"), (outdated, "burn")):
        type(item).objects.filter(pk=item.pk).update(gold=label)
    settle(cast, both, "review")
    settle(cast, settled, "keep")
    settle(cast, settled, "remove")
    settle(cast, bad, None)
    make_items(make_project(cast.stan), 2, gold="keep")
    found = {one.item_id: one.value for one in candidates(cast.schema, seed=5)}
    assert found == {gold.pk: "keep", both.pk: "review", settled.pk: "remove"}


def test_gold_is_walked_from_a_place_that_the_seed_decides(cast, monkeypatch):
    make_items(cast.project, 40, gold="keep")
    monkeypatch.setattr("llm_workers.examples.sources.MOST", 10)
    drawn = [frozenset(one.item_id for one in candidates(cast.schema, seed=seed)) for seed in range(6)]
    assert {len(found) for found in drawn} == {10}
    assert len(set(drawn)) > 1
    assert frozenset(one.item_id for one in candidates(cast.schema, seed=3)) == drawn[3]


def test_items_are_drawn_in_two_queries_whatever_their_number(cast, django_assert_num_queries):
    make_items(cast.project, 60)
    make_items(make_project(cast.stan), 30)
    with django_assert_num_queries(2):
        drawn = draw_items(project=cast.project, count=10, attribute="", seed=4)
    own = set(cast.project.items.values_list("pk", flat=True))
    assert len(set(drawn)) == 10
    assert set(drawn) <= own
    assert draw_items(project=cast.project, count=10, attribute="", seed=4) == drawn
    assert draw_items(project=cast.project, count=10, attribute="", seed=5) != drawn
    assert not set(draw_items(project=cast.project, count=60, attribute="", seed=4, without=drawn)) & set(drawn)


def test_a_rare_group_is_in_an_even_draw(cast):
    make_items(cast.project, 60, groups={"religion": "muslim"})
    make_items(cast.project, 5, groups={"religion": "sikh"})
    drawn = draw_items(project=cast.project, count=10, attribute="religion", seed=0)
    groups = Counter(item.groups["religion"] for item in cast.project.items.filter(pk__in=drawn))
    assert groups == {"muslim": 5, "sikh": 5}
    assert draw_items(project=make_project(cast.stan), count=10, attribute="", seed=0) == []


def test_items_by_the_names_that_owners_know(cast):
    first, second = make_items(cast.project, 2)
    type(first).objects.filter(pk=first.pk).update(external_id=str(second.pk))  # the source's id goes first
    names = [str(second.pk), f"0{first.pk}", second.external_id]
    found = items_named(project=cast.project, names=names, field="items")
    assert list(found.values()) == [first.pk, first.pk, second.pk]
    text = f"{second.external_id} = Keep\n\n {first.pk}= remove"
    picked = picked_from(project=cast.project, text=text)
    assert picked == ((second.pk, "keep"), (first.pk, "remove"))
    assert picked_from(project=cast.project, text=picked_as_text(project=cast.project, picked=picked)) == picked


@pytest.mark.parametrize("text", ["nothing", "x1 =", "= keep", "no-such-item = keep", "{own} = burn"])
def test_lines_that_say_nothing_are_refused(cast, text):
    (item,) = make_items(cast.project)
    with pytest.raises(DomainError) as refusal:
        picked_from(project=cast.project, text=text.replace("{own}", item.external_id))
    assert list(refusal.value.fields) == ["picked"]
