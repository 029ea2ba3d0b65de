"""The consensus page and its REST twin."""

from __future__ import annotations

import pytest

from annotations.deciding.fitting import consensus_refit
from annotations.models import ConsensusRules, Item
from annotations.tasks import refit_consensus, refit_stale
from ledger.models import LedgerEvent
from tests.deciding.test_fitting import crowd, mixed

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Project ids for which a fit was asked for."""
    asked: list[int] = []
    monkeypatch.setattr(refit_consensus, "delay", asked.append)
    return asked


def page(cast) -> str:
    return f"/projects/{cast.project.pk}/consensus/"


def address(cast, part: str = "fit/") -> str:
    return f"/api/v1/projects/{cast.project.pk}/consensus/{part}"


def test_before_the_first_fit(cast, page_client, api):
    assert "Nothing fitted yet" in page_client(cast.audrey).get(page(cast)).content.decode()
    data = api(cast.audrey).get(address(cast)).json()
    assert data["fit"] is None
    assert data["annotators"] == []
    assert data["rules"] == {"method": "dawid_skene", "count_models": False}
    assert api(cast.audrey).get(address(cast, "posteriors/")).json()["results"] == []


def test_page_and_api_say_the_same(cast, page_client, api):
    mixed(cast)
    consensus_refit(project_id=cast.project.pk)
    data = api(cast.edgar).get(address(cast)).json()
    assert (data["fit"]["items"], data["fit"]["labels"], len(data["annotators"])) == (80, 400, 7)
    assert 0 < data["expected_errors"] < data["decided"] <= 80
    assert data["disputed"] > 0
    text = page_client(cast.edgar).get(page(cast)).content.decode()
    assert "Where the fit holds another label more probable" in text
    assert f"Of {data['decided']} decided items" in text
    for one in data["annotators"]:
        assert one["annotator"] in text
        assert one["low"] < one["skill"] < one["high"]
    assert "Save the method" not in text  # an expert reads
    assert "Save the method" in page_client(cast.olivia).get(page(cast)).content.decode()
    listed = api(cast.edgar).get(address(cast, "posteriors/?page_size=7")).json()
    certainties = [row["certainty"] for row in listed["results"]]
    assert len(certainties) == 7
    assert certainties == sorted(certainties)
    assert listed["next"]


def test_few_labels_give_no_skill(cast, page_client, api):
    crowd(cast, items=5)
    consensus_refit(project_id=cast.project.pk)
    assert {one["skill"] for one in api(cast.olivia).get(address(cast)).json()["annotators"]} == {None}
    assert "too few labels" in page_client(cast.olivia).get(page(cast)).content.decode()


def test_the_item_page_shows_the_posterior_but_not_to_an_expert_who_has_yet_to_judge(cast, page_client):
    crowd(cast, items=5)
    consensus_refit(project_id=cast.project.pk)
    item = Item.objects.filter(project=cast.project).first()
    address = f"/items/{item.pk}/"
    assert "Probability by the fit" in page_client(cast.olivia).get(address).content.decode()
    assert "Probability by the fit" not in page_client(cast.edgar).get(address).content.decode()


def test_an_owner_changes_the_method(cast, page_client, sent, django_capture_on_commit_callbacks):
    client = page_client(cast.olivia)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page(cast), {"method": "glad", "count_models": "on"}).status_code == 302
    rules = ConsensusRules.objects.get()
    assert (rules.method, rules.count_models) == ("glad", True)
    assert sent == [cast.project.pk]
    event = LedgerEvent.objects.get(kind="deciding.rules_changed")
    assert event.data == {"method": "glad", "count_models": True}
    with django_capture_on_commit_callbacks(execute=True):
        client.post(page(cast), {"method": "glad", "count_models": "on"})
    assert sent == [cast.project.pk]  # nothing changed
    assert client.post(page(cast), {"method": "oracle"}).status_code == 422


def test_the_same_by_api(cast, api, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = api(cast.olivia).patch(address(cast), {"method": "mace"}, format="json")
    assert answer.status_code == 200
    assert answer.json()["rules"]["method"] == "mace"
    assert sent == [cast.project.pk]
    assert api(cast.olivia).patch(address(cast), {"method": "oracle"}, format="json").status_code == 400
    cast.project.status = "closed"
    cast.project.save()
    assert api(cast.olivia).patch(address(cast), {"method": "wawa"}, format="json").status_code == 409


def test_a_fit_on_demand(cast, page_client, api, sent):
    assert page_client(cast.olivia).post(page(cast) + "refit/").status_code == 302
    assert api(cast.olivia).post(address(cast)).status_code == 202
    assert sent == [cast.project.pk] * 2


def test_beat_sends_what_is_due(cast, sent):
    crowd(cast, items=2)
    assert refit_stale() == len(sent)
    assert set(sent) <= {cast.project.pk}
    assert refit_consensus(cast.project.pk) is True
    assert refit_consensus(10**9) is False
