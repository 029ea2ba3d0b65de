import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('llm_workers', '0008_lanes_of_validators_and_signs_of_orders'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrialServer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=300, verbose_name='address')),
                ('requests', models.PositiveBigIntegerField(default=0)),
                ('faults', models.PositiveBigIntegerField(default=0)),
                ('busy_seconds', models.FloatField(default=0)),
                ('joules', models.FloatField(null=True)),
                ('price_per_hour', models.DecimalField(decimal_places=4, max_digits=10, null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='servers', to='llm_workers.trial')),
            ],
            options={
                'ordering': ['trial_id', 'url'],
                'constraints': [models.UniqueConstraint(fields=('trial', 'url'), name='trial_server_once'), models.CheckConstraint(condition=models.Q(('busy_seconds__gte', 0)), name='trial_server_time_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='ValidatorServer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=300, verbose_name='address')),
                ('requests', models.PositiveBigIntegerField(default=0)),
                ('faults', models.PositiveBigIntegerField(default=0)),
                ('busy_seconds', models.FloatField(default=0)),
                ('joules', models.FloatField(null=True)),
                ('price_per_hour', models.DecimalField(decimal_places=4, max_digits=10, null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('validator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='servers', to='llm_workers.validator')),
            ],
            options={
                'ordering': ['validator_id', 'url'],
                'constraints': [models.UniqueConstraint(fields=('validator', 'url'), name='validator_server_once'), models.CheckConstraint(condition=models.Q(('busy_seconds__gte', 0)), name='validator_server_time_not_negative')],
            },
        ),
    ]
