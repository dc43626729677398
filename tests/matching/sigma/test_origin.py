"""Fields that a log calls otherwise, on events that stand in for Sysmon's."""

from __future__ import annotations

import pytest

from tests.matching.sigma.rule_making import event
from tocsin.events.format import LogSource, all_formats
from tocsin.events.windows_event import complete
from tocsin.matching.sigma.origin import How, Origin
from tocsin.matching.sigma.routing import merged, routes
from tocsin.matching.sigma.view import View

CREATED = {
    "EventID": "4688",
    "SubjectUserSid": "S-1-5-21-1-2-3-1105",
    "SubjectDomainName": "CONTOSO",
    "SubjectUserName": "anna",
    "SubjectLogonId": "0x3e7",
    "NewProcessId": "0x1F4c",
    "NewProcessName": r"C:\Windows\System32\cmd.exe",
    "ProcessId": "0x9b0",
    "ParentProcessName": r"C:\Windows\System32\inetsrv\w3wp.exe",
    "CommandLine": "cmd.exe /c ver",
    "TargetUserSid": "S-1-0-0",
    "MandatoryLabel": "S-1-16-12288",
}
CONNECTED = {
    "EventID": "5156",
    "ProcessID": "4556",
    "Application": r"\device\harddiskvolume2\windows\system32\cmd.exe",
    "Direction": "%%14593",
    "SourceAddress": "192.0.2.10",
    "SourcePort": "3333",
    "DestAddress": "198.51.100.23",
    "DestPort": "443",
    "Protocol": "6",
}
SET = {
    "EventID": "4657",
    "SubjectUserSid": "S-1-5-18",
    "SubjectDomainName": "CONTOSO",
    "SubjectUserName": "MAIL01$",
    "ObjectName": r"\REGISTRY\MACHINE\SOFTWARE\Example\Run",
    "ObjectValueName": "Start",
    "OperationType": "%%1905",
    "NewValue": r"C:\x.exe",
    "ProcessId": "0x4",
    "ProcessName": r"C:\Windows\regedit.exe",
}


def seen(category: str, fields: dict[str, str], *, completed: bool = True) -> View:
    """What a rule of this category sees of a Security event."""
    if completed:
        fields = complete({"Channel": "Security", **fields})
    found = routes(LogSource(product="windows", category=category), all_formats()["evtx"])
    route = merged(found, "security", fields["EventID"])
    assert route is not None
    return View(event(fields), route.names)


@pytest.mark.parametrize("completed", [True, False])
@pytest.mark.parametrize(
    ("category", "fields", "expected"),
    [
        (
            "process_creation",
            CREATED,
            {
                "Image": r"C:\Windows\System32\cmd.exe",
                "ParentImage": r"C:\Windows\System32\inetsrv\w3wp.exe",
                "ProcessId": "8012",
                "ParentProcessId": "2480",
                "CommandLine": "cmd.exe /c ver",
                "User": r"CONTOSO\anna",
                "ParentUser": r"CONTOSO\anna",
                "LogonId": "0x3e7",
                "IntegrityLevel": "High",
                "Hashes": None,
            },
        ),
        (
            "process_creation",
            {**CREATED, "TargetDomainName": "CONTOSO", "TargetUserName": "bert"},
            {"User": r"CONTOSO\bert", "ParentUser": r"CONTOSO\anna"},
        ),
        (
            "process_creation",
            {"EventID": "4688", "SubjectUserSid": "S-1-5-18", "SubjectUserName": "MAIL01$"},
            {"User": r"NT AUTHORITY\SYSTEM", "ProcessId": None, "IntegrityLevel": None},
        ),
        (
            "process_creation",
            {**CREATED, "MandatoryLabel": "S-1-16-1"},
            {"IntegrityLevel": "S-1-16-1"},
        ),
        (
            "network_connection",
            CONNECTED,
            {
                "Image": r"\device\harddiskvolume2\windows\system32\cmd.exe",
                "ProcessId": "4556",
                "Initiated": "true",
                "Protocol": "tcp",
                "SourceIp": "192.0.2.10",
                "SourcePort": "3333",
                "DestinationIp": "198.51.100.23",
                "DestinationPort": "443",
                "DestinationHostname": None,
            },
        ),
        (
            "network_connection",
            {**CONNECTED, "Direction": "Inbound", "Protocol": "1"},
            {"Initiated": "false", "Protocol": "1"},
        ),
        (
            "registry_set",
            SET,
            {
                "Image": r"C:\Windows\regedit.exe",
                "TargetObject": r"HKLM\SOFTWARE\Example\Run\Start",
                "Details": r"C:\x.exe",
                "EventType": "SetValue",
                "ProcessId": "4",
                "User": r"NT AUTHORITY\SYSTEM",
            },
        ),
        (
            "registry_event",
            {**SET, "ObjectName": r"\REGISTRY\USER\S-1-5-18", "OperationType": "%%1906"},
            {"TargetObject": r"HKU\S-1-5-18\Start", "EventType": "DeleteValue"},
        ),
        (
            "registry_event",
            {"EventID": "4657", "ObjectName": r"\REGISTRY\MACHINERY"},
            {"TargetObject": r"\REGISTRY\MACHINERY"},
        ),
    ],
)
def test_what_the_security_log_says_is_what_sysmon_would_say(
    category: str, fields: dict[str, str], expected: dict[str, str | None], completed: bool
) -> None:
    view = seen(category, fields, completed=completed)
    assert expected == {name: view.raw(name) for name in expected}


def test_a_rule_that_names_the_service_only_sees_the_log_as_it_is() -> None:
    service = LogSource(product="windows", service="security")
    route = merged(routes(service, all_formats()["evtx"]), "security", "4688")
    assert route is not None
    assert "0x9b0" == View(event(CREATED), route.names).raw("ProcessId")


@pytest.mark.parametrize("text", ["0x", "0xg", "12", "0x" + "f" * 17, "x1", ""])
def test_what_is_no_hexadecimal_number_stays_as_it_is(text: str) -> None:
    origin = Origin(columns=("A",), how=How.NUMBER)
    assert text == origin.text({"A": text})


@pytest.mark.parametrize(
    ("text", "stem", "query", "extension"),
    [
        ("/a/b.aspx?c?d", "/a/b.aspx", "c?d", "aspx"),
        ("/a.b/c", "/a.b/c", None, None),
        ("/a.b.c?", "/a.b.c", None, "c"),
        ("?a.b", None, "a.b", None),
        ("", None, None, None),
    ],
)
def test_one_column_gives_the_parts_of_a_request(
    text: str, stem: str | None, query: str | None, extension: str | None
) -> None:
    parts = [
        Origin(columns=("A",), how=how).text({"A": text})
        for how in (How.STEM, How.QUERY, How.EXTENSION)
    ]
    assert [stem, query, extension] == parts
    assert Origin(columns=("A",), how=How.QUERY).text({}) is None
