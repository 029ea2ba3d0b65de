"""The tables of 0001 to 0027 at once; what those did to rows is left out, for there are none.

See docs/adr/0027-squashed-migrations.md.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models
from migrating.at_once import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('annotations', '0001_projects_items_and_labels'),
        ('annotations', '0002_import_provenance'),
        ('annotations', '0003_pay_adjustments'),
        ('annotations', '0004_care_for_workers'),
        ('annotations', '0005_serving_rules'),
        ('annotations', '0006_assistance'),
        ('annotations', '0007_bias_checklist'),
        ('annotations', '0008_consensus_fits'),
        ('annotations', '0009_quality'),
        ('annotations', '0010_training'),
        ('annotations', '0011_bulk_loading'),
        ('annotations', '0012_suspicions_and_notices'),
        ('annotations', '0013_demographics'),
        ('annotations', '0014_import_updates'),
        ('annotations', '0015_fitted_demand'),
        ('annotations', '0016_demand_of_items'),
        ('annotations', '0018_calibrations'),
        ('annotations', '0019_cases_of_low_scores'),
        ('annotations', '0020_checkpoints_that_decide'),
        ('annotations', '0021_model_choices'),
        ('annotations', '0022_webhooks'),
        ('annotations', '0023_regroupings'),
        ('annotations', '0024_chances_of_items'),
        ('annotations', '0025_audit_stream'),
        ('annotations', '0026_cases_asked_for'),
        ('annotations', '0027_more_labels_for_a_group'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AtOnce(
            operations=[
                migrations.CreateModel(
                    name='AssistanceRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='assistance_rules', serialize=False, to='annotations.project')),
                        ('is_on', models.BooleanField(default=False, verbose_name="show people a model's label")),
                        ('model', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='annotations.annotator')),
                        ('holdout_share', models.FloatField(default=0.2, validators=[django.core.validators.MinValueValidator(0.05), django.core.validators.MaxValueValidator(0.95)], verbose_name='share of items without it')),
                        ('seed', models.BigIntegerField(editable=False)),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('is_on', False), ('model__isnull', False), _connector='OR'), name='assistance_by_a_model'),
                            models.CheckConstraint(condition=models.Q(('holdout_share__gte', 0.05), ('holdout_share__lte', 0.95)), name='assistance_is_measured'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Suggestion',
                    fields=[
                        ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='suggestion', serialize=False, to='annotations.assignment')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.annotator')),
                        ('value', models.JSONField(verbose_name="the model's label")),
                        ('shown', models.BooleanField(verbose_name='shown')),
                        ('decided_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='CareRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='care_rules', serialize=False, to='annotations.project')),
                        ('change_minutes', models.PositiveIntegerField(default=1440, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(43200)], verbose_name='minutes in which a label can be changed')),
                        ('break_minutes', models.PositiveSmallIntegerField(default=45, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(480)], verbose_name='minutes of work until a break is proposed')),
                        ('warned_items_per_day', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)], verbose_name='items with a content warning a day')),
                        ('warned_minutes_per_day', models.PositiveSmallIntegerField(blank=True, default=240, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes with a content warning a day')),
                        ('blur', models.BooleanField(default=True, verbose_name='blur items that are warned of until they are revealed')),
                    ],
                ),
                migrations.CreateModel(
                    name='WorkerPreferences',
                    fields=[
                        ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='worker_preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                        ('break_minutes', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(480)], verbose_name='minutes of work until a break is proposed')),
                        ('warned_items_per_day', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100000)], verbose_name='items with a content warning a day')),
                        ('warned_minutes_per_day', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes with a content warning a day')),
                        ('blur', models.CharField(choices=[('project', 'As the project proposes'), ('always', 'Always blur at first'), ('never', 'Never blur')], default='project', max_length=7, verbose_name='blur')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('blur__in', ['project', 'always', 'never'])), name='preferences_blur_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Exposure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('day', models.DateField()),
                        ('items', models.PositiveIntegerField(default=0)),
                        ('milliseconds', models.PositiveBigIntegerField(default=0)),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('user', 'day'), name='exposure_once_per_day'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Case',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='annotations.project')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='annotations.item')),
                        ('kind', models.CharField(choices=[('human_human', 'People disagree'), ('human_model', 'People and model disagree'), ('both', 'People disagree, and the model too'), ('low_score', 'Nobody disagrees, but the label looks wrong'), ('check', 'To be checked'), ('asked', 'Nobody disagrees, but an owner asks for an expert')], max_length=11)),
                        ('status', models.CharField(choices=[('open', 'Open'), ('settled', 'Settled'), ('dissolved', 'Dissolved')], default='open', max_length=9)),
                        ('priority', models.FloatField(default=0, verbose_name='expected error of the consensus')),
                        ('minutes', models.FloatField(db_default=0.75, default=0.75, verbose_name='expected minutes of an expert')),
                        ('at_stake', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('priority'), '/', models.F('minutes')), output_field=models.FloatField())),
                        ('doubt', models.JSONField(null=True, verbose_name='why the label looks wrong')),
                        ('claimed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('claim_expires_at', models.DateTimeField(null=True)),
                        ('opened_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['-at_stake', 'id'],
                        'indexes': [
                            models.Index(fields=['project', 'status', '-at_stake', 'id'], name='case_queue'),
                            models.Index(condition=models.Q(('kind', 'check'), ('status', 'open')), fields=['project', 'id'], name='case_checks'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('item',), name='case_one_open_per_item'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['open', 'settled', 'dissolved'])), name='case_status_known'),
                            models.CheckConstraint(condition=models.Q(('claimed_by__isnull', True), ('claim_expires_at__isnull', False), _connector='OR'), name='case_claim_has_expiry'),
                            models.CheckConstraint(condition=models.Q(('minutes__gt', 0)), name='case_minutes_positive'),
                            models.CheckConstraint(condition=models.Q(('kind__in', ['human_human', 'human_model', 'both', 'low_score', 'check', 'asked'])), name='case_kind_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('kind', 'low_score'), _negated=True), ('doubt__isnull', False), _connector='OR'), name='case_low_score_says_why'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Settlement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='settlement', to='annotations.case')),
                        ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('value', models.JSONField(null=True, verbose_name='label')),
                        ('cause', models.CharField(choices=[('human_error', 'Human error'), ('model_error', 'Model error'), ('ambiguous_item', 'Ambiguous item'), ('unclear_guideline', 'Unclear guideline'), ('bad_item', 'Bad item'), ('checked', 'Checked without seeing other labels')], max_length=17)),
                        ('recurrent', models.BooleanField(verbose_name='recurrent')),
                        ('reason', models.TextField(verbose_name='reason')),
                        ('settled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('idempotency_key', models.CharField(blank=True, max_length=80)),
                        ('created_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('cause__in', ['human_error', 'model_error', 'ambiguous_item', 'unclear_guideline', 'bad_item', 'checked'])), name='settlement_cause_known'),
                            models.CheckConstraint(condition=models.Q(('value__isnull', False), ('cause', 'bad_item'), _connector='OR'), name='settlement_label_unless_bad_item'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Consensus',
                    fields=[
                        ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='consensus', serialize=False, to='annotations.item')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('schema', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('value', models.JSONField(null=True, verbose_name='label')),
                        ('method', models.CharField(choices=[('unanimous', 'Unanimous'), ('majority', 'Majority'), ('settled', 'Settled by an expert')], max_length=9)),
                        ('support', models.FloatField(null=True, verbose_name='share of votes')),
                        ('evidence', models.JSONField(default=dict)),
                        ('decided_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'item'], name='consensus_project_item'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('method__in', ['unanimous', 'majority', 'settled'])), name='consensus_method_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ModelChoice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='model_choices', to='annotations.project')),
                        ('role', models.CharField(choices=[('labeller', 'Labeller'), ('validator', 'Validator')], max_length=9)),
                        ('model', models.BigIntegerField()),
                        ('prompt', models.BigIntegerField(null=True)),
                        ('name', models.CharField(max_length=300, verbose_name='model')),
                        ('audit', models.BigIntegerField()),
                        ('figures', models.JSONField(default=dict)),
                        ('reason', models.TextField(max_length=2000, verbose_name='why')),
                        ('chosen_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('chosen_at', models.DateTimeField()),
                        ('is_current', models.BooleanField(default=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'indexes': [
                            models.Index(fields=['project', '-id'], name='model_choice_latest'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('project', 'role'), name='model_choice_one_current'),
                            models.CheckConstraint(condition=models.Q(('role__in', ['labeller', 'validator'])), name='model_choice_role_known'),
                            models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='model_choice_has_reason'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ConsensusRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='consensus_rules', serialize=False, to='annotations.project')),
                        ('method', models.CharField(choices=[('majority', 'Majority'), ('weighted_majority', 'Weighted majority'), ('wawa', 'Wawa: weighted by agreement with the majority'), ('dawid_skene', 'Dawid–Skene: a confusion matrix for each annotator'), ('glad', 'GLAD: abilities of annotators, difficulties of items'), ('mace', 'MACE: an annotator knows the label, or answers by habit')], default='dawid_skene', max_length=17, verbose_name='method')),
                        ('count_models', models.BooleanField(default=False, help_text='All prompts of one model count as one label; all models together at most as much as the people.', verbose_name="count models' labels")),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('method__in', ['majority', 'weighted_majority', 'wawa', 'dawid_skene', 'glad', 'mace'])), name='consensus_rules_method_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ConsensusFit',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='fit', serialize=False, to='annotations.project')),
                        ('schema', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.labelschema')),
                        ('method', models.CharField(choices=[('majority', 'Majority'), ('weighted_majority', 'Weighted majority'), ('wawa', 'Wawa: weighted by agreement with the majority'), ('dawid_skene', 'Dawid–Skene: a confusion matrix for each annotator'), ('glad', 'GLAD: abilities of annotators, difficulties of items'), ('mace', 'MACE: an annotator knows the label, or answers by habit')], max_length=17)),
                        ('count_models', models.BooleanField()),
                        ('note', models.TextField(blank=True)),
                        ('tokens', models.JSONField()),
                        ('prior', models.JSONField()),
                        ('items', models.PositiveIntegerField()),
                        ('labels', models.PositiveIntegerField()),
                        ('annotators', models.PositiveIntegerField()),
                        ('anchors', models.PositiveIntegerField()),
                        ('iterations', models.PositiveIntegerField()),
                        ('converged', models.BooleanField()),
                        ('accuracy', models.FloatField(null=True)),
                        ('head', models.BigIntegerField()),
                        ('seconds', models.FloatField()),
                        ('fitted_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='AnnotatorSkill',
                    fields=[
                        ('annotator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='skill', serialize=False, to='annotations.annotator')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('skill', models.FloatField()),
                        ('labels', models.PositiveIntegerField()),
                        ('confusion', models.JSONField()),
                        ('told', models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
                    ],
                ),
                migrations.CreateModel(
                    name='ItemPosterior',
                    fields=[
                        ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='posterior', serialize=False, to='annotations.item')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('value', models.JSONField()),
                        ('certainty', models.FloatField()),
                        ('probabilities', models.JSONField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'certainty', 'item'], name='posterior_by_certainty'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='DemographicsRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='demographics_rules', serialize=False, to='annotations.project')),
                        ('questions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), default=list, size=None, verbose_name='questions')),
                        ('reason', models.CharField(blank=True, max_length=600, verbose_name='why we ask')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('questions', []), models.Q(('reason', ''), _negated=True), _connector='OR'), name='demographics_asked_with_reason'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='DemographicsFigures',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='demographics_figures', serialize=False, to='annotations.project')),
                        ('shown', models.JSONField(default=dict)),
                        ('sealed', models.BinaryField(default=b'')),
                        ('crowd', models.PositiveIntegerField(default=0)),
                        ('shown_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(models.Q(('shown', {}), ('shown_at', None)), models.Q(models.Q(('shown', {}), _negated=True), ('shown_at__isnull', False)), _connector='OR'), name='demographics_shown_with_its_time'),
                        ],
                    },
                ),
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
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='regroupings', to='annotations.project')),
                        ('attribute', models.CharField(max_length=64, verbose_name='attribute')),
                        ('kind', models.CharField(choices=[('bins', 'Numbers in bins'), ('merge', 'Values merged'), ('rename', 'Taken over from another attribute')], max_length=6)),
                        ('rules', models.JSONField()),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('last_item', models.BigIntegerField(default=0)),
                        ('items_changed', models.PositiveBigIntegerField(default=0)),
                        ('done_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('kind__in', ['bins', 'merge', 'rename'])), name='regrouping_kind_known'),
                            models.UniqueConstraint(condition=models.Q(('done_at__isnull', True)), fields=('project',), name='regrouping_one_at_a_time'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ImportJob',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imports', to='annotations.project')),
                        ('dataset', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imports', to='annotations.dataset')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('dataset_name', models.CharField(blank=True, max_length=200, verbose_name='name of the dataset')),
                        ('filename', models.CharField(max_length=255, verbose_name='file name')),
                        ('format', models.CharField(max_length=8, verbose_name='format')),
                        ('stored_as', models.CharField(blank=True, max_length=255)),
                        ('status', models.CharField(choices=[('receiving', 'Uploading'), ('mapping', 'Waiting for the column mapping'), ('queued', 'Waiting'), ('running', 'Reading'), ('done', 'Finished'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='receiving', max_length=9)),
                        ('mapping', models.JSONField(default=dict, verbose_name='column mapping')),
                        ('on_existing', models.CharField(choices=[('report', 'Report the row as a duplicate, and add items that are new'), ('update', 'Add its labels, gold label and groups to the item; no new items')], db_default='report', default='report', max_length=6, verbose_name='rows whose item is there')),
                        ('change_gold', models.BooleanField(db_default=False, default=False, verbose_name='replace other gold labels')),
                        ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the file')),
                        ('bytes_total', models.PositiveBigIntegerField(default=0)),
                        ('bytes_read', models.PositiveBigIntegerField(default=0)),
                        ('rows_read', models.PositiveBigIntegerField(default=0)),
                        ('rows_added', models.PositiveBigIntegerField(default=0)),
                        ('rows_bad', models.PositiveBigIntegerField(default=0)),
                        ('rows_duplicate', models.PositiveBigIntegerField(default=0)),
                        ('items_added', models.PositiveBigIntegerField(default=0)),
                        ('labels_added', models.PositiveBigIntegerField(default=0)),
                        ('items_corrected', models.PositiveBigIntegerField(db_default=0, default=0)),
                        ('cancel_requested', models.BooleanField(default=False)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('error', models.CharField(blank=True, max_length=500)),
                        ('heartbeat_at', models.DateTimeField(null=True)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('finished_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('status__in', ['receiving', 'mapping', 'queued', 'running', 'done', 'failed', 'cancelled'])), name='import_status_known'),
                            models.CheckConstraint(condition=models.Q(('format__in', ['csv', 'jsonl', 'parquet'])), name='import_format_known'),
                            models.CheckConstraint(condition=models.Q(('on_existing__in', ['report', 'update'])), name='import_on_existing_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ImportRowError',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='row_errors', to='annotations.importjob')),
                        ('row_number', models.PositiveBigIntegerField(verbose_name='row')),
                        ('kind', models.CharField(choices=[('bad', 'Could not be taken'), ('duplicate', 'Was there already')], max_length=20)),
                        ('reason', models.CharField(max_length=500, verbose_name='reason')),
                        ('excerpt', models.CharField(blank=True, max_length=300, verbose_name='row, shortened')),
                    ],
                    options={
                        'ordering': ['row_number', 'id'],
                        'indexes': [
                            models.Index(fields=['job', 'row_number', 'id'], name='import_error_row'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Dataset',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='datasets', to='annotations.project')),
                        ('name', models.CharField(max_length=200, verbose_name='name')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                    },
                ),
                migrations.CreateModel(
                    name='Item',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='annotations.project')),
                        ('dataset', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='annotations.dataset')),
                        ('external_id', models.CharField(blank=True, max_length=200, verbose_name='id in the source')),
                        ('row_number', models.PositiveBigIntegerField(null=True, verbose_name='row in the file')),
                        ('modality', models.CharField(default='text', max_length=16, verbose_name='modality')),
                        ('payload', models.JSONField(verbose_name='payload')),
                        ('content_hash', models.CharField(max_length=64, verbose_name='content hash')),
                        ('groups', models.JSONField(default=dict, verbose_name='groups')),
                        ('gold', models.JSONField(null=True, verbose_name='gold label')),
                        ('extra', models.JSONField(default=dict, verbose_name='other columns')),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['id'],
                        'indexes': [
                            models.Index(fields=['project', 'id'], name='item_project_id'),
                            models.Index(models.F('project'), models.Func(models.F('id'), function='hashint8', output_field=models.IntegerField()), models.F('id'), condition=models.Q(('gold__isnull', False)), name='item_gold_ring'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'content_hash'), name='item_content_once_per_project'),
                            models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('project', 'external_id'), name='item_external_id_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='QueueEntry',
                    fields=[
                        ('item', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='queue', serialize=False, to='annotations.item')),
                        ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('remaining', models.SmallIntegerField()),
                        ('extra', models.SmallIntegerField(db_default=0, default=0)),
                        ('lane', models.IntegerField(db_default=0, default=0)),
                        ('shuffle', models.BigIntegerField()),
                        ('redundancy', models.PositiveSmallIntegerField()),
                        ('min_support', models.PositiveSmallIntegerField()),
                        ('demand_version', models.PositiveIntegerField(db_default=1, default=1)),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('remaining__gt', 0)), fields=['project', 'lane', 'shuffle', 'item'], name='queue_open_by_lane'),
                            models.Index(fields=['project', 'item'], name='queue_by_project'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('remaining__gte', 0)), name='queue_never_oversold'),
                            models.CheckConstraint(condition=models.Q(('min_support__gte', 1), ('min_support__lte', models.F('redundancy'))), name='queue_support_in_reach'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ItemFlag',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='annotations.item')),
                        ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='annotations.annotator')),
                        ('reason', models.CharField(max_length=500, verbose_name='what is wrong')),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('item', 'annotator'), name='flag_once_per_annotator'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Annotator',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotators', to='annotations.project')),
                        ('kind', models.CharField(choices=[('human', 'Human'), ('model', 'Model')], max_length=5)),
                        ('origin', models.CharField(choices=[('platform', 'On the platform'), ('imported', 'Imported'), ('simulated', 'Simulated')], default='platform', max_length=9)),
                        ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='annotators', to=settings.AUTH_USER_MODEL)),
                        ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                        ('base_model', models.CharField(blank=True, db_default='', max_length=200, verbose_name='base model')),
                        ('pseudonym', models.CharField(db_default=django.db.models.functions.text.Concat(models.Value('a-'), django.db.models.functions.text.Substr(django.db.models.functions.text.Replace(django.db.models.functions.comparison.Cast(django.contrib.postgres.functions.RandomUUID(), models.TextField()), models.Value('-'), models.Value('')), models.Value(1), models.Value(12)), output_field=models.CharField()), max_length=20, unique=True)),
                        ('standing', models.CharField(choices=[('active', 'Active'), ('training', 'Has the quiz to pass'), ('paused', 'Paused for review')], db_default='active', default='active', max_length=8)),
                        ('gold_right', models.PositiveIntegerField(db_default=0, default=0)),
                        ('gold_wrong', models.PositiveIntegerField(db_default=0, default=0)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('standing__in', ['active', 'training', 'paused'])), name='annotator_standing_known'),
                            models.UniqueConstraint(fields=('project', 'user'), name='annotator_once_per_person'),
                            models.UniqueConstraint(condition=models.Q(('name', ''), _negated=True), fields=('project', 'kind', 'name'), name='annotator_name_once_per_kind'),
                            models.CheckConstraint(condition=models.Q(('kind', 'human'), ('user__isnull', True), _connector='OR'), name='annotator_model_has_no_user'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Assignment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='annotations.item')),
                        ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='annotations.annotator')),
                        ('schema', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('status', models.CharField(choices=[('leased', 'Being labelled'), ('submitted', 'Labelled'), ('skipped', 'Skipped'), ('expired', 'Ran out'), ('released', 'Given back')], default='leased', max_length=9)),
                        ('leased_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('finished_at', models.DateTimeField(null=True)),
                        ('skip_reason', models.CharField(blank=True, max_length=300, verbose_name='why it was skipped')),
                        ('stream', models.CharField(choices=[('uniform', 'Drawn regardless of what it is'), ('chosen', 'Chosen by a rule'), ('audit', 'Drawn uniformly, beside chosen ones'), ('check', 'A hidden check')], db_default='uniform', default='uniform', max_length=7)),
                        ('probability', models.FloatField(null=True, verbose_name='chance to be chosen')),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('status', 'leased')), fields=['expires_at'], name='assignment_lease_expiry'),
                            models.Index(condition=models.Q(('status', 'leased')), fields=['project', 'annotator'], name='assignment_leased'),
                            models.Index(fields=['annotator', '-id'], name='assignment_by_annotator'),
                            models.Index(condition=models.Q(('stream__in', ['chosen', 'audit'])), fields=['project', '-id'], name='assignment_chosen'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('item', 'annotator'), name='assignment_once_per_person_and_item'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['leased', 'submitted', 'skipped', 'expired', 'released'])), name='assignment_status_known'),
                            models.CheckConstraint(condition=models.Q(('stream__in', ['uniform', 'chosen', 'audit', 'check'])), name='assignment_stream_known'),
                            models.CheckConstraint(condition=models.Q(('probability__isnull', True), models.Q(('probability__gt', 0), ('probability__lte', 1), ('stream', 'chosen')), _connector='OR'), name='assignment_chance_of_chosen'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Annotation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='annotations.item')),
                        ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotations.annotator')),
                        ('schema', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('assignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotations.assignment')),
                        ('run', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotations.run')),
                        ('source', models.CharField(choices=[('human', 'Human'), ('model', 'Model'), ('imported', 'Imported')], max_length=8)),
                        ('status', models.CharField(choices=[('current', 'Current'), ('superseded', 'Superseded'), ('withdrawn', 'Withdrawn'), ('excluded', 'Excluded')], default='current', max_length=10)),
                        ('value', models.JSONField(verbose_name='label')),
                        ('confidence', models.FloatField(null=True, verbose_name='confidence')),
                        ('probabilities', models.JSONField(null=True, verbose_name='label probabilities')),
                        ('reason', models.TextField(blank=True, verbose_name='reason')),
                        ('active_ms', models.PositiveIntegerField(null=True, verbose_name='active milliseconds')),
                        ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='annotations.annotation')),
                        ('idempotency_key', models.CharField(blank=True, max_length=80)),
                        ('created_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'id'], name='annotation_project_id'),
                            models.Index(fields=['annotator', '-id'], name='annotation_by_annotator'),
                            models.Index(condition=models.Q(('run__isnull', False)), fields=['run', 'id'], name='annotation_by_run'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('status', 'current')), fields=('item', 'annotator'), name='annotation_one_current'),
                            models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('annotator', 'idempotency_key'), name='annotation_retry_once'),
                            models.CheckConstraint(condition=models.Q(('confidence__isnull', True), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='annotation_confidence_is_probability'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='BiasAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='bias_answers', to='annotations.project')),
                        ('bias', models.CharField(choices=[('self_interest', 'Self-interest'), ('affect', 'Affect'), ('groupthink', 'Groupthink'), ('salience', 'Salience'), ('confirmation', 'Confirmation'), ('availability', 'Availability'), ('anchoring', 'Anchoring'), ('halo', 'Halo'), ('sunk_cost', 'Sunk cost'), ('overconfidence', 'Overconfidence'), ('disaster_neglect', 'Disaster neglect'), ('loss_aversion', 'Loss aversion')], max_length=16)),
                        ('verdict', models.CharField(choices=[('not_expected', 'Not to be expected here'), ('handled', 'Possible, and something is done about it'), ('remains', 'Possible, and it remains')], max_length=12)),
                        ('note', models.TextField(max_length=2000, verbose_name='why, and what is done')),
                        ('answered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('answered_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'bias', '-id'], name='bias_answer_latest'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('bias__in', ['self_interest', 'affect', 'groupthink', 'salience', 'confirmation', 'availability', 'anchoring', 'halo', 'sunk_cost', 'overconfidence', 'disaster_neglect', 'loss_aversion'])), name='bias_answer_known'),
                            models.CheckConstraint(condition=models.Q(('verdict__in', ['not_expected', 'handled', 'remains'])), name='bias_verdict_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Notice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('made_at', models.DateTimeField()),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('tried_at', models.DateTimeField(null=True)),
                        ('done_at', models.DateTimeField(null=True)),
                        ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='annotations.review')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('kind', models.CharField(choices=[('paused', 'You are paused'), ('waits', 'Somebody waits for your decision'), ('appealed', 'Somebody appealed'), ('decided', 'Your review was decided')], max_length=8)),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='notice_unsent'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('kind__in', ['paused', 'waits', 'appealed', 'decided'])), name='notice_kind_known'),
                            models.UniqueConstraint(fields=('review', 'user', 'kind'), name='notice_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='OutboxRow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project_id', models.BigIntegerField()),
                        ('item_id', models.BigIntegerField(null=True)),
                        ('before', models.JSONField(null=True)),
                        ('after', models.JSONField(null=True)),
                        ('items', models.PositiveIntegerField(db_default=1, default=1)),
                        ('created_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project_id', 'id'], name='outbox_project'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='PayAdjustment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pay_adjustments', to='annotations.project')),
                        ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pay_adjustments', to='annotations.annotator')),
                        ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                        ('reason', models.CharField(max_length=300, verbose_name='reason')),
                        ('request_key', models.UUIDField()),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'request_key'), name='pay_adjustment_once_per_request'),
                            models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='pay_adjustment_not_nothing'),
                            models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='pay_adjustment_has_reason'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Project',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=120, verbose_name='name')),
                        ('summary', models.CharField(blank=True, max_length=300, verbose_name='what it is for, in a sentence')),
                        ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('closed', 'Closed'), ('archived', 'Archived')], default='draft', max_length=8)),
                        ('is_open', models.BooleanField(default=False, verbose_name='anyone signed in may join as a worker')),
                        ('simulated', models.BooleanField(default=False, verbose_name='has simulated people')),
                        ('redundancy', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='labels per item')),
                        ('min_support', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='labels that must agree')),
                        ('demand_version', models.PositiveIntegerField(db_default=1, default=1)),
                        ('demand_changed_at', models.DateTimeField(blank=True, null=True)),
                        ('favourable_label', models.CharField(blank=True, max_length=64, verbose_name='favourable label')),
                        ('wage_per_hour', models.DecimalField(decimal_places=2, default=0, max_digits=8, verbose_name='wage per hour')),
                        ('currency', models.CharField(default='EUR', max_length=3, verbose_name='currency')),
                        ('expected_seconds', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(86400)], verbose_name='expected seconds per item')),
                        ('content_warning', models.CharField(blank=True, max_length=300, verbose_name='content warning')),
                        ('lease_seconds', models.PositiveIntegerField(default=600, validators=[django.core.validators.MinValueValidator(30), django.core.validators.MaxValueValidator(86400)], verbose_name='seconds that a claimed item stays reserved')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'paused', 'closed', 'archived'])), name='project_status_known'),
                            models.CheckConstraint(condition=models.Q(('redundancy__gte', 1), ('redundancy__lte', 50)), name='project_redundancy_range'),
                            models.CheckConstraint(condition=models.Q(('min_support__gte', 1), ('min_support__lte', models.F('redundancy'))), name='project_support_in_reach'),
                            models.CheckConstraint(condition=models.Q(('wage_per_hour__gte', 0)), name='project_wage_not_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='LabelSchema',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='schemas', to='annotations.project')),
                        ('version', models.PositiveIntegerField(verbose_name='version')),
                        ('task_type', models.CharField(max_length=32, verbose_name='task type')),
                        ('config', models.JSONField(verbose_name='labels')),
                        ('guidelines', models.TextField(blank=True, verbose_name='guidelines')),
                        ('is_current', models.BooleanField(default=True)),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['project_id', '-version'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'version'), name='schema_version_once'),
                            models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('project',), name='schema_one_current'),
                            models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='schema_version_from_one'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ProtectedAttribute',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attributes', to='annotations.project')),
                        ('name', models.CharField(max_length=64, verbose_name='attribute')),
                        ('column', models.CharField(max_length=128, verbose_name='group column')),
                        ('position', models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        'ordering': ['position', 'id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'name'), name='attribute_name_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='QualityRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='quality', serialize=False, to='annotations.project')),
                        ('is_on', models.BooleanField(default=False, help_text='Items whose label is known come between the others and look like them.', verbose_name='check with hidden gold items')),
                        ('gold_start', models.FloatField(default=0.2, help_text='It falls as checks are answered as known.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.5)], verbose_name='share of gold items for somebody new')),
                        ('gold_floor', models.FloatField(default=0.03, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.5)], verbose_name='share of gold items that always stays')),
                        ('limit', models.FloatField(default=0.6, help_text='Who falls under it is paused until you have looked. 0: nobody is paused.', validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.99)], verbose_name='least trust')),
                        ('min_answers', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(1000)], verbose_name='checks before anybody is paused')),
                        ('quiz_questions', models.PositiveSmallIntegerField(default=0, help_text='0: nobody needs to pass a quiz. Who has labelled here before need not pass it either.', validators=[django.core.validators.MaxValueValidator(50)], verbose_name='questions in the quiz')),
                        ('quiz_pass', models.FloatField(default=0.8, validators=[django.core.validators.MinValueValidator(0.1), django.core.validators.MaxValueValidator(1.0)], verbose_name='share of right answers that passes')),
                        ('quiz_tries', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='tries')),
                        ('explanation_column', models.CharField(blank=True, help_text='An imported column whose text is shown with the known label in training.', max_length=100, verbose_name='column with explanations')),
                        ('seed', models.BigIntegerField(editable=False)),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('gold_floor__gte', 0), ('gold_floor__lte', models.F('gold_start')), ('gold_start__lte', 0.5)), name='quality_gold_decays'),
                            models.CheckConstraint(condition=models.Q(('limit__gte', 0), ('limit__lt', 1)), name='quality_limit_is_share'),
                            models.CheckConstraint(condition=models.Q(('min_answers__gte', 5)), name='quality_enough_answers'),
                            models.CheckConstraint(condition=models.Q(('quiz_pass__gt', 0), ('quiz_pass__lte', 1)), name='quality_quiz_pass_is_share'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='GoldAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='gold_answers', to='annotations.annotator')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.item')),
                        ('is_right', models.BooleanField()),
                        ('is_reviewed', models.BooleanField(default=False)),
                        ('answered_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('annotator', 'item'), name='gold_answer_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='TrainingItem',
                    fields=[
                        ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='training', serialize=False, to='annotations.item')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='training_items', to='annotations.project')),
                        ('purpose', models.CharField(choices=[('training', 'Training'), ('quiz', 'Quiz')], max_length=8)),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'purpose', 'item'], name='training_by_project'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('purpose__in', ['training', 'quiz'])), name='training_purpose_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='QuizTry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='quiz_tries', to='annotations.annotator')),
                        ('number', models.PositiveSmallIntegerField()),
                        ('item_ids', models.JSONField(default=list)),
                        ('needed', models.PositiveSmallIntegerField()),
                        ('right', models.PositiveSmallIntegerField(default=0)),
                        ('passed', models.BooleanField(null=True)),
                        ('started_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('annotator', 'number'), name='quiz_try_once'),
                            models.UniqueConstraint(condition=models.Q(('passed__isnull', True)), fields=('annotator',), name='quiz_try_one_under_way'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='TrainingAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='training_answers', to='annotations.annotator')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.item')),
                        ('quiz_try', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='annotations.quiztry')),
                        ('value', models.JSONField()),
                        ('is_right', models.BooleanField()),
                        ('answered_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('quiz_try__isnull', True)), fields=('annotator', 'item'), name='training_answer_once'),
                            models.UniqueConstraint(fields=('quiz_try', 'item'), name='quiz_answer_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Review',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='annotations.project')),
                        ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='annotations.annotator')),
                        ('cause', models.CharField(choices=[('gold', 'Trust fell under the limit'), ('owner', 'Paused by the owner'), ('appeal', 'Appeal against a decision')], max_length=6)),
                        ('status', models.CharField(choices=[('open', 'Waits for the owner'), ('reinstated', 'Reinstated'), ('kept', 'Stays paused')], default='open', max_length=10)),
                        ('evidence', models.JSONField(default=dict)),
                        ('note', models.TextField(blank=True, max_length=2000, verbose_name='why the person was paused')),
                        ('opened_at', models.DateTimeField()),
                        ('appeal', models.TextField(blank=True, max_length=2000, verbose_name='what the person says')),
                        ('appealed_at', models.DateTimeField(null=True)),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('reason', models.TextField(blank=True, max_length=2000, verbose_name='why it was decided so')),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'status', '-id'], name='review_by_project'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('status__in', ['open', 'reinstated', 'kept'])), name='review_status_known'),
                            models.CheckConstraint(condition=models.Q(('cause__in', ['gold', 'owner', 'appeal'])), name='review_cause_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='review_decided_with_reason'),
                            models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('annotator',), name='review_one_open'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Exclusion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exclusions', to='annotations.project')),
                        ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='exclusions', to='annotations.annotator')),
                        ('last_annotation', models.BigIntegerField()),
                        ('reason', models.TextField(max_length=2000, verbose_name='why')),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('made_at', models.DateTimeField()),
                        ('lifted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('lifted_at', models.DateTimeField(null=True)),
                        ('lift_reason', models.TextField(blank=True, max_length=2000, verbose_name='why they count again')),
                        ('done_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['annotator', '-id'], name='exclusion_by_annotator'),
                            models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='exclusion_unfinished'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('annotator',), name='exclusion_one_in_force'),
                            models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='exclusion_has_reason'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='GroupDemand',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='group_demands', to='annotations.project')),
                        ('attribute', models.CharField(max_length=64, verbose_name='attribute')),
                        ('group', models.CharField(max_length=200, verbose_name='group')),
                        ('more', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10)], verbose_name='labels more for each item')),
                        ('finding', models.BigIntegerField(blank=True, null=True)),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('made_at', models.DateTimeField(auto_now_add=True)),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'indexes': [
                            models.Index(fields=['project', '-id'], name='group_demand_by_project'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('project', 'attribute', 'group'), name='group_demand_once_per_group'),
                            models.CheckConstraint(condition=models.Q(('more__gte', 1), ('more__lte', 10)), name='group_demand_in_reach'),
                            models.CheckConstraint(condition=models.Q(models.Q(('attribute', ''), _negated=True), models.Q(('group', ''), _negated=True)), name='group_demand_names_a_group'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Run',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='annotations.project')),
                        ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='annotations.annotator')),
                        ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('status', models.CharField(choices=[('queued', 'Starting'), ('running', 'Running'), ('paused', 'Paused'), ('done', 'Finished'), ('stopped', 'Stopped'), ('cancelled', 'Cancelled')], default='queued', max_length=9)),
                        ('reason', models.CharField(blank=True, max_length=500, verbose_name='why it is in this state')),
                        ('step_size', models.PositiveIntegerField(default=100, verbose_name='items per step (k)')),
                        ('max_items', models.PositiveIntegerField(null=True, verbose_name='at most this many items')),
                        ('total', models.PositiveIntegerField(default=0, verbose_name='items')),
                        ('labelled', models.PositiveIntegerField(default=0, verbose_name='labelled')),
                        ('unanswered', models.PositiveIntegerField(default=0, verbose_name='unanswered')),
                        ('prompt_tokens', models.PositiveBigIntegerField(default=0, verbose_name='prompt tokens')),
                        ('completion_tokens', models.PositiveBigIntegerField(default=0, verbose_name='completion tokens')),
                        ('model_seconds', models.FloatField(default=0, verbose_name='seconds of model time')),
                        ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('started_at', models.DateTimeField(null=True)),
                        ('finished_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('status__in', ('queued', 'running', 'paused'))), fields=('annotator',), name='run_one_active_per_annotator'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'paused', 'done', 'stopped', 'cancelled'])), name='run_status_known'),
                            models.CheckConstraint(condition=models.Q(('step_size__gte', 1)), name='run_step_at_least_one'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Checkpoint',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checkpoints', to='annotations.run')),
                        ('number', models.PositiveIntegerField()),
                        ('labelled', models.PositiveIntegerField()),
                        ('figures', models.JSONField(default=dict)),
                        ('decision', models.CharField(choices=[('go_on', 'Go on'), ('pause', 'Pause'), ('stop', 'Stop')], default='go_on', max_length=5)),
                        ('reason', models.CharField(blank=True, max_length=500, verbose_name='why')),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['number'],
                        'constraints': [
                            models.UniqueConstraint(fields=('run', 'number'), name='checkpoint_once_per_step'),
                            models.CheckConstraint(condition=models.Q(('decision__in', ['go_on', 'pause', 'stop'])), name='checkpoint_decision_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ServingRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='serving', serialize=False, to='annotations.project')),
                        ('strategy', models.CharField(choices=[('shuffle', 'Random order, another for each worker'), ('breadth', 'Breadth first: every item once, then again'), ('depth', 'Depth first: finish the items that are begun'), ('priority', 'By priority: the highest number in a column first'), ('stratified', 'Balanced over the groups of an attribute')], default='shuffle', max_length=10, verbose_name='order of items')),
                        ('column', models.CharField(blank=True, help_text='By priority: the imported column that holds the number. Balanced: the protected attribute.', max_length=100, verbose_name='column or attribute')),
                        ('max_labels', models.PositiveSmallIntegerField(blank=True, help_text="Empty: every item gets the project's labels per item. A number: more while in doubt, up to it.", null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='labels per item at most')),
                        ('tau', models.FloatField(default=0.95, help_text='An item in doubt gets another label until its most probable label is this probable.', validators=[django.core.validators.MinValueValidator(0.5), django.core.validators.MaxValueValidator(0.9999)], verbose_name='certainty that is enough')),
                        ('shuffle_options', models.BooleanField(default=False, help_text='Each worker keeps one order, so hands can learn it. Not for labels that form a scale.', verbose_name='show the labels in another order to each worker')),
                        ('labels_per_worker', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='labels of one worker at most')),
                        ('labels_per_minute', models.PositiveSmallIntegerField(blank=True, default=120, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='labels of one worker in a minute at most')),
                        ('skips_per_hour', models.PositiveSmallIntegerField(blank=True, default=60, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='skips of one worker in an hour at most')),
                        ('open_leases', models.PositiveSmallIntegerField(default=2, help_text='2: the item on the screen and the one after it.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='items that one worker may hold at once')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('strategy__in', ['shuffle', 'breadth', 'depth', 'priority', 'stratified'])), name='serving_strategy_known'),
                            models.CheckConstraint(condition=models.Q(('tau__gte', 0.5), ('tau__lt', 1)), name='serving_tau_is_probability'),
                            models.CheckConstraint(condition=models.Q(('open_leases__gte', 1)), name='serving_open_leases_positive'),
                        ],
                    },
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
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('share__gte', 0), ('share__lte', 0.2)), name='stream_share_in_reach'),
                            models.CheckConstraint(condition=models.Q(('chosen_share__gte', 0), ('chosen_share__lte', 0.2)), name='stream_chosen_share_in_reach'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Draw',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='draws', to='annotations.project')),
                        ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='draws', to='annotations.item')),
                        ('stream', models.CharField(choices=[('uniform', 'Drawn regardless of what it is'), ('chosen', 'Chosen by a rule'), ('audit', 'Drawn uniformly, beside chosen ones'), ('check', 'A hidden check')], max_length=7)),
                        ('probability', models.FloatField(verbose_name='chance to be drawn')),
                        ('is_drawn', models.BooleanField(db_default=True, default=True)),
                        ('drawn_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('is_drawn', True)), fields=['project', 'stream', '-id'], name='draw_by_project'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('item', 'stream'), name='draw_once_per_item_and_stream'),
                            models.CheckConstraint(condition=models.Q(('stream__in', ['audit', 'chosen'])), name='draw_stream_known'),
                            models.CheckConstraint(condition=models.Q(('probability__gt', 0), ('probability__lte', 1)), name='draw_chance_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Suspicion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='suspicions', to='annotations.project')),
                        ('kind', models.CharField(choices=[('speed', 'Faster than reading'), ('constant', 'Always the same answer'), ('run', 'A long run of one answer'), ('position', 'Always the same position'), ('copying', 'The same answers against all others')], max_length=8)),
                        ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.annotator')),
                        ('telling', models.PositiveIntegerField()),
                        ('n', models.PositiveIntegerField()),
                        ('p', models.FloatField()),
                        ('figures', models.JSONField(default=dict)),
                        ('evidence', models.JSONField(default=list)),
                        ('status', models.CharField(choices=[('open', 'Waits for the owner'), ('dismissed', 'Dismissed'), ('acted', 'Acted on'), ('gone', 'No longer holds')], default='open', max_length=9)),
                        ('found_at', models.DateTimeField()),
                        ('seen_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('action', models.CharField(blank=True, max_length=7)),
                        ('reason', models.TextField(blank=True, max_length=2000, verbose_name='why it was decided so')),
                        ('annotators', models.ManyToManyField(related_name='suspicions', to='annotations.annotator')),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'status', '-id'], name='suspicion_by_project'),
                            models.Index(fields=['annotator', 'kind'], name='suspicion_by_annotator'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('kind__in', ['speed', 'constant', 'run', 'position', 'copying'])), name='suspicion_kind_known'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['open', 'dismissed', 'acted', 'gone'])), name='suspicion_status_known'),
                            models.CheckConstraint(condition=models.Q(('n__gt', 0), ('telling__lte', models.F('n'))), name='suspicion_part_of_whole'),
                            models.CheckConstraint(condition=models.Q(('p__gte', 0), ('p__lte', 1)), name='suspicion_p_is_probability'),
                            models.CheckConstraint(condition=models.Q(models.Q(models.Q(('status__in', ('dismissed', 'acted')), _negated=True), ('decided_by__isnull', True), ('reason', '')), models.Q(('decided_by__isnull', False), ('status__in', ('dismissed', 'acted')), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='suspicion_decided_by_a_person_with_reason'),
                            models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='suspicion_closed_has_time'),
                            models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('annotator', 'kind'), name='suspicion_one_open'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='SuspicionCheck',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='suspicion_check', serialize=False, to='annotations.project')),
                        ('head', models.BigIntegerField()),
                        ('seconds', models.FloatField()),
                        ('labels', models.PositiveIntegerField()),
                        ('people', models.PositiveIntegerField()),
                        ('tested', models.JSONField()),
                        ('unusual_seconds', models.FloatField(null=True)),
                        ('checked_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='Calibration',
                    fields=[
                        ('annotator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='calibration', serialize=False, to='annotations.annotator')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calibrations', to='annotations.project')),
                        ('method', models.CharField(blank=True, choices=[('none', 'As stated: no curve foretells unseen labels better'), ('temperature', 'Temperature scaling'), ('isotonic', 'Isotonic regression')], max_length=11)),
                        ('curve', models.JSONField(null=True)),
                        ('checked', models.PositiveIntegerField()),
                        ('without', models.PositiveIntegerField()),
                        ('sources', models.JSONField()),
                        ('losses', models.JSONField()),
                        ('scopes', models.JSONField()),
                        ('fitted_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(models.Q(('curve__isnull', True), ('method', '')), models.Q(('curve__isnull', False), ('method__in', ['none', 'temperature', 'isotonic'])), _connector='OR'), name='calibration_method_with_its_curve'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Webhook',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='annotations.project')),
                        ('url', models.CharField(max_length=500, verbose_name='address')),
                        ('secret', models.CharField(max_length=64)),
                        ('events', models.JSONField(default=list, verbose_name='events')),
                        ('enabled', models.BooleanField(default=True, verbose_name='send')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'url'), name='webhook_address_once'),
                            models.CheckConstraint(condition=models.Q(('secret', ''), _negated=True), name='webhook_has_secret'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='WebhookDelivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('made_at', models.DateTimeField()),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('tried_at', models.DateTimeField(null=True)),
                        ('done_at', models.DateTimeField(null=True)),
                        ('webhook', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='annotations.webhook')),
                        ('event', models.CharField(choices=[('finding.opened', 'A monitor found something'), ('finding.decided', 'A finding was decided about'), ('run.paused', 'A model run was paused'), ('run.stopped', 'A model run was stopped by a limit'), ('run.finished', 'A model run is finished')], max_length=20)),
                        ('key', models.CharField(max_length=60)),
                        ('body', models.JSONField()),
                        ('status', models.PositiveSmallIntegerField(null=True)),
                        ('note', models.CharField(blank=True, max_length=300)),
                        ('taken', models.BooleanField(default=False)),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='webhook_unsent'),
                            models.Index(fields=['webhook', '-id'], name='webhook_log'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('webhook', 'key'), name='webhook_told_once'),
                            models.CheckConstraint(condition=models.Q(('event__in', ['finding.opened', 'finding.decided', 'run.paused', 'run.stopped', 'run.finished'])), name='webhook_event_known'),
                            models.CheckConstraint(condition=models.Q(('taken', False), models.Q(('done_at__isnull', False), ('status__isnull', False)), _connector='OR'), name='webhook_taken_is_done'),
                        ],
                    },
                ),
            ],
        ),
        # Rows of these tables are changed or removed soon after they are made: their dead versions are swept early,
        # or the search for the next open item would walk over them.
        migrations.RunSQL(
            sql="""
                ALTER TABLE annotations_queueentry
                    SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
                ALTER TABLE annotations_outboxrow
                    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
                         autovacuum_vacuum_cost_delay = 0);
            """,
            reverse_sql="""
                ALTER TABLE annotations_queueentry
                    RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
                ALTER TABLE annotations_outboxrow
                    RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay);
            """,
        ),
    ]
