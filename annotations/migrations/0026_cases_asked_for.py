from django.db import migrations, models

KINDS = [
    ("human_human", "People disagree"),
    ("human_model", "People and model disagree"),
    ("both", "People disagree, and the model too"),
    ("low_score", "Nobody disagrees, but the label looks wrong"),
    ("check", "To be checked"),
    ("asked", "Nobody disagrees, but an owner asks for an expert"),
]


class Migration(migrations.Migration):
    dependencies = [("annotations", "0025_audit_stream")]

    operations = [
        migrations.AlterField("case", "kind", models.CharField(choices=KINDS, max_length=11)),
        migrations.RemoveConstraint("case", "case_kind_known"),
        migrations.AddConstraint(
            "case",
            models.CheckConstraint(
                condition=models.Q(kind__in=[kind for kind, _name in KINDS]), name="case_kind_known"
            ),
        ),
    ]
