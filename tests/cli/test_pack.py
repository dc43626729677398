"""`tocsin pack` as a user types it, with a key pair that lives as long as the test."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.knowledge.bundles import Signer, handed_over, knowledge_in
from tocsin.cli import main
from tocsin.knowledge.root import BUILTIN, data_root
from tocsin.knowledge.version import builtin_version

SIGNER = Signer()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Newer knowledge in which one rule is gone; its publisher's key is trusted."""
    keys = tmp_path / "config" / "tocsin" / "knowledge-keys"
    keys.mkdir(parents=True)
    (keys / "cert.pub").write_bytes(SIGNER.public_file())
    knowledge = knowledge_in(tmp_path / "k")
    (knowledge / "packs" / "post-exploitation" / "sigma" / "mft-archive-programdata.yml").unlink()
    return handed_over(tmp_path / "b", knowledge, SIGNER, version="2099-01-01")


def test_an_update_tells_installs_and_is_what_reports_name(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["pack", "update", str(bundle), "--yes"])
    said = capsys.readouterr().out
    assert "1 rule REMOVED: mft-archive-programdata" in said
    assert "will not be found any more" in said
    assert SIGNER.key.name in said
    assert "knowledge for tests" in said

    assert 0 == main(["pack", "list"])
    assert "Knowledge of 2099-01-01, installed\n" in capsys.readouterr().out
    evidence = Path("evidence/inetpub/logs/LogFiles/W3SVC1")
    evidence.mkdir(parents=True)
    (evidence / "u_ex210303.log").write_text(
        "#Fields: date time cs-method cs-uri-stem c-ip sc-status\n"
        "2021-03-03 04:00:00 GET /owa/ 192.0.2.1 200\n"
    )
    assert 0 == main(["hunt", "evidence", "--json"])
    said_by_hunt = capsys.readouterr()
    assert "2099-01-01" == json.loads(said_by_hunt.out)["tool"]["knowledge"]
    assert "knowledge of 2099-01-01" in said_by_hunt.err
    assert 0 == main(["--builtin-knowledge", "hunt", "evidence", "--json", "--quiet"])
    assert builtin_version() == json.loads(capsys.readouterr().out)["tool"]["knowledge"]
    assert BUILTIN == data_root()

    assert 0 == main(["pack", "rollback"])
    assert "In use again: the knowledge of this release" in capsys.readouterr().out
    assert 2 == main(["pack", "rollback"])


@pytest.mark.parametrize(("answer", "installed"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_an_update_asks(
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    installed: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert 0 == main(["pack", "update", str(bundle)])
    said = capsys.readouterr()
    assert "[y/N]" in said.err
    assert installed == ("is in use" in said.out)
    assert installed != ("Nothing was changed." in said.out)
    main(["pack", "list"])
    assert installed == ("2099-01-01, installed" in capsys.readouterr().out)


def test_an_update_that_nobody_answers_changes_nothing(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert 2 == main(["pack", "update", str(bundle)])
    assert "--yes" in capsys.readouterr().err


def test_without_a_trusted_key_it_is_said_how_to_get_one(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config" / "tocsin" / "knowledge-keys" / "cert.pub").unlink()
    assert 2 == main(["pack", "update", str(bundle), "--yes"])
    said = capsys.readouterr().err
    assert "no key is trusted yet" in said
    assert str(tmp_path / "config") in said


def test_a_key_that_is_named_counts_alone(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.pub").write_bytes(Signer().public_file())
    assert 2 == main(["pack", "update", str(bundle), "--yes", "--key", "other.pub"])
    assert "do not trust" in capsys.readouterr().err
    Path("right.pub").write_bytes(SIGNER.public_file())
    assert 0 == main(["pack", "update", str(bundle), "--yes", "--key", "right.pub"])
    assert 2 == main(["pack", "update", str(bundle), "--yes", "--key", "absent.pub"])
    assert 2 == main(["pack", "update", str(bundle), "--yes"])
    assert "--allow-older" in capsys.readouterr().err


def test_damaged_knowledge_stops_the_hunt_and_the_ways_out_work(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["pack", "update", str(bundle), "--yes"])
    (installed,) = (tmp_path / "data" / "knowledge").glob("2099*")
    (installed / "logsources.toml").write_text("")
    capsys.readouterr()
    assert 2 == main(["hunt", "k"])
    said = capsys.readouterr()
    assert "" == said.out
    for way_out in ("--builtin-knowledge", "pack rollback", str(tmp_path / "data" / "knowledge")):
        assert way_out in said.err
    assert 2 == main(["pack", "list"])
    assert 0 == main(["--builtin-knowledge", "pack", "list"])
    assert 0 == main(["pack", "rollback"])
    assert 0 == main(["pack", "list"])


def test_older_knowledge_than_that_of_the_release_is_not_used_and_it_is_said(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["pack", "update", str(bundle), "--yes"])
    pointer = tmp_path / "data" / "knowledge" / "current.json"
    pointer.write_text(pointer.read_text().replace(builtin_version(), "2001-01-01"))
    (installed,) = pointer.parent.glob("2099*")
    manifest = installed / "knowledge.toml"
    manifest.write_text(manifest.read_text().replace("2099-01-01", "2002-01-01"))
    capsys.readouterr()
    main(["hunt", "k"])
    assert "2002-01-01 that was installed is older" in capsys.readouterr().err


def test_a_pack_and_a_whole_folder_can_be_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knowledge = knowledge_in(tmp_path / "k")
    assert 0 == main(["pack", "check", str(knowledge / "packs" / "proxyshell")])
    assert "rules" in capsys.readouterr().out
    assert 0 == main(["pack", "check", str(knowledge)])
    (knowledge / "packs" / "proxyshell" / "sigma" / "broken.yml").write_text("title: x\n")
    for path in (knowledge, knowledge / "packs" / "proxyshell"):
        assert 2 == main(["pack", "check", str(path)])
        assert "proxyshell/sigma/broken.yml" in capsys.readouterr().err
    assert 2 == main(["pack", "check", "nowhere"])


def test_a_folder_is_packed_and_can_be_installed_once_it_is_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knowledge = knowledge_in(tmp_path / "k")
    asked = ["pack", "bundle", str(knowledge), "--output", "b.tar", "--date"]
    assert 2 == main([*asked, "soon"])
    assert 0 == main([*asked, "2099-02-01"])
    assert "minisign -S" in capsys.readouterr().out
    Path("b.tar.minisig").write_bytes(SIGNER.sign(Path("b.tar").read_bytes()))
    Path("k.pub").write_bytes(SIGNER.public_file())
    assert 0 == main(["pack", "update", "b.tar", "--key", "k.pub", "--yes"])
    assert "It changes nothing." in capsys.readouterr().out
    assert 2 == main(
        ["pack", "bundle", str(knowledge), "--output", "no/b", "--date", "2099-01-01"]
    )
