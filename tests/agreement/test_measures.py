"""Agreement from stored labels, against statsmodels, krippendorff and scikit-learn on the raw rows."""

from __future__ import annotations

import random

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

from annotations.agreement import CoefficientName as Name
from annotations.agreement import Reason
from annotations.measuring.selectors import MAX_PAIR_RATERS, measure, project_agreement
from annotations.models import Annotation, Annotator, Item, Project
from fairness.selectors.live import live_view
from fairness.services.fold import fold_outbox
from ledger.services import SYSTEM, record
from tests.factories import CHOICES, add_label, make_annotator, make_cast, make_items

LABELS = ["keep", "review", "remove"]


def fill(project: Project, *, items: int = 40, people: int = 5, per_item: int = 4, seed: int = 1) -> list[Item]:
    """Items with ``per_item`` people's labels each, mostly one label, and a model's label on most of them."""
    chance = random.Random(seed)
    annotators = [make_annotator(project) for _ in range(people)]
    model = make_annotator(project, kind="model", name="smollm2")
    made = make_items(project, items)
    for item in made:
        usual = chance.choice(LABELS)
        for annotator in chance.sample(annotators, per_item):
            add_label(item, annotator, usual if chance.random() < 0.7 else chance.choice(LABELS))
        if chance.random() < 0.8:
            add_label(item, model, usual if chance.random() < 0.5 else chance.choice(LABELS))
    return made


def raw_counts(project: Project, **which: object) -> np.ndarray:
    """Item × label counts of people's current labels, from the rows."""
    rows = Annotation.objects.filter(project=project, status="current", annotator__kind="human", **which)
    items = sorted({row.item_id for row in rows})
    counts = np.zeros((len(items), len(LABELS)), dtype=int)
    for row in rows:
        counts[items.index(row.item_id), LABELS.index(row.value)] += 1
    return counts


def test_people_equal_the_libraries_overall_and_per_group(cast):
    fill(cast.project)
    found = measure(cast.project)
    assert (found.items, found.labels, found.raters) == (40, 160, 5)
    scopes = {(part.attribute, part.group): part.coefficients for part in found.people}
    assert set(scopes) == {("", ""), ("religion", "christian"), ("religion", "muslim")}
    for (_, group), coefficients in scopes.items():
        which = {"item__groups__religion": group} if group else {}
        counts = raw_counts(cast.project, **which)
        assert coefficients[Name.FLEISS_KAPPA].value == pytest.approx(fleiss_kappa(counts), abs=1e-12)
        alpha = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        assert coefficients[Name.KRIPPENDORFF_ALPHA].value == pytest.approx(alpha, abs=1e-12)
        assert coefficients[Name.KRIPPENDORFF_ALPHA].n_items == len(counts)


def test_model_labels_never_enter_the_agreement_among_people(cast):
    items = fill(cast.project)
    before = measure(cast.project)
    another = make_annotator(cast.project, kind="model")
    for item in items:
        add_label(item, another, "keep")
    after = measure(cast.project)
    assert after.people == before.people
    assert after.pairs == before.pairs
    assert (after.raters, after.labels) == (before.raters, before.labels)
    assert len(after.models) == len(before.models) + 1


def test_each_label_with_the_models_equals_scikit_learn_on_the_pairs(cast):
    fill(cast.project)
    (model,) = measure(cast.project).models
    for part in model.labels:
        which = {"item__groups__religion": part.group} if part.group else {}
        pairs = [
            (human.value, llm.value)
            for llm in Annotation.objects.filter(annotator_id=model.annotator_id, **which)
            for human in Annotation.objects.filter(item_id=llm.item_id, annotator__kind="human")
        ]
        people, llm = zip(*pairs, strict=True)
        assert part.coefficients[Name.COHEN_KAPPA].value == pytest.approx(cohen_kappa_score(people, llm), abs=1e-12)
        raw = sum(one == other for one, other in pairs) / len(pairs)
        assert part.coefficients[Name.RAW_AGREEMENT].value == pytest.approx(raw)
        assert part.coefficients[Name.COHEN_KAPPA].n_pairs == len(pairs)
        assert part.coefficients[Name.COHEN_KAPPA].n_items < len(pairs)


def test_the_consensus_with_the_models_is_what_the_live_page_says(cast):
    fill(cast.project)
    while fold_outbox():
        pass
    (model,) = measure(cast.project).models
    (live,) = live_view(cast.project).models
    ours = model.consensus[0].coefficients[Name.COHEN_KAPPA]
    assert ours.value == pytest.approx(live.kappa.value, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx((live.kappa.low, live.kappa.high))
    assert ours.n_items == live.kappa.n_items


def test_pairs_are_pseudonymous_and_equal_scikit_learn(cast):
    fill(cast.project)
    names = {annotator.pseudonym: annotator.pk for annotator in Annotator.objects.filter(project=cast.project)}
    pairs = measure(cast.project).pairs
    assert len(pairs) == 10
    for pair in pairs:
        one = dict(Annotation.objects.filter(annotator_id=names[pair.first]).values_list("item_id", "value"))
        other = dict(Annotation.objects.filter(annotator_id=names[pair.second]).values_list("item_id", "value"))
        shared = sorted(one.keys() & other.keys())
        assert pair.shared == len(shared)
        assert pair.enough is (len(shared) >= 30)
        expected = cohen_kappa_score([one[item] for item in shared], [other[item] for item in shared])
        assert pair.coefficients[Name.COHEN_KAPPA].value == pytest.approx(expected, abs=1e-12)


def test_a_large_crowd_is_compared_among_its_busiest(cast):
    items = make_items(cast.project, 2)
    for _ in range(MAX_PAIR_RATERS + 3):
        add_label(items[0], make_annotator(cast.project), "keep")
    found = measure(cast.project)
    assert found.raters == MAX_PAIR_RATERS + 3
    assert len(found.pairs) == MAX_PAIR_RATERS * (MAX_PAIR_RATERS - 1) // 2


def test_withdrawn_and_superseded_labels_do_not_count(cast):
    fill(cast.project)
    before = measure(cast.project)
    item = cast.project.items.order_by("pk").first()
    Annotation.objects.filter(item=item, annotator__kind="human").update(status="withdrawn")
    after = measure(cast.project)
    assert after.items == before.items - 1
    assert after.overall[Name.FLEISS_KAPPA].n_items == 39


def test_the_reasons_of_what_is_undefined(cast):
    found = measure(cast.project)
    assert {c.undefined_reason for c in found.overall.values()} == {Reason.NO_PAIRS}
    for item in make_items(cast.project, 3):
        for _ in range(2):
            add_label(item, make_annotator(cast.project), "keep")
    found = measure(cast.project)
    assert found.overall[Name.RAW_AGREEMENT].value == 1
    assert found.overall[Name.GWET_AC1].value == 1
    assert found.overall[Name.FLEISS_KAPPA].undefined_reason is Reason.ONE_LABEL_USED
    assert found.overall[Name.KRIPPENDORFF_ALPHA].undefined_reason is Reason.ONE_LABEL_USED


def test_several_labels_agree_where_the_sets_are_equal(db):
    config = {"labels": [{"name": name} for name in ("Insult", "Threat", "Spam")], "min_choices": 0, "max_choices": 3}
    project = make_cast(task="multiple_choice", config=config, favourable_label="insult").project
    one, other = make_annotator(project), make_annotator(project)
    answers = [(["insult", "spam"], ["spam", "insult"]), (["spam"], ["spam", "insult"]), ([], []), (["threat"], [])]
    for item, (first, second) in zip(make_items(project, 4), answers, strict=True):
        add_label(item, one, sorted(first))
        add_label(item, other, sorted(second))
    found = measure(project)
    assert found.overall[Name.RAW_AGREEMENT].value == 0.5
    # Categories of AC1: the three single labels offered, and the two other sets that were given.
    shares = np.array([3, 3, 1, 1, 0]) / 8  # insult and spam, none, spam, threat, insult
    chance = float((shares * (1 - shares)).sum()) / 4
    assert found.overall[Name.GWET_AC1].value == pytest.approx((0.5 - chance) / (1 - chance))


def test_it_is_kept_until_something_happens_in_the_project(cast, django_assert_num_queries):
    from django.db import transaction

    fill(cast.project, items=4)
    first = project_agreement(cast.project)
    with django_assert_num_queries(1):
        assert project_agreement(cast.project) == first
    item = make_items(cast.project)[0]
    with transaction.atomic():
        add_label(item, make_annotator(cast.project), "keep")
        record(kind="annotation.submitted", actor=SYSTEM, subject="annotation:1", project_id=cast.project.pk)
    assert project_agreement(cast.project).items == first.items + 1


def test_labels_of_an_older_schema_keep_their_own_category(cast):
    one, other = make_annotator(cast.project), make_annotator(cast.project)
    for item in make_items(cast.project, 2):
        for annotator in (one, other):
            add_label(item, annotator, "review")
    narrower = [label for label in CHOICES["labels"] if label["key"] != "review"]
    schema = cast.project.schemas.get()
    schema.config = {"labels": narrower}
    schema.save(update_fields=["config"])
    assert measure(cast.project).overall[Name.RAW_AGREEMENT].value == 1
