import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("annotations", "0026_cases_asked_for"),
    ]

    operations = [
        migrations.CreateModel(
            name="GroupDemand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attribute", models.CharField(max_length=64, verbose_name="attribute")),
                ("group", models.CharField(max_length=200, verbose_name="group")),
                (
                    "more",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="labels more for each item",
                    ),
                ),
                ("finding", models.BigIntegerField(blank=True, null=True)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_demands",
                        to="annotations.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["project", "-id"], name="group_demand_by_project")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("ended_at__isnull", True)),
                        fields=("project", "attribute", "group"),
                        name="group_demand_once_per_group",
                    ),
                    models.CheckConstraint(
                        condition=Q(("more__gte", 1), ("more__lte", 10)), name="group_demand_in_reach"
                    ),
                    models.CheckConstraint(
                        condition=~Q(("attribute", "")) & ~Q(("group", "")), name="group_demand_names_a_group"
                    ),
                ],
            },
        ),
    ]
