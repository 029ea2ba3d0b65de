"""Agreement label by label and over time, against krippendorff and scikit-learn on the raw rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import krippendorff
import pytest
from sklearn.metrics import cohen_kappa_score

from annotations.agreement import CoefficientName as Name
from annotations.measuring.breakdown import MAX_PERIODS, Unit
from annotations.measuring.selectors import measure
from annotations.models import Annotation, Annotator
from tests.agreement.test_measures import LABELS, fill, raw_counts
from tests.factories import add_label, make_annotator, make_cast, make_items


def alpha(counts):
    return krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")


def test_each_label_is_compared_with_all_others(cast):
    fill(cast.project)
    counts = raw_counts(cast.project)
    found = measure(cast.project).by_label
    assert [part.key for part in found] == LABELS
    for column, part in enumerate(found):
        own = counts[:, [column]]
        binary = [[int(k), int(n - k)] for k, n in zip(own[:, 0], counts.sum(axis=1), strict=True)]
        coefficient = part.coefficients[Name.KRIPPENDORFF_ALPHA]
        assert part.labels == own.sum()
        assert coefficient.value == pytest.approx(alpha(binary), abs=1e-12)
        assert coefficient.low < coefficient.value < coefficient.high


def test_of_several_labels_each_is_there_or_not(db):
    config = {"labels": [{"name": name} for name in ("Insult", "Spam")], "min_choices": 0, "max_choices": 2}
    project = make_cast(task="multiple_choice", config=config, favourable_label="insult").project
    one, other = make_annotator(project), make_annotator(project)
    answers = [(["insult", "spam"], ["insult"]), (["spam"], ["insult", "spam"]), ([], [])]
    for item, (first, second) in zip(make_items(project, 3), answers, strict=True):
        add_label(item, one, first)
        add_label(item, other, second)
    insult, spam = measure(project).by_label
    assert (insult.key, insult.labels, spam.key, spam.labels) == ("insult", 3, "spam", 3)
    assert insult.coefficients[Name.KRIPPENDORFF_ALPHA].value == pytest.approx(alpha([[2, 0], [1, 1], [0, 2]]))
    assert spam.coefficients[Name.KRIPPENDORFF_ALPHA].value == pytest.approx(alpha([[1, 1], [2, 0], [0, 2]]))


def test_an_item_belongs_to_the_period_of_its_newest_label_by_a_person(cast):
    items = fill(cast.project)
    start = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    rows = Annotation.objects.filter(project=cast.project)
    rows.update(created_at=start)
    late = items[:15]
    for item in late:
        chosen = rows.filter(item=item, annotator__kind="human").order_by("pk").last()
        rows.filter(pk=chosen.pk).update(created_at=start + timedelta(days=1))
    rows.filter(annotator__kind="model").update(created_at=start + timedelta(days=90))
    found = measure(cast.project).over_time
    assert [(part.start, part.items) for part in found] == [
        (datetime(2026, 3, 2, 12, tzinfo=UTC), 25),
        (datetime(2026, 3, 3, 12, tzinfo=UTC), 15),
    ]
    for part, own in zip(found, (items[15:], late), strict=True):
        expected = alpha(raw_counts(cast.project, item__in=own))
        assert part.coefficients[Name.KRIPPENDORFF_ALPHA].value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("apart", "unit"),
    [(timedelta(hours=1), Unit.DAY), (timedelta(days=1), Unit.WEEK), (timedelta(days=7), Unit.MONTH)],
)
def test_the_shortest_unit_that_needs_few_points_is_taken(cast, apart, unit):
    items = fill(cast.project, items=MAX_PERIODS + 1, per_item=2)
    for number, item in enumerate(items):
        Annotation.objects.filter(item=item).update(created_at=datetime(2026, 1, 1, tzinfo=UTC) + number * apart)
    found = measure(cast.project).over_time
    assert {part.unit for part in found} == {unit}
    assert sum(part.items for part in found) == len(items)
    assert [unit.start(part.start) for part in found] == [part.start for part in found]


def test_weighted_kappas_of_pairs_equal_scikit_learn(cast):
    fill(cast.project)
    ids = {annotator.pseudonym: annotator.pk for annotator in Annotator.objects.filter(project=cast.project)}
    for pair in measure(cast.project).pairs:
        one, other = (
            dict(Annotation.objects.filter(annotator_id=ids[name]).values_list("item_id", "value"))
            for name in (pair.first, pair.second)
        )
        shared = sorted(one.keys() & other.keys())
        sides = [one[item] for item in shared], [other[item] for item in shared]
        for name, weights in ((Name.LINEAR_KAPPA, "linear"), (Name.QUADRATIC_KAPPA, "quadratic")):
            expected = cohen_kappa_score(*sides, labels=LABELS, weights=weights)
            assert pair.coefficients[name].value == pytest.approx(expected, abs=1e-12)
