import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("llm_workers", "0013_strata_of_estimates"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="answer_seconds",
            field=models.PositiveSmallIntegerField(null=True, verbose_name="seconds for one answer"),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=Q(("answer_seconds__isnull", True))
                | Q(("answer_seconds__gte", 1), ("answer_seconds__lte", 3600)),
                name="endpoint_patience_in_range",
            ),
        ),
        *(
            migrations.AddField(
                model_name=model,
                name=name,
                field=models.PositiveSmallIntegerField(db_default=0, default=0),
            )
            for model in ("runitem", "rating")
            for name in ("deaths", "lone_deaths")
        ),
        # Without a look at the rows, which may be millions: that follows in 0015, under locks that let work go on.
        AddConstraintNotValid(
            model_name="runitem",
            constraint=models.CheckConstraint(
                condition=Q(("lone_deaths__lte", F("deaths"))), name="run_item_lone_deaths_are_deaths"
            ),
        ),
        AddConstraintNotValid(
            model_name="rating",
            constraint=models.CheckConstraint(
                condition=Q(("lone_deaths__lte", F("deaths"))), name="rating_lone_deaths_are_deaths"
            ),
        ),
        migrations.AddField(
            model_name="validator",
            name="fault_pauses",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="validator",
            name="resume_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="validator",
            index=models.Index(condition=Q(("resume_at__isnull", False)), fields=["resume_at"], name="validator_resumes"),
        ),
        migrations.AddField(
            model_name="validatorlane",
            name="quickest",
            field=models.FloatField(null=True),
        ),
        migrations.CreateModel(
            name="ValidatorComparison",
            fields=[
                (
                    "validator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="comparison",
                        serialize=False,
                        to="llm_workers.validator",
                    ),
                ),
                ("counts", models.JSONField(default=list)),
                ("counted_at", models.DateTimeField()),
            ],
        ),
    ]
