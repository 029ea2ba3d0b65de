from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

SUSPECTED = Q(("deaths__gte", 2), ("status__in", ["pending", "leased"]))


class Migration(migrations.Migration):
    atomic = False  # each step holds its own lock, and none that keeps work waiting

    dependencies = [
        ("llm_workers", "0014_patience_suspects_and_comparisons"),
    ]

    operations = [
        ValidateConstraint(model_name="runitem", name="run_item_lone_deaths_are_deaths"),
        ValidateConstraint(model_name="rating", name="rating_lone_deaths_are_deaths"),
        AddIndexConcurrently(
            model_name="runitem",
            index=models.Index(condition=SUSPECTED, fields=["run", "-deaths", "id"], name="run_item_suspected"),
        ),
        AddIndexConcurrently(
            model_name="rating",
            index=models.Index(condition=SUSPECTED, fields=["validator", "-deaths", "id"], name="rating_suspected"),
        ),
    ]
