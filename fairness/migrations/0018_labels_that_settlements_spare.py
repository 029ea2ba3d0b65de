from django.db import migrations, models


class Migration(migrations.Migration):
    """Labels that nobody will give, as an expert has settled their items, are counted: ``kept`` 3 is with these.

    Rows stay at 2, with completeness as it was, until a recount in the background has counted them.
    """

    dependencies = [("fairness", "0017_rules_of_audits_that_an_owner_set")]

    operations = [migrations.AlterField("pulse", "kept", models.SmallIntegerField(db_default=3, default=3))]
