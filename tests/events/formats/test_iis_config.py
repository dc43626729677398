import io

import pytest

from tocsin.events.format import Row
from tocsin.events.formats.iis_config import FORMAT
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

PATH = EvidencePath.plain("C:/Windows/System32/inetsrv/config/applicationHost.config")
NOT_ITS_OWN = {"FilePath", "FileName", "ElementType"}


def parse(data: bytes) -> list[Row]:
    artefact = Artefact(path=PATH, format="iis_config", size_bytes=len(data))
    return list(FORMAT.parse(io.BytesIO(data), artefact))


def events(data: bytes) -> list[Event]:
    return [row for row in parse(data) if isinstance(row, Event)]


def only(element_type: str, data: bytes) -> list[dict[str, str]]:
    return [
        {name: value for name, value in event.fields.items() if name not in NOT_ITS_OWN}
        for event in events(data)
        if event.fields["ElementType"] == element_type
    ]


def of_server(inner: str) -> bytes:
    return f"<configuration><system.webServer>{inner}</system.webServer></configuration>".encode()


def test_the_sample_gives_the_document_and_what_decides() -> None:
    assert [
        "configuration",
        "applicationPool",
        "virtualDirectory",
        "virtualDirectory",
        "globalModule",
        "rewriteRule",
        "handler",
    ] == [event.fields["ElementType"] for event in events(FORMAT.sample)]


def test_a_virtual_directory_says_its_folder_its_site_and_the_line() -> None:
    root, owa = only("virtualDirectory", FORMAT.sample)

    assert "/" == root["Name"]
    assert {
        "Name": "/owa",
        "Path": "/",
        "PhysicalPath": r"C:\Exchange\FrontEnd\HttpProxy\owa",
        "ApplicationPath": "/owa",
        "ApplicationPool": "MSExchangeOWAAppPool",
        "Site": "Default Web Site",
        "SiteId": "1",
    } == owa
    event = events(FORMAT.sample)[3]
    assert FORMAT.sample.splitlines()[event.place - 1].strip().startswith(b"<virtualDirectory")
    assert {"url_path": "/owa", "file_path": owa["PhysicalPath"]} == FORMAT.values(event)


def test_a_directory_inside_an_application_gets_its_whole_path() -> None:
    data = (
        b'<configuration><application path="/owa/auth"><virtualDirectory path="/x" '
        rb'physicalPath="C:\ProgramData\COM1" /></application></configuration>'
    )

    (directory,) = only("virtualDirectory", data)

    assert ("/owa/auth/x", r"C:\ProgramData\COM1") == (
        directory["Name"],
        directory["PhysicalPath"],
    )


def test_a_rewrite_rule_is_one_event_with_its_conditions() -> None:
    (rule,) = only("rewriteRule", FORMAT.sample)

    assert {
        "Name": "Sample Abort - inbound",
        "Enabled": "true",
        "StopProcessing": "true",
        "Pattern": ".*",
        "Conditions": "{HTTP_COOKIE} sample",
        "Action": "AbortRequest",
        "RuleSet": "rules",
    } == rule


def test_rules_of_other_sections_are_no_rewrite_rules() -> None:
    data = of_server('<security><rules><rule name="x" /><clear /></rules></security>')

    assert ["configuration"] == [event.fields["ElementType"] for event in events(data)]


def test_a_cleared_rule_set_is_told() -> None:
    """It takes a mitigation away from the application below."""
    data = b'<configuration><location path="Default Web Site/owa"><rewrite><rules><clear /></rules></rewrite></location></configuration>'

    assert [{"Location": "Default Web Site/owa"}] == only("rewriteClear", data)


def test_logging_counts_only_where_it_is_off() -> None:
    assert [] == only("httpLogging", of_server('<httpLogging dontLog="false" />'))
    assert [{"DontLog": "true"}] == only(
        "httpLogging", of_server('<httpLogging dontLog="True" />')
    )


@pytest.mark.parametrize(
    ("inner", "kind", "expected"),
    [
        (
            r'<globalModules><add name="M" image="C:\Windows\x.dll" /></globalModules>',
            "globalModule",
            {"Name": "M", "Image": r"C:\Windows\x.dll"},
        ),
        (
            '<modules><add name="M" type="A.B, C" preCondition="" /></modules>',
            "module",
            {"Name": "M", "Type": "A.B, C"},
        ),
        ("<modules><remove name='M' /></modules>", "removedModule", {"Name": "M"}),
        (
            r'<isapiFilters><filter name="F" path="C:\x.dll" /></isapiFilters>',
            "isapiFilter",
            {"Name": "F", "Image": r"C:\x.dll"},
        ),
        (
            '<handlers><add name="H" path="*.png" verb="*" modules="IsapiModule" /></handlers>',
            "handler",
            {"Name": "H", "Path": "*.png", "Verb": "*", "Modules": "IsapiModule"},
        ),
    ],
)
def test_whatever_runs_code_is_an_event(inner: str, kind: str, expected: dict[str, str]) -> None:
    assert [expected] == only(kind, of_server(inner))


def test_a_configuration_that_breaks_off_is_read_to_there() -> None:
    cut = FORMAT.sample[: FORMAT.sample.index(b"</sites>")]

    rows = parse(cut)

    assert 2 == len(only("virtualDirectory", cut))
    assert isinstance(rows[-1], Problem)
    assert ProblemCode.BAD_DOCUMENT is rows[-1].code
    assert rows[-1].line == cut.count(b"\n") + 1


def test_entities_are_refused() -> None:
    hostile = b'<!DOCTYPE a [<!ENTITY x "y">]>' + FORMAT.sample.partition(b"?>")[2]

    (problem,) = parse(hostile)

    assert isinstance(problem, Problem)
    assert ProblemCode.BAD_DOCUMENT is problem.code


@pytest.mark.parametrize(
    ("head", "path", "expected"),
    [
        (b"<configuration/>", "inetpub/wwwroot/web.config", True),
        (b"<configuration/>", "C:/x/app.exe.config", False),
        (b"<configuration><system.webServer>", "renamed.txt", True),
        ("<configuration><system.webServer>".encode("utf-16"), "renamed.txt", True),
        (b"<html><configuration><system.webServer>", "web.config", False),
    ],
)
def test_only_the_web_servers_configuration_is_recognised(
    head: bytes, path: str, expected: bool
) -> None:
    assert expected == FORMAT.recognise(head, EvidencePath.plain(path))
