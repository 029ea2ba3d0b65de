"""The tables of 0001 to 0016 at once; what those did to rows is left out, for there are none.

See docs/adr/0027-squashed-migrations.md.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from migrating.at_once import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('fairness', '0001_live_counters'),
        ('fairness', '0002_audits'),
        ('fairness', '0003_monitors'),
        ('fairness', '0004_dashboard'),
        ('fairness', '0005_gpu_memory'),
        ('fairness', '0006_truth_of_the_audit_stream'),
        ('fairness', '0007_crossed_by_day'),
        ('fairness', '0008_items_beyond_need'),
        ('fairness', '0009_people_figures_anew'),
        ('fairness', '0010_findings_asked_again'),
        ('fairness', '0011_monitors_of_finished_items'),
        ('fairness', '0012_notices_to_owners'),
        ('fairness', '0013_findings_sent_to_experts'),
        ('fairness', '0014_promises_made_anew'),
        ('fairness', '0015_limits_of_audits_by_themselves'),
        ('fairness', '0016_truth_by_dataset_and_hour'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('annotations', '0001_squashed_0027_more_labels_for_a_group'),
    ]

    operations = [
        AtOnce(
            operations=[
                migrations.CreateModel(
                    name='Monitor',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='monitors', to='annotations.project')),
                        ('measure', models.CharField(choices=[('parity', 'Difference of selection rates between groups'), ('odds', 'Equalized odds difference between groups'), ('gap', 'Gap between a model and people, within a group'), ('kappa', 'Agreement of a model with people (κ)'), ('completeness', 'Difference of completeness between groups'), ('error', 'Share of errors on the audit stream')], max_length=12, verbose_name='what is watched')),
                        ('whose', models.CharField(choices=[('model', 'Each model’s labels'), ('people', 'People’s own consensus'), ('consensus', 'Consensus, experts’ settlements included')], max_length=9, verbose_name='whose labels')),
                        ('attribute', models.CharField(blank=True, max_length=64, verbose_name='across')),
                        ('label', models.CharField(blank=True, max_length=64, verbose_name='label')),
                        ('truth', models.CharField(choices=[('gold', 'Gold labels'), ('settled', 'Gold labels and experts’ settlements'), ('audit', 'Experts’ verdicts on items drawn uniformly')], default='gold', max_length=7, verbose_name='held against')),
                        ('groups', models.JSONField(default=list)),
                        ('alpha', models.FloatField(default=0.05, verbose_name='probability of a false pause (α)')),
                        ('tau', models.FloatField(default=0.1, verbose_name='limit (τ)')),
                        ('at_checkpoints', models.BooleanField(default=False, verbose_name='pause at every checkpoint')),
                        ('pause_labelling', models.BooleanField(default=False, verbose_name='pause the project’s labelling as well')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('removed_at', models.DateTimeField(null=True)),
                        ('since', models.DateTimeField(default=django.utils.timezone.now)),
                        ('renewed', models.PositiveIntegerField(db_default=0, default=0)),
                    ],
                    options={
                        'ordering': ['id'],
                        'indexes': [
                            models.Index(condition=models.Q(('removed_at__isnull', True)), fields=['project'], name='monitor_in_force'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('measure__in', ['parity', 'odds', 'gap', 'kappa', 'completeness', 'error'])), name='monitor_measure_known'),
                            models.CheckConstraint(condition=models.Q(('whose__in', ['model', 'people', 'consensus'])), name='monitor_whose_known'),
                            models.CheckConstraint(condition=models.Q(('truth__in', ['gold', 'settled', 'audit'])), name='monitor_truth_known'),
                            models.CheckConstraint(condition=models.Q(('alpha__gt', 0), ('alpha__lt', 1)), name='monitor_alpha_is_probability'),
                            models.CheckConstraint(condition=models.Q(('tau__gte', 0), ('tau__lt', 1)), name='monitor_tau_in_reach'),
                            models.UniqueConstraint(condition=models.Q(('removed_at__isnull', True)), fields=('project', 'measure', 'whose', 'attribute', 'label', 'truth'), name='monitor_once_per_question'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Watch',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.project')),
                        ('version', models.BigIntegerField()),
                    ],
                ),
                migrations.CreateModel(
                    name='Finding',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('monitor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='fairness.monitor')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('annotator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.annotator')),
                        ('certificate', models.JSONField()),
                        ('version', models.BigIntegerField()),
                        ('runs', models.JSONField(default=list)),
                        ('labelling_paused', models.BooleanField(default=False)),
                        ('sent', models.JSONField(db_default=[], default=list)),
                        ('is_open', models.BooleanField(default=True)),
                        ('found_at', models.DateTimeField()),
                    ],
                    options={
                        'ordering': ['-id'],
                        'indexes': [
                            models.Index(fields=['project', '-id'], name='finding_by_project'),
                            models.Index(condition=models.Q(('is_open', True)), fields=['project'], name='finding_open'),
                            models.Index(fields=['monitor', 'annotator'], name='finding_by_monitor'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('monitor', 'annotator'), name='finding_one_open', nulls_distinct=False),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Decision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('finding', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='decision', to='fairness.finding')),
                        ('action', models.CharField(choices=[('accept', 'Accept it, with a reason'), ('prompt', 'Changed the prompt'), ('model', 'Switched the model'), ('people', 'Collect more people’s labels in that group'), ('experts', 'Sent to experts'), ('tune', 'Fine-tune the model')], max_length=7, verbose_name='what you do')),
                        ('reason', models.TextField(blank=True, max_length=2000, verbose_name='reason')),
                        ('resumed', models.JSONField(default=list)),
                        ('until', models.PositiveBigIntegerField(null=True)),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('made_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('action__in', ['accept', 'prompt', 'model', 'people', 'experts', 'tune'])), name='finding_action_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('action', 'accept'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='finding_accepted_with_reason'),
                            models.CheckConstraint(condition=models.Q(models.Q(('action', 'accept'), _negated=True), ('until__isnull', True), _connector='OR'), name='finding_accepted_for_good'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='OwnerNotice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('made_at', models.DateTimeField()),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('tried_at', models.DateTimeField(null=True)),
                        ('done_at', models.DateTimeField(null=True)),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('about', models.CharField(choices=[('checkpoint', 'A run paused at a checkpoint'), ('groups', 'Groups changed that a monitor watches')], max_length=10)),
                        ('number', models.BigIntegerField()),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='owner_notice_unsent'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('about', 'number', 'user'), name='owner_told_once'),
                            models.CheckConstraint(condition=models.Q(('about__in', ['checkpoint', 'groups'])), name='owner_told_of_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='FindingNotice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('made_at', models.DateTimeField()),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('tried_at', models.DateTimeField(null=True)),
                        ('done_at', models.DateTimeField(null=True)),
                        ('finding', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='fairness.finding')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('done_at__isnull', True)), fields=['id'], name='finding_notice_unsent'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('finding', 'user'), name='finding_told_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Counter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('table', models.CharField(max_length=40)),
                        ('attribute', models.CharField(blank=True, max_length=64)),
                        ('group', models.CharField(blank=True, max_length=128)),
                        ('key', models.TextField(blank=True)),
                        ('other', models.TextField(blank=True)),
                        ('n', models.BigIntegerField()),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'table', 'attribute', 'group', 'key', 'other'), name='counter_cell_once'),
                            models.CheckConstraint(condition=models.Q(('n__gte', 0)), name='counter_never_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Slice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('attribute', models.CharField(blank=True, max_length=129)),
                        ('dataset', models.BigIntegerField()),
                        ('hour', models.IntegerField()),
                        ('table', models.CharField(max_length=40)),
                        ('group', models.CharField(blank=True, max_length=257)),
                        ('key', models.TextField(blank=True)),
                        ('other', models.TextField(blank=True)),
                        ('n', models.BigIntegerField()),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'attribute', 'dataset', 'hour', 'table', 'group', 'key', 'other'), name='slice_once'),
                            models.CheckConstraint(condition=models.Q(('n__gte', 0)), name='slice_never_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='CrossedGroup',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('attribute', models.CharField(max_length=64)),
                        ('group', models.CharField(max_length=128)),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'attribute', 'group'), name='crossed_group_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Pulse',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.project')),
                        ('version', models.BigIntegerField(default=0)),
                        ('folded_at', models.DateTimeField(null=True)),
                        ('kept', models.SmallIntegerField(db_default=2, default=2)),
                    ],
                ),
                migrations.CreateModel(
                    name='MinuteTally',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('minute', models.DateTimeField()),
                        ('people', models.IntegerField(default=0)),
                        ('by_models', models.IntegerField(default=0)),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'minute'), name='minute_once_per_project'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='RaterFigures',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('question', models.CharField(max_length=32)),
                        ('label', models.CharField(max_length=64)),
                        ('groups', models.JSONField(default=list)),
                        ('shown_at', models.DateTimeField()),
                        ('computed_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'question', 'label'), name='rater_figures_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AgreementFigures',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.project')),
                        ('figures', models.JSONField(default=dict)),
                        ('head', models.BigIntegerField(default=0)),
                        ('seconds', models.FloatField(default=0)),
                        ('computed_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='ProbeFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='probe_files', to='annotations.project')),
                        ('name', models.CharField(max_length=120, verbose_name='name')),
                        ('text', models.TextField()),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'name'), name='probe_file_name_once'),
                            models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='probe_file_has_name'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ProbeSet',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='probe_sets', to='annotations.project')),
                        ('kind', models.CharField(choices=[('templates', 'Templates'), ('gold', "The project's gold"), ('uploaded', 'An uploaded set')], max_length=9)),
                        ('name', models.CharField(max_length=120, verbose_name='name')),
                        ('spec', models.JSONField(default=dict)),
                        ('tasks', models.JSONField(default=dict)),
                        ('content_hash', models.CharField(max_length=64)),
                        ('size', models.PositiveIntegerField(verbose_name='probes')),
                        ('families', models.PositiveIntegerField(default=0, verbose_name='families')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'content_hash'), name='probe_set_content_once'),
                            models.CheckConstraint(condition=models.Q(('kind__in', ['templates', 'gold', 'uploaded'])), name='probe_set_kind_known'),
                            models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='probe_set_not_empty'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Probe',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('probe_set', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='probes', to='fairness.probeset')),
                        ('number', models.PositiveIntegerField()),
                        ('task', models.CharField(max_length=64)),
                        ('family', models.CharField(blank=True, max_length=200)),
                        ('modality', models.CharField(default='text', max_length=16)),
                        ('payload', models.JSONField()),
                        ('truth', models.JSONField(verbose_name='true label')),
                        ('groups', models.JSONField(default=dict, verbose_name='groups')),
                        ('item_id', models.BigIntegerField(null=True)),
                    ],
                    options={
                        'ordering': ['number'],
                        'constraints': [
                            models.UniqueConstraint(fields=('probe_set', 'number'), name='probe_number_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Audit',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='audits', to='annotations.project')),
                        ('probe_set', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='audits', to='fairness.probeset')),
                        ('orders', models.PositiveSmallIntegerField(default=2, verbose_name='orders of the options')),
                        ('tasks', models.JSONField(default=dict)),
                        ('left_out', models.JSONField(default=list)),
                        ('status', models.CharField(choices=[('running', 'Asking'), ('done', 'Finished'), ('cancelled', 'Cancelled')], default='running', max_length=9)),
                        ('reason', models.CharField(blank=True, max_length=500, verbose_name='why it waits')),
                        ('generation', models.PositiveBigIntegerField(default=0)),
                        ('touched_at', models.DateTimeField()),
                        ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('finished_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'indexes': [
                            models.Index(fields=['project', '-id'], name='audit_latest'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(condition=models.Q(('status', 'running')), fields=('project',), name='audit_one_at_a_time'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['running', 'done', 'cancelled'])), name='audit_status_known'),
                            models.CheckConstraint(condition=models.Q(('orders__gte', 1), ('orders__lte', 10)), name='audit_orders_range'),
                            models.CheckConstraint(condition=models.Q(('status', 'running'), ('finished_at__isnull', False), _connector='OR'), name='audit_end_has_time'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AuditCandidate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('audit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='fairness.audit')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('model', models.BigIntegerField()),
                        ('prompt', models.BigIntegerField(null=True)),
                        ('name', models.CharField(max_length=300)),
                        ('prompt_name', models.CharField(blank=True, max_length=80)),
                        ('signature', models.CharField(max_length=64)),
                        ('facts', models.JSONField(default=dict)),
                        ('how', models.JSONField(default=dict)),
                        ('status', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Measured'), ('failed', 'Could not be asked')], default='waiting', max_length=7)),
                        ('reason', models.CharField(blank=True, max_length=500, verbose_name='why it could not be asked')),
                        ('failing_since', models.DateTimeField(null=True)),
                        ('faults_in_row', models.PositiveSmallIntegerField(default=0)),
                        ('answered', models.PositiveIntegerField(default=0)),
                        ('unanswered', models.PositiveIntegerField(default=0)),
                        ('unanswered_in_row', models.PositiveIntegerField(default=0)),
                        ('requests', models.PositiveIntegerField(default=0)),
                        ('prompt_tokens', models.PositiveBigIntegerField(default=0)),
                        ('completion_tokens', models.PositiveBigIntegerField(default=0)),
                        ('cached_tokens', models.PositiveBigIntegerField(default=0)),
                        ('seconds', models.FloatField(default=0, verbose_name='seconds of model time')),
                        ('server_seconds', models.FloatField(default=0)),
                        ('sittings', models.JSONField(default=list)),
                        ('memory', models.BigIntegerField(null=True, verbose_name="bytes that the server's process holds")),
                        ('gpu_memory', models.BigIntegerField(null=True, verbose_name='bytes that the server holds on GPUs')),
                        ('results', models.JSONField(null=True)),
                        ('measured_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['position'],
                        'indexes': [
                            models.Index(fields=['signature'], name='audit_candidate_signature'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('audit', 'model', 'prompt'), name='audit_candidate_once', nulls_distinct=False),
                            models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'done', 'failed'])), name='audit_candidate_status_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), models.Q(('measured_at__isnull', False), ('results__isnull', False)), _connector='OR'), name='audit_candidate_done_has_results'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AuditAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('candidate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='fairness.auditcandidate')),
                        ('probe', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='fairness.probe')),
                        ('value', models.JSONField(null=True)),
                        ('confidence', models.FloatField(null=True)),
                        ('probabilities', models.JSONField(null=True)),
                        ('votes', models.JSONField(default=list)),
                        ('problem', models.CharField(blank=True, max_length=300)),
                        ('tokens', models.PositiveIntegerField(default=0)),
                        ('seconds', models.FloatField(default=0)),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('candidate', 'probe'), name='audit_answer_once'),
                            models.CheckConstraint(condition=models.Q(('value__isnull', False), models.Q(('problem', ''), _negated=True), _connector='OR'), name='audit_answer_has_value_or_problem'),
                            models.CheckConstraint(condition=models.Q(('confidence__isnull', True), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='audit_answer_confidence_is_probability'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AuditRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='audit_rules', serialize=False, to='annotations.project')),
                        ('probe_set', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='fairness.probeset')),
                        ('orders', models.PositiveSmallIntegerField(default=2, verbose_name='orders of the options')),
                        ('automatic', models.BooleanField(default=False, verbose_name='audit new models and prompts by itself')),
                        ('monthly_requests', models.PositiveIntegerField(db_default=50000, default=50000, verbose_name='requests of audits by themselves in 30 days, at most')),
                        ('monthly_cost', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name='money of audits by themselves in 30 days, at most')),
                        ('held_back', models.JSONField(default=list, editable=False)),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('automatic', False), ('probe_set__isnull', False), _connector='OR'), name='audit_rules_automatic_has_set'),
                            models.CheckConstraint(condition=models.Q(('orders__gte', 1), ('orders__lte', 10)), name='audit_rules_orders_range'),
                            models.CheckConstraint(condition=models.Q(('monthly_cost__isnull', True), ('monthly_cost__gte', 0), _connector='OR'), name='audit_rules_cost_not_negative'),
                        ],
                    },
                ),
            ],
        ),
    ]
