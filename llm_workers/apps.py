from importlib import import_module

from django.apps import AppConfig


class LLMWorkersConfig(AppConfig):
    name = "llm_workers"
    verbose_name = "Language models"

    def ready(self) -> None:
        candidates = import_module("annotations.candidates")
        candidates.register(import_module("llm_workers.auditing").Panel())
        steering, runs = import_module("annotations.steering"), import_module("llm_workers.services.runs")
        steering.register(pause=runs.runs_pause, resume=runs.runs_resume)
