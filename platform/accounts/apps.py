from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        import_module("accounts.openapi")  # registers itself with the OpenAPI generator
        import_module("accounts.checks")  # registers the system checks
