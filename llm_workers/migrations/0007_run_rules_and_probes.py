import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0020_checkpoints_that_decide'),
        ('llm_workers', '0006_validation'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('items', 'Items'), ('tokens', 'Tokens'), ('money', 'Money'), ('minutes', 'Minutes'), ('agreement', 'Agreement with people'), ('unanswered', 'Items without a usable answer')], max_length=10)),
                ('bound', models.DecimalField(decimal_places=4, max_digits=16)),
                ('least', models.PositiveIntegerField(default=1)),
                ('action', models.CharField(choices=[('pause', 'Pause and ask me'), ('stop', 'Stop for good')], default='pause', max_length=5)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='runlane',
            name='width',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='runplan',
            name='confirmed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='runplan',
            name='estimate',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='runplan',
            name='filled_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='runplan',
            name='probe',
            field=models.PositiveIntegerField(default=0, verbose_name='items of the probe'),
        ),
        migrations.AddField(
            model_name='runplan',
            name='sums',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='runplan',
            name='worked_seconds',
            field=models.FloatField(default=0, verbose_name='seconds of work, pauses not counted'),
        ),
        migrations.AddField(
            model_name='runplan',
            name='working_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='runitem',
            index=models.Index(condition=models.Q(('status', 'unanswered')), fields=['run', '-id'], name='run_item_unanswered'),
        ),
        migrations.AddField(
            model_name='runrule',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='annotations.run'),
        ),
        migrations.AddConstraint(
            model_name='runrule',
            constraint=models.UniqueConstraint(fields=('run', 'kind'), name='run_rule_once'),
        ),
        migrations.AddConstraint(
            model_name='runrule',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['items', 'tokens', 'money', 'minutes', 'agreement', 'unanswered'])), name='run_rule_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='runrule',
            constraint=models.CheckConstraint(condition=models.Q(('action__in', ['pause', 'stop'])), name='run_rule_action_known'),
        ),
        migrations.AddConstraint(
            model_name='runrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('bound__gt', 0), ('kind__in', ('items', 'tokens', 'money', 'minutes'))), models.Q(('bound__gte', 0), ('bound__lte', 1), ('kind__in', ('agreement', 'unanswered'))), _connector='OR'), name='run_rule_bound_in_range'),
        ),
        migrations.AddConstraint(
            model_name='runrule',
            constraint=models.CheckConstraint(condition=models.Q(('least__gte', 1)), name='run_rule_least_at_least_one'),
        ),
        # The items of every run that is there were chosen when it was started.
        migrations.RunSQL("UPDATE llm_workers_runplan SET filled_at = now()", migrations.RunSQL.noop),
    ]
