import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0024_chances_of_items"),
        ("fairness", "0011_monitors_of_finished_items"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnerNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("tried_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("checkpoint", "A run paused at a checkpoint"),
                            ("groups", "Groups changed that a monitor watches"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.BigIntegerField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotations.project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)), fields=["id"], name="owner_notice_unsent"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("about", "number", "user"), name="owner_told_once"),
                    models.CheckConstraint(
                        condition=models.Q(("about__in", ["checkpoint", "groups"])), name="owner_told_of_known"
                    ),
                ],
            },
        ),
    ]
