from django.apps import AppConfig


class BatchConfig(AppConfig):
    """Configure the app `batch`; its label is the first half of its tables' names."""

    name = "apps.batch"
    label = "batch"
