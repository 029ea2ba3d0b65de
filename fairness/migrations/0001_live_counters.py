
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('annotations', '0001_projects_items_and_labels'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pulse',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.project')),
                ('version', models.BigIntegerField(default=0)),
                ('folded_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=40)),
                ('attribute', models.CharField(blank=True, max_length=64)),
                ('group', models.CharField(blank=True, max_length=128)),
                ('key', models.TextField(blank=True)),
                ('other', models.TextField(blank=True)),
                ('n', models.BigIntegerField()),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'table', 'attribute', 'group', 'key', 'other'), name='counter_cell_once'), models.CheckConstraint(condition=models.Q(('n__gte', 0)), name='counter_never_negative')],
            },
        ),
        migrations.CreateModel(
            name='MinuteTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField()),
                ('people', models.IntegerField(default=0)),
                ('by_models', models.IntegerField(default=0)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'minute'), name='minute_once_per_project')],
            },
        ),
    ]
