"""The dashboard's numbers against the raw rows, its filters in the address, its tables to download and its report."""

from __future__ import annotations

import csv
import io
from collections import Counter as Tally
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Role
from annotations.models import Annotation, Checkpoint, Dataset, Item, Project, Run
from annotations.state import hour_of
from fairness.metrics import demographic_parity
from fairness.metrics.counts import GroupCounts
from fairness.models import Finding
from fairness.monitors.services import finding_decide, monitor_add
from fairness.presenting.doing import because_of_whom, what_now
from fairness.presenting.sheets import SHEETS
from fairness.selectors.live import live_view
from fairness.selectors.timeline import timeline
from fairness.selectors.wanted import Wanted
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from ledger.services import SYSTEM, record
from tests.factories import add_label, make_annotator, make_cast
from tests.fairness.conftest import fold_all, label_group
from tests.fairness.test_slices import fresh_items_in, label_at


def address(cast: Any, query: str = "", part: str = "") -> str:
    return f"/projects/{cast.project.pk}/fairness/{part}{query}"


def sheet(client: Any, cast: Any, chart: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(address(cast, query, f"{chart}.csv"))
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def raw_counts(project: Project, label: str, attribute: str, **which: Any) -> dict[str, GroupCounts]:
    found: Tally[tuple[str, bool]] = Tally()
    for row in Annotation.objects.filter(project=project, status="current", **which).select_related("item"):
        if attribute in row.item.groups:
            found[row.item.groups[attribute], row.value == label] += 1
    groups = sorted({group for group, _ in found})
    return {g: GroupCounts(found[g, True], found[g, True] + found[g, False]) for g in groups}


def varied(project: Project) -> Dataset:
    """Two datasets, two attributes, three hours, people and a model."""
    project.attributes.create(name="origin", column="origin")
    label_group(project, "christian", 20, 40, beside=("north", "south"))
    label_group(project, "muslim", 31, 40, beside=("south", "west", "north"))
    other = Dataset.objects.create(project=project, name="Other", created_by=project.created_by)
    person, model = make_annotator(project), make_annotator(project, kind="model", name="smollm2")
    for number, item in enumerate(fresh_items_in(project, other)):
        label_at(item, person, "keep", number)
        label_at(item, model, "remove", number + 30)
    for item in project.items.order_by("pk")[:35]:
        add_label(item, model, "remove")
    fold_all()
    return other


def test_the_filter_by_dataset_equals_the_raw_rows(cast):
    other = varied(cast.project)
    view = live_view(cast.project, wanted=Wanted(dataset=other.pk))
    assert view.people is not None
    assert view.people.counts == raw_counts(
        cast.project, "keep", "religion", annotator__kind="human", item__dataset=other
    )
    assert view.progress.items == 3
    (model,) = view.models
    assert sum(counts.n for counts in model.source.counts.values()) == 3
    both = [live_view(cast.project, wanted=Wanted(dataset=pk)).progress.labels_given for pk, _ in view.datasets]
    assert sum(both) == live_view(cast.project).progress.labels_given


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["keep", "remove"]), st.integers(0, 80)),
        max_size=14,
        unique_by=lambda step: step[:2],
    ),
    first=st.integers(0, 80),
    length=st.integers(0, 40),
)
def test_any_time_and_every_point_of_the_timeline_equal_the_raw_rows(db, steps, first, length):
    with transaction.atomic():
        project = make_cast().project
        items = [
            *fresh_items_in(
                project, Dataset.objects.create(project=project, name="A", created_by_id=project.created_by_id)
            )
        ]
        items += fresh_items_in(project, items[0].dataset)
        people = [make_annotator(project) for _ in range(3)]
        for which, who, value, hours in steps:
            label_at(items[which], people[who], value, hours)
        fold_all()
        begin = datetime(2026, 3, 1, tzinfo=UTC) - timedelta(hours=first + length)
        end = begin + timedelta(hours=length)
        wanted = Wanted(since=f"{begin:%Y-%m-%dT%H}", until=f"{end:%Y-%m-%dT%H}")
        view = live_view(project, wanted=wanted, min_group=1)
        within = {"created_at__gte": begin, "created_at__lt": end + timedelta(hours=1)}
        assert view.people is not None
        assert view.people.counts == raw_counts(project, "keep", "religion", **within)
        assert view.consensus is None
        found = timeline(project, live_view(project, min_group=1))
        for moment in found.moments:
            until = raw_counts(project, "keep", "religion", created_at__lt=moment.end)
            alike = view.people.certificate.labels_per_item
            right = demographic_parity(until, min_group=1, labels_per_item=alike).difference
            assert moment.points["people"].difference == right
        assert sum(sum(moment.labels.values()) for moment in found.moments) == len(steps)
        transaction.set_rollback(True)


def test_whose_labels_are_shown_is_what_the_filter_says(cast):
    varied(cast.project)
    kinds = {
        by: {s.kind for s in live_view(cast.project, wanted=Wanted(by=by)).sources}
        for by in ("people", "model", "consensus")
    }
    assert kinds == {"people": {"people"}, "model": {"model"}, "consensus": {"consensus"}}
    make_annotator(cast.project, kind="model", name="another")
    (pk, _name), _other = live_view(cast.project).annotators
    assert [one.source.annotator_id for one in live_view(cast.project, wanted=Wanted(model=pk)).models] == [pk]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("by=crowd", "people, consensus or model"),
        ("model=x", "is a number"),
        ("model=999999", "No model 999999"),
        ("dataset=-1", "is a number"),
        ("dataset=999999", "no dataset 999999"),
        ("dataset=9999999999999999999999", "is a number"),
        ("since=yesterday", "is a day such as"),
        ("until=2026-13-01", "is a day such as"),
        ("until=20260501", "is a day such as"),
        ("since=2026-W18-1", "is a day such as"),
        ("since=20260501T14", "is a day such as"),
        ("since=2026-05-02&until=2026-05-01", "ends before it begins"),
        ("beside=age", "no attribute “age”"),
        ("attribute=age", "no attribute “age”"),
    ],
)
@pytest.mark.parametrize("part", ["", "more/", "report/", "rates.csv"])
def test_a_bad_filter_is_refused_in_words_everywhere(cast, page_client, query, word, part):
    answer = page_client(cast.olivia).get(address(cast, f"?{query}", part))
    assert answer.status_code == 400
    assert word in answer.content.decode()


def test_a_bad_filter_is_refused_by_the_api(cast, api):
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/fairness/?since=soon")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_time")


def test_another_project_s_dataset_and_model_are_unknown(cast):
    other = make_cast_beside(cast)
    with pytest.raises(DomainError, match="no dataset"):
        live_view(cast.project, wanted=Wanted(dataset=other.datasets.get().pk))
    with pytest.raises(DomainError, match="No model"):
        live_view(cast.project, wanted=Wanted(model=other.annotators.get().pk))


def make_cast_beside(cast: Any) -> Project:
    from tests.factories import make_project

    project = make_project(cast.olivia, name="Another")
    Dataset.objects.create(project=project, name="Theirs", created_by=cast.olivia)
    make_annotator(project, kind="model")
    return project


def test_days_and_hours_of_the_filter():
    assert Wanted.of({"since": "2026-03-01"}).hours[0] == hour_of(datetime(2026, 3, 1, tzinfo=UTC))
    assert Wanted.of({"until": "2026-03-01"}).hours[1] == hour_of(datetime(2026, 3, 1, 23, tzinfo=UTC))
    assert Wanted.of({"until": "2026-03-01T14"}).hours[1] == hour_of(datetime(2026, 3, 1, 14, tzinfo=UTC))
    assert Wanted.of({"since": "2026-03-01T14:00+02:00"}).hours[0] == hour_of(datetime(2026, 3, 1, 12, tzinfo=UTC))


def test_the_address_keeps_the_filter(cast, page_client):
    varied(cast.project)
    query = f"attribute=origin&label=remove&by=people&dataset={cast.dataset.pk}&since=2026-02-01"
    assert Wanted.of(dict(pair.split("=") for pair in query.split("&"))).query() == query
    text = page_client(cast.olivia).get(address(cast, f"?{query}")).content.decode()
    escaped = query.replace("&", "&amp;")
    for part in ("/more/", "/report/", "/rates.csv"):
        assert f"{part}?{escaped}" in text
    assert f"/ws/projects/{cast.project.pk}/fairness/?{escaped}" in text


@pytest.mark.parametrize(
    ("name", "chart", "status"),
    [
        *((name, chart, 200) for name in ("olivia", "audrey") for chart in SHEETS),
        *(("edgar", chart, 403 if SHEETS[chart].private else 200) for chart in SHEETS),
        ("wanda", "rates", 403),
        ("stan", "rates", 404),
        ("olivia", "secrets", 404),
    ],
)
def test_who_may_download_which_table(cast, page_client, name, chart, status):
    assert page_client(getattr(cast, name)).get(address(cast, "", f"{chart}.csv")).status_code == status


def test_the_tables_have_what_is_shown(cast, page_client):
    varied(cast.project)
    client = page_client(cast.olivia)
    page = client.get(address(cast))
    rates = sheet(client, cast, "rates")
    assert len(rates) == len(page.context["rate_rows"])
    for row, shown in zip(rates, page.context["rate_rows"], strict=True):
        assert row["group"] == shown.group
        if row["status"] == "ok":
            assert shown.value == f"{100 * float(row['value']):.1f}\u202f%"
            assert [str(one.n) for one in shown.counts] == [row["selected"], row["n"]]
            assert shown.sure.startswith(f"{100 * float(row['band_low']):.1f}")
        else:
            assert not row["value"]
    times = [row for row in sheet(client, cast, "timeline") if row["what"] == "period"]
    assert len(times) == len(page.context["time_rows"])
    for row, shown in zip(times, page.context["time_rows"], strict=True):
        if row["status"] == "ok":
            assert shown.difference == f"{100 * float(row['value']):.1f}"
    cells = [cell for row in page.context["heat"].rows for cell in row.cells if cell.counts]
    assert [[str(one.n) for one in cell.counts] for cell in cells] == [
        [row["selected"], row["n"]] for row in sheet(client, cast, "intersections")
    ]
    filtered = sheet(client, cast, "rates", "?by=model")
    assert {row["kind"] for row in filtered} == {"model"}


def test_a_group_that_is_a_formula_is_none_in_a_spreadsheet(cast, page_client):
    label_group(cast.project, "=1+1", 20, 40)
    fold_all()
    assert sheet(page_client(cast.olivia), cast, "rates")[0]["group"] == "'=1+1"


def test_the_report_says_what_it_is_of_and_has_every_table_open(cast, page_client):
    varied(cast.project)
    answer = page_client(cast.audrey).get(address(cast, "?by=people&since=2026-01-01", "report/"))
    text = answer.content.decode()
    assert "labels of people;" in " ".join(text.split())
    assert "since 2026-01-01" in " ".join(text.split())
    assert '<details class="chart-data">' not in text
    assert "data-save-png" not in text
    assert 'class="tabs' not in text


@pytest.mark.parametrize(("name", "sees"), [("olivia", True), ("audrey", True), ("edgar", False)])
def test_experts_see_neither_groups_of_people_nor_what_models_cost(cast, page_client, name, sees):
    varied(cast.project)
    for part in ("", "more/", "report/"):
        text = page_client(getattr(cast, name)).get(address(cast, "", part)).content.decode()
        assert ('id="people-who-label"' in text) is sees
        assert ('id="cost"' in text) is sees
    text = page_client(getattr(cast, name)).get(address(cast)).content.decode()
    assert ("annotator=" in text) is sees  # which model said what is not for experts to know


def test_every_tile_s_link_leads_to_the_items_behind_it(cast, page_client):
    varied(cast.project)
    client = page_client(cast.olivia)
    tiles = {tile.id: tile for tile in client.get(address(cast)).context["tiles"]}
    undecided = client.get(tiles["tile-completeness"].href)
    assert {row["item"].pk for row in undecided.context["rows"]} <= set(
        cast.project.items.filter(consensus__isnull=True).values_list("pk", flat=True)
    )
    view = live_view(cast.project)
    assert view.people is not None
    behind = client.get(tiles["tile-dpd"].href)
    lowest = view.people.counts[view.people.parity.lowest or ""]
    assert len(behind.context["rows"]) == lowest.selected
    assert all(row["item"].groups["religion"] == "christian" for row in behind.context["rows"])


def test_because_of_whom_follows_the_labels(cast):
    view = live_view(cast.project)
    assert because_of_whom(view).verdict == "missing"
    label_group(cast.project, "christian", 40, 80)
    label_group(cast.project, "muslim", 41, 80)
    fold_all()
    assert because_of_whom(live_view(cast.project)).verdict == "nobody"
    model = make_annotator(cast.project, kind="model", name="smollm2")
    for item in cast.project.items.all():
        add_label(item, model, "keep" if item.groups["religion"] == "muslim" else "remove")
    fold_all()
    found = because_of_whom(live_view(cast.project))
    assert found.verdict == "models"
    assert "smollm2 (at least " in found.answer
    assert "moves muslim and christian apart by at least" in found.shifts[0]
    label_group(cast.project, "muslim", 200, 200)
    fold_all()
    assert because_of_whom(live_view(cast.project)).verdict == "both"
    assert because_of_whom(live_view(cast.project, wanted=Wanted(by="people"))).verdict == "people"


def test_what_now_links_only_to_what_the_person_may_open(cast, page_client):
    label_group(cast.project, "christian", 10, 90)
    label_group(cast.project, "muslim", 80, 90)
    label_group(cast.project, "sikh", 2, 4)
    (item,) = fresh_items_in(cast.project, cast.dataset)[:1]
    for value in ("keep", "remove"):
        add_label(item, make_annotator(cast.project), value)
    model = make_annotator(cast.project, kind="model", name="smollm2")
    for item in cast.project.items.all():
        add_label(item, model, "keep" if item.groups["religion"] == "christian" else "remove")
    fold_all()
    view = live_view(cast.project)
    texts = [action.text for action in what_now(cast.project, view, Role.OWNER)]
    assert any("Collect 26 more labels about sikh" in text for text in texts)
    assert any("Change the prompt of smollm2" in text for text in texts)
    assert any(text.startswith("Settle the open case") for text in texts)
    for role, name in ((Role.OWNER, "olivia"), (Role.AUDITOR, "audrey"), (Role.EXPERT, "edgar")):
        client = page_client(getattr(cast, name))
        for action in what_now(cast.project, view, role):
            if action.url:
                assert client.get(action.url).status_code == 200, (role, action)


def test_checkpoints_and_decisions_are_marked(cast):
    varied(cast.project)
    run = Run.objects.create(
        project=cast.project,
        annotator=cast.project.annotators.get(name="smollm2"),
        schema=cast.schema,
        started_by=cast.olivia,
    )
    Checkpoint.objects.create(run=run, number=1, labelled=10, decision="pause", reason="Too far apart.")
    with transaction.atomic():
        record(
            kind="run.paused", actor=SYSTEM, subject=f"run:{run.pk}", project_id=cast.project.pk, data={"reason": "Why"}
        )
        record(
            kind="serving.rules_changed", actor=SYSTEM, subject=f"project:{cast.project.pk}", project_id=cast.project.pk
        )
        record(
            kind="demographics.chosen", actor=SYSTEM, subject=f"project:{cast.project.pk}", project_id=cast.project.pk
        )
    monitor = monitor_add(
        project=cast.project,
        actor=cast.olivia,
        values={"measure": "completeness", "whose": "people", "attribute": "religion", "alpha": 0.05, "tau": 0.1},
    )
    finding = Finding.objects.create(
        monitor=monitor, project=cast.project, certificate={"table": {}}, version=1, found_at=timezone.now()
    )
    finding_decide(finding=finding, actor=cast.olivia, action="people")
    marks = timeline(cast.project, live_view(cast.project)).marks
    decided = [mark for mark in marks if mark.what == "finding.decided"]
    assert [mark.subject for mark in decided] == [finding.pk]
    (of_model,) = [one.pk for one in cast.project.annotators.filter(name="smollm2")]
    for wanted, kinds in (
        (Wanted(by="people"), {"decision"}),
        (Wanted(model=of_model), {"checkpoint", "decision"}),
        (Wanted(until="2026-01-01"), set()),
    ):
        found = timeline(cast.project, live_view(cast.project, wanted=wanted)).marks
        assert {mark.kind for mark in found} == kinds
    assert {(mark.kind, mark.what, mark.reason) for mark in marks} == {
        ("checkpoint", "pause", "Too far apart."),
        ("decision", "run.paused", "Why"),
        ("decision", "serving.rules_changed", ""),
        ("decision", "monitor.added", ""),
        ("decision", "finding.decided", ""),
    }
    assert LedgerEvent.objects.filter(kind="demographics.chosen").exists()


def test_certain_since_when(cast):
    label_group(cast.project, "christian", 2, 60)
    label_group(cast.project, "muslim", 58, 60)
    fold_all()
    view = live_view(cast.project)
    found = timeline(cast.project, view)
    assert view.people is not None
    assert view.people.certified is not None
    assert view.people.certified.lower > 0.3
    assert found.certain_since == {"people": found.moments[-1].end}
    assert Item.objects.filter(project=cast.project).count() == 120
