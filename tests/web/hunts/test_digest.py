from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from tocsin.errors import SourceError
from tocsin.web.hunts.digest import MOST_SERVERS, main, write

if TYPE_CHECKING:
    from collections.abc import Callable

    Server = Callable[..., dict[str, Any]]
    Result = Callable[..., bytes]

HOSTILE = "<script>alert(1)</script>\x00\x1b[31m\u202e{{ 7|add:7 }}"


def digest(data: bytes) -> list[dict[str, Any]]:
    """What the worker reads of each server."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "report.json"
        source.write_bytes(data)
        write(source, Path(folder))
        servers: list[dict[str, Any]] = json.loads((Path(folder) / "digest.json").read_bytes())
    return servers


def test_a_result_is_shown_with_our_own_words_where_this_version_knows_it(result: Result) -> None:
    [shown] = digest(result())

    assert ("EXCH01", "compromised", "complete") == (
        shown["name"],
        shown["level"],
        shown["assurance"],
    )
    assert shown["known"]
    assert "Somebody got in" in shown["meaning"]
    assert "2021-03-01 to 2021-03-09" in shown["dates"]
    assert shown["next_steps"]
    assert ["A page answered commands."] == shown["reasons"]


def test_a_result_of_a_later_version_is_shown_without_our_words(
    result: Result, server: Server
) -> None:
    [shown] = digest(result(server(moon_phase="full")))

    assert not shown["known"]
    assert "Compromised" == shown["headline"]
    assert "" == shown["meaning"]
    assert ["Keep the page, and its times."] == shown["next_steps"]


def test_a_level_that_nobody_knows_is_shown_as_it_is(result: Result, server: Server) -> None:
    verdict = {"level": "possessed_by_demons", "assurance": "utter"}
    [shown] = digest(result(server(verdict=verdict)))

    assert ("possessed_by_demons", "Possessed by demons") == (shown["level"], shown["headline"])


def test_text_that_acts_or_hides_is_made_visible(result: Result, server: Server) -> None:
    [shown] = digest(result(server(name=HOSTILE, source=HOSTILE)))

    assert "\x00" not in shown["name"]
    assert "\x1b" not in shown["name"]
    assert "\u202e" not in shown["name"]
    assert "‹U+202E›" in shown["name"]


def test_everything_is_bounded(result: Result, server: Server) -> None:
    finding = server()["findings"][0]
    many = [{**finding, "title": "t" * 5000, "clients": ["c"] * 500, "rows": 10**30}] * 300
    [shown] = digest(
        result(server(findings=many, verdict={"level": "x" * 9999, "assurance": "y" * 9999}))
    )

    assert (100, 300) == (len(shown["findings"]), shown["totals"]["findings"])
    assert 700 > len(shown["findings"][0]["title"])
    assert (30, 470) == (
        len(shown["findings"][0]["clients"]),
        shown["findings"][0]["more_clients"],
    )
    assert 2**53 == shown["findings"][0]["rows"]
    assert 700 > len(shown["level"])


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "compromised"},
        {"verdict": {"level": 5, "assurance": []}},
        {"builds": {"build": 1}},
        {"findings": [None]},
        {"findings": [{"title": "x"}]},
        {"coverage": "all"},
        {"name": None},
        {"leads": 7},
    ],
)
def test_a_server_of_the_wrong_shape_costs_only_itself(
    changes: dict[str, object], result: Result, server: Server
) -> None:
    wrong, right = digest(result(server(**changes), server(name="EXCH02")))

    assert "cannot be read" in wrong["error"]
    assert "EXCH02" == right["name"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no result"),
        (b"[]", "no result"),
        (b'{"schema":"tocsin.result/1"', "no result"),
        (b'{"schema":"other/1","hosts":[]}', "its schema is not"),
        (b'{"schema":"tocsin.result/1","hosts":[]}', "names no server"),
        (b'{"schema":"tocsin.result/1","hosts":{}}', "no result"),
        (b'{"schema":"tocsin.result/1","hosts":[' + b"[" * 100_000, "no result"),
        (b'{"schema":"tocsin.result/1","hosts":[' + b'{"a":' * 50_000, "no result"),
        (b'{"schema":"tocsin.result/1","hosts":[' + b"1," * MOST_SERVERS + b"1]}", "51 servers"),
    ],
)
def test_what_is_no_result_is_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        digest(data)


@pytest.mark.parametrize(
    "raw", [b'"\xff\xfe"', b'{"name":"\xff"}', b'{"a":' * 300 + b"1" + b"}" * 300]
)
def test_a_server_that_is_damaged_or_deep_is_told_in_words(raw: bytes) -> None:
    [shown] = digest(b'{"schema":"tocsin.result/1","hosts":[' + raw + b"]}")

    assert "cannot be read" in shown["error"]


def test_a_result_of_one_server_is_passed_to_the_importer_to_the_letter(
    result: Result, tmp_path: Path
) -> None:
    source = tmp_path / "report.json"
    source.write_bytes(result())
    write(source, tmp_path)

    assert result() == (tmp_path / "0.json").read_bytes()
    assert b"<style>" in (tmp_path / "0.html").read_bytes()
    assert 1 == len(json.loads((tmp_path / "digest.json").read_bytes()))


def test_each_of_several_servers_gets_its_own_files(
    result: Result, server: Server, tmp_path: Path
) -> None:
    source = tmp_path / "report.json"
    source.write_bytes(result(server(), server(name="EXCH02"), {"name": 5}))

    assert 0 == main([str(source), str(tmp_path)])
    second = json.loads((tmp_path / "1.json").read_bytes())
    assert ["EXCH02"] == [one["name"] for one in second["hosts"]]
    assert not (tmp_path / "2.json").exists()
    assert not (tmp_path / "2.html").exists()


def test_what_is_wrong_is_said_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "report.json"
    source.write_bytes(b"{}")

    assert 3 == main([str(source), str(tmp_path)])
    assert capsys.readouterr().err.startswith("tocsin: This is no result")
