"""A Django project as a source: its settings module, and after an @ which of its databases is meant.

Of the models of all installed apps, those are built that the project's routers keep there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgwright.config.django import DEFAULT_ALIAS, DjangoModels, django_models
from pgwright.sources.builder import reporting, serve
from pgwright.sources.subprocess_build import NO_DATABASE, BuilderProcess

if TYPE_CHECKING:
    from pgwright.sources.declarations import Declaration


def prepare(spec: str, *, root: Path) -> BuilderProcess:
    """Begin to load a project by its settings module; the tables of its managed models are then built.

    Models, not migrations: they are what the code expects.
    """
    return BuilderProcess("pgwright.sources.django", spec, root=root, spec=f"django:{spec}")


def _prepare(argument: str) -> Callable[[str], None]:
    module, alias = django_models(f"django:{argument}") or DjangoModels(argument)
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    hint = f"try it alone: DJANGO_SETTINGS_MODULE={module} python -m django check"
    with reporting(f"the Django settings {module!r} do not load", hint):
        import django
        from django.conf import settings

        from pgwright.sources.django_alias import Enclosure

        if alias in settings.DATABASES or alias == DEFAULT_ALIAS:
            plain = {"ENGINE": "django.db.backends.postgresql"}
            settings.DATABASES = {**settings.DATABASES, alias: plain}
        enclosure = Enclosure()
        enclosure.lead(alias, NO_DATABASE)
        django.setup()
    from django.apps import apps
    from django.db import connections, router
    from django.db.migrations.state import ProjectState

    from pgwright.sources.declarations import AFTER_MODELS, ensure_declared_roles

    made = f"the models of {module!r} cannot be created"
    with reporting(made, hint):
        # The models as migrations see them: a many-to-many table, for example, takes the type of its key from
        # the project's DEFAULT_AUTO_FIELD there, and from its app's configuration otherwise.
        known = ProjectState.from_apps(apps).apps.get_models()
        models = [model for model in known if router.allow_migrate_model(alias, model)]
    what = f"what the apps of {module!r} declare cannot be created"
    with reporting(what, hint):
        declared = tuple(_declarations(alias))

    def build(url: str) -> None:
        enclosure.lead(alias, url)
        connection = connections[alias]
        ensure_declared_roles(url, declared)
        with reporting(what, hint):
            _carry_out(connection, (declaration for declaration in declared if declaration.first))
        with reporting(made, hint), connection.schema_editor() as editor:
            for model in models:
                if model._meta.managed and not model._meta.proxy and not model._meta.swapped:
                    editor.create_model(model)
        with reporting(what, hint):
            _carry_out(connection, (declaration for declaration in declared if not declaration.first))
            for hook in AFTER_MODELS:
                hook(connection)

    return build


def _carry_out(connection: Any, declarations: Iterable[Declaration]) -> None:
    with connection.cursor() as cursor:
        for declaration in declarations:
            for statement in declaration.statements():
                # Through the driver: Django would look for parameters in the bodies of functions.
                cursor.cursor.execute(statement)


def _declarations(alias: str) -> Iterator[Declaration]:
    """Yield what the apps declare in a module `declarations`, in the order of INSTALLED_APPS."""
    from django.apps import apps
    from django.db import router
    from django.utils.module_loading import module_has_submodule

    for app in apps.get_app_configs():
        if not router.allow_migrate(alias, app.label):
            continue
        if app.module and module_has_submodule(app.module, "declarations"):
            yield from import_module(f"{app.name}.declarations").DECLARATIONS


if __name__ == "__main__":
    serve(_prepare)
