from django.apps import AppConfig


class EnvironmentalConfig(AppConfig):
    """Configure the app `environmental`; its label is the first half of its tables' names."""

    name = "apps.environmental"
    label = "environmental"
