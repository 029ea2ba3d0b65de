from django.apps import AppConfig


class LLMWorkersConfig(AppConfig):
    name = "llm_workers"
    verbose_name = "Language models"

    def ready(self) -> None:
        from annotations import steering
        from llm_workers.services.runs import runs_pause, runs_resume

        steering.register(pause=runs_pause, resume=runs_resume)
