from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fairness", "0004_dashboard")]

    operations = [
        migrations.AddField(
            "auditcandidate",
            "gpu_memory",
            models.BigIntegerField(null=True, verbose_name="bytes that the server holds on GPUs"),
        ),
    ]
