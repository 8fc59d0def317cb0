from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("environmental", "0003_weather"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="environmentalreading",
            index=models.Index(fields=["-timestamp"], name="reading_timestamp"),
        ),
        migrations.AddIndex(
            model_name="sensor",
            index=models.Index(fields=["serial_number", "-installed_on"], name="sensor_history"),
        ),
        migrations.AddIndex(
            model_name="weatherdata",
            index=models.Index(fields=["-timestamp"], name="weather_timestamp"),
        ),
    ]
