"""Entry point of the web process (WSGI)."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from aquamind.environment import require_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aquamind.settings")
application = get_wsgi_application()
require_secret_key(os.environ, debug=settings.DEBUG)
