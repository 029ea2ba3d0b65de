"""Webhooks: where they may lead, what is sent and how it is signed, and that each thing is told once."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations.models import Webhook, WebhookDelivery
from annotations.models.outgoing import MOST_ATTEMPTS, unsent
from annotations.tasks import send_delivery
from annotations.webhooks import addresses
from annotations.webhooks.sending import delivery_send, signature
from annotations.webhooks.services import announce, webhook_add, webhook_change, webhook_remove
from ledger.errors import DomainError
from ledger.models import LedgerEvent
from tests.factories import Cast

pytestmark = pytest.mark.django_db
URL = "https://example.org/hook"


class Receiver:
    """A web server that notes what it is sent and answers with ``status``."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=b"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.DEBUG = settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def hook(cast: Cast, url: str = URL) -> Webhook:
    return webhook_add(project=cast.project, actor=cast.olivia, url=url, events=["finding.opened"])


def tell(cast: Cast, key: str = "finding.opened:1", event: str = "finding.opened") -> WebhookDelivery | None:
    announce(project_id=cast.project.pk, event=event, key=key, data={"finding": 1})
    return WebhookDelivery.objects.order_by("-pk").first()


def test_a_message_is_signed_and_sent_once(cast, receiver):
    webhook = hook(cast, receiver.url)
    delivery = tell(cast)
    assert unsent(WebhookDelivery) == [delivery.pk]
    assert send_delivery(delivery.pk) is True
    assert send_delivery(delivery.pk) is False
    ((headers, body),) = receiver.taken
    moment, found = (part.partition("=")[2] for part in headers["X-Evenhand-Signature"].split(","))
    expected = hmac.new(webhook.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    assert found == expected
    told = json.loads(body)
    assert (told["event"], told["project"], told["data"]) == ("finding.opened", cast.project.pk, {"finding": 1})
    assert headers["X-Evenhand-Delivery"] == str(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.taken, delivery.status, delivery.attempts) == (True, 200, 1)


def test_a_signature_is_of_the_moment_and_the_body():
    assert signature("s", b"{}", 5) != signature("s", b"{}", 6)
    assert signature("s", b"{}", 5) == ("t=5,v1=" + hmac.new(b"s", b"5.{}", hashlib.sha256).hexdigest())


def test_the_same_thing_is_told_once_and_only_to_those_who_asked(cast):
    webhook = hook(cast)
    tell(cast), tell(cast), tell(cast, key="run.paused:1", event="run.paused")
    assert WebhookDelivery.objects.count() == 1
    webhook_change(webhook=webhook, actor=cast.olivia, values={"enabled": False})
    tell(cast, key="finding.opened:2")
    assert WebhookDelivery.objects.count() == 1


def test_what_is_not_committed_is_not_told(cast):
    hook(cast)
    with transaction.atomic():
        tell(cast)
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("status", [301, 400, 500])
def test_a_refusal_is_tried_again_later_five_times_at_most_and_no_redirect_is_followed(cast, receiver, status):
    receiver.status = status
    hook(cast, receiver.url)
    delivery = tell(cast)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert delivery_send(delivery_id=delivery.pk) is False
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.status) == (attempt, status)
        assert unsent(WebhookDelivery) == []  # not at once
        if attempt < MOST_ATTEMPTS:
            WebhookDelivery.objects.update(tried_at=timezone.now() - timedelta(hours=1))
            assert unsent(WebhookDelivery) == [delivery.pk]
    assert delivery.done_at is not None
    assert str(status) in delivery.note
    assert len(receiver.taken) == MOST_ATTEMPTS


def test_a_receiver_that_is_gone_is_not_asked_again(cast, receiver):
    receiver.status = 410
    hook(cast, receiver.url)
    delivery = tell(cast)
    delivery_send(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert delivery.done_at is not None


def test_nobody_answers(cast, receiver):
    receiver.server.shutdown()
    receiver.server.server_close()
    hook(cast, receiver.url)
    delivery = tell(cast)
    assert delivery_send(delivery_id=delivery.pk) is False
    delivery.refresh_from_db()
    assert delivery.status is None
    assert "No answer" in delivery.note


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/hook", "encrypted"),
        ("ftp://example.org/hook", "not a web address"),
        ("https:///hook", "not a web address"),
        ("https://example.org:99999/", "not a web address"),
        ("https://a b.org/", "no spaces"),
        ("https://" + "a" * 500, "at most 500"),
        ("https://me:secret@example.org/", "name and password"),
        ("https://example.org/#top", "#"),
        ("https://127.0.0.1/", "private"),
        ("https://10.1.2.3/", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://[fd00::1]/", "private"),
        ("https://[64:ff9b::a00:1]/", "private"),
        ("https://[2002:a00:1::]/", "private"),
        ("https://0.0.0.0/", "private"),
        ("https://224.0.0.1/", "private"),
    ],
)
def test_addresses_that_may_not_be(cast, url, words):
    with pytest.raises(DomainError, match=words) as refused:
        hook(cast, url)
    assert refused.value.status == 400
    assert "url" in refused.value.fields


def test_a_name_that_leads_into_a_private_network_is_not_sent_to(cast, monkeypatch):
    def leads_inside(host, port, **_options):
        outside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))
        return [outside, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.1", port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", leads_inside)
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("It was sent."))
    hook(cast)
    delivery = tell(cast)
    assert delivery_send(delivery_id=delivery.pk) is False
    delivery.refresh_from_db()
    assert "private" in delivery.note


def test_it_connects_to_the_address_that_was_checked(cast, monkeypatch):
    """A name server that answers otherwise the second time changes nothing: there is no second time."""
    asked, met = [], []

    def looked_up(host, port, **_options):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    def connect(address, *_args):
        met.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(addresses.socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    hook(cast)
    delivery_send(delivery_id=tell(cast).pk)
    assert (asked, met) == (["example.org"], [("93.184.216.34", 443)])


def test_adding_changing_and_removing_is_on_record_without_the_address(cast):
    webhook = hook(cast)
    assert len(webhook.secret) == 64
    webhook_change(
        webhook=webhook, actor=cast.olivia, values={"events": ["run.paused"], "url": "https://example.org/b"}
    )
    webhook_change(webhook=webhook, actor=cast.olivia, values={})
    webhook_remove(webhook=webhook, actor=cast.olivia)
    webhook_remove(webhook=webhook, actor=cast.olivia)
    events = list(LedgerEvent.objects.filter(kind__startswith="webhook.").order_by("pk"))
    assert [event.kind for event in events] == ["webhook.added", "webhook.changed", "webhook.removed"]
    assert "example.org" not in json.dumps([event.data for event in events])


def test_wrong_events_and_an_address_twice_are_refused(cast):
    for events in ([], ["rain"]):
        with pytest.raises(DomainError, match="Choose one or more"):
            webhook_add(project=cast.project, actor=cast.olivia, url=URL, events=events)
    hook(cast)
    with pytest.raises(DomainError, match="told already"):
        hook(cast)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("webhook_event_known", {"event": "rain"}),
        ("webhook_taken_is_done", {"taken": True}),
    ],
)
def test_the_database_refuses_deliveries_that_make_no_sense(cast, name, change):
    hook(cast)
    delivery = tell(cast)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        WebhookDelivery.objects.filter(pk=delivery.pk).update(**change)


def test_the_database_refuses_a_webhook_without_secret_an_address_twice_and_a_thing_told_twice(cast):
    webhook = hook(cast)
    delivery = tell(cast)
    with pytest.raises(IntegrityError, match="webhook_has_secret"), transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).update(secret="")
    with pytest.raises(IntegrityError, match="webhook_address_once"), transaction.atomic():
        Webhook.objects.create(project=cast.project, url=URL, secret="s", created_by=cast.olivia)
    with pytest.raises(IntegrityError, match="webhook_told_once"), transaction.atomic():
        WebhookDelivery.objects.create(
            webhook=webhook, event=delivery.event, key=delivery.key, body={}, made_at=timezone.now()
        )


def test_the_secret_is_shown_once(cast, api, page_client):
    given = {"project": cast.project.pk, "url": URL, "events": ["finding.opened"]}
    made = api(cast.olivia).post("/api/v1/webhooks/", given)
    assert made.status_code == 201
    secret = made.json()["secret"]
    listed = api(cast.olivia).get("/api/v1/webhooks/").json()
    assert secret not in json.dumps(listed)
    assert len(listed["results"]) == 1
    assert api(cast.edgar).get("/api/v1/webhooks/").json()["results"] == []
    assert api(cast.stan).post("/api/v1/webhooks/", given).status_code == 404
    assert api(cast.edgar).post("/api/v1/webhooks/", given).status_code == 403
    page = page_client(cast.olivia).get(f"/projects/{cast.project.pk}/settings/webhooks/").content.decode()
    assert secret not in page
    answer = page_client(cast.olivia).post(
        f"/projects/{cast.project.pk}/settings/webhooks/",
        {"url": "https://example.org/other", "events": ["run.paused"]},
    )
    other = Webhook.objects.get(url="https://example.org/other")
    assert other.secret in answer.content.decode()


def test_the_page_changes_removes_and_lists_what_was_told(cast, page_client, django_assert_max_num_queries):
    webhook = hook(cast)
    for number in range(30):
        tell(cast, key=f"finding.opened:{number}")
    browser, address = page_client(cast.olivia), f"/webhooks/{webhook.pk}/"
    with django_assert_max_num_queries(14):
        assert "Under way" in browser.get(address).content.decode()
    wrong = browser.post(address, {"url": "http://example.org/", "events": ["run.paused"]})
    assert wrong.status_code == 422
    assert browser.post(address, {"url": URL, "events": ["run.paused"]}).status_code == 302
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.events) == (False, ["run.paused"])
    log = browser.get(f"/api/v1/webhooks/{webhook.pk}/deliveries/").json()
    assert log["results"][0]["event"] == "finding.opened"
    assert browser.post(f"{address}remove/").status_code == 302
    assert not Webhook.objects.exists()
