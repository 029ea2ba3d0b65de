import django.db.models.deletion
from django.db import migrations, models

# What the one chain of a validator held: its lanes, of which there are none yet, ask about it again.
TAKE_BACK = "UPDATE llm_workers_rating SET status = 'pending', generation = NULL WHERE status = 'leased'"
# On the way back a validator is touched now: where it rates, its one chain is found lost and begun within a minute.
TOUCH = "UPDATE llm_workers_validator SET touched_at = now() WHERE touched_at IS NULL"


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0020_checkpoints_that_decide'),
        ('llm_workers', '0007_run_rules_and_probes'),
    ]

    operations = [
        migrations.CreateModel(
            name='ValidatorLane',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('generation', models.PositiveBigIntegerField(default=0)),
                ('touched_at', models.DateTimeField()),
                ('width', models.PositiveSmallIntegerField(null=True)),
                ('validator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lanes', to='llm_workers.validator')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('validator', 'number'), name='validator_lane_once')],
            },
        ),
        migrations.RunSQL(TAKE_BACK, TAKE_BACK),
        migrations.RemoveConstraint(
            model_name='rating',
            name='rating_lease_has_holder',
        ),
        migrations.RemoveIndex(
            model_name='rating',
            name='rating_leased',
        ),
        migrations.AddField(
            model_name='rating',
            name='lane',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name='rating',
            index=models.Index(condition=models.Q(('status', 'leased')), fields=['validator', 'lane'], name='rating_leased'),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'leased'), _negated=True), models.Q(('generation__isnull', False), ('lane__isnull', False)), _connector='OR'), name='rating_lease_has_holder'),
        ),
        migrations.RemoveField(
            model_name='validator',
            name='generation',
        ),
        migrations.AlterField(
            model_name='validator',
            name='touched_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TOUCH),
        migrations.RemoveField(
            model_name='validator',
            name='touched_at',
        ),
        migrations.AddField(
            model_name='answersigns',
            name='orders',
            field=models.PositiveSmallIntegerField(default=1, verbose_name='orders of the options with an answer'),
        ),
        migrations.AddField(
            model_name='answersigns',
            name='order_share',
            field=models.FloatField(null=True, verbose_name='share of the orders that gave the label'),
        ),
        migrations.AddConstraint(
            model_name='answersigns',
            constraint=models.CheckConstraint(condition=models.Q(('order_share__isnull', True), models.Q(('order_share__gte', 0), ('order_share__lte', 1), ('orders__gt', 1)), _connector='OR'), name='signs_share_of_orders'),
        ),
    ]
