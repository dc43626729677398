"""`tocsin pack new`, `check` and a hunt with a pack of one's own, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.knowledge.bundles import knowledge_in
from tocsin.cli import main
from tocsin.knowledge.packs import all_packs

ROW = "2030-12-03 04:00:00 POST /owa/change-me.aspx 192.0.2.1 200\n"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def made() -> Path:
    assert 0 == main(["pack", "new", "proxything"])
    return Path("proxything")


@pytest.fixture
def recorded(made: Path) -> Path:
    assert 0 == main(["pack", "check", "--record", str(made)])
    return made


@pytest.fixture
def evidence() -> Path:
    logs = Path("evidence/inetpub/logs/LogFiles/W3SVC1")
    logs.mkdir(parents=True)
    (logs / "u_ex301203.log").write_text(
        f"#Fields: date time cs-method cs-uri-stem c-ip sc-status\n{ROW}", encoding="utf-8"
    )
    return Path("evidence")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_pack_passes_the_check_as_it_is(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["pack", "check", str(made)])
    told = capsys.readouterr()
    said = told.out
    assert "nothing was recorded yet" in told.err
    assert "1 rule, 0 benign patterns and 1 attack chain can be used" in said
    assert "@" not in "".join(path.read_text(encoding="utf-8") for path in made.rglob("*.toml")), (
        "a mark of the template is left"
    )


def test_a_new_pack_explains_every_key(made: Path) -> None:
    text = (made / "pack.toml").read_text(encoding="utf-8")
    optional = {"exploitation_until", "detectable", "check_instead", "evidence_base", "notice"}
    for key in (*all_packs()[0].about.__struct_fields__, *optional):
        assert key in text, key


def test_the_working_directory_is_checked_unless_a_folder_is_named(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made)
    assert 0 == main(["pack", "check"])


@pytest.mark.parametrize(
    "slug", ["Proxy", "proxy_x", "-x", "a" * 61, "../x", "a/b", "", "proxylogon"]
)
def test_a_name_that_no_pack_can_have_is_refused(
    slug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["pack", "new", "--", slug])
    assert "pack new" in capsys.readouterr().err
    assert [] == list(Path().iterdir())


def test_what_is_there_already_is_left_alone(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(made / "pack.toml", "Say here", "Said")
    assert 2 == main(["pack", "new", "proxything"])
    assert "is there already" in capsys.readouterr().err
    assert "Said" in (made / "pack.toml").read_text(encoding="utf-8")


def test_a_pack_is_made_where_it_is_asked_for() -> None:
    assert 0 == main(["pack", "new", "proxything", "--folder", "mine/packs"])
    assert 0 == main(["pack", "check", "mine/packs/proxything"])


def test_a_folder_that_cannot_be_made_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("x")
    assert 2 == main(["pack", "new", "proxything", "--folder", "file"])
    assert "cannot be made" in capsys.readouterr().err


def test_a_changed_condition_needs_its_reason_and_then_its_record(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = recorded
    rule = made / "sigma" / "proxything-request.yml"
    change(rule, "cs-uri-stem|endswith", "cs-uri-stem|contains")
    for more in ([], ["--record"]):
        assert 2 == main(["pack", "check", str(made), *more])
        said = capsys.readouterr().err
        assert "looks for something else than before" in said
        assert 'kind = "changed"\nrules = ["proxything-request"]\n' in said
    entry = said.partition("[[change]]")[2].partition("\n\ntocsin:")[0]
    with (made / "changes.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[[change]]{entry}\n")
    assert 2 == main(["pack", "check", str(made)])
    assert f"tocsin pack check --record {made.resolve()}" in capsys.readouterr().err
    assert 0 == main(["pack", "check", "--record", str(made)])
    assert 0 == main(["pack", "check", str(made)])


def test_a_removed_rule_must_be_told(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (made / "sigma" / "proxything-request.yml").unlink()
    (made / "chains" / "proxything.toml").unlink()
    assert 2 == main(["pack", "check", str(made)])
    assert "proxything-request is gone" in capsys.readouterr().err


def test_a_wrong_example_is_named(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(made / "sigma" / "proxything-request.yml", "sc-status: '404'}", "sc-status: '200'}")
    assert 2 == main(["pack", "check", str(made)])
    assert "proxything/sigma/proxything-request.yml: matches {" in capsys.readouterr().err


def test_a_rule_whose_name_another_pack_has_is_refused(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = all_packs()[0]
    rule = made / "sigma" / "proxything-request.yml"
    change(rule, "name: proxything-request", f"name: {taken.detections[0]}")
    rule.rename(rule.with_name(f"{taken.detections[0]}.yml"))
    (made / "chains" / "proxything.toml").unlink()
    assert 2 == main(["pack", "check", str(made)])
    assert f"the pack {taken.about.slug} has a rule of this name" in capsys.readouterr().err


def test_a_rule_that_claims_more_than_probes_needs_a_pack_that_can_tell(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = made / "pack.toml"
    change(pack, "# detectable = false\n", 'detectable = false\ncheck_instead = ["The proxy."]\n')
    text = pack.read_text(encoding="utf-8")
    before, _, rest = text.partition("\n[[sufficient]]\n")
    pack.write_text(before + rest[rest.index("# What the rules rest on") :], encoding="utf-8")
    (made / "chains" / "proxything.toml").unlink()
    assert 2 == main(["pack", "check", str(made)])
    assert "its grade is attempt, and pack.toml says detectable = false" in capsys.readouterr().err
    change(made / "sigma" / "proxything-request.yml", "grade: attempt", "grade: probe")
    assert 0 == main(["pack", "check", str(made)])


def test_a_whole_folder_is_checked_for_untold_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knowledge = knowledge_in(tmp_path / "k")
    rule = knowledge / "packs" / "proxyshell" / "sigma" / "proxyshell-iis-powershell.yml"
    change(rule, "level: critical", "level: high")
    assert 0 == main(["pack", "check", "--record", str(knowledge)])
    change(rule, "contains: autodiscover.json", "contains: autodiscover")
    capsys.readouterr()
    assert 2 == main(["pack", "check", str(knowledge)])
    assert "proxyshell/changes.toml: proxyshell-iis-powershell looks" in capsys.readouterr().err


# A hunt with it.


def test_a_hunt_uses_the_pack_and_says_whose_it_is(
    made: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    asked = ["hunt", str(evidence), "--json", "--quiet", "--pack", "proxyshell"]
    assert 0 == main([*asked, "--pack-folder", str(made)])
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    entry = next(pack for pack in host["packs"] if pack["pack"] == "proxything")
    assert ("attempted", True) == (entry["level"], entry["own"])
    assert any("proxything" in one["title"] for one in host["findings"])
    assert any("a pack of your own from proxything" in one for one in host["verdict"]["limits"])
    others = {pack["pack"]: pack["own"] for pack in host["packs"]}
    assert {"proxyshell": False, "post-exploitation": False} | others == others
    assert 0 == main(asked)
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    assert "proxything" not in {pack["pack"] for pack in host["packs"]}


def test_the_report_says_whose_the_pack_is(
    made: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["hunt", str(evidence), "--pack", "proxyshell", "--pack-folder", str(made)]
    assert 0 == main([*asked, "--output", "report"])
    assert "a pack of your own from proxything" in " ".join(capsys.readouterr().out.split())
    page = Path("report/report.html").read_text(encoding="utf-8")
    assert "proxything (your own, not signed)</th>" in page
    assert "proxyshell (your own" not in page


def test_without_a_slug_the_pack_stands_beside_all_others(
    made: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert 0 == main(["hunt", str(evidence), "--json", "--quiet", "--pack-folder", str(made)])
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    slugs = {pack.about.slug for pack in all_packs()} | {"proxything"}
    assert slugs == {pack["pack"] for pack in host["packs"]}


def test_a_folder_that_is_no_pack_stops_the_hunt(
    made: Path, evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["hunt", str(evidence), "--pack-folder", str(evidence)])
    assert "is no folder of a pack" in capsys.readouterr().err
    change(made / "pack.toml", "slug =", "slog =")
    assert 2 == main(["hunt", str(evidence), "--pack-folder", str(made)])
    assert "proxything/pack.toml" in capsys.readouterr().err


def test_a_slug_that_is_taken_stops_the_hunt(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = knowledge_in(tmp_path / "k") / "packs" / "proxyshell"
    assert 2 == main(["hunt", str(evidence), "--pack-folder", str(folder)])
    assert "the slug 'proxyshell' is taken" in capsys.readouterr().err


def test_a_chain_whose_rule_is_nowhere_stops_the_hunt(
    evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside other packs it borrows from them, and the hunt has them not."""
    packs = knowledge_in(tmp_path / "k") / "packs"
    assert 0 == main(["pack", "new", "first", "--folder", str(packs)])
    assert 0 == main(["pack", "new", "second", "--folder", str(packs)])
    change(packs / "second" / "chains" / "second.toml", "postexp-w3wp-child", "first-request")
    folders = [f"--pack-folder={packs / name}" for name in ("second", "first")]
    assert 2 == main(["hunt", str(evidence), folders[0]])
    assert "second/chains: a chain names 'first-request'" in capsys.readouterr().err
    assert 0 == main(["hunt", str(evidence), "--quiet", "--json", *folders])
