from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm_workers", "0009_servers_of_trials_and_validators"),
    ]

    operations = [
        migrations.AddField(
            model_name="runplan",
            name="fault_pauses",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="runplan",
            name="resume_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="runplan",
            index=models.Index(
                condition=models.Q(("resume_at__isnull", False)), fields=["resume_at"], name="run_plan_resumes"
            ),
        ),
    ]
