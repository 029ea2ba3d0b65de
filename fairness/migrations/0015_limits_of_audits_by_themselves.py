from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("fairness", "0014_promises_made_anew")]

    operations = [
        migrations.AddField("auditrules", "monthly_requests", models.PositiveIntegerField(
            "requests of audits by themselves in 30 days, at most", default=50_000, db_default=50_000)),
        migrations.AddField("auditrules", "monthly_cost", models.DecimalField(
            "money of audits by themselves in 30 days, at most", max_digits=10, decimal_places=2, null=True, blank=True)),
        migrations.AddField("auditrules", "held_back", models.JSONField(default=list, editable=False)),
        migrations.AddConstraint("auditrules", models.CheckConstraint(
            condition=Q(monthly_cost__isnull=True) | Q(monthly_cost__gte=0), name="audit_rules_cost_not_negative")),
    ]
