"""Items that were chosen: what is noted when they are given out, and what is said of them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.access import Access, annotator_of
from annotations.grouping.services import groups_count
from annotations.labelling.services import claim, submit
from annotations.models import Assignment, Consensus, Draw, Item, Project, ServingRules, StreamRules
from annotations.serving.services import lanes_settle, rules_update
from fairness.metrics import Status
from fairness.selectors.chosen import chosen_view
from fairness.selectors.live import Question, live_view
from tests.factories import add_label, make_annotator, make_items
from tests.fairness.conftest import fold_all


def worker(cast) -> object:
    from annotations.access import project_access

    access: Access = project_access(cast.wanda, cast.project.pk)
    return annotator_of(access)


@pytest.mark.parametrize(
    ("strategy", "column", "stream"),
    [
        ("shuffle", "", "uniform"),
        ("breadth", "", "uniform"),
        ("depth", "", "uniform"),
        ("priority", "weight", "chosen"),
        ("stratified", "religion", "chosen"),
    ],
)
def test_every_lease_says_how_its_item_was_chosen(cast, strategy, column, stream):
    make_items(cast.project, 4, extra={"weight": 3})
    rules = ServingRules.objects.create(project=cast.project, strategy=strategy, column=column)
    lanes_settle(project_id=cast.project.pk, rules=rules)
    lease = claim(annotator=worker(cast), project=cast.project)
    noted = Assignment.objects.get(pk=lease.pk)
    assert (noted.stream, noted.probability) == (stream, None)


def test_an_item_given_out_again_says_how_it_was_chosen_this_time(cast):
    make_items(cast.project, 1)
    rules = ServingRules.objects.create(project=cast.project, strategy="stratified", column="religion")
    annotator = worker(cast)
    first = claim(annotator=annotator, project=cast.project)
    Assignment.objects.filter(pk=first.pk).update(status="released")
    cast.project.items.get().queue.__class__.objects.update(remaining=3)
    rules.strategy = "shuffle"
    rules.save()
    again = claim(annotator=annotator, project=cast.project)
    assert again.pk == first.pk
    assert Assignment.objects.get().stream == "uniform"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"stream": "lottery"}, "assignment_stream_known"),
        ({"stream": "uniform", "probability": 0.5}, "assignment_chance_of_chosen"),
        ({"stream": "chosen", "probability": 0}, "assignment_chance_of_chosen"),
        ({"stream": "chosen", "probability": 1.5}, "assignment_chance_of_chosen"),
    ],
)
def test_the_database_refuses_a_chance_that_cannot_be(cast, fields, name):
    (item,) = make_items(cast.project, 1)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        given(item, make_annotator(cast.project), **fields)


def given(item: Item, annotator: object, **fields: object) -> Assignment:
    now = timezone.now()
    return Assignment.objects.create(
        project=item.project,
        item=item,
        annotator=annotator,
        schema=item.project.schemas.get(),
        status="submitted",
        leased_at=now,
        expires_at=now,
        finished_at=now,
        **fields,
    )


def labelled(project: Project, group: str, value: str, count: int, **fields: object) -> None:
    annotator = make_annotator(project)
    for item in make_items(project, count, groups={"religion": group}):
        add_label(item, annotator, value, assignment=given(item, annotator, **fields))


def shown(project: Project):
    return chosen_view(project, live_view(project).question)


def test_where_nothing_was_chosen_there_is_nothing_to_say(cast, django_assert_num_queries):
    labelled(cast.project, "muslim", "keep", 3)
    question = live_view(cast.project).question
    with django_assert_num_queries(1):
        assert chosen_view(cast.project, question) is None


def test_chances_that_are_unknown_are_counted_and_not_weighted(cast):
    labelled(cast.project, "muslim", "keep", 3, stream="chosen")
    view = shown(cast.project)
    assert (view.known, view.unknown, view.audited, view.parity) == (0, 3, 0, None)


def checked(project: Project, group: str, value: str, count: int, chance: float, stream: str = "chosen") -> None:
    """Finished items that a stream drew with this chance and that an expert gave a label."""
    schema, now = project.schemas.get(), timezone.now()
    for item in make_items(project, count, groups={"religion": group}):
        Draw.objects.create(project=project, item=item, stream=stream, probability=chance, drawn_at=now)
        Consensus.objects.filter(item=item).delete()
        Consensus.objects.create(
            item=item, project=project, schema=schema, value=value, method="settled", decided_at=now
        )


def test_experts_labels_are_weighted_by_their_chances_with_the_uniform_stream_beside_them(cast, client):
    """Kept items of one group were four times as likely to be drawn; weighted and uniformly drawn there is no
    difference."""
    for group, kept_chance in (("christian", 0.2), ("muslim", 0.8)):
        checked(cast.project, group, "keep", round(200 * kept_chance), kept_chance)
        checked(cast.project, group, "remove", 40, 0.2)
        for value in ("keep", "remove"):
            checked(cast.project, group, value, 30, 0.1, "audit")
    view = shown(cast.project)
    assert (view.known, view.unknown, view.audited) == (280, 0, 120)
    assert view.parity.naive.difference.value == pytest.approx(160 / 200 - 40 / 80)
    assert view.parity.weighted.difference.value == pytest.approx(0, abs=1e-9)
    assert view.parity.audit.difference.value == pytest.approx(0, abs=1e-9)
    assert view.parity.weighted.difference.status is Status.OK
    fold_all()
    client.force_login(cast.audrey)
    page = client.get(f"/projects/{cast.project.pk}/fairness/").content.decode()
    assert "280 finished items</a> were drawn where errors are likely" in page
    assert "labels of items drawn uniformly for a check" in page
    told = client.get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["chosen"]
    assert (told["known"], told["audited"], told["weighted"]["highest"] is not None) == (280, 120, True)
    table = client.get(f"/projects/{cast.project.pk}/fairness/chosen.csv").content.decode()
    assert {row.split(",")[0] for row in table.splitlines()[1:]} >= {"checked_weighted", "checked_uniform"}


def test_what_no_expert_has_given_a_label_is_in_no_reading(cast):
    checked(cast.project, "muslim", "keep", 3, 0.5)
    Consensus.objects.filter(item_id=Consensus.objects.values_list("pk", flat=True)[0]).update(value=None)
    (waiting,) = make_items(cast.project, 1)
    now = timezone.now()
    Draw.objects.create(project=cast.project, item=waiting, stream="chosen", probability=0.5, drawn_at=now)
    assert shown(cast.project).known == 2


def test_uniformly_drawn_at_another_share_weighs_otherwise(cast):
    checked(cast.project, "muslim", "keep", 40, 0.5)
    checked(cast.project, "muslim", "keep", 30, 0.2, "audit")
    checked(cast.project, "muslim", "remove", 30, 0.1, "audit")
    rate = shown(cast.project).parity.audit.rates["muslim"].value
    assert rate == pytest.approx(30 / 0.2 / (30 / 0.2 + 30 / 0.1))


def test_only_the_newest_labels_are_read(cast, monkeypatch):
    monkeypatch.setattr("fairness.selectors.chosen.MOST", 5)
    labelled(cast.project, "muslim", "keep", 7, stream="chosen")
    view = shown(cast.project)
    assert (view.read, view.cut) == (5, True)


def test_page_and_api_say_it(client, cast):
    for group in ("muslim", "christian"):
        labelled(cast.project, group, "keep", 40, stream="audit")
    labelled(cast.project, "christian", "keep", 2, stream="chosen")
    fold_all()
    client.force_login(cast.audrey)
    page = client.get(f"/projects/{cast.project.pk}/fairness/").content.decode()
    assert "Items that were chosen" in page
    assert "2 labels</a> are of items that had no chance which is known" in page
    assert "a weighted estimate is not possible" in page
    assert "80 labels</a> are of items that came at random beside them" in page
    told = client.get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["chosen"]
    assert (told["known"], told["unknown"], told["beside"], told["cut"]) == (0, 2, 80, False)
    assert told["weighted"] is None
    assert told["uniform"]["demographic_parity_difference"]["value"] == 0


def test_by_priority_the_page_says_that_nothing_can_be_weighted_and_what_stands_in(client, cast):
    labelled(cast.project, "muslim", "keep", 3, stream="chosen")
    ServingRules.objects.create(project=cast.project, strategy="priority", column="weight")
    fold_all()
    client.force_login(cast.olivia)
    address = f"/projects/{cast.project.pk}/fairness/"
    page = client.get(address).content.decode()
    assert "3 labels</a> are of items that came by priority. That is no draw" in page
    assert "items that come at random beside them. None do." in page
    assert f"/projects/{cast.project.pk}/settings/serving/" in page
    StreamRules.objects.create(project=cast.project, share=0.1, seed=1)
    ServingRules.objects.update(uniform_share=0.2)
    page = client.get(address).content.decode()
    assert "What stands in for it are items that come at random" in page
    assert "Set a share" not in page
    told = client.get(f"/api/v1{address}").json()["chosen"]
    assert (told["unknown"], told["balanced"], told["audit_share"], told["uniform_share"]) == (3, None, 0.1, 0.2)


def balanced(cast, column: str) -> None:
    """Of 300 items about Christians and 100 about Muslims; 60 of each are labelled. Christians are men, Muslims women
    and men; "keep" goes to all that is about Christians and to nothing else."""
    ServingRules.objects.create(project=cast.project, strategy="stratified", column=column)
    annotator = make_annotator(cast.project)
    for group, count, value in (("christian", 300, "keep"), ("muslim", 100, "remove")):
        items = [
            make_items(cast.project, 1, groups={"religion": group, "gender": "man" if number % 2 else "woman"})[0]
            for number in range(count)
        ]
        for item in items[:60] if group == "christian" else items[:60:2] + items[1:30:2]:
            add_label(item, annotator, value, assignment=given(item, annotator, stream="chosen"))


def test_balanced_over_groups_labels_are_weighted_by_their_group_s_size(cast):
    balanced(cast, "religion")
    question = Question("gender", "keep", "Keep")
    assert chosen_view(cast.project, question).balanced.parity is None, "the groups were not counted yet"
    groups_count(project_id=cast.project.pk)
    view = chosen_view(cast.project, question)
    assert (view.known, view.unknown, view.balanced.labels, view.balanced.is_own) == (0, 0, 105, False)
    rates = {name: {group: one.value for group, one in part.rates.items()} for name, part in (
        ("weighted", view.balanced.parity.weighted), ("naive", view.balanced.parity.naive))}  # fmt: skip
    heavy, light = 300 / 60, 100 / 45  # items of the group for each label of it
    assert rates["naive"]["woman"] == pytest.approx(30 / 60)
    assert rates["weighted"]["woman"] == pytest.approx(30 * heavy / (30 * heavy + 30 * light))
    assert rates["weighted"]["man"] == pytest.approx(30 * heavy / (30 * heavy + 15 * light))


def test_the_rates_of_the_balanced_groups_themselves_need_no_weights(cast, client):
    balanced(cast, "religion")
    groups_count(project_id=cast.project.pk)
    view = chosen_view(cast.project, Question("religion", "keep", "Keep"))
    assert view.balanced.is_own
    both = (view.balanced.parity.weighted.difference.value, view.balanced.parity.naive.difference.value)
    assert both == (1.0, 1.0)
    fold_all()
    client.force_login(cast.audrey)
    page = client.get(f"/projects/{cast.project.pk}/fairness/").content.decode()
    assert "so their own rates need no weights" in page
    told = client.get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["chosen"]["balanced"]
    assert (told["attribute"], told["labels"]) == ("religion", 105)
    assert told["weighted"]["demographic_parity_difference"]["value"] == 1.0


def test_labels_from_before_the_order_was_set_have_no_chance(cast):
    balanced(cast, "religion")
    groups_count(project_id=cast.project.pk)
    rules_update(project=cast.project, actor=cast.olivia, values={"open_leases": 3})
    view = shown(cast.project)
    assert (view.unknown, view.balanced) == (105, None)


def test_an_ordinary_project_s_page_is_silent(client, cast):
    make_items(cast.project, 1)
    lease = claim(annotator=worker(cast), project=cast.project)
    submit(annotator=worker(cast), assignment_id=lease.pk, value="keep")
    fold_all()
    client.force_login(cast.olivia)
    assert "Items that were chosen" not in client.get(f"/projects/{cast.project.pk}/fairness/").content.decode()
    assert client.get(f"/api/v1/projects/{cast.project.pk}/fairness/").json()["chosen"] is None
