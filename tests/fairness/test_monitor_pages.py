"""Pages and API of monitors: a limit is tried, set, changed, removed; a finding is read and answered."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from annotations.models import Item
from fairness.models import Decision, Finding, Monitor
from fairness.monitors.services import finding_decide, monitor_remove
from tests.factories import Cast, make_cast
from tests.fairness.test_monitors import PARITY, biased, evaluate, make_run, watch

pytestmark = pytest.mark.django_db


def page(cast: Cast, name: str, *args: int) -> str:
    return reverse(name, args=[cast.project.pk, *args])


@pytest.fixture
def found(cast) -> Finding:
    watch(cast)
    biased(cast, make_run(cast).annotator)
    return evaluate(cast)[0]


def test_a_limit_is_tried_before_it_is_set(cast, page_client):
    biased(cast, make_run(cast).annotator)
    browser, address = page_client(cast.olivia), page(cast, "fairness_monitor_new")
    form = PARITY | {"truth": "gold"}
    tried = browser.post(address, form | {"try": "1"})
    assert tried.status_code == 200
    assert "this would pause it" in tried.content.decode()
    lenient = browser.post(address, form | {"try": "1", "tau": 0.9}).content.decode()
    assert "this would not pause it" in lenient
    assert not Monitor.objects.exists()
    assert browser.post(address, form).status_code == 302
    assert Monitor.objects.get().groups == ["christian", "muslim"]


def test_a_trial_without_labels_says_so(cast, page_client):
    tried = page_client(cast.olivia).post(page(cast, "fairness_monitor_new"), PARITY | {"truth": "gold", "try": "1"})
    assert "Nothing can be said yet" in tried.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tau": "much"}, "Enter a number"),
        ({"alpha": "2"}, "less than or equal to 1"),
        ({"measure": "luck"}, "Select a valid choice"),
        ({"attribute": ""}, "Choose one of these"),
        ({"whose": "people", "at_checkpoints": "on"}, "Only model runs"),
    ],
)
def test_wrong_input_is_shown_at_its_field(cast, page_client, wrong, words):
    answer = page_client(cast.olivia).post(page(cast, "fairness_monitor_new"), PARITY | {"truth": "gold"} | wrong)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_limit_is_changed_and_removed(cast, page_client):
    monitor = watch(cast)
    browser, address = page_client(cast.olivia), page(cast, "fairness_monitor", monitor.pk)
    assert browser.post(address, {"tau": "0.25", "alpha": "0.01", "pause_labelling": "on"}).status_code == 302
    monitor.refresh_from_db()
    assert (monitor.tau, monitor.alpha, monitor.pause_labelling, monitor.at_checkpoints) == (0.25, 0.01, True, False)
    assert browser.post(page(cast, "fairness_monitor_remove", monitor.pk)).status_code == 302
    assert browser.get(address).status_code == 404
    assert "No limits yet" in browser.get(page(cast, "fairness_monitors")).content.decode()


def test_a_finding_says_what_how_sure_which_items_and_what_can_be_done(cast, page_client, found):
    browser = page_client(cast.olivia)
    text = browser.get(page(cast, "fairness_finding", found.pk)).content.decode()
    assert "items about christian get “Keep” more often than items about muslim" in text
    assert "for this model in at most 5 % of projects" in text
    assert "54 of 60" in text
    for name in ("run_prompts", "runs", "project_setting_serving", "cases", "exports"):
        assert page(cast, name) in text
        assert browser.get(page(cast, name)).status_code == 200
    query = f"?given=keep&amp;annotator={found.annotator_id}&amp;group=religion%3Achristian"
    assert query in text
    listed = browser.get(page(cast, "items") + query.replace("&amp;", "&")).content.decode()
    item = Item.objects.filter(groups={"religion": "christian"}, annotations__value="keep").order_by("-pk").first()
    assert reverse("item_detail", args=[item.pk]) in listed
    other = Item.objects.filter(groups={"religion": "christian"}, annotations__value="remove").order_by("-pk").first()
    assert reverse("item_detail", args=[other.pk]) not in listed


def test_an_expert_learns_of_a_finding_but_not_what_the_model_said_of_items(cast, page_client, api, found):
    text = page_client(cast.edgar).get(page(cast, "fairness_finding", found.pk)).content.decode()
    assert "amp;annotator=" not in text
    assert "Your decision" not in text
    items = f"/api/v1/projects/{cast.project.pk}/items/"
    assert api(cast.edgar).get(items, {"annotator": found.annotator_id}).status_code == 403
    assert api(cast.edgar).get(items, {"given": "keep", "against": "gold"}).status_code == 403
    assert api(cast.olivia).get(items, {"annotator": found.annotator_id, "given": "keep"}).json()["results"]
    assert api(cast.olivia).get(items, {"against": "consensus"}).status_code == 400


def test_a_finding_is_accepted_with_a_written_reason(cast, page_client, found):
    browser, address = page_client(cast.olivia), page(cast, "fairness_finding", found.pk)
    refused = browser.post(address, {"action": "accept", "ask_again": 200})
    assert refused.status_code == 422
    assert "Write why" in refused.content.decode()
    assert (
        browser.post(address, {"action": "accept", "reason": "Known.", "resume": "on", "ask_again": 200}).status_code
        == 302
    )
    assert Decision.objects.get().reason == "Known."
    assert browser.post(address, {"action": "experts", "ask_again": 200}).status_code == 422
    assert "Known." in browser.get(address).content.decode()


def test_the_fairness_page_and_the_navigation_say_that_something_waits(cast, page_client, found):
    browser = page_client(cast.audrey)
    text = browser.get(page(cast, "fairness")).content.decode()
    assert page(cast, "fairness_finding", found.pk) in text
    assert f'id="waiting-{found.pk}"' in text
    assert '<span class="count">1</span>' in text
    finding_decide(finding=found, actor=cast.olivia, action="experts")
    text = browser.get(page(cast, "fairness")).content.decode()
    assert f'id="waiting-{found.pk}"' not in text  # it stays among the decisions
    assert '<span class="count">1</span>' not in text


def test_the_list_takes_as_many_queries_for_many_findings_as_for_few(
    cast, page_client, api, found, django_assert_max_num_queries
):
    for version in range(2, 30):
        Finding.objects.create(
            monitor=found.monitor, project=cast.project, annotator=found.annotator, is_open=False, version=version,
            certificate=found.certificate, found_at=found.found_at,
        )  # fmt: skip
    browser, client = page_client(cast.olivia), api(cast.olivia)
    with django_assert_max_num_queries(14):
        assert browser.get(page(cast, "fairness_monitors")).status_code == 200
    with django_assert_max_num_queries(9):
        listed = client.get(f"/api/v1/projects/{cast.project.pk}/findings/").json()
    assert len(listed["results"]) == 29


def test_all_of_it_over_rest(cast, api):
    biased(cast, make_run(cast).annotator)
    client, base = api(cast.olivia), f"/api/v1/projects/{cast.project.pk}"
    tried = client.post(f"{base}/monitors/try/", PARITY).json()
    assert tried[0]["would_pause"] is True
    assert 0.1 < tried[0]["certain"] < tried[0]["plain"]
    made = client.post(f"{base}/monitors/", PARITY)
    assert made.status_code == 201
    assert made.json()["label"] == "keep"
    assert client.post(f"{base}/monitors/", PARITY).status_code == 409
    wrong = client.post(f"{base}/monitors/", PARITY | {"tau": 7})
    assert wrong.json()["error"]["fields"]["tau"]
    monitor = f"{base}/monitors/{made.json()['id']}/"
    assert client.patch(monitor, {"tau": 0.2}).json()["tau"] == 0.2
    (finding,) = evaluate(cast)
    shown = client.get(f"{base}/findings/{finding.pk}/").json()
    assert shown["certificate"]["table"] == {"christian": [54, 60], "muslim": [6, 60]}
    assert shown["decision"] is None
    decide = f"{base}/findings/{finding.pk}/decide/"
    assert client.post(decide, {"action": "accept"}).status_code == 400
    decided = client.post(decide, {"action": "accept", "reason": "Known.", "resume": True})
    assert decided.json()["resumed"] == finding.runs
    assert client.post(decide, {"action": "accept", "reason": "Known."}).status_code == 409
    assert client.delete(monitor).status_code == 204
    assert client.get(monitor).status_code == 404


def test_what_a_limit_says_now_is_told_to_who_may_read_it_as_on_its_page(
    cast, api, page_client, found, django_assert_max_num_queries
):
    monitor, client = found.monitor, api(cast.audrey)
    address = f"/api/v1/projects/{cast.project.pk}/monitors/{monitor.pk}/look/"
    with django_assert_max_num_queries(9):
        (look,) = client.get(address).json()
    assert (look["would_pause"], look["certain"]) == (True, pytest.approx(found.certificate["certain"]))
    text = page_client(cast.audrey).get(page(cast, "fairness_monitor", monitor.pk)).content.decode()
    assert html.escape(look["text"]) in text
    for _more in range(6):
        biased(cast, make_run(cast).annotator, n=40)
    with django_assert_max_num_queries(9):
        assert len(client.get(address).json()) == 7
    finding_decide(finding=found, actor=cast.olivia, action="accept", reason="It is so.")
    accepted = next(one for one in client.get(address).json() if one["name"] == look["name"])
    assert (accepted["would_pause"], accepted["text"]) == (False, "")
    for method in (client.post, client.patch, client.delete):
        assert method(address).status_code == 405


def test_a_limit_without_labels_says_nothing_and_a_removed_one_is_not_there(cast, api):
    monitor, client = watch(cast), api(cast.audrey)
    address = f"/api/v1/projects/{cast.project.pk}/monitors/{monitor.pk}/look/"
    assert client.get(address).json() == []
    monitor_remove(monitor=monitor, actor=cast.olivia)
    assert client.get(address).status_code == 404
    assert client.get(address.replace(str(monitor.pk), "999999")).status_code == 404


def test_other_projects_monitors_and_findings_are_not_there(cast, api, found):
    for account in type(cast.olivia).objects.all():
        account.email = f"first.{account.email}"
        account.save()
    other = make_cast()
    for client, base in ((api(other.olivia), f"/api/v1/projects/{other.project.pk}"),):
        assert client.get(f"{base}/monitors/{found.monitor_id}/").status_code == 404
        assert client.get(f"{base}/findings/{found.pk}/").status_code == 404
        assert client.post(f"{base}/findings/{found.pk}/decide/", {"action": "experts"}).status_code == 404
        assert client.delete(f"{base}/monitors/{found.monitor_id}/").status_code == 404
    found.refresh_from_db()
    assert found.is_open
