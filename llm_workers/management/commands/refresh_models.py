"""``manage.py refresh_models``: ask the servers of LLM_BASE_URL what they serve."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm_workers.services.models import models_refresh


class Command(BaseCommand):
    help = "Ask the language model servers what they serve, and print what was found."

    def handle(self, *args: Any, **options: Any) -> None:
        endpoints = models_refresh()
        if not endpoints:
            raise CommandError("No server is known. Set LLM_BASE_URL, for example to http://localhost:8000/v1.")
        for endpoint in endpoints:
            names = ", ".join(endpoint.model_versions.values_list("name", flat=True))
            state = f"serves {names}" if endpoint.healthy else endpoint.problem
            self.stdout.write(f"{endpoint.url} ({endpoint.get_dialect_display()}): {state}")
