import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0022_webhooks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='GroupSurvey',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='group_survey', serialize=False, to='annotations.project')),
                ('counts', models.JSONField(default=dict)),
                ('items', models.PositiveBigIntegerField(default=0)),
                ('counted_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Regrouping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attribute', models.CharField(max_length=64, verbose_name='attribute')),
                ('kind', models.CharField(choices=[('bins', 'Numbers in bins'), ('merge', 'Values merged'), ('rename', 'Taken over from another attribute')], max_length=6)),
                ('rules', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_item', models.BigIntegerField(default=0)),
                ('items_changed', models.PositiveBigIntegerField(default=0)),
                ('done_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='regroupings', to='annotations.project')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['bins', 'merge', 'rename'])), name='regrouping_kind_known'), models.UniqueConstraint(condition=models.Q(('done_at__isnull', True)), fields=('project',), name='regrouping_one_at_a_time')],
            },
        ),
    ]
