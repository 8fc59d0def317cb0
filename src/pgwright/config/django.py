"""How a Django project is named: its settings module, and which of its databases is meant."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_ALIAS = "default"
_PREFIX = "django:"


class DjangoModels(NamedTuple):
    """Be the models that a project of these settings keeps in the database of an alias."""

    settings: str
    alias: str = DEFAULT_ALIAS

    @property
    def spec(self) -> str:
        """Return it as the specification of a source, ``django:settings.module@alias``."""
        alias = "" if self.alias == DEFAULT_ALIAS else f"@{self.alias}"
        return f"{_PREFIX}{self.settings}{alias}"


def django_models(spec: str | None) -> DjangoModels | None:
    """Return what a specification of a source names, None where it is none of Django's."""
    if spec is None or not spec.startswith(_PREFIX):
        return None
    settings, _, alias = spec.removeprefix(_PREFIX).partition("@")
    return DjangoModels(settings, alias or DEFAULT_ALIAS)
