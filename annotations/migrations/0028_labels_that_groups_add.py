import django.db.models.deletion
from django.db import migrations, models

# Items that ask for more because of their groups, and settled ones that kept what adaptive redundancy asked for, follow
# by the walk in the background: each tells live counters of it, so nothing is counted anew.
FOLLOW = """
UPDATE annotations_project project SET demand_version = demand_version + 1, demand_changed_at = now()
WHERE EXISTS (
    SELECT FROM annotations_groupdemand raised WHERE raised.project_id = project.id AND raised.ended_at IS NULL
) OR project.id IN (
    SELECT entry.project_id FROM annotations_queueentry entry
    JOIN annotations_consensus decided ON decided.item_id = entry.item_id AND decided.method = 'settled'
    WHERE entry.extra > 0
)
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0027_more_labels_for_a_group")]

    operations = [
        migrations.AddField(
            model_name="queueentry",
            name="raised",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="groupdemand",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="annotations.regrouping",
            ),
        ),
        migrations.AddIndex(
            model_name="consensus",
            index=models.Index(
                condition=models.Q(("method", "settled")), fields=["project", "item"], name="consensus_settled"
            ),
        ),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop),
    ]
