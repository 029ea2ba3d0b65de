
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='PendingEvent',
            fields=[
                ('event_id', models.BigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='LedgerBlock',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='position')),
                ('previous_hash', models.CharField(max_length=64, verbose_name='previous hash')),
                ('hash', models.CharField(max_length=64, unique=True, verbose_name='hash')),
                ('event_ids', models.JSONField(verbose_name='event ids')),
                ('digests', models.BinaryField(verbose_name='digests')),
                ('sealed_at', models.DateTimeField(verbose_name='sealed at')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('position__gte', 1)), name='ledger_block_position_from_one')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.BigIntegerField(null=True, verbose_name='project')),
                ('actor', models.CharField(max_length=80, verbose_name='actor')),
                ('kind', models.CharField(max_length=60, verbose_name='kind')),
                ('subject', models.CharField(max_length=80, verbose_name='subject')),
                ('data', models.JSONField(default=dict, verbose_name='data')),
                ('simulated', models.BooleanField(default=False, verbose_name='simulated')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
            ],
            options={
                'indexes': [models.Index(fields=['project_id', 'id'], name='ledger_event_project'), models.Index(fields=['subject'], name='ledger_event_subject')],
            },
        ),
    ]
