from __future__ import annotations

import pytest

from tests.events.reading import one
from tocsin.events.formats.rps_http import FORMAT


@pytest.mark.parametrize("query", ["?X-Rps-CAT=abc", "X-Rps-CAT=abc"])
def test_the_query_has_no_question_mark(query: str) -> None:
    event = one(
        "rps_http",
        "DateTime,UrlStem,HttpStatus,UrlQuery,GenericInfo\r\n"
        f"2021-03-03T06:49:53.772Z,/Powershell,200,{query},OnEndRequest.End=1;S:ServiceCommonMetadata.HttpMethod=POST\r\n",
    )
    assert {
        "url_path": "/Powershell",
        "url_query": "X-Rps-CAT=abc",
        "status": "200",
        "method": "POST",
    } == FORMAT.values(event)
