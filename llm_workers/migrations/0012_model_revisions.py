from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm_workers", "0011_lanes_that_know_quick_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="revision",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="revision"),
        ),
        migrations.RemoveConstraint(
            model_name="modelversion",
            name="model_version_once",
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                fields=("name", "base", "adapter", "quantization", "revision"), name="model_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.CheckConstraint(condition=models.Q(("revision__gte", 1)), name="model_revision_counts"),
        ),
    ]
