"""The pages of trust and their REST twins."""

from __future__ import annotations

from html import unescape

import pytest
from django.urls import reverse

from annotations.models import Annotation, Calibration, ProtectedAttribute
from ledger.models import LedgerEvent
from llm_workers.calibration.reading import decimal
from llm_workers.models import StandIn, StandInRules
from llm_workers.tasks import compute_trust
from llm_workers.trust import views
from llm_workers.trust.computing import trust_compute
from tests.factories import make_annotator, make_project
from tests.trust.people import give, make_labelled

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Project ids for which a look was asked for."""
    asked: list[int] = []
    monkeypatch.setattr(compute_trust, "delay", asked.append)
    return asked


@pytest.fixture
def looked(cast):
    """A project whose model, too sure and a little worse than the people, was looked at."""
    _items, model = make_labelled(cast.project, items=600, skill=0.6, people=(0.9,) * 4)
    trust_compute(project_id=cast.project.pk)
    return model


def page(cast, *more: object) -> str:
    return "/".join(["/projects", str(cast.project.pk), "trust", *map(str, more), ""])


def api_of(cast, part: str) -> str:
    return f"/api/v1/projects/{cast.project.pk}/{part}"


def text_of(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_a_model(cast, page_client, api):
    text = text_of(page_client(cast.olivia), page(cast))
    assert "No model has labelled here yet" in text
    assert "Start a model run" in text
    assert "Start a model run" not in text_of(page_client(cast.audrey), page(cast))
    assert api(cast.audrey).get(api_of(cast, "trust/")).json() == {"judges": "crowd", "computed_at": None, "models": []}


def test_before_the_first_look(cast, page_client, api):
    model = make_annotator(cast.project, kind="model", name="smollm2")
    for address in (page(cast), page(cast, model.pk)):
        assert "smollm2 has not been tested yet" in text_of(page_client(cast.edgar), address)
    assert api(cast.edgar).get(api_of(cast, f"models/{model.pk}/calibration/")).json()["calibration"] is None
    assert api(cast.edgar).get(api_of(cast, f"models/{model.pk}/stand-in/")).json()["stand_in"] is None
    assert api(cast.edgar).get(api_of(cast, "trust/")).json()["models"][0]["may_stand_in"] is None


def test_too_few_labels_say_so(cast, page_client, api):
    _items, model = make_labelled(cast.project, items=20)
    trust_compute(project_id=cast.project.pk)
    text = text_of(page_client(cast.olivia), page(cast, model.pk))
    assert "cannot be said yet: 20 of its labels are checked by people, and 100 are needed." in text
    assert "Whether smollm2 may stand in for people here cannot be said yet" in text
    assert "4 people share any item so far." in text
    found = api(cast.olivia).get(api_of(cast, f"models/{model.pk}/calibration/")).json()["calibration"]
    assert (found["method"], found["curve"], found["scopes"][0]["before"]) == ("", None, None)


def test_a_model_without_confidence_has_nothing_to_calibrate(cast, page_client):
    _items, model = make_labelled(cast.project, items=40)
    Annotation.objects.filter(annotator=model).update(confidence=None)
    trust_compute(project_id=cast.project.pk)
    assert "gives labels without a confidence" in text_of(page_client(cast.olivia), page(cast, model.pk))


def test_pages_and_api_say_the_same(cast, looked, page_client, api):
    calibration = api(cast.edgar).get(api_of(cast, f"models/{looked.pk}/calibration/")).json()["calibration"]
    test = api(cast.edgar).get(api_of(cast, f"models/{looked.pk}/stand-in/")).json()["stand_in"]
    listed = api(cast.edgar).get(api_of(cast, "trust/")).json()["models"][0]
    whole = calibration["scopes"][0]
    fullest = max(whole["before"]["bins"], key=lambda one: one["n"])
    text = text_of(page_client(cast.edgar), page(cast, looked.pk))
    said = f"When smollm2 says {100 * fullest['confidence']:.0f} %, it is right {100 * fullest['accuracy']:.0f} %"
    assert said in text
    assert "it is too sure" in text
    assert f"{whole['after']['ece']['value']:.3f}" in text
    assert whole["after"]["ece"]["value"] < whole["before"]["ece"]["value"] / 2
    assert calibration["sources"] == {"settled": 0, "gold": 0, "consensus": 600}
    assert "600 labels were checked (settled by an expert: 0, gold: 0, people&#x27;s consensus: 600)." in text
    assert test["winning_rate"] == listed["winning_rate"] == 0
    assert listed["may_stand_in"] is test["scopes"][0]["passes"] is False
    assert "By this test smollm2 should not stand in for people here" in text
    assert "It should not for items of: christian (religion), muslim (religion)." in text
    assert {one["annotator"] for one in test["people"]} <= set(text.replace("<", " ").replace(">", " ").split())
    assert said in " ".join(listed["reading"])
    overview = text_of(page_client(cast.edgar), page(cast))
    assert said in overview
    assert page(cast, looked.pk) in overview
    assert f"{reverse('agreement', args=[cast.project.pk])}#model-{looked.pk}" in overview


def test_a_model_that_passes_is_said_to(cast, page_client):
    make_labelled(cast.project, items=600, skill=0.95, people=(0.8,) * 3)
    trust_compute(project_id=cast.project.pk)
    text = text_of(page_client(cast.audrey), page(cast))
    assert "By this test smollm2 may stand in for people here: against 3 of 3 people" in text
    assert "It may for items of: christian (religion), muslim (religion)." in text


def test_the_better_model_comes_first(cast, looked, api):
    items = [row.item for row in Annotation.objects.filter(annotator=looked).select_related("item__project")]
    truth = [item.consensus.value for item in items]
    better = make_annotator(cast.project, kind="model", name="better")
    give(items, better, truth, [0.9] * len(items))
    trust_compute(project_id=cast.project.pk)
    assert [one["name"] for one in api(cast.olivia).get(api_of(cast, "trust/")).json()["models"]] == [
        "better",
        "smollm2",
    ]


def test_owners_say_whom_models_are_held_against(
    cast, looked, page_client, api, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert page_client(cast.olivia).post(page(cast), {"judges": "expert"}).status_code == 302
    assert StandInRules.objects.get(project=cast.project).judges == "expert"
    assert LedgerEvent.objects.filter(kind="trust.judges_changed", project_id=cast.project.pk).count() == 1
    with django_capture_on_commit_callbacks(execute=True):  # again: nothing changes
        assert api(cast.olivia).patch(api_of(cast, "trust/"), {"judges": "expert"}, format="json").status_code == 200
    assert sent == [cast.project.pk]
    assert LedgerEvent.objects.filter(kind="trust.judges_changed").count() == 1
    wrong = api(cast.olivia).patch(api_of(cast, "trust/"), {"judges": "friends"}, format="json")
    assert wrong.status_code == 400
    assert page_client(cast.olivia).post(page(cast), {"judges": "friends"}).status_code == 422
    assert "Whom models are held against" not in text_of(page_client(cast.edgar), page(cast))
    trust_compute(project_id=cast.project.pk)
    assert StandIn.objects.get(annotator=looked).allowance == 0.2


def test_a_closed_project_is_not_changed(cast, page_client, api, sent):
    cast.project.status = "closed"
    cast.project.save(update_fields=["status"])
    refused = api(cast.olivia).patch(api_of(cast, "trust/"), {"judges": "expert"}, format="json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "project_closed")
    answer = page_client(cast.olivia).post(page(cast), {"judges": "expert"})
    assert "This project is closed, so it is read only." in answer.content.decode()
    assert not StandInRules.objects.exists()


def test_owners_may_have_it_looked_at_now(cast, page_client, api, sent):
    assert page_client(cast.olivia).post(page(cast, "compute")).status_code == 302
    assert api(cast.olivia).post(api_of(cast, "trust/")).status_code == 202
    assert sent == [cast.project.pk] * 2


def test_people_and_models_of_other_projects_are_not_found(cast, page_client, api):
    other = make_annotator(make_project(cast.olivia, name="Other"), kind="model")
    person = make_annotator(cast.project)
    for annotator in (other, person):
        assert page_client(cast.olivia).get(page(cast, annotator.pk)).status_code == 404
        for part in ("calibration", "stand-in"):
            assert api(cast.olivia).get(api_of(cast, f"models/{annotator.pk}/{part}/")).status_code == 404


def test_queries_do_not_grow_with_models(cast, looked, page_client, api, django_assert_max_num_queries):
    for _number in range(5):
        make_annotator(cast.project, kind="model")
    trust_compute(project_id=cast.project.pk)
    for client, address in (
        (page_client(cast.olivia), page(cast)),
        (page_client(cast.olivia), page(cast, looked.pk)),
        (api(cast.olivia), api_of(cast, "trust/")),
    ):
        with django_assert_max_num_queries(12):
            client.get(address)
    assert Calibration.objects.count() == 6


# --- groups -----------------------------------------------------------------------------------------------------------


def _grouped(cast, count: int):
    """A model that was looked at, over items of ``count`` groups of 60 and one of 10."""
    ProtectedAttribute.objects.get_or_create(project=cast.project, name="religion")
    names = [f"group {number:02}" for number in range(count)]
    turns = [{"religion": name} for name in names for _ in range(6)] + [{"religion": f"group {count:02}"}]
    _items, model = make_labelled(cast.project, items=60 * count + 10, skill=0.7, groups=tuple(turns))
    trust_compute(project_id=cast.project.pk)
    return model


def test_each_group_has_its_own_diagram_before_and_after_with_a_table(cast, page_client):
    model = _grouped(cast, 2)
    scopes = {scope["group"]: scope for scope in Calibration.objects.get(annotator=model).scopes}
    text = text_of(page_client(cast.edgar), page(cast, model.pk))
    for group in ("group 00", "group 01"):
        figure = next(part for part in text.split("<figure") if f">{group} <" in part).partition("</figure>")[0]
        own = scopes[group]
        ece, brier = ([decimal(own[side][name]["value"]) for side in ("before", "after")] for name in ("ece", "brier"))
        assert f"Error {ece[0]}, calibrated {ece[1]}; Brier's score {brier[0]} and {brier[1]}." in unescape(figure)
        assert figure.count('href="#m-diamond"') == len(own["before"]["bins"])
        assert figure.count('href="#m-triangle"') == len(own["after"]["bins"])
        assert figure.count('<th scope="row"') == len(own["before"]["bins"]) + len(own["after"]["bins"])
    small = next(part for part in text.split("<figure") if ">group 02 <" in part).partition("</figure>")[0]
    assert "Insufficient data: 10 checked labels, and 50 are needed." in small
    assert "<svg" not in small


def test_many_groups_are_drawn_page_by_page(cast, page_client, monkeypatch):
    monkeypatch.setattr(views, "GROUPS_DRAWN", 2)
    model = _grouped(cast, 2)
    client = page_client(cast.olivia)
    first, second = (text_of(client, page(cast, model.pk) + query) for query in ("", "?page=2"))
    drawn = [[f"group {number:02} <span" in text for number in range(3)] for text in (first, second)]
    assert drawn == [[True, True, False], [False, False, True]]
    assert "1–2 of 3" in first
    for odd in ("?page=99", "?page=x", "?page=-1"):
        assert client.get(page(cast, model.pk) + odd).status_code == 200


def test_without_groups_there_is_no_diagram_of_groups(cast, page_client):
    _items, model = make_labelled(cast.project, items=120, groups=({},))
    trust_compute(project_id=cast.project.pk)
    text = text_of(page_client(cast.olivia), page(cast, model.pk))
    assert "Share of right labels by confidence" in text
    assert "Group by group" not in text
