"""Runs are kept encrypted. Those there are were in clear: they go, with what could still be taken back by them."""

import django.db.models.deletion
import django.utils.timezone
import infra.crypto.fields
import sync.contracts.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("bulk", "0001_initial")]

    operations = [
        migrations.DeleteModel("BulkRow"),
        migrations.DeleteModel("BulkRun"),
        migrations.CreateModel(
            name='BulkRun',
            fields=[
                ('id', models.UUIDField(default=sync.contracts.ids.uuid7, primary_key=True, serialize=False)),
                ('list', models.CharField(max_length=60)),
                ('action', models.CharField(max_length=60)),
                ('user', models.IntegerField()),
                ('is_whole', models.BooleanField(default=False)),
                ('query', infra.crypto.fields.EncryptedTextField(blank=True, column='bulk.run.query', default='')),
                ('in_view', models.CharField(blank=True, max_length=80)),
                ('language', models.CharField(default='en', max_length=8)),
                ('filled', infra.crypto.fields.EncryptedJSONField(column='bulk.run.filled', default=dict)),
                ('undoes', models.UUIDField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('stopped', 'Stopped')], default='waiting', max_length=8)),
                ('is_stopping', models.BooleanField(default=False)),
                ('is_hidden', models.BooleanField(default=False)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['list', 'user', '-created_at'], name='bulk_run_of_person')],
            },
        ),
        migrations.CreateModel(
            name='BulkRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('title', infra.crypto.fields.EncryptedTextField(blank=True, column='bulk.row.title', default='')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed'), ('undone', 'Undone')], default='waiting', max_length=8)),
                ('why', infra.crypto.fields.EncryptedTextField(blank=True, column='bulk.row.why', default='')),
                ('told', infra.crypto.fields.EncryptedJSONField(column='bulk.row.told', null=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='bulk.bulkrun')),
            ],
            options={
                'indexes': [models.Index(fields=['run', 'state', 'id'], name='bulk_row_by_state')],
                'constraints': [models.UniqueConstraint(fields=('run', 'key'), name='bulk_row_once')],
            },
        ),
    ]
