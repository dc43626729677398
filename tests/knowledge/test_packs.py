"""The packs that ship: chains that fit the rules, sources that exist, facts that can be checked."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copytree

import pytest

from tocsin.errors import KnowledgeError
from tocsin.events.format import all_formats
from tocsin.knowledge.builds import all_builds
from tocsin.knowledge.packs import DATA, Chain, Pack, all_packs, chosen_packs, read_pack
from tocsin.knowledge.status import StatusWord, status
from tocsin.matching.rules import RuleSet, load_rules
from tocsin.model.grade import Confidence, Grade
from tocsin.model.rule import RuleKind

PACKS = [pytest.param(pack, id=pack.about.slug) for pack in all_packs()]
CHAINS = [pytest.param(pack, chain, id=chain.id) for pack in all_packs() for chain in pack.chains]
KEYS = {"canary", "request_id", "client_ip", "file_name", "process_id"}
OUR_FILES = {"events", *all_formats()}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules(all_packs())


@pytest.mark.parametrize(("pack", "chain"), CHAINS)
def test_every_step_of_a_chain_names_detection_rules(
    pack: Pack, chain: Chain, rules: RuleSet
) -> None:
    named = [rule for step in chain.steps for rule in step.rules]
    known = {rule for rule, info in rules.infos.items() if info.kind is RuleKind.DETECTION}
    assert [] == [rule for rule in named if rule not in known]
    assert sorted(set(named)) == sorted(named), "a rule stands in one step only"


@pytest.mark.parametrize(("pack", "chain"), CHAINS)
def test_a_step_needs_only_steps_of_its_own_chain(pack: Pack, chain: Chain) -> None:
    steps = {step.id for step in chain.steps}
    assert len(steps) == len(chain.steps)
    assert [] == [need for step in chain.steps for need in step.needs if need not in steps]
    assert KEYS >= {*chain.keys, *chain.weak_keys}
    assert "client_ip" not in chain.keys, "an address ties only weakly"


@pytest.mark.parametrize(("pack", "chain"), CHAINS)
def test_a_chain_file_is_named_as_the_chain(pack: Pack, chain: Chain) -> None:
    assert (DATA / "packs" / pack.about.slug / "chains" / f"{chain.id}.toml").is_file()


@pytest.mark.parametrize(("pack", "chain"), CHAINS)
def test_a_step_claims_no_more_than_the_surest_of_its_rules(
    pack: Pack, chain: Chain, rules: RuleSet
) -> None:
    """A rule that is sure alone makes its step's grade sure, so it must claim as much itself."""
    for step in chain.steps:
        for rule in step.rules:
            info = rules.infos[rule]
            if info.confidence is Confidence.HIGH and not step.needs:
                assert step.grade.rank <= info.grade.rank, f"{step.id}: {rule}"


@pytest.mark.parametrize("pack", PACKS)
def test_sources_that_suffice_are_kinds_that_exist(pack: Pack) -> None:
    assert bool(pack.about.sufficient) is pack.about.detectable
    kinds = {kind.partition(":")[0] for one in pack.about.sufficient for kind in one.sources}
    assert set() == kinds - OUR_FILES


NOT_CLOSED = {StatusWord.VULNERABLE, StatusWord.NOT_AFFECTED}


@pytest.mark.parametrize("pack", PACKS)
def test_fixed_builds_are_known_for_every_decisive_cve(pack: Pack) -> None:
    assert set(pack.about.decisive_cves) <= set(pack.about.cves)
    for cve in pack.about.cves:
        said = {status(build.text, cve).status for build in all_builds()}
        # What only a setting closes, no build proves; of that a pack may only say what to check.
        closed = {StatusWord.FIXED} if pack.about.detectable else set(StatusWord) - NOT_CLOSED
        assert said & closed, cve


@pytest.mark.parametrize("pack", PACKS)
def test_rules_speak_only_of_the_packs_own_vulnerabilities_or_its_relatives(
    pack: Pack, rules: RuleSet
) -> None:
    known = {cve for other in all_packs() for cve in other.about.cves}
    for info in rules.infos.values():
        if info.pack == pack.about.slug:
            assert set(info.cves) <= known, info.id


def test_place_alone_is_never_sure(rules: RuleSet) -> None:
    """An unknown page, wherever it is seen, may be a vendor's."""
    place = [
        "webshell-file-unknown",
        "webshell-file-changed",
        "webshell-mft-page",
        "webshell-mft-compiled",
        "webshell-compiled-page",
        "webshell-compiled-drop",
        "webshell-iis-unknown-page",
        "webshell-iis-unknown-page-post",
    ]
    assert [] == [rule for rule in place if rules.infos[rule].confidence is Confidence.HIGH]


def test_what_administrators_do_every_day_is_never_more_than_a_hint(rules: RuleSet) -> None:
    for rule in ("proxylogon-ecp-vdir-rebuild", "proxylogon-management-vdir-rebuild"):
        assert Confidence.LOW is rules.infos[rule].confidence
        assert Grade.PROBE is rules.infos[rule].grade


def test_the_ten_shipped_pages_are_the_same_in_every_rule() -> None:
    """Each list of shipped pages, in whatever form, must name exactly the ten that there are."""
    ten = {
        "errorfe", "expiredpassword", "frowny", "logoff", "logon", "outlookcn",
        "redirsuiteserviceproxy", "signout", "svmfeedback", "timeoutlogout",
    }  # fmt: skip
    checked = 0
    for path in sorted((DATA / "packs" / "web-shells" / "sigma").glob("webshell-*.yml")):
        text = path.read_text(encoding="utf-8")
        if "  shipped:" not in text:
            continue
        block = text.partition("  shipped:")[2].partition("condition:")[0].lower()
        words = set(re.findall(r"[a-z]{5,}", block)) - {
            "aspx", "compiled", "filepath", "targetfilename", "virtualpath", "endswith", "auth",
        }  # fmt: skip
        assert ten == words, path.name
        checked += 1
    assert checked >= 6


def aspnet_hash(text: str) -> int:
    """ASP.NET's own hash of a string, the 32-bit one that does not change between runs.

    Source: the reference source of System.Web (StringUtil), and two values that are seen on every
    server: ``~`` is cdcab7d2 and ``~/auth`` is f5dba9b9.
    """
    mask = 0xFFFFFFFF
    data = text.encode("utf-16-le") + b"\0" * 8

    def mixed(value: int, at: int) -> int:
        signed = value - (1 << 32) if value & 0x80000000 else value
        step = ((value << 5) + value + (signed >> 27)) & mask
        return step ^ int.from_bytes(data[at : at + 4], "little")

    first = second = (5381 << 16) + 5381
    left, at = len(text), 0
    while left > 0:
        first = mixed(first, at)
        if left <= 2:
            break
        second = mixed(second, at + 4)
        left, at = left - 4, at + 8
    return (first + second * 1566083941) & mask


def test_the_checksums_of_folders_are_those_that_aspnet_makes() -> None:
    assert ("cdcab7d2", "f5dba9b9") == (f"{aspnet_hash('~'):x}", f"{aspnet_hash('~/auth'):x}")
    folders = [
        "~/auth",
        "~/aspnet_client",
        "~/aspnet_client/system_web",
        "~/aspnet_client/system_web/4_0_30319",
        "~/auth/current",
        "~/auth/current/themes",
        "~/auth/current/themes/resources",
        "~/auth/current/scripts",
        "~/auth/current/scripts/premium",
    ]
    expected = "|".join(f"{aspnet_hash(folder):x}" for folder in folders)
    for name in ("webshell-compiled-drop", "webshell-mft-compiled"):
        path = DATA / "packs" / "web-shells" / "sigma" / f"{name}.yml"
        assert f"(?:{expected})" in path.read_text(encoding="utf-8"), name


def test_no_web_shell_lies_intact_in_the_packs() -> None:
    """A virus scanner must leave the rules alone: what they look for is written in pieces."""
    intact = re.compile(
        r"\beval\s*\(\s*Request|StreamWriter\s*\(\s*Request|Page_Load\s*\(|JScript\S*\s+runat"
        r"|\"unsafe\"\s*\)\s*;\s*%>",
        re.IGNORECASE,
    )
    found = [
        f"{path.name}: {hit[0]}"
        for path in sorted((DATA / "packs").rglob("*"))
        if path.is_file() and (hit := intact.search(path.read_text(encoding="utf-8")))
    ]
    assert [] == found


# What is wrong with a pack is said with file and key.


def pack_folder(folder: Path, **files: str) -> Path:
    made = folder / "sample"
    made.mkdir()
    for name, text in files.items():
        (made / f"{name}.toml").write_text(text, encoding="utf-8")
    return made


def test_a_folder_without_pack_toml_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"sample/pack\.toml: is missing"):
        read_pack(pack_folder(tmp_path))


def test_text_that_is_no_toml_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"sample/pack\.toml: is not TOML"):
        read_pack(pack_folder(tmp_path, pack="slug = "))


def test_a_misspelt_key_is_an_error(tmp_path: Path) -> None:
    text = (DATA / "packs" / "proxyshell" / "pack.toml").read_text(encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"sample/pack\.toml: .*sumary"):
        read_pack(pack_folder(tmp_path, pack=text.replace("summary =", "sumary =")))


def test_a_slug_must_be_the_folders_name(tmp_path: Path) -> None:
    text = (DATA / "packs" / "proxyshell" / "pack.toml").read_text(encoding="utf-8")
    with pytest.raises(KnowledgeError, match="must be the folder's name"):
        read_pack(pack_folder(tmp_path, pack=text))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(copytree(DATA / "packs" / "proxyshell", tmp_path / "proxyshell"))


@pytest.mark.parametrize(
    "stray", ["sigma/rule.yaml", "yara/rule.yara", "chains/old/chain.toml", "rule.yml"]
)
def test_a_file_that_would_be_left_out_silently_stops_the_run(copied: Path, stray: str) -> None:
    path = copied / stray
    path.parent.mkdir(exist_ok=True)
    path.write_text("title: never read", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=rf"proxyshell/{stray}: is nothing that a pack holds"):
        read_pack(copied)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "proxyshell"', 'id = "proxyshel"', "id 'proxyshel' must be the file's name"),
        ("proxyshell-mailbox-export", "proxyshell-mailbx", "rules: 'proxyshell-mailbx' is no"),
        ("[[steps]]", '[[steps]]\nneeds = ["exprt"]', "needs: 'exprt' is no step of this chain"),
    ],
)
def test_a_misspelt_name_in_a_chain_stops_the_run(
    copied: Path, old: str, new: str, said: str
) -> None:
    chain = copied / "chains" / "proxyshell.toml"
    chain.write_text(chain.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=rf"chains/proxyshell\.toml: .*{said}"):
        read_pack(copied)


# A chain may borrow rules of other packs.


def test_a_pack_brings_the_packs_whose_rules_its_chains_name() -> None:
    slugs = [pack.about.slug for pack in chosen_packs(["proxylogon"])]
    assert "proxylogon" == slugs[0]
    assert {"web-shells", "post-exploitation"} <= set(slugs)
    assert sorted(set(slugs)) == sorted(slugs)


def test_the_packs_that_come_along_bring_what_their_own_chains_need() -> None:
    chosen = chosen_packs(["mail-theft"])
    rules = {rule for pack in chosen for rule in pack.detections}
    named = {
        rule
        for pack in chosen
        for chain in pack.chains
        for step in chain.steps
        for rule in step.rules
    }
    assert set() == named - rules


def test_no_pack_asked_for_means_all_packs() -> None:
    assert all_packs() == chosen_packs([])


def test_a_rule_is_of_one_pack_only() -> None:
    rules = [rule for pack in all_packs() for rule in pack.detections]
    assert sorted(set(rules)) == sorted(rules)


def test_a_pack_that_lies_alone_may_borrow_from_the_packs_in_use(tmp_path: Path) -> None:
    copied = Path(copytree(DATA / "packs" / "web-shells", tmp_path / "web-shells"))
    named = {
        rule for chain in read_pack(copied).chains for step in chain.steps for rule in step.rules
    }
    assert "postexp-w3wp-child" in named


def test_in_whole_knowledge_a_chain_may_borrow_from_its_packs_only(tmp_path: Path) -> None:
    (tmp_path / "logsources.toml").touch()
    copied = Path(copytree(DATA / "packs" / "web-shells", tmp_path / "packs" / "web-shells"))
    with pytest.raises(KnowledgeError, match=r"is no sigma or yara rule of this pack or of any"):
        read_pack(copied)
