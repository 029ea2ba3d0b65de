"""Every figure of a filled dashboard: it has a definition, and as many items stand behind each count as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from html.parser import HTMLParser
from typing import Any

import pytest

from annotations.items import patience
from annotations.items.selectors import ItemFilter, items_of
from annotations.models import Project, QueueEntry
from annotations.selectors.states import project_states
from fairness.models import AgreementFigures
from fairness.presenting.links import Count
from fairness.presenting.sheets import SHEETS
from fairness.services.agreement import agreement_compute
from tests.factories import add_label, make_annotator
from tests.fairness.conftest import fold_all
from tests.fairness.test_dashboard import address
from tests.fairness.test_fold import fresh_items
from tests.fairness.test_monitor_cells import correct
from tests.fairness.test_slices import fresh_items_in, label_at

pytestmark = pytest.mark.django_db

NUMBERS = re.compile(r"\d[\d,\u202f\u00a0]*")


@pytest.fixture
def filled(cast, monkeypatch) -> Any:
    """Two datasets, two attributes, two models, gold and settled items, some of whose consensus was overruled."""
    monkeypatch.setattr(patience, "SECONDS", 60)  # what is counted here is not how busy this machine is
    project = cast.project
    project.attributes.create(name="origin", column="origin")
    people = [make_annotator(project) for _ in range(4)]
    models = [make_annotator(project, kind="model", name=name) for name in ("smollm2", "other")]
    for group in ("christian", "muslim"):
        for place in range(42):
            gold = ("keep" if place % 4 else "remove") if place < 12 else None
            groups = {"religion": group, "origin": ("north", "south", "west")[place % 3]}
            (item,) = fresh_items(project, 1, groups=groups, gold=gold)
            for at, person in enumerate(people[: 1 + place % 4]):
                add_label(item, person, "keep" if (place + at * (place % 5)) % 3 else "remove")
            for at, model in enumerate(models):
                if (place + at) % 6:
                    add_label(item, model, "keep" if (place * (at + 2)) % 4 else "remove")
            if place % 7 == 3 and gold is None:
                correct(item, "settle", "remove" if place % 2 else "keep")
    other = project.datasets.create(name="Other", created_by=cast.olivia)
    for hour, item in enumerate(fresh_items_in(project, other)):
        label_at(item, people[0], "keep", hour)
        label_at(item, models[0], "remove", hour + 30)
    fold_all()
    agreement_compute(project_id=project.pk)
    return other


def counts_in(thing: Any) -> Iterator[Count]:
    """Every count with a link, however deep."""
    if isinstance(thing, Count):
        yield thing
    elif is_dataclass(thing) and not isinstance(thing, type) and thing.__class__.__module__.startswith("fairness."):
        for one in fields(thing):
            yield from counts_in(getattr(thing, one.name))
    elif isinstance(thing, dict):
        for one in thing.values():
            yield from counts_in(one)
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from counts_in(one)


SHOWN = ("tiles", "lines", "rate_rows", "gap_rows", "heat", "truth")


def linked(context: Any) -> dict[str, list[Count]]:
    return {name: [one for one in counts_in(context[name]) if one.url] for name in SHOWN if context.get(name)}


def behind(client: Any, url: str) -> tuple[int, int | None]:
    """Items of the list, and labels that are meant, as its page says."""
    answer = client.get(url)
    assert answer.status_code == 200, url
    assert answer.context["counted"], (url, answer.context["form"].errors, answer.context["problem"])
    found = [int(re.sub(r"\D", "", text)) for text in NUMBERS.findall(answer.context["counted"])]
    return found[0], found[1] if len(found) > 1 else None


QUERIES = ["", "?label=remove", "?attribute=origin", "?by=people", "?by=consensus", "?dataset={other}",
           "?since=2026-02-27&until=2026-03-01", "?since=2026-03-02"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_as_many_items_or_labels_are_behind_each_count_as_it_says(cast, filled, page_client, query):
    client = page_client(cast.olivia)
    context = client.get(address(cast, query.format(other=filled.pk))).context
    found = linked(context)
    assert found["tiles"]
    for name, counts in found.items():
        for one in counts:
            items, labels = behind(client, one.url)
            assert one.n == (items if labels is None else labels), (name, one)


def test_the_bars_of_completeness_lead_to_the_items_that_lack_labels(cast, filled, page_client):
    client = page_client(cast.olivia)
    bars = client.get(address(cast)).context["complete"].bars
    assert len(bars) == 2
    for bar in bars:
        states = [state for _pk, state in states_of(cast.project) if state.groups.get("religion") == bar.group]
        lacking = [state for state in states if not state.settled and sum(state.people.values()) < state.own]
        assert lacking
        assert behind(client, bar.url)[0] == len(lacking)


def test_every_part_of_the_page_that_rests_on_items_has_links(cast, filled, page_client):
    found = linked(page_client(cast.olivia).get(address(cast)).context)
    assert set(found) == set(SHOWN)
    assert all(counts for counts in found.values())
    tiles = page_client(cast.olivia).get(address(cast)).context["tiles"]
    without = {tile.id for tile in tiles if not tile.behind and not tile.undefined}
    assert without == {"tile-pace"}, "it counts labels of minutes, which come and go"
    kappas = [tile for tile in tiles if tile.id.startswith("tile-kappa")]
    assert kappas
    assert all("differs=on" in tile.href and "pair=model" in tile.href for tile in kappas)


def test_the_filter_of_dataset_and_time_is_in_every_link(cast, filled, page_client):
    client = page_client(cast.olivia)
    for name, found in linked(client.get(address(cast, f"?dataset={filled.pk}")).context).items():
        if name != "truth":  # which is not counted by dataset, and says so
            assert all(f"dataset={filled.pk}" in one.url for one in found), name
    timed = linked(client.get(address(cast, "?since=2026-02-27&by=people")).context)
    assert all("since=2026-02-27" in one.url for one in (*timed.get("rate_rows", []), *timed.get("lines", [])))


def test_experts_are_not_led_to_who_is_wrong(cast, filled, page_client):
    client = page_client(cast.edgar)
    for name, counts in linked(client.get(address(cast)).context).items():
        for one in counts:
            assert not re.search("(annotator|pair)=", one.url), name
            assert client.get(one.url).status_code == 200


def test_the_pairs_of_the_list_are_those_of_the_counters(cast, filled):
    """The SQL of the list against the states that counters are folded from."""
    project: Project = cast.project
    smollm2 = project.annotators.get(name="smollm2")
    states = dict(states_of(project))

    def listed(pair: str, **more: Any) -> set[int]:
        wanted = ItemFilter(pair=pair, annotator=smollm2.pk if pair.startswith("model") else None, **more)
        return set(items_of(project, wanted).values_list("pk", flat=True))

    def pairs(said: Any, true: Any) -> dict[int, tuple[str, str]]:
        both = {pk: (said(state), true(state)) for pk, state in states.items()}
        return {pk: (one, two) for pk, (one, two) in both.items() if one is not None and two is not None}

    def agreed(state: Any) -> str | None:
        return state.human if 0 < state.own <= sum(state.people.values()) else None

    whose = {
        "model": lambda state: state.models.get(str(smollm2.pk)),
        "people": agreed,
        "consensus": lambda state: state.final if state.settled else agreed(state),
        "own": lambda state: state.human,
    }
    true = {
        "gold": lambda state: state.gold,
        "settled": lambda state: state.final if state.settled and state.gold is None else None,
        "people": agreed,
        "own": lambda state: state.human,
        "truth": lambda state: state.gold if state.gold is not None else state.final if state.settled else None,
        "expert": lambda state: state.final if state.settled else None,
        "first": lambda state: state.first,
        "consensus": whose["consensus"],
    }
    for who, said in whose.items():
        for what, truth in true.items():
            found = pairs(said, truth)
            assert found, (who, what)
            assert listed(f"{who}:{what}") == set(found)
            assert listed(f"{who}:{what}", differs=True) == {pk for pk, (one, two) in found.items() if one != two}
            assert listed(f"{who}:{what}", truly="keep", said="!keep") == {
                pk for pk, (one, two) in found.items() if two == "keep" and one != "keep"
            }


def states_of(project: Project) -> Iterator[tuple[int, Any]]:
    ids = list(QueueEntry.objects.filter(project=project).order_by("item_id").values_list("item_id", flat=True))
    return zip(ids, project_states(project), strict=True)


@pytest.mark.parametrize("wrong", ["model:gold", "nobody:gold", "people:nothing", "people"])
def test_a_pair_that_is_none_is_refused(cast, api, wrong):
    answer = api(cast.olivia).get(f"/api/v1/projects/{cast.project.pk}/items/", {"pair": wrong})
    assert answer.status_code == 400


def test_pairs_over_rest_and_not_for_experts(cast, filled, api):
    address, asked = f"/api/v1/projects/{cast.project.pk}/items/", {"pair": "people:gold", "differs": "true"}
    found = {row["id"] for row in api(cast.olivia).get(address, asked).json()["results"]}
    assert found == set(
        items_of(cast.project, ItemFilter(pair="people:gold", differs=True)).values_list("pk", flat=True)
    )
    assert api(cast.edgar).get(address, asked).status_code == 403


# --- definitions and tables to download -----------------------------------------------------------------------------


class Sections(HTMLParser):
    """What each section of a page holds: figures (tiles, tables, drawings), definitions, what can be taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[dict[str, Any]] = []
        self.found: list[dict[str, Any]] = []
        self.stats: list[int] = []  # definitions of each tile
        self.depth: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "section":
            made = {"id": given.get("aria-labelledby", ""), "figures": 0, "definitions": 0, "csv": [], "png": [],
                    "drawings": []}  # fmt: skip
            self.open.append(made)
            self.found.append(made)
        if tag == "div" and "stat" in classes:
            self.stats.append(0)
        if "def" in classes and tag == "details":
            if self.stats:
                self.stats[-1] += 1
            for one in self.open[-1:]:
                one["definitions"] += 1
        for one in self.open[-1:]:
            if tag == "table" or (tag == "div" and "stat" in classes) or (tag == "svg" and "plot" in classes):
                one["figures"] += 1
            if tag == "svg" and given.get("id", "").endswith("-plot"):
                one["drawings"].append(given["id"])
            if tag == "a" and given.get("href", "").split("?")[0].endswith(".csv"):
                one["csv"].append(given["href"])
            if "data-save-png" in given:
                one["png"].append(given["data-save-png"].removeprefix("#"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "section" and self.open:
            self.open.pop()


def sections_of(text: str) -> Sections:
    found = Sections()
    found.feed(text)
    return found


def test_every_section_with_figures_has_a_definition_and_a_table_to_download(cast, filled, page_client):
    client = page_client(cast.olivia)
    page = sections_of(client.get(address(cast)).content.decode())
    with_figures = [one for one in page.found if one["figures"]]
    assert len(with_figures) >= 6
    for one in with_figures:
        assert one["definitions"], one["id"]
        assert one["csv"], one["id"]
        assert set(one["drawings"]) <= set(one["png"]), one["id"]
        for href in one["csv"]:
            answer = client.get(href)
            assert (answer.status_code, answer["Content-Type"][:8]) == (200, "text/csv"), href
            assert len(answer.content.decode().splitlines()) > 1, href
    assert min(page.stats) > 0, "every tile has a definition of its own"


def test_every_sheet_stands_on_the_page(cast, filled, page_client):
    source = page_client(cast.olivia).get(address(cast)).content.decode()
    missing = {chart for chart in SHEETS if f"/fairness/{chart}.csv" not in source}
    # What this project has nothing of: people who told of themselves, model runs, draws, chosen items.
    assert missing <= {"people", "people-beside", "models", "errors", "chosen"}


def test_the_report_has_every_section_and_nothing_to_click(cast, filled, page_client):
    text = page_client(cast.olivia).get(address(cast, "", "report/")).content.decode()
    for part in ("against-truth", "intersections", "completeness", "agreement", "since-when"):
        assert f'id="{part}"' in text
    assert "data-save-png" not in text
    assert ".csv" not in text
    body = text[text.index('class="stack-xl report"') :]
    assert "/items/?" not in body
    assert AgreementFigures.objects.filter(project=cast.project).exists()
