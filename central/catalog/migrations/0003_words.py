"""Words of goods in the other language, and what is to be seen in their pictures."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_sources'),
    ]

    operations = [
        migrations.CreateModel(
            name='PictureAlt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=8)),
                ('alt', models.CharField(max_length=200)),
                ('media', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.media')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='picture_alts', to='catalog.product')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('product', 'media', 'language'), name='picture_alt_once')],
            },
        ),
        migrations.CreateModel(
            name='Translation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=8)),
                ('title', models.CharField(blank=True, max_length=300)),
                ('title_key', models.CharField(blank=True, db_collation='C', max_length=300)),
                ('text', models.TextField(blank=True)),
                ('options', models.JSONField(blank=True, default=dict)),
                ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='translations', to='catalog.listing')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('listing', 'language'), name='translation_once')],
            },
        ),
    ]
