from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm_workers", "0012_model_revisions"),
    ]

    operations = [
        migrations.AddField(
            model_name="runplan",
            name="strata",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="trial",
            name="attribute",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="trial",
            name="strata",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
