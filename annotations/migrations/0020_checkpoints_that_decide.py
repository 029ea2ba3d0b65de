from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotations", "0019_cases_of_low_scores"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="run", name="run_status_known"),
        migrations.AlterField(
            model_name="run",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Starting"),
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("done", "Finished"),
                    ("stopped", "Stopped"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["queued", "running", "paused", "done", "stopped", "cancelled"])),
                name="run_status_known",
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="decision",
            field=models.CharField(
                choices=[("go_on", "Go on"), ("pause", "Pause"), ("stop", "Stop")], default="go_on", max_length=5
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="why"),
        ),
        migrations.AddConstraint(
            model_name="checkpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["go_on", "pause", "stop"])), name="checkpoint_decision_known"
            ),
        ),
    ]
