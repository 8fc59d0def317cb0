"""Entry point of the web process (ASGI)."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from aquamind.environment import require_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aquamind.settings")
application = get_asgi_application()
require_secret_key(os.environ, debug=settings.DEBUG)
