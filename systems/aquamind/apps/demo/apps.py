from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Configure the app `demo`; its label is the first half of its tables' names."""

    name = "apps.demo"
    label = "demo"
