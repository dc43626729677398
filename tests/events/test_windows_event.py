from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.windows_event import complete, moment, put, text_of

MANAGEMENT = {"Provider_Name": "MSExchange CmdletLogs", "Channel": "MSExchange Management"}
VALUES = (
    "Set-OabVirtualDirectory",
    '-ExternalUrl "http://f/" -Identity "OAB (Default Web Site)"',
    "contoso.test/Users/anna",
    "S-1-5-21-1",
    "S-1-5-21-2",
    "ECP-1",
    "8120",
    "",
    "34",
    "00:00:01",
    "View Entire Forest: 'True'",
    "System.InvalidOperationException: no",
    "Context",
)


def test_the_values_of_a_management_event_get_names_and_keep_their_numbers() -> None:
    fields = complete(dict(MANAGEMENT), VALUES)

    assert "Set-OabVirtualDirectory" == fields["Cmdlet"] == fields["Data_0"]
    assert VALUES[1] == fields["Parameters"]
    assert "contoso.test/Users/anna" == fields["User"]
    assert "ECP-1" == fields["HostApplication"]
    assert "8120" == fields["ProcessId"]
    assert "System.InvalidOperationException: no" == fields["Exception"]
    assert "Data_7" not in fields
    assert "\n".join(VALUES) == fields["Data"]


@pytest.mark.parametrize(
    ("message", "cmdlet", "parameters"),
    [
        (
            'Cmdlet suceeded. Cmdlet Remove-OabVirtualDirectory, parameters -Force "True".',
            "Remove-OabVirtualDirectory",
            '-Force "True"',
        ),
        (
            "Cmdlet failed. Cmdlet Get-App, parameters {Mailbox=anna, Identity=x.y}.\r\n",
            "Get-App",
            "{Mailbox=anna, Identity=x.y}",
        ),
        (
            'Cmdlet suceeded. Cmdlet New-X, parameters -A "one\ntwo." -B "three".',
            "New-X",
            '-A "one\ntwo." -B "three"',
        ),
    ],
)
def test_a_rendered_message_alone_says_cmdlet_and_parameters(
    message: str, cmdlet: str, parameters: str
) -> None:
    fields = complete({**MANAGEMENT, "Message": message})

    assert (cmdlet, parameters) == (fields["Cmdlet"], fields["Parameters"])


def test_an_unhandled_exception_says_its_cmdlet() -> None:
    message = "Task Get-App throwing unhandled exception: System.InvalidCastException: no"

    fields = complete({**MANAGEMENT, "Message": message})

    assert "Get-App" == fields["Cmdlet"]
    assert "System.InvalidCastException: no" == fields["Exception"]


def test_values_that_an_exporter_joined_are_taken_apart_once() -> None:
    fields = complete(dict(MANAGEMENT), ["Get-Mailbox, -Identity a, b, contoso.test/x"])

    assert ("Get-Mailbox", "-Identity a, b, contoso.test/x") == (
        fields["Cmdlet"],
        fields["Parameters"],
    )


def test_another_provider_gets_no_cmdlet() -> None:
    fields = complete({"Provider_Name": "MSExchange ADAccess"}, VALUES)

    assert "Cmdlet" not in fields
    assert "Set-OabVirtualDirectory" == fields["Data_0"]


def test_4688_is_named_as_sysmon_names_it_and_keeps_its_own_names() -> None:
    fields = complete(
        {
            "Channel": "Security",
            "EventID": "4688",
            "NewProcessId": "0x56b0",
            "NewProcessName": r"C:\Windows\System32\whoami.exe",
            "ProcessId": "0x5b60",
            "ParentProcessName": r"C:\Windows\System32\cmd.exe",
        }
    )

    assert fields["NewProcessName"] == fields["Image"]
    assert fields["ParentProcessName"] == fields["ParentImage"]
    assert "0x5b60" == fields["ParentProcessId"]


@pytest.mark.parametrize(
    ("share", "local", "expected"),
    [
        (r"\\*\C$", "\\??\\C:\\", r"C:\inetpub\x.aspx"),
        (r"\\*\C$", "", r"C:\inetpub\x.aspx"),
        (r"\\*\web", r"\??\D:\sites", r"D:\sites\inetpub\x.aspx"),
        (r"\\*\web", "", r"\\EX01\web\inetpub\x.aspx"),
    ],
)
def test_5145_says_the_whole_path(share: str, local: str, expected: str) -> None:
    fields = {
        "Channel": "Security",
        "EventID": "5145",
        "Computer": "EX01",
        "ShareName": share,
        "RelativeTargetName": r"inetpub\x.aspx",
    }
    put(fields, "ShareLocalPath", local)

    assert expected == complete(fields)["TargetFilename"]


def test_a_process_that_sysmon_does_not_know_ties_nothing_together() -> None:
    fields = complete({"ParentProcessGuid": "{00000000-0000-0000-0000-000000000000}"})

    assert {} == fields


@pytest.mark.parametrize("value", ["", "-", None, []])
def test_an_empty_value_is_left_out(value: object) -> None:
    fields: dict[str, str] = {}
    put(fields, "Name", value)

    assert {} == fields


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (4688, "4688"),
        (["a", None, "b"], "a\n\nb"),
        ({"#attributes": {"Name": "x"}, "#text": "01"}, "01"),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_a_decoded_value_as_text(value: object, expected: str) -> None:
    assert expected == text_of(value)


def test_a_value_nested_without_end_is_refused() -> None:
    value: object = "x"
    for _ in range(2000):
        value = [value]

    with pytest.raises(ValueError, match="no event's"):
        text_of({"#text": {"a": value}})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-03-03T06:12:43.9012345Z", datetime(2021, 3, 3, 6, 12, 43, 901234, tzinfo=UTC)),
        ("2021-03-03 06:12:43", datetime(2021, 3, 3, 6, 12, 43, tzinfo=UTC)),
        ("2021-03-03T08:12:43+02:00", datetime(2021, 3, 3, 6, 12, 43, tzinfo=UTC)),
        (1614751963.5, datetime(2021, 3, 3, 6, 12, 43, 500000, tzinfo=UTC)),
        ("/Date(1614751963500)/", datetime(2021, 3, 3, 6, 12, 43, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1e300, None),
        (float("nan"), None),
        (True, None),
        ({}, None),
    ],
)
def test_times_as_exporters_write_them(value: object, expected: datetime | None) -> None:
    assert expected == moment(value)


@given(st.one_of(st.text(), st.floats(), st.integers()))
def test_no_time_is_too_strange(value: object) -> None:
    found = moment(value)

    assert found is None or found.tzinfo is UTC
