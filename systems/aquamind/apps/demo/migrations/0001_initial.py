import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="DemoLoad",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        db_default=1, default=1, primary_key=True, serialize=False
                    ),
                ),
                ("seed", models.BigIntegerField(db_comment="Seed of everything generated")),
                ("scale", models.FloatField(db_comment="Share of the full amount")),
                ("until", models.DateField(db_comment="Readings end before this day, UTC")),
                (
                    "loaded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "db_table_comment": "The demo data in this database, if any",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="demoload_single")
                ],
            },
        ),
    ]
