from django.db import migrations

# What monitors count has changed (consensus of finished items alone, one person's label beside a model's): every
# project is counted anew in the background before its monitors are asked again.
COUNT_ANEW = """
INSERT INTO fairness_pulse (project_id, version, kept) SELECT id, 0, 0 FROM annotations_project
ON CONFLICT (project_id) DO UPDATE SET kept = 0
"""


class Migration(migrations.Migration):
    dependencies = [("fairness", "0010_findings_asked_again")]

    operations = [migrations.RunSQL(COUNT_ANEW, migrations.RunSQL.noop)]
