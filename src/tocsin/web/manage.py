"""Django's own commands with the desk's settings: ``python -m tocsin.web.manage COMMAND``."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one of Django's commands; local settings unless told otherwise."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.project.settings.local")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
