from importlib import import_module

from django.apps import AppConfig


class FairnessConfig(AppConfig):
    name = "fairness"
    verbose_name = "Fairness"

    def ready(self) -> None:
        candidates = import_module("annotations.candidates")
        selectors = import_module("fairness.audits.selectors")
        candidates.register_usage(selectors.audit_usage)
        candidates.register_asking(selectors.audit_asked)
        watching, checkpoints = import_module("annotations.watching"), import_module("fairness.monitors.checkpoints")
        watching.register("monitors", checkpoints.at_checkpoint)
        watching.register_gate("monitors", checkpoints.unanswered)
        naming = import_module("fairness.monitors.naming")
        telling = import_module("fairness.monitors.telling")
        watching.register_listener("monitors", paused=telling.checkpoint_tell, regrouped=naming.groups_changed)
