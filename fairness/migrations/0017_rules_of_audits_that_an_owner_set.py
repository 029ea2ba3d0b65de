from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fairness", "0016_truth_by_dataset_and_hour")]

    operations = [
        migrations.AddField(
            "auditrules", "by_owner", models.BooleanField(default=True, db_default=True, editable=False)
        ),
    ]
