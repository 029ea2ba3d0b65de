from django.db import migrations

# Counters now tell how many labels the deepest items have. A recount in the background adds that to projects that are
# there; until then none of their numbers is called certain.
EXISTING_LACK_IT = "UPDATE fairness_pulse SET kept = 0"


class Migration(migrations.Migration):
    dependencies = [("fairness", "0007_crossed_by_day")]

    operations = [migrations.RunSQL(EXISTING_LACK_IT, migrations.RunSQL.noop)]
