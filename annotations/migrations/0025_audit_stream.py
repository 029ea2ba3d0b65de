import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotations', '0024_chances_of_items'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Draw',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(choices=[('uniform', 'Drawn regardless of what it is'), ('chosen', 'Chosen by a rule'), ('audit', 'Drawn uniformly, beside chosen ones'), ('check', 'A hidden check')], max_length=7)),
                ('probability', models.FloatField(verbose_name='chance to be drawn')),
                ('is_drawn', models.BooleanField(db_default=True, default=True)),
                ('drawn_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StreamRules',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='stream_rules', serialize=False, to='annotations.project')),
                ('share', models.FloatField(default=0.0, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.2)], verbose_name='share of finished items drawn uniformly')),
                ('models_alone', models.BooleanField(default=False, verbose_name='also items that only models have labelled')),
                ('chosen_share', models.FloatField(default=0.0, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.2)], verbose_name='share of finished items drawn where errors are likely')),
                ('seed', models.BigIntegerField(editable=False)),
                ('began_at', models.DateTimeField(editable=False, null=True)),
                ('walk_since', models.DateTimeField(editable=False, null=True)),
                ('judged', models.BigIntegerField(default=0, editable=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='case',
            name='case_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='settlement',
            name='settlement_cause_known',
        ),
        migrations.AlterField(
            model_name='case',
            name='kind',
            field=models.CharField(choices=[('human_human', 'People disagree'), ('human_model', 'People and model disagree'), ('both', 'People disagree, and the model too'), ('low_score', 'Nobody disagrees, but the label looks wrong'), ('check', 'To be checked')], max_length=11),
        ),
        migrations.AlterField(
            model_name='settlement',
            name='cause',
            field=models.CharField(choices=[('human_error', 'Human error'), ('model_error', 'Model error'), ('ambiguous_item', 'Ambiguous item'), ('unclear_guideline', 'Unclear guideline'), ('bad_item', 'Bad item'), ('checked', 'Checked without seeing other labels')], max_length=17),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('kind', 'check'), ('status', 'open')), fields=['project', 'id'], name='case_checks'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['human_human', 'human_model', 'both', 'low_score', 'check'])), name='case_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['human_error', 'model_error', 'ambiguous_item', 'unclear_guideline', 'bad_item', 'checked'])), name='settlement_cause_known'),
        ),
        migrations.AddField(
            model_name='draw',
            name='item',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='draws', to='annotations.item'),
        ),
        migrations.AddField(
            model_name='draw',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='draws', to='annotations.project'),
        ),
        migrations.AddConstraint(
            model_name='streamrules',
            constraint=models.CheckConstraint(condition=models.Q(('share__gte', 0), ('share__lte', 0.2)), name='stream_share_in_reach'),
        ),
        migrations.AddConstraint(
            model_name='streamrules',
            constraint=models.CheckConstraint(condition=models.Q(('chosen_share__gte', 0), ('chosen_share__lte', 0.2)), name='stream_chosen_share_in_reach'),
        ),
        migrations.AddIndex(
            model_name='draw',
            index=models.Index(condition=models.Q(('is_drawn', True)), fields=['project', 'stream', '-id'], name='draw_by_project'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.UniqueConstraint(fields=('item', 'stream'), name='draw_once_per_item_and_stream'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.CheckConstraint(condition=models.Q(('stream__in', ['audit', 'chosen'])), name='draw_stream_known'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.CheckConstraint(condition=models.Q(('probability__gt', 0), ('probability__lte', 1)), name='draw_chance_known'),
        ),
    ]
