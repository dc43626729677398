"""`tocsin probe` as it is typed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.probe.servers import LOGON, Servers, Site, exchange
from tocsin.cli import counting
from tocsin.cli.commands import probe
from tocsin.cli.entry import main
from tocsin.cli.exits import Exit
from tocsin.probe.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Captured = pytest.CaptureFixture[str]

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8"])

SCOPE = """
[authorisation]
name = "A. Example <admin>"
organisation = "Example CSIRT & Friends"
reference = "Mandate 2026/17"
from = 2020-01-01
until = {until}
[contact]
mail = "scan@csirt.example"
page = "https://csirt.example/scanning"
[targets]
networks = ["127.0.0.0/30"]
ports = []
plain_ports = [{port}]
[opt_out]
entries = ["127.0.0.0", "127.0.0.3"]
[limits]
per_host = 5
overall = 500
samples = 1
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with Servers() as servers:
        servers.start(site := Site(exchange()), host="0.0.0.0")  # noqa: S104 all of loopback, in a test
        yield site


@pytest.fixture
def scope(site: Site, tmp_path: Path) -> Path:
    path = tmp_path / "scope.toml"
    path.write_text(SCOPE.format(until="9999-01-01", port=site.port), encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_written_and_the_audit_log_lies_beside_them(
    scope: Path, tmp_path: Path, capsys: Captured
) -> None:
    output = tmp_path / "out.jsonl"
    assert Exit.DONE == main(["probe", "--scope", str(scope), "--output", str(output)])

    assert [("127.0.0.1", "15.2.792.15"), ("127.0.0.2", "15.2.792.15")] == sorted(
        (row["ip"], row["build"]) for row in rows(output)
    )
    audit = rows(tmp_path / "out.jsonl.audit.jsonl")
    assert ("start", "end") == (audit[0]["decision"], audit[-1]["decision"])
    out, err = capsys.readouterr()
    assert "" == out
    assert "Asked 2 endpoints: 2 with Exchange" in err
    assert "Not asked: opted_out 2; each is in the audit log." in err


def test_what_it_writes_is_read_as_a_feed(scope: Path, tmp_path: Path, capsys: Captured) -> None:
    output = tmp_path / "out.jsonl"
    main(["probe", "--scope", str(scope), "--output", str(output), "--quiet"])
    assert Exit.DONE == main(["observe", "probe", str(output), "--json", "--quiet"])

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [
        ("probe", "127.0.0.1", "15.2.792.15", 4),
        ("probe", "127.0.0.2", "15.2.792.15", 4),
    ] == [
        (one["feed"], one["ip"], one["build"], one["precision"])
        for one in sorted(told, key=lambda one: str(one["ip"]))
    ]


def test_json_goes_to_stdout_and_prose_where_nothing_else_is_wanted(
    scope: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Exit.DONE == main(["probe", "--scope", str(scope), "--json", "--quiet"])
    out, err = capsys.readouterr()
    assert {"127.0.0.1", "127.0.0.2"} == {json.loads(line)["ip"] for line in out.splitlines()}
    assert "" == err
    assert (tmp_path / "tocsin-probe.audit.jsonl").exists()

    assert Exit.DONE == main(["probe", "--scope", str(scope), "--quiet"])
    told = sorted(capsys.readouterr().out.splitlines())
    assert "127.0.0.1" == told[0].partition(" ")[0]
    assert told[0].endswith(": 15.2.792.15 (export_tool_manifest), server EX01")


def test_a_run_goes_on_where_another_stopped(
    scope: Path, site: Site, tmp_path: Path, capsys: Captured
) -> None:
    output = tmp_path / "out.jsonl"
    words = ["probe", "--scope", str(scope), "--output", str(output), "--quiet"]
    assert Exit.DONE == main(words)
    kept, gone = output.read_bytes().splitlines(keepends=True)
    output.write_bytes(kept + gone[:40])
    site.asked.clear()

    assert Exit.USAGE == main(words)
    assert "go on with it by --resume" in capsys.readouterr().err
    assert Exit.DONE == main([*words, "--resume"])
    assert {"127.0.0.1", "127.0.0.2"} == {str(row["ip"]) for row in rows(output)}
    assert 1 == len({one.local for one in site.asked})


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_second_run_leaves_the_file_of_the_first_alone(
    scope: Path, site: Site, tmp_path: Path, capsys: Captured, resume: list[str]
) -> None:
    pytest.importorskip("fcntl", reason="Windows has no such lock")
    output = tmp_path / "out.jsonl"
    output.write_bytes(b'{"a row": "that is being wri' if resume else b"")
    before = output.read_bytes()
    words = ["probe", "--scope", str(scope), "--output", str(output), "--quiet", *resume]
    with Journal(output, "--output", alone=True):
        assert Exit.USAGE == main(words)
    assert "another tocsin probe is writing" in capsys.readouterr().err
    assert (before, []) == (output.read_bytes(), site.asked)


def test_an_authorisation_that_has_ended_is_refused_before_the_first_packet(
    scope: Path, site: Site, tmp_path: Path, capsys: Captured
) -> None:
    scope.write_text(SCOPE.format(until="2020-12-31", port=site.port), encoding="utf-8")
    for more in ([], ["--check"]):
        assert Exit.USAGE == main(
            ["probe", "--scope", str(scope), "--audit", str(tmp_path / "a"), *more]
        )
        told = capsys.readouterr().err
        assert "the authorisation ended with 2020-12-31, so nobody is asked" in told
    assert [] == site.asked


def test_a_check_says_what_would_be_asked_and_asks_nothing(
    scope: Path, site: Site, capsys: Captured
) -> None:
    assert Exit.DONE == main(["probe", "--scope", str(scope), "--check"])
    out = capsys.readouterr().out
    assert "Authorised by A. Example <admin>, Example CSIRT & Friends" in out
    assert "Would ask 4 hosts at" in out
    assert "At most 5 GETs for a host, 5 a second to one host and 500 a second in all:" in out
    assert f"  {LOGON}" in out
    assert [] == site.asked


def test_the_contact_page_is_text_or_html_and_says_what_owners_must_know(
    scope: Path, capsys: Captured
) -> None:
    pages = {}
    for form in ("text", "html"):
        assert Exit.DONE == main(["probe", "--scope", str(scope), "--contact-page", form])
        pages[form] = capsys.readouterr().out
    for page in pages.values():
        assert "scan@csirt.example" in page
        assert "Mandate 2026/17" in page
        assert LOGON in page
        assert "User-Agent: Tocsin/" in page
        assert "How to opt out" in page
    assert "Example CSIRT &amp; Friends" in pages["html"]
    assert "<admin>" not in pages["html"]
    assert "<script" not in pages["html"]


@pytest.mark.parametrize(("rate", "told"), [("1", "1 request per"), ("0.5", "0.5 requests per")])
def test_the_contact_page_says_the_rate(
    scope: Path, capsys: Captured, rate: str, told: str
) -> None:
    text = re.sub(r"per_host = .*", f"per_host = {rate}", scope.read_text(encoding="utf-8"))
    scope.write_text(text, encoding="utf-8")
    main(["probe", "--scope", str(scope), "--contact-page", "text"])
    assert f"At most {told} second" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume"], "--resume: needs --output FILE"),
        (["--output", "same", "--audit", "same"], "--audit: is the file of --output"),
        (["--output", "scope.toml/out"], "cannot be written"),
    ],
)
def test_options_that_do_not_fit_are_told(
    scope: Path,
    words: list[str],
    message: str,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(scope.parent)
    assert Exit.USAGE == main(["probe", "--scope", str(scope), *words])
    assert message in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    scope: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "find_spec", lambda name: None if name == "h2" else name)
    assert Exit.USAGE == main(["probe", "--scope", str(scope)])
    assert (
        "tocsin probe: needs the extra probe (there is no h2): install tocsin[probe]"
        in capsys.readouterr().err
    )


# Whoever runs the tests in the background has SIGINT ignored, and a child would inherit that.
MAIN = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from tocsin.cli import main; sys.exit(main())"
)


def test_ctrl_c_ends_it_with_whole_rows_and_a_word_on_how_to_go_on(
    scope: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    scope.write_text(scope.read_text(encoding="utf-8").replace("/30", "/24"), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "probe", "--scope", str(scope), "--output", str(output)],
        stderr=subprocess.PIPE,
    ) as run:
        for _ in range(600):
            if output.exists() and output.stat().st_size:
                break
            time.sleep(0.1)
        os.kill(run.pid, signal.SIGINT)
        _, told = run.communicate(timeout=60)

    assert Exit.INTERRUPTED == run.returncode
    assert b"of 256 done. go on with --resume --output" in told
    assert all(row["last"] for row in rows(output))
    assert "interrupted" == rows(tmp_path / "out.jsonl.audit.jsonl")[-1]["why"]


FEW_FILES = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)); "
    "from tocsin.cli import main; sys.exit(main())"
)


def test_a_machine_that_is_at_its_end_is_not_told_as_hosts_without_an_answer(
    scope: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    scope.write_text(scope.read_text(encoding="utf-8").replace("/30", "/24"), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", FEW_FILES, "probe", "--scope", str(scope), "--output", str(output)],
        capture_output=True,
        check=False,
    )

    assert Exit.USAGE == run.returncode
    assert b"this machine is at its end (Too many open files); lower limits.at_once" in run.stderr
    assert {"exchange"} >= {row["outcome"] for row in rows(output)}


def test_progress_is_a_line_now_and_then(capsys: Captured) -> None:
    now_s = 0.0
    with counting.lines(sys.stderr, "probe", total=9, done=2, clock_s=lambda: now_s) as advance:
        advance("1 with Exchange")
        now_s = 6.0
        advance("2 with Exchange")
    assert [
        "tocsin: probe: 9 to do, 2 done before",
        "tocsin: probe: 4 of 9 done, 2 with Exchange",
        "tocsin: probe: 4 of 9 done",
    ] == capsys.readouterr().err.splitlines()
