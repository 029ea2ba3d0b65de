"""What is watched: fairness, limits and what they found, whom it is told, and the record."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from annotations.models import Webhook
from fairness.models import Finding, Monitor
from tests.permissions.entry import Entry, World, project


def rates_table(world: World) -> list[Any]:
    return [world.cast.project.pk, "rates"]


def monitor(world: World) -> list[Any]:
    made, _new = Monitor.objects.get_or_create(
        project=world.cast.project,
        measure="parity",
        whose="model",
        attribute="religion",
        label="keep",
        defaults={"groups": ["christian", "muslim"], "created_by": world.cast.olivia},
    )
    return [world.cast.project.pk, made.pk]


def finding(world: World) -> list[Any]:
    """The model's run is paused for it."""
    _project, monitor_id = monitor(world)
    certificate = {
        "beyond": True, "certain": 0.3, "plain": 0.8, "groups": ["muslim", "christian"], "rate": "", "exact": False,
        "table": {"christian": [6, 60], "muslim": [54, 60]},
        "bands": {"christian": [0.03, 0.25], "muslim": [0.75, 0.97]}, "alpha": 0.05, "tau": 0.1,
    }  # fmt: skip
    made, _new = Finding.objects.get_or_create(
        monitor_id=monitor_id,
        project=world.cast.project,
        annotator=world.run.annotator,
        defaults={
            "certificate": certificate, "version": 7, "runs": [world.run.pk], "found_at": timezone.now(),
        },
    )  # fmt: skip
    return [world.cast.project.pk, made.pk]


def webhook(world: World) -> list[Any]:
    made, _new = Webhook.objects.get_or_create(
        project=world.cast.project,
        url="https://example.org/hook",
        defaults={"secret": "s" * 64, "events": ["finding.opened"], "created_by": world.cast.olivia},
    )
    return [made.pk]


NEW = {"measure": "parity", "whose": "consensus", "attribute": "religion", "label": "keep", "alpha": 0.05, "tau": 0.1}


def finding_in(world: World) -> list[Any]:
    """A project in which something was found."""
    finding(world)
    return project(world)


TABLE = {
    "fairness": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_more": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_report": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_csv": Entry(rates_table, GET="302 404 403 200 200 200"),
    "api_fairness_table": Entry(rates_table, GET="401 404 403 200 200 200"),
    "api_fairness": Entry(project, GET="401 404 403 200 200 200"),
    "api_disclosure": Entry(finding_in, GET="401 404 403 403 200 200"),
    "fairness_disclosure": Entry(finding_in, GET="302 404 403 403 200 200"),
    "fairness_disclosure_file": Entry(finding_in, GET="302 404 403 403 200 200"),
    "api_monitor_look": Entry(monitor, GET="401 404 403 200 200 200"),
    "fairness_monitors": Entry(project, GET="302 404 403 200 200 200"),
    "fairness_monitor_new": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "fairness_monitor": Entry(monitor, GET="302 404 403 200 200 200", POST="302 404 403 403 403 422"),
    "fairness_monitor_remove": Entry(monitor, POST="302 404 403 403 403 302"),
    "fairness_finding_send": Entry(finding, POST="302 404 403 403 403 302"),
    "fairness_finding_raise": Entry(finding, POST="302 404 403 403 403 302", send={"POST": {"group": "muslim"}}),
    "api_finding_raise": Entry(finding, POST="401 404 403 403 403 201", send={"POST": {"group": "muslim"}}),
    "fairness_finding": Entry(finding, GET="302 404 403 200 200 200", POST="302 404 403 403 403 422"),
    "api_monitors": Entry(project, GET="401 404 403 200 200 200", POST="401 404 403 403 403 201", send={"POST": NEW}),
    "api_monitor_try": Entry(project, POST="401 404 403 403 403 200", send={"POST": NEW}),
    "api_monitor": Entry(
        monitor,
        GET="401 404 403 200 200 200",
        PATCH="401 404 403 403 403 200",
        DELETE="401 404 403 403 403 204",
        send={"PATCH": {"tau": 0.2}},
    ),
    "api_findings": Entry(project, GET="401 404 403 200 200 200"),
    "api_finding": Entry(finding, GET="401 404 403 200 200 200"),
    "api_finding_send": Entry(finding, POST="401 404 403 403 403 409"),
    "api_finding_decide": Entry(finding, POST="401 404 403 403 403 201", send={"POST": {"action": "experts"}}),
    "project_setting_webhooks": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "project_setting_webhook": Entry(webhook, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "project_setting_webhook_remove": Entry(webhook, POST="302 404 403 403 403 302"),
    "api_webhooks": Entry(GET="401 200 200 200 200 200", POST="401 400 400 400 400 400"),
    "api_webhook": Entry(
        webhook,
        GET="401 404 403 403 403 200",
        PATCH="401 404 403 403 403 200",
        DELETE="401 404 403 403 403 204",
        send={"PATCH": {"enabled": False}},
    ),
    "api_webhook_deliveries": Entry(webhook, GET="401 404 403 403 403 200"),
    "ledger": Entry(project, GET="302 404 403 403 200 200"),
}
