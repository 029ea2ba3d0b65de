"""Memberships, demographic boxes and erasure: 0002 to 0004 at once.

0001 stays by itself, for projects point at people, and memberships at projects. See docs/adr/0027-squashed-migrations.md.
"""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models
from migrating.at_once import AtOnce


class Migration(migrations.Migration):

    replaces = [
        ('accounts', '0002_memberships_and_tokens'),
        ('accounts', '0003_demographic_boxes'),
        ('accounts', '0004_erasure'),
    ]

    dependencies = [
        ('accounts', '0001_people'),
        ('annotations', '0001_squashed_0027_more_labels_for_a_group'),
    ]

    operations = [
        AtOnce(
            operations=[
                migrations.AddField(
                    model_name='invitation',
                    name='project',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='annotations.project'),
                ),
                migrations.AddField(
                    model_name='membership',
                    name='project',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='annotations.project'),
                ),
                migrations.AddField(
                    model_name='membership',
                    name='user',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_once_in_any_case'),
                ),
                migrations.AddConstraint(
                    model_name='invitation',
                    constraint=models.CheckConstraint(condition=models.Q(('uses__lte', models.F('max_uses'))), name='invitation_not_overused'),
                ),
                migrations.AddConstraint(
                    model_name='membership',
                    constraint=models.UniqueConstraint(fields=('project', 'user'), name='membership_once_per_person'),
                ),
                migrations.AddConstraint(
                    model_name='membership',
                    constraint=models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'expert', 'worker', 'auditor'])), name='membership_role_known'),
                ),
                migrations.CreateModel(
                    name='DemographicBox',
                    fields=[
                        ('name', models.CharField(max_length=64, primary_key=True, serialize=False)),
                        ('sealed', models.BinaryField()),
                    ],
                    options={
                        'constraints': [
                            models.CheckConstraint(condition=models.Q(('name__regex', '^[0-9a-f]{64}$')), name='demographic_box_named_by_digest'),
                        ],
                    },
                ),
                migrations.AddField(
                    model_name='user',
                    name='erased_at',
                    field=models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddField(
                    model_name='user',
                    name='swept_at',
                    field=models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddIndex(
                    model_name='user',
                    index=models.Index(condition=models.Q(('erased_at__isnull', False), ('swept_at__isnull', True)), fields=['erased_at'], name='user_to_sweep'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.CheckConstraint(condition=models.Q(('erased_at__isnull', True), models.Q(('display_name', ''), ('email__endswith', '@erased.invalid'), ('is_active', False), ('is_staff', False), ('is_superuser', False), ('last_login__isnull', True), ('password__startswith', '!')), _connector='OR'), name='user_erased_is_nobody'),
                ),
                migrations.AddConstraint(
                    model_name='user',
                    constraint=models.CheckConstraint(condition=models.Q(('swept_at__isnull', True), ('erased_at__isnull', False), _connector='OR'), name='user_swept_was_erased'),
                ),
            ],
        ),
    ]
