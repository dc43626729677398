"""Django's own commands with the desk's settings: ``python -m tocsin.web.manage COMMAND``."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from tocsin.web.project.starting import chosen_settings


def main() -> None:
    """Run one of Django's commands, with the settings that `tocsin desk` would choose."""
    os.environ["DJANGO_SETTINGS_MODULE"] = chosen_settings(os.environ)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
