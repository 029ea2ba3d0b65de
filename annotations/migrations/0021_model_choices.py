import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotations", "0020_checkpoints_that_decide"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(choices=[("labeller", "Labeller"), ("validator", "Validator")], max_length=9),
                ),
                ("model", models.BigIntegerField()),
                ("prompt", models.BigIntegerField(null=True)),
                ("name", models.CharField(max_length=300, verbose_name="model")),
                ("audit", models.BigIntegerField()),
                ("figures", models.JSONField(default=dict)),
                ("reason", models.TextField(max_length=2000, verbose_name="why")),
                ("chosen_at", models.DateTimeField()),
                ("is_current", models.BooleanField(default=True)),
                (
                    "chosen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_choices",
                        to="annotations.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["project", "-id"], name="model_choice_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("project", "role"),
                        name="model_choice_one_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["labeller", "validator"])), name="model_choice_role_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="model_choice_has_reason"
                    ),
                ],
            },
        ),
    ]
