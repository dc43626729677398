from __future__ import annotations

from tests.events.reading import one
from tocsin.events.formats.rps_cmdlet import FORMAT


def test_a_cmdlet_keeps_its_quoted_parameters() -> None:
    event = one(
        "rps_cmdlet",
        "DateTime,ServerHostName,AuthenticatedUser,Cmdlet,Parameters,ExecutionResult\r\n"
        '2021-03-03T06:49:53.772Z,MAIL01,EXAMPLE\\admin,Get-Mailbox,"-Identity ""a,b"" -ResultSize ""1""",Success\r\n',
    )
    assert {
        "host": "MAIL01",
        "user": "EXAMPLE\\admin",
        "cmdlet": "Get-Mailbox",
        "parameters": '-Identity "a,b" -ResultSize "1"',
        "result": "Success",
    } == FORMAT.values(event)
