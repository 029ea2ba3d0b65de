"""Addresses."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from annotations.assistance.urls import api_urlpatterns as assistance
from annotations.deciding.urls import api_urlpatterns as deciding
from annotations.demographics.urls import api_urlpatterns as demographics
from annotations.exporting.urls import api_urlpatterns as exporting
from annotations.grouping.urls import api_urlpatterns as grouping
from annotations.importing.urls import api_urlpatterns as importing
from annotations.items.urls import api_urlpatterns as items
from annotations.labelling.urls import api_urlpatterns as labelling
from annotations.launch.urls import api_urlpatterns as launch
from annotations.measuring.urls import api_urlpatterns as measuring
from annotations.paying.urls import api_urlpatterns as paying
from annotations.projects.urls import api_urlpatterns as projects
from annotations.quality.urls import api_urlpatterns as quality
from annotations.raising.urls import api_urlpatterns as raising
from annotations.serving.urls import api_urlpatterns as serving
from annotations.settling.urls import api_urlpatterns as settling
from annotations.stream.urls import api_urlpatterns as stream
from annotations.suspicion.urls import api_urlpatterns as suspicion
from annotations.webhooks.urls import api_urlpatterns as webhooks
from annotations.working.urls import api_urlpatterns as working

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(labelling)),  # first: it is asked most
    path("", include(projects)),
    path("", include(settling)),
    path("", include(importing)),
    path("", include(items)),
    path("", include(measuring)),
    path("", include(deciding)),
    path("", include(exporting)),
    path("", include(paying)),
    path("", include(working)),
    path("", include(serving)),
    path("", include(grouping)),
    path("", include(raising)),
    path("", include(quality)),
    path("", include(suspicion)),
    path("", include(launch)),
    path("", include(assistance)),
    path("", include(demographics)),
    path("", include(webhooks)),
    path("", include(stream)),
]
