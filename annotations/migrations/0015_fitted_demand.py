from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotations", "0014_import_updates"),
    ]

    operations = [
        migrations.AddField(
            model_name="consensusfit",
            name="accuracy",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="annotatorskill",
            name="told",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
    ]
