from django.apps import AppConfig


class EvenhandConfig(AppConfig):
    name = "evenhand"
    verbose_name = "Evenhand"
