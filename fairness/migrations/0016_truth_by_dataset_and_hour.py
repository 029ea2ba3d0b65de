from django.db import migrations, models


class Migration(migrations.Migration):
    """Labels against the truth become slices of a dataset and an hour as well: ``kept`` 2 is with these, 1 without.

    Rows stay at 1, so that monitors and certificates go on, until a recount in the background has counted them.
    """

    dependencies = [("fairness", "0015_limits_of_audits_by_themselves")]

    operations = [migrations.AlterField("pulse", "kept", models.SmallIntegerField(db_default=2, default=2))]
