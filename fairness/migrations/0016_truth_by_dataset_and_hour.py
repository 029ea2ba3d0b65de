from django.db import migrations

# Labels against the truth become slices of a dataset and an hour as well. A recount in the background counts them, as it
# did when slices came in; until then a project has its numbers without filters.
EXISTING_LACK_THEM = "UPDATE fairness_pulse SET kept = 0"


class Migration(migrations.Migration):
    dependencies = [("fairness", "0015_limits_of_audits_by_themselves")]

    operations = [migrations.RunSQL(EXISTING_LACK_THEM, migrations.RunSQL.noop)]
