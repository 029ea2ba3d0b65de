import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def since_they_were_set(apps, schema_editor):
    apps.get_model("fairness", "Monitor").objects.update(since=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("fairness", "0013_findings_sent_to_experts")]

    operations = [
        migrations.AddField("monitor", "since", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField("monitor", "renewed", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.RunPython(since_they_were_set, migrations.RunPython.noop),
    ]
