"""IntelMQ's own parser of Shadowserver's reports over one file, without its message queues.

    build/bench-venv/bin/python bench/feed_rival.py SCHEMA REPORT

It is asked as its library mode asks it; what it says of each row is thrown away. Its modules are
those of the benchmark's own environment, so they are imported by name.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from pathlib import Path

PARSER = "intelmq.bots.parsers.shadowserver"


def main() -> int:
    """Parse the report; 1 where a row was not understood."""
    schema, report_file = map(Path, sys.argv[1:3])
    logging.disable(logging.CRITICAL)
    settings = vars(import_module(f"{PARSER}._config"))["__config"]
    settings.schema_file = settings.schema_active = str(schema)
    library = import_module("intelmq.lib.bot").BotLibSettings
    bot = import_module(f"{PARSER}.parser").ShadowserverParserBot("bench", settings=library)
    report = import_module("intelmq.lib.message").Report(harmonization=bot.harmonization)
    report.add("raw", report_file.read_text(encoding="utf-8"))
    report.add("extra.file_name", report_file.name)
    rows = events = 0
    for row in bot.parse(report):
        rows += 1
        events += sum(1 for _ in bot.parse_line(row, report))
    print(rows, events)
    return int(not rows or rows != events)


if __name__ == "__main__":
    sys.exit(main())
