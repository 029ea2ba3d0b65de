import django.db.models.deletion
from django.db import migrations, models

# Projects that are there have counters without slices: 0 says so until a recount has added them.
EXISTING_LACK_THEM = """
INSERT INTO fairness_pulse (project_id, version, kept) SELECT id, 0, 0 FROM annotations_project
ON CONFLICT (project_id) DO UPDATE SET kept = 0
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0023_regroupings"),
        ("fairness", "0003_monitors"),
    ]

    operations = [
        migrations.AlterField("counter", "attribute", models.CharField(blank=True, max_length=129)),
        migrations.AlterField("counter", "group", models.CharField(blank=True, max_length=257)),
        migrations.AddField("pulse", "kept", models.SmallIntegerField(db_default=1, default=1)),
        migrations.CreateModel(
            name="Slice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attribute", models.CharField(blank=True, max_length=64)),
                ("dataset", models.BigIntegerField()),
                ("hour", models.IntegerField()),
                ("table", models.CharField(max_length=40)),
                ("group", models.CharField(blank=True, max_length=128)),
                ("key", models.TextField(blank=True)),
                ("other", models.TextField(blank=True)),
                ("n", models.BigIntegerField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotations.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "attribute", "dataset", "hour", "table", "group", "key", "other"),
                        name="slice_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("n__gte", 0)), name="slice_never_negative"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CrossedGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attribute", models.CharField(max_length=64)),
                ("group", models.CharField(max_length=128)),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotations.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "attribute", "group"), name="crossed_group_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RaterFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.CharField(max_length=32)),
                ("label", models.CharField(max_length=64)),
                ("groups", models.JSONField(default=list)),
                ("shown_at", models.DateTimeField()),
                ("computed_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="annotations.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "question", "label"), name="rater_figures_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementFigures",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="annotations.project",
                    ),
                ),
                ("figures", models.JSONField(default=dict)),
                ("head", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("computed_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(EXISTING_LACK_THEM, migrations.RunSQL.noop),
    ]
