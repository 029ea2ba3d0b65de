from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm_workers", "0010_runs_that_go_on_by_themselves"),
    ]

    operations = [
        migrations.AddField(
            model_name="runlane",
            name="quickest",
            field=models.FloatField(null=True),
        ),
    ]
