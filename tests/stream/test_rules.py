"""The owner's settings of the audit stream, by page and API."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from annotations.models import StreamRules
from annotations.stream.rules import stream_rules_change
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.stream.conftest import check, finish, some_of_each, switch_on

pytestmark = pytest.mark.django_db


def test_it_is_off_until_the_owner_switches_it_on(cast, api):
    told = api(cast.audrey).get(reverse("api_audit_stream", args=[cast.project.pk])).json()
    nothing = {"drawn": 0, "checked": 0, "waiting": 0}
    assert told == {
        "share": 0.0,
        "models_alone": False,
        "chosen_share": 0.0,
        "walking": False,
        "uniform": nothing,
        "chosen": nothing,
        "judged": 0,
    }
    assert not StreamRules.objects.exists()


def test_the_owner_changes_it_by_page(cast, page_client):
    page = reverse("project_setting_stream", args=[cast.project.pk])
    client = page_client(cast.olivia)
    sent = {"share_percent": "5", "models_alone": "on", "chosen_percent": "2.5"}
    assert client.post(page, sent).url == page
    rules = StreamRules.objects.get()
    assert (rules.share, rules.models_alone, rules.chosen_share) == (0.05, True, 0.025)
    assert rules.walk_since is not None
    shown = client.get(page).content.decode()
    assert 'value="5.0"' in shown
    assert "Items are being drawn" in shown


def test_the_owner_changes_some_of_it_by_api(cast, api):
    client, address = api(cast.olivia), reverse("api_audit_stream", args=[cast.project.pk])
    assert client.patch(address, {"share": 0.1}, format="json").json()["walking"] is True
    seed = StreamRules.objects.get().seed
    assert client.patch(address, {"chosen_share": 0.05}, format="json").json()["share"] == 0.1
    assert StreamRules.objects.get().seed == seed
    assert str(seed) not in client.get(address).content.decode()


def test_every_change_is_in_the_ledger_once(cast):
    for _twice in range(2):
        stream_rules_change(project=cast.project, actor=cast.olivia, values={"share": 0.05})
    events = LedgerEvent.objects.filter(kind="stream.rules_changed")
    assert [event.data for event in events] == [{"share": 0.05}]


@pytest.mark.parametrize("wrong", [{"share": 0.21}, {"share": -0.1}, {"chosen_share": 1}, {"chosen_share": "much"}])
def test_a_share_out_of_reach_is_refused(cast, api, wrong):
    sent = api(cast.olivia).patch(reverse("api_audit_stream", args=[cast.project.pk]), wrong, format="json")
    assert sent.status_code == 400
    assert not StreamRules.objects.exists()


@pytest.mark.parametrize("wrong", [{"share_percent": "21"}, {"share_percent": "x"}, {"chosen_percent": "-1"}])
def test_the_form_says_what_is_wrong(cast, page_client, wrong):
    page = reverse("project_setting_stream", args=[cast.project.pk])
    sent = page_client(cast.olivia).post(page, {"share_percent": "1", "chosen_percent": "1", **wrong})
    assert sent.status_code == 422
    assert not StreamRules.objects.exists()


def test_the_service_holds_the_limits_by_itself(cast):
    with pytest.raises(DomainError) as refused:
        stream_rules_change(project=cast.project, actor=cast.olivia, values={"share": 0.5})
    assert refused.value.fields.keys() == {"share"}


def test_a_closed_project_keeps_its_rules(cast):
    cast.project.status = "closed"
    cast.project.save()
    with pytest.raises(DomainError) as refused:
        stream_rules_change(project=cast.project, actor=cast.olivia, values={"share": 0.1})
    assert refused.value.code == "project_closed"


def test_counts_of_what_was_drawn_and_not_which(single, api, page_client):
    switch_on(single.project)
    for _ in range(2):
        drawn, other = some_of_each(single.project)
        finish(drawn, "keep")
        finish(other, "keep")
    check(single, drawn)
    told = api(single.edgar).get(reverse("api_audit_stream", args=[single.project.pk])).json()
    assert told["uniform"] == {"drawn": 2, "checked": 1, "waiting": 1}
    page = page_client(single.olivia).get(reverse("project_setting_stream", args=[single.project.pk])).content.decode()
    assert "So far 2 drawn, 1 of them checked." in page


def test_the_people_s_page_says_how_often_their_consensus_is_wrong(single, labelled, page_client):
    address = reverse("people_checks", args=[single.project.pk])
    client = page_client(single.olivia)
    assert "Audit stream" not in client.get(address).content.decode().partition("<main")[2]
    switch_on(single.project, began_at=timezone.now())
    drawn = []
    while len(drawn) < 31:
        labelled(20)
        drawn = list(single.project.cases.filter(status="open").order_by("pk"))
    for number, case in enumerate(drawn[:29]):
        check(single, case.item, "remove" if number < 6 else "keep")
    assert "experts have checked 29 of the 30 items" in client.get(address).content.decode()
    check(single, drawn[29].item, "keep")
    page = client.get(address).content.decode()
    assert "an expert contradicted 6 of 30" in page
    assert "wrong on 20.0 % of the items" in page
