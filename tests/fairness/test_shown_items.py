"""The items that show a finding: as many as its table counted, of each measure, whose, and truth."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import Annotation, Annotator, Draw
from fairness.models import Finding, Monitor
from fairness.monitors.doing import shown_items
from fairness.monitors.measures import FALSE_POSITIVE, LESS, MORE, TRUE_POSITIVE
from fairness.monitors.models import COMPARING, MEASURES_OF, WITH_LABEL, WITH_TRUTH, Measure, Truth, Whose
from fairness.monitors.reading import state_of, table_of
from fairness.monitors.services import _check_audit
from fairness.services.recount import recount
from ledger.errors import DomainError
from tests.factories import Cast, add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import LABELS, fresh_items
from tests.fairness.test_monitor_cells import correct

pytestmark = pytest.mark.django_db

GROUPS = ["a", "b"]


@pytest.fixture
def model(cast) -> Annotator:
    """Two groups of items at all depths: gold, settled and drawn ones, some of them each of these, and a model."""
    cast.project.redundancy, cast.project.min_support = 2, 1
    cast.project.save()
    chance = random.Random(12)
    people = [make_annotator(cast.project) for _ in range(3)]
    model = make_annotator(cast.project, kind="model", name="smollm2")
    for number in range(110):
        (item,) = fresh_items(cast.project, 1, groups={"religion": GROUPS[number % 2]})
        for giver in [*people[: chance.randrange(4)], *([model] if chance.random() < 0.8 else [])]:
            add_label(item, giver, chance.choice(LABELS))
        if chance.random() < 0.5:
            correct(item, "gold", chance.choice(LABELS))
        if chance.random() < 0.4:
            correct(item, "settle", chance.choice(LABELS))
        if chance.random() < 0.7:
            now = timezone.now()
            Draw.objects.create(
                project=cast.project, item=item, stream="audit", is_drawn=True, probability=0.7, drawn_at=now
            )
    fold_all()
    recount(project=cast.project, mend=True)
    return model


def questions(measure: Measure) -> list[tuple[Measure, Whose, Truth, str]]:
    """Measure, whose, truth and (where there are several) what of it is found."""
    rates = {Measure.ODDS: (TRUE_POSITIVE, FALSE_POSITIVE), Measure.GAP: (MORE, LESS)}
    found = []
    for whose in MEASURES_OF[measure]:
        for truth in Truth if measure in WITH_TRUTH else (Truth.GOLD,):
            try:
                _check_audit(Monitor(whose=whose, truth=truth))
            except DomainError:
                continue  # cannot be watched
            found += [(measure, whose, truth, rate) for rate in rates.get(measure, ("",))]
    return found


def counted(measure: Measure, rate: str, row: list) -> int:
    """What the table counts of the items that show it."""
    if measure == Measure.ODDS:
        return row[2] if rate == TRUE_POSITIVE else row[1]
    if measure == Measure.GAP:
        return row[0] if rate == MORE else row[1]
    if measure == Measure.KAPPA:
        return sum(map(sum, row)) - sum(row[place][place] for place in range(len(row)))
    return row[1] - row[0] if measure == Measure.COMPLETENESS else row[0]


def finding_of(cast: Cast, model: Annotator, measure, whose, truth, rate, *, attribute="religion") -> Finding:
    label = "keep" if measure in WITH_LABEL else ""
    groups = GROUPS if attribute else []
    monitor = Monitor(
        project=cast.project, measure=measure, whose=whose, truth=truth, attribute=attribute, label=label, groups=groups
    )
    annotator = model if whose == Whose.MODEL else None
    table = table_of(monitor, state_of(cast.project.pk, [monitor]), annotator and annotator.pk)
    named = groups if measure in COMPARING else groups[:1]
    return Finding(
        pk=1, project=cast.project, monitor=monitor, annotator=annotator,
        certificate={"groups": named, "rate": rate, "table": table},
    )  # fmt: skip


def missing(items: list[int]) -> int:
    """How many labels by people these items lack, of two each."""
    people = Annotation.objects.filter(item__in=items, status="current", annotator__kind="human")
    given = Counter(people.values_list("item", flat=True))
    return sum(max(0, 2 - given[pk]) for pk in items)


def listed(client, url: str) -> list[int]:
    answer = client.get(url)
    assert answer.status_code == 200
    return [row["item"].pk for row in answer.context["rows"]]


@pytest.mark.parametrize("measure", Measure)
def test_the_list_holds_as_many_as_the_table_counted(cast, model, page_client, measure):
    client, experts = page_client(cast.olivia), page_client(cast.edgar)
    for question in questions(measure):
        finding, rate = finding_of(cast, model, *question), question[-1]
        links, some = shown_items(finding, with_givers=True, labels={"keep": "Keep"}), False
        for group, link in zip(finding.certificate["groups"], links, strict=True):
            assert link.title.startswith(f"{group}: ")
            items, row = listed(client, link.url), finding.certificate["table"][group]
            found = missing(items) if measure == Measure.COMPLETENESS else len(items)
            assert found == counted(measure, rate, row), question
            some = some or found > 0
        assert some, question
        for link in shown_items(finding, with_givers=False):  # experts are told of no giver
            assert not any(f"{name}=" in link.url for name in ("annotator", "pair", "against", "stream"))
            assert experts.get(link.url).status_code == 200


@pytest.mark.parametrize("measure", [Measure.KAPPA, Measure.ERROR])
def test_without_groups_it_is_one_list_of_all(cast, model, page_client, measure):
    finding = finding_of(cast, model, measure, Whose.MODEL, Truth.SETTLED, "", attribute="")
    finding.certificate["groups"] = []
    (link,) = shown_items(finding, with_givers=True)
    assert link.title.startswith("All items: ")
    assert len(listed(page_client(cast.olivia), link.url)) == counted(measure, "", finding.certificate["table"][""])


def test_the_page_of_items_says_what_was_asked_for(cast, model, page_client):
    finding = finding_of(cast, model, Measure.ODDS, Whose.MODEL, Truth.SETTLED, TRUE_POSITIVE)
    (link, _other) = shown_items(finding, with_givers=True, labels={"keep": "Keep"})
    assert link.title == "a: “Keep” is right and was not given"
    text = page_client(cast.olivia).get(link.url).content.decode()
    assert "there is the model’s label and the gold label, or else what an expert settled" in text
    people = finding_of(cast, model, Measure.PARITY, Whose.CONSENSUS, Truth.GOLD, "")
    text = page_client(cast.olivia).get(shown_items(people, with_givers=True)[0].url).content.decode()
    assert "there is the consensus" in text
    assert reverse("items", args=[cast.project.pk]) in text
