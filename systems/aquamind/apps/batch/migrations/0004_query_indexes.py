from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("batch", "0003_records"),
        ("environmental", "0004_query_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["start_date"], name="batch_start_date"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("status", "active")),
                fields=["species", "start_date"],
                name="batch_active",
            ),
        ),
        migrations.AddIndex(
            model_name="batchcontainerassignment",
            index=models.Index(fields=["container", "assigned_on"], name="assignment_in_container"),
        ),
        migrations.AddIndex(
            model_name="feedingevent",
            index=models.Index(fields=["fed_at"], name="feeding_by_time"),
        ),
        migrations.AddIndex(
            model_name="mortalityevent",
            index=models.Index(fields=["batch", "occurred_on"], name="mortality_of_batch"),
        ),
        migrations.AddIndex(
            model_name="mortalityevent",
            index=models.Index(fields=["cause", "occurred_on"], name="mortality_by_cause"),
        ),
    ]
