from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fairness", "0009_people_figures_anew")]

    operations = [
        migrations.AddField("decision", "until", models.PositiveBigIntegerField(null=True)),
        migrations.AddConstraint(
            "decision",
            models.CheckConstraint(
                condition=~models.Q(action="accept") | models.Q(until__isnull=True), name="finding_accepted_for_good"
            ),
        ),
    ]
