"""An organisation's mail that never was: message-tracking logs, and what really happened.

`write_organisation` writes a month of logs as an Exchange server keeps them, from a seed: people
with habits, everything honest that looks like an attack (newsletters, invoices, farewells, a
migration), and attacks at three rates. `python -m tocsin.samples.mail SEED FOLDER` writes one.
`write_background` adds the other logs of that server: break-ins, and an honest month.
Read `mailflow.py` first.
"""

from __future__ import annotations

from tocsin.samples.mail.breakins import Background, write_background
from tocsin.samples.mail.organisation import Settings
from tocsin.samples.mail.write import Sent, Truth, truth_file, write_organisation

__all__ = [
    "Background",
    "Sent",
    "Settings",
    "Truth",
    "truth_file",
    "write_background",
    "write_organisation",
]
