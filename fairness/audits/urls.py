"""Addresses of the audit pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from fairness.audits import answer_views, probe_views, tables, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/<int:project_id>/audits/", views.audits, name="audits"),
    path("projects/<int:project_id>/audits/new/", views.audit_new, name="audit_new"),
    path("projects/<int:project_id>/audits/rules/", views.audit_rules, name="audit_rules"),
    path("projects/<int:project_id>/audits/catch-up/", views.audit_catch_up, name="audit_catch_up"),
    path("projects/<int:project_id>/audits/probes/", probe_views.audit_probes, name="audit_probes"),
    path(
        "projects/<int:project_id>/audits/probes/<int:set_id>/", probe_views.audit_probes_set, name="audit_probes_set"
    ),
    path(
        "projects/<int:project_id>/audits/files/<int:file_id>/remove/",
        probe_views.audit_probes_file_remove,
        name="audit_probes_file_remove",
    ),
    path("audits/<int:audit_id>/", views.audit_detail, name="audit_detail"),
    path("audits/<int:audit_id>/progress/", views.audit_progress, name="audit_progress"),
    path("audits/<int:audit_id>/choose/", views.audit_choose, name="audit_choose"),
    path("audits/<int:audit_id>/models/<int:candidate_id>/", views.audit_candidate, name="audit_candidate"),
    path("audits/<int:audit_id>/models/<int:candidate_id>/answers/", answer_views.audit_answers, name="audit_answers"),
    path("audits/<int:audit_id>/card/", views.audit_card, name="audit_card"),
    path("audits/<int:audit_id>/card.json", views.audit_card_json, name="audit_card_json"),
    path("audits/<int:audit_id>/card.md", views.audit_card_markdown, name="audit_card_markdown"),
    path("audits/<int:audit_id>/<slug:table>.csv", tables.audit_csv, name="audit_csv"),
    re_path(r"^audits/(?P<audit_id>\d+)/(?P<action>cancel|resume)/$", views.audit_steer, name="audit_steer"),
]
