"""pgwright as a Django app: `manage.py makepolicies`, and the policies of apps for `pgwright schema`."""

from __future__ import annotations

from django.apps import AppConfig

from pgwright.sources.declarations import AFTER_MODELS


class PgwrightConfig(AppConfig):
    """Let pgwright's own build of the models carry out what apps declare in ``policies.py``."""

    name = "pgwright.contrib.django"
    label = "pgwright"
    verbose_name = "pgwright"

    def ready(self) -> None:
        """Register with the builder of Django projects."""
        from pgwright.contrib.django.policies import declare_project

        if declare_project not in AFTER_MODELS:
            AFTER_MODELS.append(declare_project)
