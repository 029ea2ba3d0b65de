from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0023_regroupings'),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='probability',
            field=models.FloatField(null=True, verbose_name='chance to be chosen'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='stream',
            field=models.CharField(choices=[('uniform', 'Drawn regardless of what it is'), ('chosen', 'Chosen by a rule'), ('audit', 'Drawn uniformly, beside chosen ones'), ('check', 'A hidden check')], db_default='uniform', default='uniform', max_length=7),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('stream__in', ['chosen', 'audit'])), fields=['project', '-id'], name='assignment_chosen'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('stream__in', ['uniform', 'chosen', 'audit', 'check'])), name='assignment_stream_known'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('probability__isnull', True), models.Q(('probability__gt', 0), ('probability__lte', 1), ('stream', 'chosen')), _connector='OR'), name='assignment_chance_of_chosen'),
        ),
    ]
