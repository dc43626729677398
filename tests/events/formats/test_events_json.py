import io
import json
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.clock import clock_offset
from tocsin.events.format import Row
from tocsin.events.formats.events_json import FORMAT
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

ARTEFACT = Artefact(path=EvidencePath.plain("x.json"), format="events_json", size_bytes=0)
NAMES = [
    "Event",
    "System",
    "EventData",
    "Data",
    "winlog",
    "event_data",
    "EventID",
    "Channel",
    "TimeCreated",
    "UtcTime",
    "#text",
    "#attributes",
    "@Name",
    "Payload",
    "ChunkNumber",
]
EVENT = '{"EventID":1,"Channel":"Application","TimeCreated":"2021-03-03T06:12:43Z"}'


def parse(data: bytes) -> list[Row]:
    return list(FORMAT.parse(io.BytesIO(data), ARTEFACT))


def events(rows: list[Row]) -> list[Event]:
    return [row for row in rows if isinstance(row, Event)]


def problem_of(data: bytes) -> Problem:
    (row,) = parse(data)
    assert isinstance(row, Problem)
    return row


def test_the_sample_gives_one_event_for_each_line() -> None:
    rows = events(parse(FORMAT.sample))

    assert [1, 2, 3, 4] == [row.place for row in rows]
    assert [
        "Microsoft-Windows-Sysmon/Operational",
        "MSExchange Management",
        "Security",
        "Security",
    ] == [row.stream for row in rows]
    assert "Get-Mailbox" == FORMAT.values(rows[1])["cmdlet"]
    assert FORMAT.recognise(FORMAT.sample, ARTEFACT.path)


def test_a_clock_that_sysmon_proves_wrong_is_corrected_for_its_host_only() -> None:
    sysmon, management, other, _ = events(parse(FORMAT.sample))

    assert datetime(2021, 3, 3, 6, 12, 43, 901000, tzinfo=UTC) == management.time
    assert "300" == management.fields["ClockOffsetMinutes"] == sysmon.fields["ClockOffsetMinutes"]
    assert "2021-03-03T01:12:43.901Z" == management.fields["TimeCreated"]
    assert "ClockOffsetMinutes" not in other.fields


def test_nobody_else_says_that_a_clock_was_corrected() -> None:
    (row,) = events(parse(EVENT[:-1].encode() + b',"ClockOffsetMinutes":"none"}\n'))

    assert "ClockOffsetMinutes" not in row.fields


def test_rows_in_front_of_the_proof_are_corrected_as_well() -> None:
    sysmon, management, *_ = FORMAT.sample.splitlines(keepends=True)

    first, _ = events(parse(management + sysmon))

    assert datetime(2021, 3, 3, 6, 12, 43, 901000, tzinfo=UTC) == first.time


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_exports_by_powershell_are_read_in_their_encoding(encoding: str) -> None:
    data = FORMAT.sample.decode().encode(encoding)

    rows = parse(data)

    assert 4 == len(events(rows))
    assert "ClockOffsetMinutes" in events(rows)[0].fields
    assert FORMAT.recognise(data, ARTEFACT.path)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{not json}\n", ProblemCode.BAD_RECORD),
        ("[1, 2]\n", ProblemCode.BAD_RECORD),
        ('{"EventID":1}\n', ProblemCode.BAD_RECORD),
        (EVENT[:-5], ProblemCode.TRUNCATED),
        (EVENT.replace("2021-03-03", "03/03/2021") + "\n", ProblemCode.BAD_TIME),
        ("[" * 5000 + "\n", ProblemCode.BAD_RECORD),
        (EVENT[:-1] + ',"x":' + '{"y":' * 900 + "1" + "}" * 901 + "\n", ProblemCode.BAD_RECORD),
    ],
)
def test_a_line_that_is_no_event_is_a_problem(line: str, code: ProblemCode) -> None:
    problem = problem_of(line.encode())

    assert (code, 1) == (problem.code, problem.line)


def test_an_event_without_any_time_is_kept_undated() -> None:
    (row,) = events(parse(b'{"EventID":1,"Channel":"Application"}\n'))

    assert row.time is None


def test_a_long_line_is_cut_in_the_citation_only() -> None:
    (row,) = events(parse(EVENT[:-1].encode() + b',"Message":"' + b"x" * 50_000 + b'"}\n'))

    assert 16 * 1024 == len(row.text)
    assert 50_000 == len(row.fields["Message"])


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00" * 100,
        b"ElfFile\0",
        b'{"name":"package","version":"1.0.0"}\n',
        b'{"Time":"2021-03-03T06:12:43Z","Event":"started"}\n',
        b"#Software: Microsoft Exchange Server\r\n",
    ],
)
def test_other_files_are_not_recognised(head: bytes) -> None:
    assert not FORMAT.recognise(head, ARTEFACT.path)


def test_a_first_line_longer_than_the_head_is_still_recognised() -> None:
    head = (EVENT[:-1] + ',"Message":"' + "x" * 70_000).encode()[: 2**16]

    assert FORMAT.recognise(head, ARTEFACT.path)


def test_a_damaged_first_line_does_not_hide_the_others() -> None:
    assert FORMAT.recognise(EVENT[20:].encode() + b"\n" + EVENT.encode() + b"\n", ARTEFACT.path)


@given(st.data())
def test_every_line_of_a_mutated_file_is_a_row_or_a_problem(data: st.DataObject) -> None:
    mutated = bytearray(FORMAT.sample)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(mutated)))
        mutated[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from(
                [b"\n", b"\0", b'"', b"{", b"\r\n", b"\xff", b"\xef\xbb\xbf", b"#", b"\\"]
            )
        )

    assert FORMAT.count(bytes(mutated)) == len(parse(bytes(mutated)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(NAMES) | st.text(max_size=3),
                inner,
                max_size=4,
            )
        ),
        max_leaves=25,
    )
)
def test_any_json_is_a_row_or_a_problem(value: object) -> None:
    line = json.dumps(value).encode() + b"\n"

    assert 1 == len(parse(line))


@pytest.fixture(scope="session")
def proxylogon(corpus: Path) -> bytes:
    with zipfile.ZipFile(corpus / "evtx/OTRF/proxylogon_ssrf_rce_poc.zip") as archive:
        return archive.read(archive.namelist()[0])


@pytest.fixture(scope="session")
def proxylogon_rows(proxylogon: bytes) -> list[Row]:
    return parse(proxylogon)


def test_every_real_row_is_read_and_its_clock_put_right(
    proxylogon: bytes, proxylogon_rows: list[Row]
) -> None:
    rows = events(proxylogon_rows)

    assert 10_487 == len(rows) == FORMAT.count(proxylogon)
    assert timedelta(hours=5) == clock_offset(proxylogon[: 2**20])
    assert {"300"} == {row.fields.get("ClockOffsetMinutes") for row in rows}


def test_every_labelled_record_has_the_columns_that_rules_need(
    corpus: Path, proxylogon_rows: list[Row]
) -> None:
    labels = json.loads((corpus / "evtx/OTRF/labels.json").read_text())
    needed = {
        ("Microsoft-Windows-Sysmon", 1): {"process", "parent_process", "command_line"},
        ("Microsoft-Windows-Sysmon", 11): {"process", "file_path"},
        ("Microsoft-Windows-Security-Auditing", 4688): {
            "process",
            "parent_process",
            "command_line",
            "process_id",
            "parent_process_id",
        },
        ("Microsoft-Windows-Security-Auditing", 5145): {"file_path", "client_ip"},
        ("MSExchange CmdletLogs", 1): {"cmdlet", "parameters"},
        ("MSExchange Control Panel", 4): {"event_id"},
    }
    seen: Counter[str] = Counter()
    for label in labels["malicious"]:
        row = proxylogon_rows[label["line"] - 1]
        assert isinstance(row, Event)
        assert label["line"] == row.place
        assert needed[label["source"], label["event_id"]] <= set(FORMAT.values(row))
        seen[label["source"]] += 1
    assert 18 == seen.total()


def test_process_ids_tie_the_shell_to_its_commands(proxylogon_rows: list[Row]) -> None:
    """In Sysmon and in the Security log alike."""
    for source in ("Microsoft-Windows-Sysmon/Operational", "Security"):
        rows = [FORMAT.values(row) for row in events(proxylogon_rows) if row.stream == source]
        shells = {
            row["process_id"]
            for row in rows
            if row.get("command_line") == "cmd /c whoami"
            and row.get("parent_process", "").lower().endswith("w3wp.exe")
        }
        children = [
            row
            for row in rows
            if row.get("command_line") == "whoami" and "parent_process_id" in row
        ]
        assert 2 == len(shells)
        assert shells == {row["parent_process_id"] for row in children}
