"""What is said of errors on drawn items: page, API and table, monitors, and counters that equal a recount."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.models import Draw
from fairness.metrics import Reason, Status
from fairness.models import Counter
from fairness.monitors.reading import judge, state_of
from fairness.monitors.services import monitor_add
from fairness.selectors.errors import errors_view
from fairness.services.recount import recount
from ledger.errors import DomainError
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_fold import fresh_items
from tests.stream.conftest import check, drawn_by, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(single):
    """``checked(n, wrong, waiting)``: drawn items that people and a model called “keep”, of which experts found so many
    otherwise and did not look at so many yet."""
    person = make_annotator(single.project)
    model = make_annotator(single.project, kind="model", name="smollm2")

    def made(count: int, wrong: int, waiting: int = 0, share: float = 0.2, group: str = "muslim"):
        drawn = []
        while len(drawn) < count + waiting:
            for item in fresh_items(single.project, 20, groups={"religion": group}):
                if item.pk in drawn_by([item], share) and len(drawn) < count + waiting:
                    add_label(item, model, "keep")
                    add_label(item, person, "keep")
                    drawn.append(item)
        for number, item in enumerate(drawn[:count]):
            check(single, item, "remove" if number < wrong else "keep")
        fold_all()
        return model

    return made


def test_a_project_that_draws_nothing_costs_one_query_and_says_nothing(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert errors_view(cast.project) is None


def test_people_and_each_model_have_their_rate_overall_and_for_each_group(single, checked):
    switch_on(single.project)
    checked(40, 8, waiting=3)
    checked(10, 1, group="christian")
    view = errors_view(single.project, "religion")
    rows = {(row.kind, row.group): row for row in view.rows}
    assert rows.keys() == {(kind, group) for kind in ("people", "model") for group in ("", "muslim", "christian")}
    for kind in ("people", "model"):
        assert rows[kind, ""].uniform.errors.value == pytest.approx(9 / 50)
        assert rows[kind, "muslim"].uniform.errors.value == pytest.approx(0.2)
        assert rows[kind, "muslim"].uniform.waiting == 3
        few = rows[kind, "christian"].uniform.errors
        assert (few.status, few.reason, few.n) == (Status.INSUFFICIENT, Reason.SMALL_GROUP, 10)
        assert rows[kind, ""].weighted.errors.status is Status.UNDEFINED
    assert (view.stream.uniform.drawn, view.stream.uniform.checked) == (53, 50)
    assert recount(project=single.project) == []


def test_items_drawn_at_another_share_weigh_as_many_as_they_stand_for(single, checked):
    rules = switch_on(single.project, share=0.05)
    checked(30, 0, share=0.05)
    rules.share = 0.2
    rules.save()
    checked(30, 15)
    (row,) = [row for row in errors_view(single.project).rows if row.kind == "people"]
    assert row.uniform.errors.value == pytest.approx(15 / 0.2 / (30 / 0.05 + 30 / 0.2))
    assert row.uniform.worth < 60
    assert set(Draw.objects.values_list("probability", flat=True)) == {0.05, 0.2}


def test_a_label_given_after_the_verdict_is_held_against_it(single, checked):
    switch_on(single.project)
    checked(2, 1)
    other = make_annotator(single.project, kind="model", name="late")
    for draw in Draw.objects.select_related("item"):
        add_label(draw.item, other, "remove")
    fold_all()
    cells = Counter.objects.filter(table=f"audit:{other.pk}:0.2", attribute="", n__gt=0)
    assert sorted(cells.values_list("key", "other", "n")) == [("keep", "remove", 1), ("remove", "remove", 1)]
    assert recount(project=single.project) == []


def test_nobody_was_wrong_about_an_item_that_is_unusable(single, checked):
    switch_on(single.project)
    checked(0, 0, waiting=1)
    check(single, Draw.objects.get().item, None, cause="bad_item", reason="It is empty.")
    fold_all()
    assert errors_view(single.project).rows == ()
    assert recount(project=single.project) == []


def test_page_api_and_table_say_it(single, checked, page_client, api):
    switch_on(single.project)
    address = reverse("fairness", args=[single.project.pk])
    client = page_client(single.audrey)
    assert "Nothing that was drawn has been checked yet" in client.get(address).content.decode()
    model = checked(40, 8, waiting=1)
    page = " ".join(client.get(address).content.decode().split())
    assert "People’s consensus: 20.0" in page
    assert "by 40 items drawn uniformly" in page
    assert "40 checked, 1 waits" in page
    for asked, number in (("", 41), ("&checked=yes", 40), ("&checked=no", 1)):
        listed = f"/projects/{single.project.pk}/items/?stream=audit{asked}"
        assert f'href="{listed.replace("&", "&amp;")}"' in page
        assert client.get(listed).context["counted"].startswith(f"{number} item")
        assert len(api(single.audrey).get(f"/api/v1{listed}").json()["results"]) == min(number, 50)
        assert api(single.edgar).get(f"/api/v1{listed}").status_code == 403
    assert "stream=audit" not in page_client(single.edgar).get(address).content.decode()
    assert api(single.audrey).get(f"/api/v1/projects/{single.project.pk}/items/?checked=yes").status_code == 400
    assert "Wrong, weighted" not in page
    told = api(single.edgar).get(f"/api/v1/projects/{single.project.pk}/fairness/").json()["errors_found"]
    assert told["uniform"] == {"drawn": 41, "checked": 40, "waiting": 1}
    (of_model,) = [row for row in told["readings"] if row["annotator"] == model.pk and row["group"] == ""]
    assert of_model["uniform"]["wrong"]["value"] == pytest.approx(0.2)
    assert of_model["weighted"]["wrong"]["status"] == "undefined"
    table = client.get(reverse("fairness_csv", args=[single.project.pk, "errors"])).content.decode()
    rows = [row for row in csv.DictReader(io.StringIO(table)) if row["drawn"] == "uniform" and not row["group"]]
    assert [(row["kind"], float(row["value"]), row["waiting"]) for row in rows] == [
        ("people", 0.2, "1"),
        ("model", 0.2, "1"),
    ]
    report = client.get(reverse("fairness_report", args=[single.project.pk])).content.decode()
    assert "by 40 items drawn uniformly" in report


def test_the_chosen_items_stand_beside_the_uniform_ones(single, checked, page_client):
    switch_on(single.project, chosen_share=0.1)
    checked(40, 8)
    for draw in list(Draw.objects.all()):
        Draw.objects.create(
            project=single.project, item=draw.item, stream="chosen", probability=0.5, drawn_at=draw.drawn_at
        )
    page = " ".join(
        page_client(single.olivia).get(reverse("fairness", args=[single.project.pk])).content.decode().split()
    )
    assert "Wrong, weighted" in page
    assert "40 checked, worth 40" in page


def test_readings_that_do_not_fit_each_other_are_told_without_a_tone(single, checked, page_client):
    """Their intervals are for one look, and the page is read anew with every label."""
    switch_on(single.project, chosen_share=0.1)
    checked(80, 40)
    right = [draw for draw in Draw.objects.select_related("item__consensus") if draw.item.consensus.value == "keep"]
    for draw in right:
        Draw.objects.create(
            project=single.project, item=draw.item, stream="chosen", probability=0.5, drawn_at=draw.drawn_at
        )
    answer = page_client(single.olivia).get(reverse("fairness", args=[single.project.pk]))
    section = " ".join(answer.content.decode().split()).split('id="errors"')[1].split("</section>")[0]
    assert "by intervals for one look the two readings do not fit each other" in section
    assert "callout" not in section
    assert "contradict each other" not in section


def test_how_many_items_were_drawn_adds_no_query(single, checked):
    switch_on(single.project, chosen_share=0.1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            errors_view(single.project, "religion")
        return len(found)

    checked(3, 1)
    few = queries()
    checked(12, 1)
    assert queries() == few


def error_monitor(single, **values):
    given = {"measure": "error", "whose": "model", "attribute": "", "truth": "audit", "alpha": 0.05, "tau": 0.05}
    return monitor_add(project=single.project, actor=single.olivia, values=given | values)


def test_a_monitor_of_errors_watches_the_stream_and_takes_what_waits_as_right(single, checked):
    switch_on(single.project)
    monitor = error_monitor(single)
    model = checked(40, 20, waiting=20)
    (judged,) = judge(state_of(single.project.pk, [monitor]), [monitor])
    assert judged.annotator_id == model.pk
    assert judged.verdict.table == {"": [20, 60]}
    assert judged.verdict.beyond


def test_a_monitor_of_odds_takes_verdicts_alone(single, checked):
    switch_on(single.project)
    fold_all()
    checked(1, 0, group="christian")
    monitor = error_monitor(single, measure="odds", attribute="religion", label="keep", whose="people")
    checked(4, 1, waiting=5)
    assert monitor.groups == []  # one group alone cannot be compared: they are named when both are there
    monitor.groups = ["christian", "muslim"]
    (judged,) = judge(state_of(single.project.pk, [monitor]), [monitor])
    assert sum(judged.verdict.table["christian"]) == 1
    assert judged.verdict.table["muslim"] == [3, 1, 0, 0]


def test_the_consensus_cannot_be_held_against_what_became_of_it(single):
    with pytest.raises(DomainError) as refused:
        error_monitor(single, whose="consensus")
    assert refused.value.fields.keys() == {"whose"}


def test_workers_and_strangers_see_nothing_of_it(single, api):
    address = reverse("api_audit_stream", args=[single.project.pk])
    assert api(single.wanda).get(address).status_code == 403
    assert api(single.stan).get(address).status_code == 404
    assert api(single.edgar).patch(address, {"share": 0.1}).status_code == 403
    assert api(single.olivia).get(reverse("api_audit_stream", args=[10**9])).status_code == 404
