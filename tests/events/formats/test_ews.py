from __future__ import annotations

from tests.events.reading import one
from tocsin.events.formats.ews import FORMAT
from tocsin.model.path import EvidencePath


def test_the_columns_of_exchange_2013_are_found_by_name() -> None:
    event = one(
        "ews",
        "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,AuthenticatedUser,ClientIpAddress,SoapAction,HttpStatus,ImpersonatedUser\r\n"
        "#Log-type: EWS Logs\r\n"
        "2021-03-03T06:49:53.772Z,4711,15,0,1497,2,EXAMPLE\\svc,192.0.2.44,FindItem,200,anna@example.org\r\n",
    )
    assert {
        "request_id": "4711",
        "user": "EXAMPLE\\svc",
        "client_ip": "192.0.2.44",
        "operation": "FindItem",
        "status": "200",
        "impersonated_user": "anna@example.org",
        "build": "15.0.1497.2",
    } == FORMAT.values(event)


def test_it_is_recognised_by_its_columns_when_the_block_is_gone() -> None:
    anywhere = EvidencePath.plain("x.txt")
    assert FORMAT.recognise(b"DateTime,RequestId,SoapAction,ActAsUser\n", anywhere)
    assert not FORMAT.recognise(b"DateTime,RequestId,UrlStem,AnchorMailbox\n", anywhere)
