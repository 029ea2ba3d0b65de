"""Background work of the app. Tasks take primary keys, may run twice, and may die anywhere."""

from __future__ import annotations

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from accounts.demographics.vault import SealError
from annotations.deciding.fitting import consensus_refit, stale_projects
from annotations.demographics.releasing import demographics_release, projects_that_ask
from annotations.grouping.services import groups_count, regrouping_apply, regroupings_behind
from annotations.importing.running import Outcome, abandoned_imports, import_out_of_time, import_run
from annotations.importing.selectors import next_waiting
from annotations.labelling.services import expire
from annotations.models import ImportJob, Notice, StreamRules, WebhookDelivery
from annotations.models.outgoing import unsent
from annotations.projects.demand import behind, demand_follow, projects_behind
from annotations.quality.excluding import exclusion_apply, unfinished
from annotations.quality.notices import notice_send
from annotations.serving.services import is_sorted, queue_settle, queue_sort
from annotations.stream.rules import projects_to_walk, stream_walk
from annotations.suspicion.checking import project_check, unchecked_projects
from annotations.webhooks.sending import delivery_send

logger = logging.getLogger(__name__)

MAX_BATCHES = 200
IMPORT_HOURS = 6


@shared_task(name="annotations.tasks.expire_leases", soft_time_limit=50, time_limit=60)
def expire_leases() -> int:
    """Take back the places of leases that ran out; beat sends this every few seconds."""
    ended = 0
    for _batch in range(MAX_BATCHES):
        batch = expire()
        ended += batch
        if not batch:
            break
    return ended


@shared_task(
    name="annotations.tasks.run_import",
    soft_time_limit=IMPORT_HOURS * 3600,
    time_limit=IMPORT_HOURS * 3600 + 120,
)
def run_import(job_id: int) -> str:
    """Run one import; then send the next one that waits in its project."""
    try:
        outcome = import_run(job_id=job_id)
    except SoftTimeLimitExceeded:
        outcome = import_out_of_time(job_id=job_id, hours=IMPORT_HOURS)
    if outcome == Outcome.AGAIN:
        run_import.delay(job_id)
    elif outcome == Outcome.ENDED:
        project_id = ImportJob.objects.values_list("project_id", flat=True).get(pk=job_id)
        count_groups.delay(project_id)
        if behind(project_id=project_id):
            follow_demand.delay(project_id)
        if is_sorted(project_id=project_id):
            sort_queue.delay(project_id)
        following = next_waiting(project_id)
        if following is not None:
            run_import.delay(following.pk)
    return outcome.value


@shared_task(name="annotations.tasks.settle_queue", soft_time_limit=3500, time_limit=3600)
def settle_queue(project_id: int) -> int:
    """Bring a project's queue in line with its serving rules; how many items it has."""
    count = queue_settle(project_id=project_id)
    demand_follow(project_id=project_id)  # says that all do, where the rules changed how many labels are asked for
    return count


@shared_task(name="annotations.tasks.sort_queue", soft_time_limit=3500, time_limit=3600)
def sort_queue(project_id: int) -> None:
    """Sort what an import added into the project's order of serving."""
    queue_sort(project_id=project_id)


def queue_follow(project_id: int) -> None:
    """Send ``settle_queue`` once what was just changed is committed."""
    transaction.on_commit(lambda: settle_queue.delay(project_id))


@shared_task(name="annotations.tasks.follow_demand", soft_time_limit=3500, time_limit=3600)
def follow_demand(project_id: int) -> int:
    """Bring a project's items in line with its labels per item and labels that must agree; how many were changed."""
    return demand_follow(project_id=project_id)


def demand_soon(project_id: int) -> None:
    """Send ``follow_demand`` once what was just changed is committed."""
    transaction.on_commit(lambda: follow_demand.delay(project_id))


@shared_task(name="annotations.tasks.mend_demand", soft_time_limit=50, time_limit=60)
def mend_demand() -> int:
    """Send again the changes of demand that items do not follow yet; beat sends this every minute."""
    project_ids = projects_behind()
    for project_id in project_ids:
        follow_demand.delay(project_id)
    return len(project_ids)


@shared_task(name="annotations.tasks.walk_stream", soft_time_limit=3500, time_limit=3600)
def walk_stream(project_id: int) -> int:
    """Throw the coins of what was finished before a project's audit stream was switched on; how many are drawn."""
    return stream_walk(project_id=project_id)


def stream_follow(rules: StreamRules) -> None:
    """Send ``walk_stream`` where finished items wait for their coins."""
    if rules.walk_since is not None:
        transaction.on_commit(lambda: walk_stream.delay(rules.pk))


@shared_task(name="annotations.tasks.mend_streams", soft_time_limit=50, time_limit=60)
def mend_streams() -> int:
    """Send every project whose finished items wait for their coins; beat sends this every minute."""
    project_ids = projects_to_walk()
    for project_id in project_ids:
        walk_stream.delay(project_id)
    return len(project_ids)


@shared_task(name="annotations.tasks.apply_exclusion", soft_time_limit=3500, time_limit=3600)
def apply_exclusion(exclusion_id: int) -> int:
    """Bring a person's labels in line with an exclusion; how many were changed."""
    return exclusion_apply(exclusion_id=exclusion_id)


def exclusion_follow(exclusion_id: int) -> None:
    """Send ``apply_exclusion`` once what was just decided is committed."""
    transaction.on_commit(lambda: apply_exclusion.delay(exclusion_id))


@shared_task(name="annotations.tasks.mend_exclusions", soft_time_limit=50, time_limit=60)
def mend_exclusions() -> int:
    """Send again the exclusions whose labels do not follow yet; beat sends this every minute."""
    exclusion_ids = unfinished()
    for exclusion_id in exclusion_ids:
        apply_exclusion.delay(exclusion_id)
    return len(exclusion_ids)


@shared_task(name="annotations.tasks.mend_imports", soft_time_limit=50, time_limit=60)
def mend_imports() -> int:
    """Send again what a dead worker or a lost message left; beat sends this every minute."""
    job_ids = abandoned_imports()
    for job_id in job_ids:
        logger.warning("Import %s has no heartbeat: sending it again.", job_id)
        run_import.delay(job_id)
    return len(job_ids)


@shared_task(name="annotations.tasks.refit_consensus", soft_time_limit=3500, time_limit=3600)
def refit_consensus(project_id: int) -> bool:
    """Fit one project's labels by its method of consensus; whether there was something to fit."""
    return consensus_refit(project_id=project_id) is not None


@shared_task(name="annotations.tasks.refit_stale", soft_time_limit=50, time_limit=60)
def refit_stale() -> int:
    """Send a fit for every project whose labels changed since its last one; beat sends this every few seconds."""
    project_ids = stale_projects()
    for project_id in project_ids:
        refit_consensus.delay(project_id)
    return len(project_ids)


def refit_soon(project_id: int) -> None:
    """Send ``refit_consensus`` once what was just changed is committed."""
    transaction.on_commit(lambda: refit_consensus.delay(project_id))


@shared_task(name="annotations.tasks.check_project", soft_time_limit=3500, time_limit=3600)
def check_project(project_id: int) -> bool:
    """Look through one project's labels for spam and copying; whether it was done."""
    return project_check(project_id=project_id) is not None


@shared_task(name="annotations.tasks.check_stale", soft_time_limit=50, time_limit=60)
def check_stale() -> int:
    """Send a check of every project whose labels changed since its last one; beat sends this every minute."""
    project_ids = unchecked_projects()
    for project_id in project_ids:
        check_project.delay(project_id)
    return len(project_ids)


@shared_task(name="annotations.tasks.send_notice", soft_time_limit=60, time_limit=90)
def send_notice(notice_id: int) -> bool:
    """Send one mail, if it is due; whether it was sent."""
    return notice_send(notice_id=notice_id)


@shared_task(name="annotations.tasks.send_notices", soft_time_limit=50, time_limit=60)
def send_notices() -> int:
    """Hand out the mails that are due; beat sends this every few seconds."""
    notice_ids = unsent(Notice)
    for notice_id in notice_ids:
        send_notice.delay(notice_id)
    return len(notice_ids)


@shared_task(name="annotations.tasks.send_delivery", soft_time_limit=60, time_limit=90)
def send_delivery(delivery_id: int) -> bool:
    """Send one message to a webhook, if it is due; whether it was taken."""
    return delivery_send(delivery_id=delivery_id)


@shared_task(name="annotations.tasks.send_deliveries", soft_time_limit=50, time_limit=60)
def send_deliveries() -> int:
    """Hand out the messages to webhooks that are due; beat sends this every few seconds."""
    delivery_ids = unsent(WebhookDelivery)
    for delivery_id in delivery_ids:
        send_delivery.delay(delivery_id)
    return len(delivery_ids)


@shared_task(name="annotations.tasks.publish_demographics", soft_time_limit=50, time_limit=60)
def publish_demographics() -> int:
    """Send each project that asks people about themselves to be counted; beat sends this every hour."""
    projects = projects_that_ask()
    for project_id in projects:
        count_demographics.delay(project_id)
    return len(projects)


@shared_task(name="annotations.tasks.count_demographics", soft_time_limit=540, time_limit=600)
def count_demographics(project_id: int) -> bool:
    """Count those who answered and agreed since the last time, where they are enough to be shown together."""
    try:
        return demographics_release(project_id=project_id)
    except SealError:
        logger.error("Project %d: the key that sealed its counts of groups is gone; they stay as shown.", project_id)
        return False


@shared_task(name="annotations.tasks.count_groups", soft_time_limit=540, time_limit=600)
def count_groups(project_id: int) -> int:
    """Count how many items of a project have which groups; how many items it has."""
    return groups_count(project_id=project_id).items


def groups_soon(project_id: int) -> None:
    """Send ``count_groups`` once what was just changed is committed."""
    transaction.on_commit(lambda: count_groups.delay(project_id))


@shared_task(name="annotations.tasks.apply_regrouping", soft_time_limit=3500, time_limit=3600)
def apply_regrouping(regrouping_id: int) -> int:
    """Bring a project's items in line with a change of groups; how many were changed."""
    return regrouping_apply(regrouping_id=regrouping_id)


def regrouping_follow(regrouping_id: int) -> None:
    """Send ``apply_regrouping`` once what was just asked for is committed."""
    transaction.on_commit(lambda: apply_regrouping.delay(regrouping_id))


@shared_task(name="annotations.tasks.mend_regroupings", soft_time_limit=50, time_limit=60)
def mend_regroupings() -> int:
    """Send again the changes of groups that items do not follow yet; beat sends this every minute."""
    regrouping_ids = regroupings_behind()
    for regrouping_id in regrouping_ids:
        apply_regrouping.delay(regrouping_id)
    return len(regrouping_ids)
