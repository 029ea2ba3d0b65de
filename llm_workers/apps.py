from django.apps import AppConfig


class LLMWorkersConfig(AppConfig):
    name = "llm_workers"
    verbose_name = "Language models"
