from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fairness", "0018_labels_that_settlements_spare")]

    operations = [
        migrations.AddField("decision", "over_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "decision",
            models.CheckConstraint(
                condition=models.Q(("over_at__isnull", True), ("until__isnull", False), _connector="OR"),
                name="finding_trial_over_of_a_trial",
            ),
        ),
        migrations.AddIndex(
            "decision",
            models.Index(
                condition=models.Q(("over_at__isnull", True), ("until__isnull", False)),
                fields=["made_at"],
                name="decision_on_trial",
            ),
        ),
    ]
