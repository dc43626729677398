"""What rules may ask about a file besides its content."""

from __future__ import annotations

import pytest

from tocsin.matching.yara.externals import EXTERNALS, externals_of
from tocsin.model.path import EvidencePath

PAGE = EvidencePath.plain("C:/inetpub/wwwroot/Page.ASPX")


def test_what_is_known_of_a_file_is_said_as_rules_expect_it() -> None:
    assert {
        "filename": "Page.ASPX",
        "filepath": "C:\\inetpub\\wwwroot\\Page.ASPX",
        "extension": ".aspx",
        "filetype": "",
        "owner": "",
        "md5": "900150983cd24fb0d6963f7d28e17f72",
    } == externals_of(PAGE, b"abc", whole=True)


def test_every_variable_has_a_value_also_where_nothing_is_known() -> None:
    strange = EvidencePath.plain("\udcff")
    assert dict.fromkeys(EXTERNALS, "") | {"filename": "?", "filepath": "?"} == externals_of(
        strange, b"", whole=False
    )


@pytest.mark.parametrize(
    ("begins", "filetype"),
    [(b"MZ\x90", "EXE"), (b"PK\x03\x04", "ZIP"), (b"GIF89a", "GIF"), (b"<%@ Page", "")],
)
def test_the_type_is_told_by_the_first_bytes(begins: bytes, filetype: str) -> None:
    assert filetype == externals_of(PAGE, begins, whole=False)["filetype"]
