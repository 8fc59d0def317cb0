"""pgwright as a Django app: `manage.py makepolicies`, and the policies of apps for `pgwright schema`."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from pgwright.errors import PolicyError
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
        register(_check_policies, Tags.models)


def _check_policies(**_: Any) -> list[CheckMessage]:
    """Tell `manage.py check` of a declaration in ``policies.py`` that says nothing, or fits no model."""
    from pgwright.contrib.django.policies import project_policies

    try:
        project_policies()
    except PolicyError as exc:
        message = f"{exc.message}; {exc.detail}" if exc.detail else exc.message
        return [Error(message, hint=exc.hint, id=f"pgwright.{exc.code}")]
    return []
