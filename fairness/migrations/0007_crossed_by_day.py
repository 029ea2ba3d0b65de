from django.db import migrations, models

# Two attributes at once were cells of the whole project; they become slices of a dataset and a day. A recount in the
# background counts them anew, as it did when slices came in; until then a project has its numbers without filters.
NO_LONGER_CELLS = "DELETE FROM fairness_counter WHERE position(chr(31) IN attribute) > 0"
EXISTING_LACK_THEM = "UPDATE fairness_pulse SET kept = 0"


class Migration(migrations.Migration):
    dependencies = [("fairness", "0006_truth_of_the_audit_stream")]

    operations = [
        migrations.AlterField("slice", "attribute", models.CharField(blank=True, max_length=129)),
        migrations.AlterField("slice", "group", models.CharField(blank=True, max_length=257)),
        migrations.RunSQL(NO_LONGER_CELLS, migrations.RunSQL.noop),
        migrations.RunSQL(EXISTING_LACK_THEM, EXISTING_LACK_THEM),
        migrations.AlterField("counter", "attribute", models.CharField(blank=True, max_length=64)),
        migrations.AlterField("counter", "group", models.CharField(blank=True, max_length=128)),
    ]
