from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotations", "0015_fitted_demand"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="demand_version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="project",
            name="demand_changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="queueentry",
            name="demand_version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="queueentry",
            name="redundancy",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="queueentry",
            name="min_support",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.RunSQL(
            # Until now every item was in line with its project.
            "UPDATE annotations_queueentry entry SET redundancy = project.redundancy, min_support = project.min_support"
            " FROM annotations_project project WHERE project.id = entry.project_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="queueentry",
            name="redundancy",
            field=models.PositiveSmallIntegerField(),
        ),
        migrations.AlterField(
            model_name="queueentry",
            name="min_support",
            field=models.PositiveSmallIntegerField(),
        ),
        migrations.AddConstraint(
            model_name="queueentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("min_support__gte", 1), ("min_support__lte", models.F("redundancy"))),
                name="queue_support_in_reach",
            ),
        ),
    ]
