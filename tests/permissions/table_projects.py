"""Projects, their settings, their people."""

from __future__ import annotations

from typing import Any

from annotations.models import GroupDemand
from tests.permissions.entry import Entry, World, invitation, member, project

MORE = {"attribute": "religion", "group": "muslim", "more": 1}


def group_demand(world: World) -> list[Any]:
    made, _new = GroupDemand.objects.get_or_create(
        project=world.cast.project, attribute="religion", group="none", more=1, made_by=world.cast.olivia
    )
    return [world.cast.project.pk, made.pk]


TABLE = {
    "project_new": Entry(GET="302 200 200 200 200 200", POST="302 422 422 422 422 422"),
    "guidelines_preview": Entry(POST="302 200 200 200 200 200"),
    "project": Entry(project, GET="302 404 200 200 200 200"),
    "project_join": Entry(project, GET="302 404 302 302 302 302", POST="302 404 302 302 302 302"),
    "people_leave": Entry(project, POST="302 404 302 302 302 302"),
    "people": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "people_role": Entry(member, POST="302 404 403 403 403 302"),
    "people_remove": Entry(member, POST="302 404 403 403 403 302"),
    "people_invitation_revoke": Entry(invitation, POST="302 404 403 403 403 302"),
    "pay": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "pay_export": Entry(project, GET="302 404 403 403 403 200"),
    "api_pay": Entry(project, GET="401 404 403 403 403 200"),
    "api_pay_adjustments": Entry(project, POST="401 404 403 403 403 400"),
    "project_settings": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "project_setting_labels": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "project_setting_attributes": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "project_setting_stream": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "api_audit_stream": Entry(project, GET="401 404 403 200 200 200", PATCH="401 404 403 403 403 200"),
    "project_setting_more": Entry(project, GET="302 404 403 403 200 200", POST="302 404 403 403 403 422"),
    "project_setting_more_end": Entry(group_demand, POST="302 404 403 403 403 302"),
    "api_more_labels": Entry(
        project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 201", send={"POST": MORE}
    ),
    "api_more_labels_toll": Entry(project, GET="401 404 403 403 200 200", send={"GET": MORE}),
    "api_more_labels_one": Entry(group_demand, DELETE="401 404 403 403 403 204"),
    "project_setting_serving": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "project_setting_groups": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 422"),
    "api_groups": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "api_groups_count": Entry(project, POST="401 404 403 403 403 202"),
    "api_serving": Entry(project, GET="401 404 403 403 200 200", PATCH="401 404 403 403 403 200"),
    "consensus": Entry(project, GET="302 404 403 200 200 200", POST="302 404 403 403 403 422"),
    "consensus_refit": Entry(project, POST="302 404 403 403 403 302"),
    "api_consensus_fit": Entry(
        project, GET="401 404 403 200 200 200", PATCH="401 404 403 403 403 200", POST="401 404 403 403 403 202"
    ),
    "api_posteriors": Entry(project, GET="401 404 403 200 200 200"),
    "project_checklist": Entry(project, GET="302 404 403 403 403 200", POST="302 404 403 403 403 302"),
    "api_checklist": Entry(project, GET="401 404 403 403 200 200", POST="401 404 403 403 403 400"),
    "project_setting_status": Entry(project, POST="302 404 403 403 403 302"),
    "api_projects": Entry(GET="401 200 200 200 200 200", POST="401 400 400 400 400 400"),
    "api_project": Entry(project, GET="401 404 200 200 200 200", PATCH="401 404 403 403 403 200"),
    "api_project_schema": Entry(project, GET="401 404 200 200 200 200", POST="401 404 403 403 403 200"),
    "api_project_status": Entry(project, POST="401 404 403 403 403 400"),
    "api_members": Entry(project, GET="401 404 403 403 403 200"),
    "api_member": Entry(member, PATCH="401 404 403 403 403 400", DELETE="401 404 403 403 403 204"),
    "api_invitations": Entry(project, GET="401 404 403 403 403 200", POST="401 404 403 403 403 400"),
    "api_invitation": Entry(invitation, DELETE="401 404 403 403 403 204"),
    "api_join": Entry(project, POST="401 404 200 200 200 200"),
    "api_leave": Entry(project, POST="401 404 204 204 204 409"),
}
