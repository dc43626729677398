"""Real logs, which are read where they lie and never copied here."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.events.reading import codes, events, rows
from tocsin.events.exchange_csv import csv_reader
from tocsin.events.format import all_formats
from tocsin.events.lines import read_rows
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

IIS_NAMES = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"


def lines_of_every_log(corpus: Path) -> list[dict[str, Any]]:
    text = (corpus / "exchange-logs" / "qazeer" / "lines.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def quoted(corpus: Path) -> list[dict[str, str]]:
    text = (corpus / "exchange-logs" / "quoted_lines.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def format_of(file: str) -> str | None:
    path = EvidencePath.plain(file)
    fitting = [
        form.name
        for form in all_formats().values()
        if any(path.matches(pattern) for pattern in form.paths)
    ]
    return fitting[0] if fitting else None


def test_every_line_of_every_log_gives_all_its_fields_by_name(corpus: Path) -> None:
    for line in lines_of_every_log(corpus):
        names = line["fields"].removeprefix("#Fields: ").split(",")
        [values] = csv.reader([line["line"]])
        expected = {n: v for n, v in zip(names, values, strict=True) if v not in {"", "-"}}
        data = f"{line['fields']}\r\n{line['line']}\r\n".encode()
        artefact = Artefact(
            path=EvidencePath.plain(line["file"]), format="x", size_bytes=len(data)
        )
        [row] = read_rows(
            io.BytesIO(data), artefact, csv_reader(artefact, lambda _fields, _build: "")
        )
        assert isinstance(row, Event)
        assert row.time is not None
        assert expected == row.fields


def test_every_line_of_a_log_that_has_a_format_is_an_event_of_it(corpus: Path) -> None:
    seen = set()
    for line in lines_of_every_log(corpus):
        if (name := format_of(line["file"])) is None:
            continue
        [event] = events(name, f"{line['fields']}\r\n{line['line']}\r\n", path=line["file"])
        assert event.time is not None
        assert line["line"] == event.text
        seen.add(name)
    assert {
        "httpproxy",
        "ecp_server",
        "ecp_activity",
        "ews",
        "message_tracking",
        "rps_cmdlet",
    } == seen


def test_every_row_of_the_iis_logs_is_read(corpus: Path) -> None:
    files = [
        *(corpus / "iis").rglob("*.log"),
        corpus / "exchange-logs" / "velociraptor" / "iis.log",
    ]
    assert len(files) >= 8
    for file in files:
        found = events("iis", file.read_bytes(), path=file.name)
        assert found, file
        assert [] == [event.place for event in found if event.time is None], file


def test_a_double_space_before_a_user_is_no_field(corpus: Path) -> None:
    found = events("iis", (corpus / "iis" / "plaso" / "iis10_edge_cases.log").read_bytes())
    assert "random\\ranuser1" == found[0].fields["cs-username"]
    assert "Microsoft+WinRM+Client" == found[0].fields["cs(User-Agent)"]


def test_a_header_that_was_damaged_makes_problems_of_its_rows(corpus: Path) -> None:
    """This file's #Fields line was pasted twice: 49 names over rows of 30 values."""
    data = (corpus / "exchange-logs" / "velociraptor" / "exchange.log").read_bytes()
    assert [ProblemCode.TRUNCATED] * 2 == codes("message_tracking", data)


def test_what_owners_pasted_from_the_console_is_read(corpus: Path) -> None:
    pasted = [q["line"] for q in quoted(corpus) if "(DateTime AnchorMailbox" in q["log_type"]]
    assert len(pasted) >= 28
    found = events("test_proxylogon", "\n".join(pasted))
    assert len(pasted) == len(found)
    assert all(event.fields["AnchorMailbox"].startswith("ServerInfo~") for event in found)
    assert all(event.time for event in found)
    assert {"true"} == {
        event.fields.get("Truncated") for event in found if event.text.endswith("...")
    }


def test_quoted_iis_lines_are_events_unless_their_author_cut_them(corpus: Path) -> None:
    whole = [q["line"] for q in quoted(corpus) if q["log_type"] == "IIS W3C"]
    assert len(whole) >= 5
    found = events("iis", "\n".join([f"#Fields: {IIS_NAMES}", *whole]))
    assert len(whole) == len(found)
    edited = [q["line"] for q in quoted(corpus) if "author edited" in q["log_type"]]
    assert [ProblemCode.FIELD_COUNT] == codes(
        "iis", "\n".join([f"#Fields: {IIS_NAMES}", *edited, ""])
    )


@pytest.mark.parametrize("part", ["HttpProxy Mapi", "HttpProxy Autodiscover"])
def test_quoted_httpproxy_lines_fit_the_published_header(corpus: Path, part: str) -> None:
    [header] = {
        line["fields"] for line in lines_of_every_log(corpus) if "HttpProxy_" in line["file"]
    }
    lines = [q["line"] for q in quoted(corpus) if q["log_type"].startswith(part)]
    assert lines
    found = rows("httpproxy", "\r\n".join([header, *lines]))
    assert [] == [row for row in found if not isinstance(row, Event)]
