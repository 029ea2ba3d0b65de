from django.apps import AppConfig


class FairnessConfig(AppConfig):
    name = "fairness"
    verbose_name = "Fairness"

    def ready(self) -> None:
        from annotations import watching
        from fairness.monitors.checkpoints import at_checkpoint, unanswered

        watching.register("monitors", at_checkpoint)
        watching.register_gate("monitors", unanswered)
