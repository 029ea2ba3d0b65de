from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fairness", "0012_notices_to_owners")]

    operations = [migrations.AddField("finding", "sent", models.JSONField(db_default=[], default=list))]
