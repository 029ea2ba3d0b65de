"""The tables of 0001 to 0012 at once; what those did to rows is left out, for there are none.

See docs/adr/0027-squashed-migrations.md.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from migrating.at_once import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('llm_workers', '0001_models_prompts_and_runs'),
        ('llm_workers', '0002_servers_at_run_time_and_costs'),
        ('llm_workers', '0003_named_prompts_and_trials'),
        ('llm_workers', '0005_trust'),
        ('llm_workers', '0006_validation'),
        ('llm_workers', '0007_run_rules_and_probes'),
        ('llm_workers', '0008_lanes_of_validators_and_signs_of_orders'),
        ('llm_workers', '0009_servers_of_trials_and_validators'),
        ('llm_workers', '0010_runs_that_go_on_by_themselves'),
        ('llm_workers', '0011_lanes_that_know_quick_answers'),
        ('llm_workers', '0012_model_revisions'),
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
                    name='RunServer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('url', models.CharField(max_length=300, verbose_name='address')),
                        ('requests', models.PositiveBigIntegerField(default=0)),
                        ('faults', models.PositiveBigIntegerField(default=0)),
                        ('busy_seconds', models.FloatField(default=0)),
                        ('joules', models.FloatField(null=True)),
                        ('price_per_hour', models.DecimalField(decimal_places=4, max_digits=10, null=True)),
                        ('currency', models.CharField(blank=True, max_length=3)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='servers', to='annotations.run')),
                    ],
                    options={
                        'ordering': ['run_id', 'url'],
                        'constraints': [
                            models.UniqueConstraint(fields=('run', 'url'), name='run_server_once'),
                            models.CheckConstraint(condition=models.Q(('busy_seconds__gte', 0)), name='run_server_time_not_negative'),
                        ],
                    },
                ),
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
                        'constraints': [
                            models.UniqueConstraint(fields=('trial', 'url'), name='trial_server_once'),
                            models.CheckConstraint(condition=models.Q(('busy_seconds__gte', 0)), name='trial_server_time_not_negative'),
                        ],
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
                        'constraints': [
                            models.UniqueConstraint(fields=('validator', 'url'), name='validator_server_once'),
                            models.CheckConstraint(condition=models.Q(('busy_seconds__gte', 0)), name='validator_server_time_not_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='CostCount',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.project')),
                        ('head', models.BigIntegerField()),
                        ('seconds', models.FloatField()),
                        ('counted_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='CostTally',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('annotator', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.annotator')),
                        ('attribute', models.CharField(blank=True, max_length=64)),
                        ('group', models.CharField(blank=True, max_length=128)),
                        ('labels', models.PositiveBigIntegerField(default=0)),
                        ('known', models.PositiveBigIntegerField(default=0)),
                        ('known_right', models.PositiveBigIntegerField(default=0)),
                        ('agreed', models.PositiveBigIntegerField(default=0)),
                        ('agreed_right', models.PositiveBigIntegerField(default=0)),
                        ('prompt_tokens', models.PositiveBigIntegerField(default=0)),
                        ('completion_tokens', models.PositiveBigIntegerField(default=0)),
                        ('cached_tokens', models.PositiveBigIntegerField(default=0)),
                        ('model_seconds', models.FloatField(default=0)),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'annotator', 'attribute', 'group'), name='cost_tally_once', nulls_distinct=False),
                            models.CheckConstraint(condition=models.Q(('agreed_right__lte', models.F('agreed')), ('known_right__lte', models.F('known'))), name='cost_tally_right_within_compared'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Prompt',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='named_prompts', to='annotations.project')),
                        ('name', models.CharField(max_length=80, verbose_name='name')),
                        ('instructions', models.TextField(blank=True, verbose_name='instructions')),
                        ('language', models.CharField(choices=[('en', 'English'), ('fr', 'Français'), ('de', 'Deutsch'), ('es', 'Español')], default='en', max_length=2, verbose_name='language')),
                        ('thinking', models.CharField(choices=[('off', 'The label alone'), ('after', 'The label, then a short reason'), ('before', 'Step by step, then the label')], default='off', max_length=6, verbose_name='reasoning')),
                        ('stated', models.BooleanField(default=False, verbose_name='asks how sure the model is')),
                        ('orders', models.PositiveSmallIntegerField(default=1, verbose_name='orders of the options')),
                        ('samples', models.PositiveSmallIntegerField(default=1, verbose_name='samples')),
                        ('temperature', models.FloatField(default=0.7, verbose_name='temperature')),
                        ('way', models.CharField(choices=[('none', 'None'), ('hand', 'Picked by hand'), ('balanced', 'Balanced over labels and groups'), ('similar', 'For each item, those most like it')], default='none', max_length=8, verbose_name='examples')),
                        ('count', models.PositiveSmallIntegerField(default=4, verbose_name='number of examples')),
                        ('attribute', models.CharField(blank=True, max_length=64, verbose_name='balanced over')),
                        ('seed', models.BigIntegerField(default=0, verbose_name='seed of the examples')),
                        ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                        ('changed_at', models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        'ordering': ['name', 'id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'name'), name='prompt_name_once'),
                            models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='prompt_has_name'),
                            models.CheckConstraint(condition=models.Q(('language__in', ['en', 'fr', 'de', 'es'])), name='prompt_language_known'),
                            models.CheckConstraint(condition=models.Q(('thinking__in', ['off', 'after', 'before'])), name='prompt_thinking_known'),
                            models.CheckConstraint(condition=models.Q(('way__in', ['none', 'hand', 'balanced', 'similar'])), name='prompt_way_known'),
                            models.CheckConstraint(condition=models.Q(('orders__gte', 1), ('orders__lte', 50)), name='prompt_orders_range'),
                            models.CheckConstraint(condition=models.Q(('samples__gte', 1), ('samples__lte', 20)), name='prompt_samples_range'),
                            models.CheckConstraint(condition=models.Q(('temperature__gt', 0), ('temperature__lte', 2)), name='prompt_temperature_range'),
                            models.CheckConstraint(condition=models.Q(('count__gte', 1), ('count__lte', 20)), name='prompt_count_range'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='PromptExample',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('prompt', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='examples', to='llm_workers.prompt')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.item')),
                        ('value', models.JSONField(verbose_name='label')),
                        ('position', models.PositiveSmallIntegerField()),
                    ],
                    options={
                        'ordering': ['position', 'id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('prompt', 'item'), name='prompt_example_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Trial',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='annotations.project')),
                        ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='llm_workers.modelversion')),
                        ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('prompt', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='trials', to='llm_workers.prompt')),
                        ('recipe', models.JSONField(default=dict)),
                        ('text', models.TextField(verbose_name='prompt')),
                        ('examples', models.JSONField(default=list)),
                        ('status', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Being asked'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=7)),
                        ('problem', models.CharField(blank=True, max_length=500, verbose_name='what went wrong, and what to do')),
                        ('to_label', models.PositiveBigIntegerField(null=True)),
                        ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('created_at', models.DateTimeField()),
                        ('finished_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'indexes': [
                            models.Index(fields=['project', '-id'], name='trial_by_project'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'done', 'failed'])), name='trial_status_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('status__in', ['queued', 'running'])), models.Q(('finished_at__isnull', False), ('status__in', ['done', 'failed'])), _connector='OR'), name='trial_end_has_time'),
                            models.UniqueConstraint(condition=models.Q(('status__in', ['queued', 'running'])), fields=('started_by',), name='trial_one_per_person'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='TrialAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('trial', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='llm_workers.trial')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.item')),
                        ('position', models.PositiveSmallIntegerField()),
                        ('messages', models.JSONField(default=list)),
                        ('value', models.JSONField(null=True, verbose_name='label')),
                        ('confidence', models.FloatField(null=True)),
                        ('stated', models.FloatField(null=True)),
                        ('entropy', models.FloatField(null=True)),
                        ('reason', models.TextField(blank=True)),
                        ('problem', models.CharField(blank=True, max_length=300)),
                        ('raw_answer', models.CharField(blank=True, max_length=500)),
                        ('requests', models.PositiveSmallIntegerField(default=0)),
                        ('prompt_tokens', models.PositiveIntegerField(default=0)),
                        ('completion_tokens', models.PositiveIntegerField(default=0)),
                        ('cached_tokens', models.PositiveIntegerField(default=0)),
                        ('seconds', models.FloatField(default=0, verbose_name='seconds of model time')),
                        ('answered_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['position', 'id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('trial', 'item'), name='trial_item_once'),
                            models.CheckConstraint(condition=models.Q(models.Q(('confidence__isnull', True), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), models.Q(('stated__isnull', True), models.Q(('stated__gte', 0), ('stated__lte', 1)), _connector='OR')), name='trial_answer_probabilities'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='AnswerSigns',
                    fields=[
                        ('annotation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='signs', serialize=False, to='annotations.annotation')),
                        ('stated', models.FloatField(null=True, verbose_name='stated certainty')),
                        ('samples', models.PositiveSmallIntegerField(default=1)),
                        ('share', models.FloatField(null=True, verbose_name='share of the samples that gave the label')),
                        ('entropy', models.FloatField(null=True, verbose_name='entropy of the samples, in bits')),
                        ('orders', models.PositiveSmallIntegerField(default=1, verbose_name='orders of the options with an answer')),
                        ('order_share', models.FloatField(null=True, verbose_name='share of the orders that gave the label')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('stated__isnull', True), models.Q(('stated__gte', 0), ('stated__lte', 1)), _connector='OR'), name='signs_stated_is_probability'),
                            models.CheckConstraint(condition=models.Q(('share__isnull', True), models.Q(('entropy__gte', 0), ('samples__gt', 1), ('share__gt', 0), ('share__lte', 1)), _connector='OR'), name='signs_share_of_samples'),
                            models.CheckConstraint(condition=models.Q(('order_share__isnull', True), models.Q(('order_share__gte', 0), ('order_share__lte', 1), ('orders__gt', 1)), _connector='OR'), name='signs_share_of_orders'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Endpoint',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('url', models.CharField(max_length=300, unique=True, verbose_name='address')),
                        ('added', models.BooleanField(db_default=False, default=False, verbose_name='added by an operator')),
                        ('enabled', models.BooleanField(db_default=True, default=True, verbose_name='may be used')),
                        ('notes', models.CharField(blank=True, db_default='', max_length=500, verbose_name='notes')),
                        ('sealed_key', models.BinaryField(null=True)),
                        ('price_per_hour', models.DecimalField(decimal_places=4, max_digits=10, null=True, verbose_name='price per hour of the server')),
                        ('currency', models.CharField(db_default='EUR', default='EUR', max_length=3, verbose_name='currency')),
                        ('dialect', models.CharField(choices=[('vllm', 'vLLM'), ('llamacpp', 'llama.cpp'), ('other', 'OpenAI-compatible')], default='other', max_length=8, verbose_name='dialect')),
                        ('healthy', models.BooleanField(default=False, verbose_name='answers')),
                        ('problem', models.CharField(blank=True, max_length=500, verbose_name='what is wrong, and what to do')),
                        ('answer_ms', models.PositiveIntegerField(null=True, verbose_name='milliseconds to answer')),
                        ('checked_at', models.DateTimeField(null=True, verbose_name='last asked')),
                        ('breaker', models.CharField(choices=[('closed', 'In use'), ('open', 'Resting after faults'), ('half_open', 'On trial')], db_default='closed', default='closed', max_length=9)),
                        ('opens', models.PositiveSmallIntegerField(db_default=0, default=0)),
                        ('retry_at', models.DateTimeField(null=True, verbose_name='not asked before')),
                        ('fault', models.CharField(blank=True, db_default='', max_length=300, verbose_name='why it rests')),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('dialect__in', ['vllm', 'llamacpp', 'other'])), name='endpoint_dialect_known'),
                            models.CheckConstraint(condition=models.Q(('breaker__in', ['closed', 'open', 'half_open'])), name='endpoint_breaker_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('breaker', 'closed'), ('retry_at__isnull', True)), models.Q(models.Q(('breaker', 'closed'), _negated=True), ('retry_at__isnull', False)), _connector='OR'), name='endpoint_rest_has_end'),
                            models.CheckConstraint(condition=models.Q(('price_per_hour__isnull', True), ('price_per_hour__gte', 0), _connector='OR'), name='endpoint_price_not_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ModelVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=200, verbose_name='name as served')),
                        ('base', models.CharField(blank=True, max_length=300, verbose_name='base model')),
                        ('adapter', models.CharField(blank=True, max_length=300, verbose_name='adapter')),
                        ('quantization', models.CharField(blank=True, max_length=40, verbose_name='quantization')),
                        ('parameters', models.PositiveBigIntegerField(null=True, verbose_name='parameters')),
                        ('context_tokens', models.PositiveIntegerField(null=True, verbose_name='context, tokens')),
                        ('revision', models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name='revision')),
                        ('stated_base', models.CharField(blank=True, db_default='', max_length=300, verbose_name='base model')),
                        ('stated_adapter', models.CharField(blank=True, db_default='', max_length=300, verbose_name='adapter')),
                        ('stated_quantization', models.CharField(blank=True, db_default='', max_length=40, verbose_name='quantization')),
                        ('stated_context_tokens', models.PositiveIntegerField(null=True, verbose_name='context, tokens')),
                        ('license', models.CharField(blank=True, max_length=80, verbose_name='licence')),
                        ('source', models.CharField(blank=True, max_length=300, verbose_name='where it comes from')),
                        ('file_hash', models.CharField(blank=True, db_default='', max_length=64, verbose_name='SHA-256 of its file')),
                        ('price_per_million_prompt', models.DecimalField(decimal_places=4, max_digits=10, null=True, verbose_name='price per million prompt tokens')),
                        ('price_per_million_completion', models.DecimalField(decimal_places=4, max_digits=10, null=True, verbose_name='price per million completion tokens')),
                        ('price_per_hour', models.DecimalField(decimal_places=4, max_digits=10, null=True, verbose_name='price per hour of a server that serves it')),
                        ('currency', models.CharField(default='EUR', max_length=3, verbose_name='currency')),
                        ('first_seen_at', models.DateTimeField(verbose_name='first seen')),
                        ('last_seen_at', models.DateTimeField(verbose_name='last seen')),
                        ('endpoints', models.ManyToManyField(related_name='model_versions', to='llm_workers.endpoint', verbose_name='servers')),
                    ],
                    options={
                        'ordering': ['name', '-id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('name', 'base', 'adapter', 'quantization', 'revision'), name='model_version_once'),
                            models.CheckConstraint(condition=models.Q(('revision__gte', 1)), name='model_revision_counts'),
                            models.CheckConstraint(condition=models.Q(('file_hash', ''), ('file_hash__regex', '^[0-9a-f]{64}$'), _connector='OR'), name='model_hash_is_sha256'),
                            models.CheckConstraint(condition=models.Q(models.Q(('price_per_million_prompt__isnull', True), ('price_per_million_prompt__gte', 0), _connector='OR'), models.Q(('price_per_million_completion__isnull', True), ('price_per_million_completion__gte', 0), _connector='OR'), models.Q(('price_per_hour__isnull', True), ('price_per_hour__gte', 0), _connector='OR')), name='model_prices_not_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Throughput',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='throughputs', to='llm_workers.endpoint')),
                        ('model', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='throughputs', to='llm_workers.modelversion')),
                        ('prompt_tokens_per_second', models.FloatField()),
                        ('completion_tokens_per_second', models.FloatField()),
                        ('labels_per_second', models.FloatField()),
                        ('whole', models.BooleanField(default=False)),
                        ('seconds', models.FloatField(verbose_name='seconds that it was measured over')),
                        ('seen_at', models.DateTimeField()),
                    ],
                    options={
                        'ordering': ['endpoint_id', 'model_id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('endpoint', 'model'), name='throughput_once'),
                            models.CheckConstraint(condition=models.Q(('seconds__gt', 0)), name='throughput_over_time'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='RunRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='annotations.run')),
                        ('kind', models.CharField(choices=[('items', 'Items'), ('tokens', 'Tokens'), ('money', 'Money'), ('minutes', 'Minutes'), ('agreement', 'Agreement with people'), ('unanswered', 'Items without a usable answer')], max_length=10)),
                        ('bound', models.DecimalField(decimal_places=4, max_digits=16)),
                        ('least', models.PositiveIntegerField(default=1)),
                        ('action', models.CharField(choices=[('pause', 'Pause and ask me'), ('stop', 'Stop for good')], default='pause', max_length=5)),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('run', 'kind'), name='run_rule_once'),
                            models.CheckConstraint(condition=models.Q(('kind__in', ['items', 'tokens', 'money', 'minutes', 'agreement', 'unanswered'])), name='run_rule_kind_known'),
                            models.CheckConstraint(condition=models.Q(('action__in', ['pause', 'stop'])), name='run_rule_action_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('bound__gt', 0), ('kind__in', ('items', 'tokens', 'money', 'minutes'))), models.Q(('bound__gte', 0), ('bound__lte', 1), ('kind__in', ('agreement', 'unanswered'))), _connector='OR'), name='run_rule_bound_in_range'),
                            models.CheckConstraint(condition=models.Q(('least__gte', 1)), name='run_rule_least_at_least_one'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='PromptVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prompts', to='annotations.project')),
                        ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('text', models.TextField(verbose_name='prompt')),
                        ('with_reason', models.BooleanField(default=False, verbose_name='asks for a reason')),
                        ('orders', models.PositiveSmallIntegerField(default=1, verbose_name='orders of the options that are asked and averaged')),
                        ('recipe', models.JSONField(default=dict, verbose_name='what the owner chose')),
                        ('examples', models.JSONField(default=list, verbose_name='examples, as rows of item id and label')),
                        ('prompt', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='versions', to='llm_workers.prompt')),
                        ('number', models.PositiveIntegerField(null=True, verbose_name='version')),
                        ('hash', models.CharField(max_length=64, verbose_name='SHA-256')),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'hash'), name='prompt_version_once'),
                            models.UniqueConstraint(fields=('prompt', 'number'), name='prompt_version_number_once'),
                            models.CheckConstraint(condition=models.Q(('orders__gte', 1)), name='prompt_orders_at_least_one'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ModelAnnotator',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('annotator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='model_annotator', to='annotations.annotator')),
                        ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='annotators', to='llm_workers.modelversion')),
                        ('prompt', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='annotators', to='llm_workers.promptversion')),
                    ],
                    options={
                        'constraints': [
                            models.UniqueConstraint(fields=('model', 'prompt'), name='model_annotator_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='RunPlan',
                    fields=[
                        ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='plan', serialize=False, to='annotations.run')),
                        ('seed', models.BigIntegerField(default=0, verbose_name='seed of the order of items')),
                        ('cached_tokens', models.PositiveBigIntegerField(default=0, verbose_name="prompt tokens taken from the server's cache")),
                        ('failing_since', models.DateTimeField(null=True)),
                        ('faults_in_row', models.PositiveIntegerField(default=0)),
                        ('unanswered_in_row', models.PositiveIntegerField(default=0)),
                        ('fault_pauses', models.PositiveSmallIntegerField(db_default=0, default=0)),
                        ('resume_at', models.DateTimeField(null=True)),
                        ('probe', models.PositiveIntegerField(default=0, verbose_name='items of the probe')),
                        ('estimate', models.JSONField(null=True)),
                        ('confirmed_at', models.DateTimeField(null=True)),
                        ('working_since', models.DateTimeField(null=True)),
                        ('worked_seconds', models.FloatField(default=0, verbose_name='seconds of work, pauses not counted')),
                        ('filled_at', models.DateTimeField(null=True)),
                        ('sums', models.JSONField(default=dict)),
                    ],
                    options={
                        'indexes': [
                            models.Index(condition=models.Q(('resume_at__isnull', False)), fields=['resume_at'], name='run_plan_resumes'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='RunLane',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveSmallIntegerField()),
                        ('generation', models.PositiveBigIntegerField(default=0)),
                        ('touched_at', models.DateTimeField()),
                        ('width', models.PositiveSmallIntegerField(null=True)),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lanes', to='annotations.run')),
                        ('quickest', models.FloatField(null=True)),
                    ],
                    options={
                        'ordering': ['number'],
                        'abstract': False,
                        'constraints': [
                            models.UniqueConstraint(fields=('run', 'number'), name='run_lane_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='RunItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='annotations.run')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.item')),
                        ('status', models.CharField(choices=[('pending', 'Waiting'), ('leased', 'Being asked'), ('done', 'Labelled'), ('unanswered', 'No usable answer')], default='pending', max_length=10)),
                        ('lane', models.PositiveSmallIntegerField(null=True)),
                        ('generation', models.PositiveBigIntegerField(null=True)),
                        ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='times it was taken')),
                        ('reason', models.CharField(blank=True, max_length=300, verbose_name='why there is no label')),
                        ('rotations', models.JSONField(default=list, verbose_name='places by which the options were rotated, per request')),
                        ('prompt_hash', models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the first request's messages")),
                        ('prompt_tokens', models.PositiveIntegerField(default=0)),
                        ('completion_tokens', models.PositiveIntegerField(default=0)),
                        ('cached_tokens', models.PositiveIntegerField(default=0)),
                        ('seconds', models.FloatField(default=0, verbose_name='seconds of model time')),
                        ('raw_answer', models.CharField(blank=True, max_length=500, verbose_name='answer, shortened')),
                        ('finished_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['id'],
                        'indexes': [
                            models.Index(condition=models.Q(('status', 'pending')), fields=['run', 'id'], name='run_item_pending'),
                            models.Index(condition=models.Q(('status', 'leased')), fields=['run', 'lane'], name='run_item_leased'),
                            models.Index(fields=['run', '-finished_at'], name='run_item_finished'),
                            models.Index(condition=models.Q(('status', 'unanswered')), fields=['run', '-id'], name='run_item_unanswered'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('run', 'item'), name='run_item_once'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'leased', 'done', 'unanswered'])), name='run_item_status_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('status', 'leased'), _negated=True), models.Q(('generation__isnull', False), ('lane__isnull', False)), _connector='OR'), name='run_item_lease_has_holder'),
                            models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['done', 'unanswered']), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='run_item_end_has_time'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='ValidatorRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='validator_rules', serialize=False, to='annotations.project')),
                        ('enabled', models.BooleanField(default=False, verbose_name="rate people's labels")),
                        ('model', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='llm_workers.modelversion', verbose_name='model')),
                        ('max_tokens', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='at most this many tokens')),
                        ('max_cost', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, verbose_name='at most this much money')),
                        ('max_minutes', models.FloatField(blank=True, null=True, verbose_name='at most this many minutes of model time')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('enabled', False), ('model__isnull', False), _connector='OR'), name='validator_enabled_has_model'),
                            models.CheckConstraint(condition=models.Q(('max_cost__isnull', True), ('max_cost__gte', 0), _connector='OR'), name='validator_cost_limit_not_negative'),
                            models.CheckConstraint(condition=models.Q(('max_minutes__isnull', True), ('max_minutes__gte', 0), _connector='OR'), name='validator_minutes_limit_not_negative'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Validator',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='validators', to='annotations.project')),
                        ('schema', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.labelschema')),
                        ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='validators', to='llm_workers.modelversion')),
                        ('prompt', models.TextField(verbose_name='prompt')),
                        ('prompt_hash', models.CharField(max_length=64, verbose_name='SHA-256 of prompt, model and schema')),
                        ('status', models.CharField(choices=[('idle', 'Nothing to rate'), ('rating', 'Rating'), ('paused', 'Paused')], default='idle', max_length=6)),
                        ('reason', models.CharField(blank=True, max_length=500, verbose_name='why it is in this state')),
                        ('seen', models.BigIntegerField(default=0)),
                        ('seen_at', models.DateTimeField(null=True)),
                        ('failing_since', models.DateTimeField(null=True)),
                        ('faults_in_row', models.PositiveIntegerField(default=0)),
                        ('unanswered_in_row', models.PositiveIntegerField(default=0)),
                        ('rated', models.PositiveIntegerField(default=0, verbose_name='rated')),
                        ('agreed', models.PositiveIntegerField(default=0, verbose_name='agreed with')),
                        ('disagreed', models.PositiveIntegerField(default=0, verbose_name='disagreed with')),
                        ('unanswered', models.PositiveIntegerField(default=0, verbose_name='unanswered')),
                        ('prompt_tokens', models.PositiveBigIntegerField(default=0, verbose_name='prompt tokens')),
                        ('completion_tokens', models.PositiveBigIntegerField(default=0, verbose_name='completion tokens')),
                        ('cached_tokens', models.PositiveBigIntegerField(default=0, verbose_name="prompt tokens taken from the server's cache")),
                        ('seconds', models.FloatField(default=0, verbose_name='seconds of model time')),
                        ('created_at', models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        'ordering': ['-id'],
                        'constraints': [
                            models.UniqueConstraint(fields=('project', 'prompt_hash'), name='validator_version_once'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['idle', 'rating', 'paused'])), name='validator_status_known'),
                        ],
                    },
                ),
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
                        'abstract': False,
                        'constraints': [
                            models.UniqueConstraint(fields=('validator', 'number'), name='validator_lane_once'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='Rating',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('validator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ratings', to='llm_workers.validator')),
                        ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.item')),
                        ('value', models.JSONField(verbose_name='label')),
                        ('value_md5', models.CharField(max_length=32)),
                        ('status', models.CharField(choices=[('pending', 'Waiting'), ('leased', 'Being asked'), ('done', 'Rated'), ('unanswered', 'No usable answer')], default='pending', max_length=10)),
                        ('lane', models.PositiveSmallIntegerField(null=True)),
                        ('generation', models.PositiveBigIntegerField(null=True)),
                        ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='times it was taken')),
                        ('verdict', models.CharField(blank=True, choices=[('agree', 'Agrees'), ('disagree', 'Disagrees'), ('unsure', 'Unsure')], max_length=8)),
                        ('confidence', models.FloatField(null=True)),
                        ('probabilities', models.JSONField(null=True)),
                        ('reason', models.CharField(blank=True, max_length=300)),
                        ('problem', models.CharField(blank=True, max_length=300, verbose_name='why there is no rating')),
                        ('prompt_tokens', models.PositiveIntegerField(default=0)),
                        ('completion_tokens', models.PositiveIntegerField(default=0)),
                        ('seconds', models.FloatField(default=0)),
                        ('finished_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'ordering': ['id'],
                        'indexes': [
                            models.Index(condition=models.Q(('status', 'pending')), fields=['validator', 'id'], name='rating_pending'),
                            models.Index(condition=models.Q(('status', 'leased')), fields=['validator', 'lane'], name='rating_leased'),
                        ],
                        'constraints': [
                            models.UniqueConstraint(fields=('validator', 'item', 'value_md5'), name='rating_once_per_label'),
                            models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'leased', 'done', 'unanswered'])), name='rating_status_known'),
                            models.CheckConstraint(condition=models.Q(models.Q(('status', 'leased'), _negated=True), models.Q(('generation__isnull', False), ('lane__isnull', False)), _connector='OR'), name='rating_lease_has_holder'),
                            models.CheckConstraint(condition=models.Q(models.Q(('status', 'done'), _negated=True), models.Q(('finished_at__isnull', False), ('verdict__in', ['agree', 'disagree', 'unsure'])), _connector='OR'), name='rating_done_has_verdict'),
                            models.CheckConstraint(condition=models.Q(('confidence__isnull', True), models.Q(('confidence__gte', 0), ('confidence__lte', 1)), _connector='OR'), name='rating_confidence_is_probability'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='VerifierRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='verifier_rules', serialize=False, to='annotations.project')),
                        ('opens_cases', models.CharField(choices=[('never', 'Never'), ('learned', 'Once the score is learnt from settlements, and beats the rule'), ('always', 'Always, also by the rule')], default='learned', max_length=7, verbose_name='low scores open cases')),
                        ('threshold', models.FloatField(blank=True, null=True, verbose_name='doubt a label below this probability to be right')),
                        ('share', models.FloatField(default=0.02, verbose_name='share of the items with such a case at a time')),
                        ('models_alone', models.BooleanField(default=False, verbose_name='also items that only models have labelled')),
                        ('use_groups', models.BooleanField(default=False, verbose_name="let the score depend on the item's groups")),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('opens_cases__in', ['never', 'learned', 'always'])), name='verifier_opens_cases_known'),
                            models.CheckConstraint(condition=models.Q(('threshold__isnull', True), models.Q(('threshold__gt', 0), ('threshold__lt', 1)), _connector='OR'), name='verifier_threshold_is_probability'),
                            models.CheckConstraint(condition=models.Q(('share__gt', 0), ('share__lte', 1)), name='verifier_share_is_share'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='VerifierFit',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='verifier_fit', serialize=False, to='annotations.project')),
                        ('method', models.CharField(max_length=8)),
                        ('figures', models.JSONField()),
                        ('labels', models.PositiveIntegerField()),
                        ('learnt', models.PositiveIntegerField()),
                        ('right', models.PositiveIntegerField()),
                        ('items', models.PositiveIntegerField()),
                        ('ratings', models.PositiveIntegerField()),
                        ('cases', models.PositiveIntegerField(default=0)),
                        ('head', models.BigIntegerField()),
                        ('seconds', models.FloatField()),
                        ('fitted_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('method__in', ['rule', 'logistic', 'boosting'])), name='verifier_fit_method_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='LabelScore',
                    fields=[
                        ('annotation', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.annotation')),
                        ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotations.project')),
                        ('score', models.FloatField()),
                        ('why', models.JSONField(default=list)),
                    ],
                    options={
                        'indexes': [
                            models.Index(fields=['project', 'score', 'annotation'], name='label_score_lowest'),
                        ],
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('score__gte', 0), ('score__lte', 1)), name='label_score_is_probability'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='StandInRules',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotations.project')),
                        ('judges', models.CharField(choices=[('crowd', 'A crowd (ε = .1)'), ('skilled', 'Skilled annotators (ε = .15)'), ('expert', 'Experts (ε = .2)')], default='crowd', help_text='ε is how much less often than a person a model may be as near to the others and still be taken, because people cost more.', max_length=7, verbose_name='who labels here')),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('judges__in', ['crowd', 'skilled', 'expert'])), name='stand_in_judges_known'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='StandIn',
                    fields=[
                        ('annotator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='stand_in', serialize=False, to='annotations.annotator')),
                        ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stand_ins', to='annotations.project')),
                        ('allowance', models.FloatField(verbose_name='ε')),
                        ('winning_rate', models.FloatField(null=True, verbose_name='winning rate ω')),
                        ('advantage', models.FloatField(null=True, verbose_name='average advantage probability ρ')),
                        ('constant', models.JSONField(null=True)),
                        ('too_many_answers', models.BooleanField(default=False)),
                        ('scopes', models.JSONField()),
                        ('people', models.JSONField()),
                        ('tested_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(models.Q(('advantage__isnull', True), ('winning_rate__isnull', True)), models.Q(('advantage__gte', 0), ('advantage__isnull', False), ('advantage__lte', 1), ('winning_rate__gte', 0), ('winning_rate__isnull', False), ('winning_rate__lte', 1)), _connector='OR'), name='stand_in_rates_are_shares'),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name='TrustCheck',
                    fields=[
                        ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='trust_check', serialize=False, to='annotations.project')),
                        ('head', models.BigIntegerField()),
                        ('seconds', models.FloatField()),
                        ('computed_at', models.DateTimeField()),
                    ],
                ),
            ],
        ),
    ]
