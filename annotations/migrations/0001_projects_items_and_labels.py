
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Annotator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('human', 'Human'), ('model', 'Model')], max_length=5)),
                ('origin', models.CharField(choices=[('platform', 'On the platform'), ('imported', 'Imported'), ('simulated', 'Simulated')], default='platform', max_length=9)),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('pseudonym', models.CharField(db_default=django.db.models.functions.text.Concat(models.Value('a-'), django.db.models.functions.text.Substr(django.db.models.functions.text.Replace(django.db.models.functions.comparison.Cast(django.contrib.postgres.functions.RandomUUID(), models.TextField()), models.Value('-'), models.Value('')), models.Value(1), models.Value(12)), output_field=models.CharField()), max_length=20, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='annotators', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='OutboxRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project_id', models.BigIntegerField()),
                ('item_id', models.BigIntegerField()),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['project_id', 'id'], name='outbox_project')],
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('summary', models.CharField(blank=True, max_length=300, verbose_name='what it is for, in a sentence')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('paused', 'Paused'), ('closed', 'Closed')], default='draft', max_length=8)),
                ('is_open', models.BooleanField(default=False, verbose_name='anyone signed in may join as a worker')),
                ('simulated', models.BooleanField(default=False, verbose_name='has simulated people')),
                ('redundancy', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='labels per item')),
                ('min_support', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(50)], verbose_name='labels that must agree')),
                ('favourable_label', models.CharField(blank=True, max_length=64, verbose_name='favourable label')),
                ('wage_per_hour', models.DecimalField(decimal_places=2, default=0, max_digits=8, verbose_name='wage per hour')),
                ('currency', models.CharField(default='EUR', max_length=3, verbose_name='currency')),
                ('expected_seconds', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(86400)], verbose_name='expected seconds per item')),
                ('content_warning', models.CharField(blank=True, max_length=300, verbose_name='content warning')),
                ('lease_seconds', models.PositiveIntegerField(default=600, validators=[django.core.validators.MinValueValidator(30), django.core.validators.MaxValueValidator(86400)], verbose_name='seconds that a claimed item stays reserved')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='LabelSchema',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('task_type', models.CharField(max_length=32, verbose_name='task type')),
                ('config', models.JSONField(verbose_name='labels')),
                ('guidelines', models.TextField(blank=True, verbose_name='guidelines')),
                ('is_current', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='schemas', to='annotations.project')),
            ],
            options={
                'ordering': ['project_id', '-version'],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(blank=True, max_length=200, verbose_name='id in the source')),
                ('row_number', models.PositiveBigIntegerField(null=True, verbose_name='row in the file')),
                ('modality', models.CharField(default='text', max_length=16, verbose_name='modality')),
                ('payload', models.JSONField(verbose_name='payload')),
                ('content_hash', models.CharField(max_length=64, verbose_name='content hash')),
                ('groups', models.JSONField(default=dict, verbose_name='groups')),
                ('gold', models.JSONField(null=True, verbose_name='gold label')),
                ('extra', models.JSONField(default=dict, verbose_name='other columns')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='annotations.dataset')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='annotations.project')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('filename', models.CharField(max_length=255, verbose_name='file name')),
                ('format', models.CharField(max_length=8, verbose_name='format')),
                ('stored_as', models.CharField(blank=True, max_length=255)),
                ('status', models.CharField(choices=[('receiving', 'Uploading'), ('mapping', 'Waiting for the column mapping'), ('queued', 'Waiting'), ('running', 'Reading'), ('done', 'Finished'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='receiving', max_length=9)),
                ('mapping', models.JSONField(default=dict, verbose_name='column mapping')),
                ('bytes_total', models.PositiveBigIntegerField(default=0)),
                ('bytes_read', models.PositiveBigIntegerField(default=0)),
                ('rows_read', models.PositiveBigIntegerField(default=0)),
                ('rows_added', models.PositiveBigIntegerField(default=0)),
                ('rows_bad', models.PositiveBigIntegerField(default=0)),
                ('rows_duplicate', models.PositiveBigIntegerField(default=0)),
                ('labels_added', models.PositiveBigIntegerField(default=0)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('heartbeat_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imports', to='annotations.dataset')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imports', to='annotations.project')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='dataset',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='datasets', to='annotations.project'),
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('human_human', 'People disagree'), ('human_model', 'People and model disagree'), ('both', 'People disagree, and the model too')], max_length=11)),
                ('status', models.CharField(choices=[('open', 'Open'), ('settled', 'Settled'), ('dissolved', 'Dissolved')], default='open', max_length=9)),
                ('priority', models.FloatField(default=0, verbose_name='expected error of the consensus')),
                ('claim_expires_at', models.DateTimeField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('claimed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='annotations.item')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='annotations.project')),
            ],
            options={
                'ordering': ['-priority', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('leased', 'Being labelled'), ('submitted', 'Labelled'), ('skipped', 'Skipped'), ('expired', 'Ran out'), ('released', 'Given back')], default='leased', max_length=9)),
                ('leased_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('skip_reason', models.CharField(blank=True, max_length=300, verbose_name='why it was skipped')),
                ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='annotations.annotator')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='annotations.item')),
                ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
            ],
        ),
        migrations.AddField(
            model_name='annotator',
            name='project',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotators', to='annotations.project'),
        ),
        migrations.CreateModel(
            name='ProtectedAttribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, verbose_name='attribute')),
                ('column', models.CharField(max_length=128, verbose_name='group column')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attributes', to='annotations.project')),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('queued', 'Starting'), ('running', 'Running'), ('paused', 'Paused'), ('done', 'Finished'), ('cancelled', 'Cancelled')], default='queued', max_length=9)),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='why it is in this state')),
                ('step_size', models.PositiveIntegerField(default=100, verbose_name='items per step (k)')),
                ('max_items', models.PositiveIntegerField(null=True, verbose_name='at most this many items')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='items')),
                ('labelled', models.PositiveIntegerField(default=0, verbose_name='labelled')),
                ('unanswered', models.PositiveIntegerField(default=0, verbose_name='unanswered')),
                ('prompt_tokens', models.PositiveBigIntegerField(default=0, verbose_name='prompt tokens')),
                ('completion_tokens', models.PositiveBigIntegerField(default=0, verbose_name='completion tokens')),
                ('model_seconds', models.FloatField(default=0, verbose_name='seconds of model time')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='annotations.annotator')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='annotations.project')),
                ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('labelled', models.PositiveIntegerField()),
                ('figures', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checkpoints', to='annotations.run')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Annotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('human', 'Human'), ('model', 'Model'), ('imported', 'Imported')], max_length=8)),
                ('status', models.CharField(choices=[('current', 'Current'), ('superseded', 'Superseded'), ('withdrawn', 'Withdrawn')], default='current', max_length=10)),
                ('value', models.JSONField(verbose_name='label')),
                ('confidence', models.FloatField(null=True, verbose_name='confidence')),
                ('probabilities', models.JSONField(null=True, verbose_name='label probabilities')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('active_ms', models.PositiveIntegerField(null=True, verbose_name='active milliseconds')),
                ('idempotency_key', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField()),
                ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='annotations.annotation')),
                ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotations.annotator')),
                ('assignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotations.assignment')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='annotations.item')),
                ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotations.run')),
            ],
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.JSONField(null=True, verbose_name='label')),
                ('cause', models.CharField(choices=[('human_error', 'Human error'), ('model_error', 'Model error'), ('ambiguous_item', 'Ambiguous item'), ('unclear_guideline', 'Unclear guideline'), ('bad_item', 'Bad item')], max_length=17)),
                ('recurrent', models.BooleanField(verbose_name='recurrent')),
                ('reason', models.TextField(verbose_name='reason')),
                ('idempotency_key', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField()),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='settlement', to='annotations.case')),
                ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                ('settled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Consensus',
            fields=[
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='consensus', serialize=False, to='annotations.item')),
                ('value', models.JSONField(null=True, verbose_name='label')),
                ('method', models.CharField(choices=[('unanimous', 'Unanimous'), ('majority', 'Majority'), ('settled', 'Settled by an expert')], max_length=9)),
                ('support', models.FloatField(null=True, verbose_name='share of votes')),
                ('evidence', models.JSONField(default=dict)),
                ('decided_at', models.DateTimeField()),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
            ],
        ),
        migrations.CreateModel(
            name='QueueEntry',
            fields=[
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='queue', serialize=False, to='annotations.item')),
                ('remaining', models.SmallIntegerField()),
                ('shuffle', models.BigIntegerField()),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
            ],
        ),
        migrations.CreateModel(
            name='ImportRowError',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_number', models.PositiveBigIntegerField(verbose_name='row')),
                ('kind', models.CharField(max_length=20)),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('excerpt', models.CharField(blank=True, max_length=300, verbose_name='row, shortened')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='row_errors', to='annotations.importjob')),
            ],
            options={
                'ordering': ['row_number', 'id'],
                'indexes': [models.Index(fields=['job', 'row_number', 'id'], name='import_error_row')],
            },
        ),
        migrations.CreateModel(
            name='ItemFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='what is wrong')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('annotator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='annotations.annotator')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='annotations.item')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('item', 'annotator'), name='flag_once_per_annotator')],
            },
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'active', 'paused', 'closed'])), name='project_status_known'),
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(('redundancy__gte', 1), ('redundancy__lte', 50)), name='project_redundancy_range'),
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(('min_support__gte', 1), ('min_support__lte', models.F('redundancy'))), name='project_support_in_reach'),
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(('wage_per_hour__gte', 0)), name='project_wage_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='labelschema',
            constraint=models.UniqueConstraint(fields=('project', 'version'), name='schema_version_once'),
        ),
        migrations.AddConstraint(
            model_name='labelschema',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('project',), name='schema_one_current'),
        ),
        migrations.AddConstraint(
            model_name='labelschema',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='schema_version_from_one'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(fields=['project', 'id'], name='item_project_id'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('project', 'content_hash'), name='item_content_once_per_project'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('project', 'external_id'), name='item_external_id_once'),
        ),
        migrations.AddConstraint(
            model_name='importjob',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['receiving', 'mapping', 'queued', 'running', 'done', 'failed', 'cancelled'])), name='import_status_known'),
        ),
        migrations.AddConstraint(
            model_name='importjob',
            constraint=models.CheckConstraint(condition=models.Q(('format__in', ['csv', 'jsonl', 'parquet'])), name='import_format_known'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['project', 'status', '-priority', 'id'], name='case_queue'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('item',), name='case_one_open_per_item'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'settled', 'dissolved'])), name='case_status_known'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('claimed_by__isnull', True), ('claim_expires_at__isnull', False), _connector='OR'), name='case_claim_has_expiry'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('status', 'leased')), fields=['expires_at'], name='assignment_lease_expiry'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['annotator', '-id'], name='assignment_by_annotator'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('item', 'annotator'), name='assignment_once_per_person_and_item'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['leased', 'submitted', 'skipped', 'expired', 'released'])), name='assignment_status_known'),
        ),
        migrations.AddConstraint(
            model_name='annotator',
            constraint=models.UniqueConstraint(fields=('project', 'user'), name='annotator_once_per_person'),
        ),
        migrations.AddConstraint(
            model_name='annotator',
            constraint=models.UniqueConstraint(condition=models.Q(('name', ''), _negated=True), fields=('project', 'kind', 'name'), name='annotator_name_once_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='annotator',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'human'), ('user__isnull', True), _connector='OR'), name='annotator_model_has_no_user'),
        ),
        migrations.AddConstraint(
            model_name='protectedattribute',
            constraint=models.UniqueConstraint(fields=('project', 'name'), name='attribute_name_once'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('queued', 'running', 'paused'))), fields=('annotator',), name='run_one_active_per_annotator'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'paused', 'done', 'cancelled'])), name='run_status_known'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('step_size__gte', 1)), name='run_step_at_least_one'),
        ),
        migrations.AddConstraint(
            model_name='checkpoint',
            constraint=models.UniqueConstraint(fields=('run', 'number'), name='checkpoint_once_per_step'),
        ),
        migrations.AddIndex(
            model_name='annotation',
            index=models.Index(fields=['project', 'id'], name='annotation_project_id'),
        ),
        migrations.AddIndex(
            model_name='annotation',
            index=models.Index(fields=['annotator', '-id'], name='annotation_by_annotator'),
        ),
        migrations.AddConstraint(
            model_name='annotation',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'current')), fields=('item', 'annotator'), name='annotation_one_current'),
        ),
        migrations.AddConstraint(
            model_name='annotation',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('annotator', 'idempotency_key'), name='annotation_retry_once'),
        ),
        migrations.AddConstraint(
            model_name='annotation',
            constraint=models.CheckConstraint(condition=models.Q(('confidence__isnull', True), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='annotation_confidence_is_probability'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ['human_error', 'model_error', 'ambiguous_item', 'unclear_guideline', 'bad_item'])), name='settlement_cause_known'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('value__isnull', False), ('cause', 'bad_item'), _connector='OR'), name='settlement_label_unless_bad_item'),
        ),
        migrations.AddIndex(
            model_name='consensus',
            index=models.Index(fields=['project', 'item'], name='consensus_project_item'),
        ),
        migrations.AddConstraint(
            model_name='consensus',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['unanimous', 'majority', 'settled'])), name='consensus_method_known'),
        ),
        migrations.AddIndex(
            model_name='queueentry',
            index=models.Index(condition=models.Q(('remaining__gt', 0)), fields=['project', 'shuffle', 'item'], name='queue_open_by_order'),
        ),
        migrations.AddConstraint(
            model_name='queueentry',
            constraint=models.CheckConstraint(condition=models.Q(('remaining__gte', 0)), name='queue_never_oversold'),
        ),
    ]
