from __future__ import annotations

import pytest

from tests.events.reading import one
from tocsin.events.formats.message_tracking import FORMAT


def test_a_subject_with_commas_and_quotes_comes_through() -> None:
    event = one(
        "message_tracking",
        "#Fields: date-time,event-id,recipient-address,message-subject,sender-address\r\n"
        '2021-03-03T06:49:53.772Z,SEND,a@example.net;b@example.net,"Re: ""offer"", final",c@example.org\r\n',
    )
    assert {
        "operation": "SEND",
        "recipients": "a@example.net;b@example.net",
        "subject": 'Re: "offer", final',
        "sender": "c@example.org",
    } == FORMAT.values(event)


@pytest.mark.parametrize(
    ("schema", "build"), [("15.01.2176.009", "15.1.2176.9"), ("", "15.1.2106.2")]
)
def test_the_build_is_that_of_the_row_else_of_the_file(schema: str, build: str) -> None:
    event = one(
        "message_tracking",
        "#Version: 15.01.2106.002\r\n#Fields: date-time,event-id,schema-version\r\n"
        f"2021-03-03T06:49:53.772Z,SEND,{schema}\r\n",
    )
    assert build == event.fields["Build"]
