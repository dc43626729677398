from typing import Any

import orjson
import pytest

from tocsin.events.windows_event import moment
from tocsin.events.windows_shapes import Shaped, shape

EXPECTED = {
    "EventID": "4688",
    "Channel": "Security",
    "Provider_Name": "Microsoft-Windows-Security-Auditing",
    "Computer": "EX01.contoso.test",
    "EventRecordID": "812",
    "NewProcessId": "0x56b0",
    "CommandLine": "cmd.exe /c ver",
}
DATA = {"NewProcessId": "0x56b0", "CommandLine": "cmd.exe /c ver", "TargetUserName": "-"}
TIME = "2021-03-03T06:12:43.900000+00:00"

EVTX_DUMP = {
    "Event": {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {
            "Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}},
            "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 4688},
            "TimeCreated": {"#attributes": {"SystemTime": "2021-03-03T06:12:43.900Z"}},
            "EventRecordID": 812,
            "Channel": "Security",
            "Computer": "EX01.contoso.test",
            "Security": None,
        },
        "EventData": {"#attributes": {"Name": "x"}, **DATA},
    }
}
SEPARATE_ATTRIBUTES = {
    "Event": {
        "System": {
            "Provider_attributes": {"Name": "Microsoft-Windows-Security-Auditing"},
            "EventID": 4688,
            "TimeCreated_attributes": {"SystemTime": "2021-03-03T06:12:43.900Z"},
            "EventRecordID": 812,
            "Channel": "Security",
            "Computer": "EX01.contoso.test",
        },
        "EventData": DATA,
    }
}
VELOCIRAPTOR = {
    "System": {
        "Provider": {"Name": "Microsoft-Windows-Security-Auditing", "Guid": "{1}"},
        "EventID": {"Value": 4688},
        "TimeCreated": {"SystemTime": 1614751963.9},
        "EventRecordID": 812,
        "Channel": "Security",
        "Computer": "EX01.contoso.test",
    },
    "EventData": DATA,
}
WINLOGBEAT = {
    "@timestamp": "2021-03-03T06:12:43.900Z",
    "agent": {"type": "winlogbeat"},
    "winlog": {
        "channel": "Security",
        "provider_name": "Microsoft-Windows-Security-Auditing",
        "event_id": 4688,
        "record_id": 812,
        "computer_name": "EX01.contoso.test",
        "event_data": DATA,
    },
}
WINLOGBEAT_6 = {
    "@timestamp": "2021-03-03T06:12:43.900Z",
    "log_name": "Security",
    "source_name": "Microsoft-Windows-Security-Auditing",
    "event_id": 4688,
    "record_number": "812",
    "computer_name": "EX01.contoso.test",
    "event_data": DATA,
}
NXLOG = {
    "EventTime": "2021-03-03 06:12:43.900",
    "Hostname": "EX01.contoso.test",
    "EventID": 4688,
    "SourceName": "Microsoft-Windows-Security-Auditing",
    "Channel": "Security",
    "RecordNumber": 812,
    **DATA,
}
EVTXECMD = {
    "PayloadData1": "Target: -",
    "MapDescription": "A new process has been created",
    "ChunkNumber": 3,
    "Computer": "EX01.contoso.test",
    "Channel": "Security",
    "Provider": "Microsoft-Windows-Security-Auditing",
    "EventId": 4688,
    "EventRecordId": "812",
    "ProcessId": 4,
    "ThreadId": 9000,
    "TimeCreated": "2021-03-03T06:12:43.9000000+00:00",
    "Payload": orjson.dumps(
        {"EventData": {"Data": [{"@Name": name, "#text": text} for name, text in DATA.items()]}}
    ).decode(),
}
GET_WINEVENT = {
    "Id": 4688,
    "LogName": "Security",
    "ProviderName": "Microsoft-Windows-Security-Auditing",
    "RecordId": 812,
    "MachineName": "EX01.contoso.test",
    "TimeCreated": "/Date(1614751963900)/",
    "EventData": DATA,
}


def shaped(record: object) -> Shaped:
    found = shape(record)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "record",
    [
        EVTX_DUMP,
        SEPARATE_ATTRIBUTES,
        VELOCIRAPTOR,
        WINLOGBEAT,
        {"_index": "winlogbeat", "_source": WINLOGBEAT},
        WINLOGBEAT_6,
        NXLOG,
        EVTXECMD,
        GET_WINEVENT,
    ],
)
def test_every_exporters_event_has_the_same_fields_and_time(record: dict[str, Any]) -> None:
    found = shaped(record)

    assert EXPECTED == {name: found.fields.get(name) for name in EXPECTED}
    assert "TargetUserName" not in found.fields
    assert "Security" == found.channel
    time = moment(found.time)
    assert time is not None
    assert TIME == time.isoformat(timespec="microseconds")


def test_evtxecmds_own_process_is_not_the_events() -> None:
    assert "ProcessId" not in shaped(EVTXECMD).fields


def test_a_payload_that_is_no_json_is_kept_as_it_is() -> None:
    found = shaped({**EVTXECMD, "Payload": '{"EventData":'})

    assert '{"EventData":' == found.fields["Payload"]


def test_values_without_names_keep_their_order_and_their_gaps() -> None:
    system = {"EventID": 1, "Channel": "MSExchange Management"}
    nested = shaped({"System": system, "EventData": {"Data": {"#text": ["Get-X", "", "a"]}}})
    alone = shaped({"System": system, "EventData": {"Data": "Get-X"}})
    beats = shaped(
        {"winlog": {"event_id": 1, "event_data": {"param3": "a", "param1": "Get-X", "x": "y"}}}
    )

    assert ["Get-X", "", "a"] == nested.positional
    assert ["Get-X"] == alone.positional
    assert ["Get-X", "", "a"] == beats.positional
    assert "y" == beats.fields["x"]


def test_user_data_gives_its_innermost_values() -> None:
    cleared = {
        "LogFileCleared": {
            "#attributes": {"xmlns": "http://x"},
            "SubjectUserName": "anna",
            "Extra": {"Deep": 7},
        }
    }
    found = shaped({"System": {"EventID": 1102, "Channel": "Security"}, "UserData": cleared})

    assert ("anna", "7") == (found.fields["SubjectUserName"], found.fields["Deep"])


def test_a_forwarded_event_brings_its_rendered_message() -> None:
    found = shaped(
        {"System": {"EventID": 1}, "RenderingInfo": {"#attributes": {}, "Message": "Hello"}}
    )

    assert "Hello" == found.fields["Message"]


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        "x",
        {},
        {"Event": 1},
        {"EventID": 1},
        {"Event": {"EventData": {}}},
        {"time": "2021-03-03T06:12:43Z", "level": "info", "msg": "no event"},
    ],
)
def test_other_json_is_no_event(record: object) -> None:
    assert shape(record) is None


@pytest.mark.parametrize(
    "record",
    [
        {"System": {"EventID": [], "Provider": 7, "TimeCreated": [], "Security": "x"}},
        {"System": {"Provider": {"#attributes": 1}}, "EventData": {"Data": [None, {"@Name": 3}]}},
        {"winlog": {"event_data": {"param": 1, "param99999": "x"}, "user": 3}},
        {"EventID": {}, "Channel": [], "EventData": [1], "UserData": 4},
    ],
)
def test_values_of_the_wrong_kind_crash_nothing(record: object) -> None:
    found = shape(record)

    assert found is None or all(isinstance(text, str) for text in found.named().values())


def test_values_nested_without_end_are_refused() -> None:
    value: object = 1
    for _ in range(500):
        value = {"x": value}

    with pytest.raises(ValueError, match="levels"):
        shape({"System": {"EventID": 1}, "UserData": value})
