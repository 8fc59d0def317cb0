#!/usr/bin/env python
"""Run AquaMind's administrative commands."""

import os
import sys


def main() -> None:
    """Run the command named on the command line.

    A wrong setting, or a server that cannot be used, ends in its message and exit code 1,
    because a traceback through Django tells an operator nothing; ``--traceback`` shows it
    all the same.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aquamind.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import NotSupportedError, OperationalError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, NotSupportedError, OperationalError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
