from __future__ import annotations

import pytest

from tests.events.reading import events
from tocsin.events.formats.msert import FORMAT

LOG = """\
Microsoft Safety Scanner v1.333, (build 1.333.1.0)
Started On Mon Mar 08 19:02:11 2021
Quick Scan Results:
Threat Detected: Backdoor:ASP/Example.A!dha, not removed.
    Action: NoAction, Result: 0x00000000
        file://C:\\inetpub\\a.zip->b.aspx
        containerfile://C:\\inetpub\\a.zip
Threat detected: Exploit:Script/Example and Removed!
        webscript://C:\\inetpub\\c.aspx
Results Summary:
Found Backdoor:ASP/Example.A!dha, not removed.
No infection found.
Microsoft Safety Scanner Finished On Mon Mar 08 19:44:27 2021
Return code: 7 (0x7)
"""


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_what_stands_below_a_threat_carries_its_name(codec: str) -> None:
    found = [
        (values.get("threat"), values.get("file_path"))
        for event in events("msert", LOG.encode(codec))
        if (values := FORMAT.values(event))
    ]
    first, second = "Backdoor:ASP/Example.A!dha", "Exploit:Script/Example"
    assert [
        (first, None),
        (first, None),
        (first, r"C:\inetpub\a.zip"),
        (first, r"C:\inetpub\a.zip"),
        (second, None),
        (second, r"C:\inetpub\c.aspx"),
        (first, None),
    ] == found


def test_local_times_are_kept_as_text_and_never_taken_for_utc() -> None:
    found = events("msert", LOG)
    assert {None} == {event.time for event in found}
    assert "Mon Mar 08 19:02:11 2021" == found[3].fields["Started"]
    assert "Started" not in found[0].fields


def test_the_outcome_is_kept() -> None:
    outcomes = [
        event.fields["Outcome"] for event in events("msert", LOG) if "Outcome" in event.fields
    ]
    assert ["not removed", "Removed", "not removed"] == outcomes
