"""An update: verified before it is unpacked, tried before it is used, and never half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.knowledge.bundles import Signer, handed_over, knowledge_in, manifest_of, put, tar_of
from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge import store
from tocsin.knowledge.bundle import write_bundle
from tocsin.knowledge.inventory import Change
from tocsin.knowledge.manifest import MANIFEST
from tocsin.knowledge.root import BUILTIN
from tocsin.knowledge.update import Terms, staged

if TYPE_CHECKING:
    from pathlib import Path

OURS = "2030-01-01"
SIGNER = Signer()


def unproven(root: Path) -> None:
    assert (root / MANIFEST).is_file()


def terms(folder: Path, **changed: object) -> Terms:
    wanted: dict[str, Any] = {
        "store": folder / "data" / "knowledge",
        "keys": [SIGNER.key],
        "current": store.Chosen(root=BUILTIN, version=OURS),
        "builtin_version": OURS,
        "tocsin_version": "0.1.0",
        "prove": unproven,
    }
    return Terms(**(wanted | changed))


def install(bundle: Path, wanted: Terms) -> None:
    with staged(bundle, wanted) as update:
        update.install()


def in_use(wanted: Terms) -> store.Chosen:
    return store.chosen(wanted.store, OURS, "0.1.0")


def left_behind(wanted: Terms) -> list[str]:
    return sorted(path.name for path in wanted.store.glob("*") if path.name != store.POINTER)


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    return knowledge_in(tmp_path / "k")


def test_an_update_is_used_from_then_on_and_the_one_before_is_kept(
    tmp_path: Path, knowledge: Path
) -> None:
    wanted = terms(tmp_path)
    install(handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01"), wanted)
    first = in_use(wanted)
    assert "2030-02-01" == first.version
    later = terms(tmp_path, current=first)
    install(handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01.2"), later)
    assert "2030-02-01.2" == in_use(wanted).version
    assert 2 == len(left_behind(wanted))
    assert first.root.name == store.roll_back(wanted.store, OURS)
    assert first == in_use(wanted)


def test_what_changes_is_told_before_anything_does(tmp_path: Path, knowledge: Path) -> None:
    pack = knowledge / "packs" / "proxylogon"
    chains = "".join(path.read_text() for path in (pack / "chains").glob("*.toml"))
    free = [path for path in sorted((pack / "sigma").glob("*.yml")) if path.stem not in chains]
    gone, changed, added = free[:3]
    gone.unlink()
    changed.write_text(changed.read_text() + "# another word\n")
    added.with_name("a-new-rule.yml").write_text(added.read_text())
    table = knowledge / "exchange" / "first_fixed.toml"
    table.write_text(table.read_text() + "# CVE-2030-1234 is one to come\n")
    builds = knowledge / "exchange" / "builds.csv"
    builds.write_text("\n".join(builds.read_text().splitlines()[:-1]) + "\n")
    bundle = handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01")
    with staged(bundle, terms(tmp_path)) as update:
        told = {change.kind: change for change in update.changes}
    assert (
        Change(kind="rule", added=("a-new-rule",), changed=(changed.stem,), removed=(gone.stem,))
        == told["rule"]
    )
    assert ("CVE-2030-1234",) == told["CVE"].added
    assert 1 == len(told["build"].removed)
    assert {"rule", "build", "CVE", "table"} == set(told)
    assert BUILTIN == in_use(terms(tmp_path)).root
    assert [] == left_behind(terms(tmp_path))


def test_a_bundle_without_a_signature_is_not_opened(tmp_path: Path, knowledge: Path) -> None:
    bundle = handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01")
    signature = bundle.with_name("knowledge.tar.minisig")
    signature.rename(bundle.with_name("knowledge.minisig"))
    install(bundle, terms(tmp_path))
    bundle.with_name("knowledge.minisig").unlink()
    with pytest.raises(UsageError, match=r"knowledge\.tar\.minisig is missing"):
        install(bundle, terms(tmp_path))
    with pytest.raises(UsageError, match="cannot be read"):
        install(tmp_path / "none.tar", terms(tmp_path))


def test_nothing_is_unpacked_that_no_trusted_key_vouches_for(tmp_path: Path) -> None:
    hostile = tar_of({"../../evil.toml": b"x"})
    bundle = put(tmp_path / "b", hostile, Signer())
    wanted = terms(tmp_path)
    with pytest.raises(KnowledgeError, match="do not trust"):
        install(bundle, wanted)
    assert not wanted.store.exists()
    with pytest.raises(KnowledgeError, match="no path that knowledge may have"):
        install(put(tmp_path / "b", hostile, SIGNER), wanted)
    assert [] == list(tmp_path.rglob("evil.toml"))


SMALL_FILES = {"packs/a/pack.toml": b"slug = 'a'\n"}
SMALL = tar_of({MANIFEST: manifest_of(SMALL_FILES), **SMALL_FILES})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(SMALL) - 1), flip=st.integers(1, 255))
def test_a_bundle_with_any_byte_changed_is_refused(tmp_path: Path, place: int, flip: int) -> None:
    bundle = put(tmp_path / "b", SMALL, SIGNER)
    changed = bytearray(SMALL)
    changed[place] ^= flip
    bundle.write_bytes(changed)
    with pytest.raises(KnowledgeError, match="does not fit"):
        install(bundle, terms(tmp_path))


def test_a_cut_bundle_is_refused_even_where_it_is_signed(tmp_path: Path) -> None:
    for end in range(0, len(SMALL), 512):
        if end > 2048:
            break  # beyond the last member only padding is cut
        with pytest.raises(KnowledgeError):
            install(put(tmp_path / "b", SMALL[:end], SIGNER), terms(tmp_path))


@pytest.mark.parametrize("version", ["2029-12-31", "2030-01-01"])
def test_knowledge_that_is_not_newer_is_refused_unless_asked_for(
    tmp_path: Path, knowledge: Path, version: str
) -> None:
    bundle = handed_over(tmp_path / "b", knowledge, SIGNER, version=version)
    with pytest.raises(KnowledgeError, match=f"is of {version}, which is not newer"):
        install(bundle, terms(tmp_path))
    wanted = terms(tmp_path, allow_older=True)
    install(bundle, wanted)
    assert version == in_use(wanted).version


def test_knowledge_for_a_newer_tocsin_is_refused(tmp_path: Path, knowledge: Path) -> None:
    content = write_bundle(knowledge, version="2030-02-01", minimum_tocsin="9.0")
    with pytest.raises(KnowledgeError, match=r"needs Tocsin 9\.0"):
        install(put(tmp_path / "b", content, SIGNER), terms(tmp_path))


def test_what_cannot_be_proven_is_not_used_and_nothing_is_left_of_it(
    tmp_path: Path, knowledge: Path
) -> None:
    def refuse(_root: Path) -> None:
        raise KnowledgeError("a rule is broken")

    wanted = terms(tmp_path, prove=refuse)
    with pytest.raises(KnowledgeError, match="a rule is broken"):
        install(handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01"), wanted)
    assert BUILTIN == in_use(wanted).root
    assert [] == left_behind(wanted)


def test_a_crash_before_the_switch_leaves_what_was_in_use_and_the_next_update_tidies(
    tmp_path: Path, knowledge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    wanted = terms(tmp_path)
    bundle = handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01")
    (wanted.store / ".staging-old").mkdir(parents=True)
    with monkeypatch.context() as patched:
        patched.setattr(store, "switch", crash)
        with pytest.raises(KeyboardInterrupt):
            install(bundle, wanted)
    assert BUILTIN == in_use(wanted).root
    install(bundle, wanted)
    assert "2030-02-01" == in_use(wanted).version
    assert [in_use(wanted).root.name] == [
        name for name in left_behind(wanted) if not name.endswith("-replaced")
    ]


def test_a_version_that_was_damaged_can_be_installed_again(
    tmp_path: Path, knowledge: Path
) -> None:
    wanted = terms(tmp_path, allow_older=True)
    bundle = handed_over(tmp_path / "b", knowledge, SIGNER, version="2030-02-01")
    install(bundle, wanted)
    (in_use(wanted).root / "logsources.toml").write_text("")
    with pytest.raises(KnowledgeError, match="not what was installed"):
        in_use(wanted)
    install(bundle, wanted)
    assert "2030-02-01" == in_use(wanted).version


def test_a_bundle_beyond_any_size_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.knowledge.update.BUNDLE_BYTES", 100)
    with pytest.raises(KnowledgeError, match="larger than knowledge"):
        install(put(tmp_path / "b", SMALL, SIGNER), terms(tmp_path))
