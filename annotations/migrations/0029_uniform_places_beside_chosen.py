import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0028_labels_that_groups_add")]

    operations = [
        migrations.AddField(
            model_name="servingrules",
            name="uniform_share",
            field=models.FloatField(
                db_default=0.0,
                default=0.0,
                help_text="By priority and balanced, from 0 to 0.5: so many of the items come at random, whatever they "
                "are. Rates of these are those of all items that were left when it was set; 0.1 is a good start.",
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(0.5),
                ],
                verbose_name="share drawn uniformly beside them",
            ),
        ),
        migrations.AddConstraint(
            model_name="servingrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("uniform_share__gte", 0), ("uniform_share__lte", 0.5)),
                name="serving_uniform_share_in_reach",
            ),
        ),
    ]
