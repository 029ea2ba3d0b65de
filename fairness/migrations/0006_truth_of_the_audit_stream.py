from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('fairness', '0005_gpu_memory'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='monitor',
            name='monitor_truth_known',
        ),
        migrations.AlterField(
            model_name='monitor',
            name='truth',
            field=models.CharField(choices=[('gold', 'Gold labels'), ('settled', 'Gold labels and experts’ settlements'), ('audit', 'Experts’ verdicts on items drawn uniformly')], default='gold', max_length=7, verbose_name='held against'),
        ),
        migrations.AddConstraint(
            model_name='monitor',
            constraint=models.CheckConstraint(condition=models.Q(('truth__in', ['gold', 'settled', 'audit'])), name='monitor_truth_known'),
        ),
    ]
