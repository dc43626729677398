"""The cache's folder: whose it is, what it may grow to, and that nothing in it can hurt."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import get_ident
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching import cache as module
from tocsin.matching.cache import RuleCache, key_of

KEY, OTHER = key_of("a"), key_of("b")


@pytest.fixture
def cache(tmp_path: Path) -> RuleCache:
    return RuleCache(folder=tmp_path / "new" / "rules")


def test_what_was_stored_is_loaded(cache: RuleCache) -> None:
    assert cache.load(KEY) is None
    cache.store(KEY, b"one")
    cache.store(OTHER, b"")
    assert (b"one", b"") == (cache.load(KEY), cache.load(OTHER))
    cache.store(KEY, b"two")
    assert b"two" == cache.load(KEY)


def test_keys_tell_apart_where_one_part_ends_and_the_next_begins() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of("a", "") != key_of("a")
    assert key_of("\udcff") == key_of("\udcff")


@pytest.mark.skipif(os.name != "posix", reason="Windows guards the profile by other means")
def test_folder_and_files_are_for_this_user_alone(cache: RuleCache) -> None:
    cache.store(KEY, b"x")
    (file,) = cache.folder.iterdir()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (cache.folder.parent, cache.folder)]
    assert [0o700, 0o700, 0o600] == [*modes, stat.S_IMODE(file.stat().st_mode)]


@pytest.mark.skipif(os.name != "posix", reason="Windows guards the profile by other means")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o722])
def test_a_folder_that_others_may_write_to_is_not_used(cache: RuleCache, mode: int) -> None:
    cache.store(KEY, b"x")
    cache.folder.chmod(mode)
    assert "others may write to it" == cache.refusal()
    assert cache.load(KEY) is None
    cache.store(OTHER, b"y")
    cache.folder.chmod(0o700)
    assert ("", b"x", None) == (cache.refusal(), cache.load(KEY), cache.load(OTHER))


def test_a_folder_of_another_user_is_not_used(
    cache: RuleCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.store(KEY, b"x")
    monkeypatch.setattr(os, "getuid", lambda: cache.folder.stat().st_uid + 1)
    assert "it belongs to another user" == cache.refusal()
    assert cache.load(KEY) is None


def test_no_folder_is_made_in_that_of_another_user(
    cache: RuleCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by = cache.folder.parent.parent.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: made_by + 1)
    monkeypatch.setattr(module, "SYSTEM", made_by + 2)
    cache.store(KEY, b"x")
    assert not cache.folder.parent.exists()


def test_a_link_is_no_folder_and_no_file(cache: RuleCache, tmp_path: Path) -> None:
    cache.store(KEY, b"x")
    linked = RuleCache(folder=tmp_path / "link")
    linked.folder.symlink_to(cache.folder)
    assert "it is no folder" == linked.refusal()
    assert linked.load(KEY) is None

    (file,) = cache.folder.iterdir()
    elsewhere = file.rename(tmp_path / "elsewhere")
    file.symlink_to(elsewhere)
    assert cache.load(KEY) is None
    cache.store(KEY, b"y")
    assert (b"y", False) == (cache.load(KEY), file.is_symlink())
    assert elsewhere.read_bytes().endswith(b"x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes here")
def test_a_pipe_in_place_of_a_blob_is_not_waited_for(cache: RuleCache) -> None:
    cache.store(KEY, b"x")
    (file,) = cache.folder.iterdir()
    file.unlink()
    os.mkfifo(file)
    assert cache.load(KEY) is None


def test_a_file_that_others_may_write_to_is_not_used(cache: RuleCache) -> None:
    cache.store(KEY, b"x")
    (file,) = cache.folder.iterdir()
    file.chmod(0o666)
    assert cache.load(KEY) is None


def test_a_blob_under_another_key_is_not_used(cache: RuleCache) -> None:
    cache.store(KEY, b"x")
    (file,) = cache.folder.iterdir()
    file.rename(file.with_name(file.name.replace(KEY, OTHER)))
    assert cache.load(OTHER) is None


@given(st.binary(max_size=300), st.data())
def test_a_damaged_blob_is_not_there(content: bytes, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        cache = RuleCache(folder=Path(folder))
        cache.store(KEY, content)
        (file,) = cache.folder.iterdir()
        whole = file.read_bytes()
        place = data.draw(st.integers(0, len(whole) - 1))
        bit = 1 << data.draw(st.integers(0, 7))
        for damaged in (
            whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :],
            whole[:place],
            whole + b"\0",
            data.draw(st.binary(max_size=100)),
        ):
            file.write_bytes(damaged)
            assert cache.load(KEY) is None


def test_what_was_not_used_for_the_longest_time_goes_first(
    cache: RuleCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOTAL_BYTES", 3000)
    keys = [key_of(str(number)) for number in range(4)]
    for number, key in enumerate(keys[:3]):
        cache.store(key, bytes(800))
        os.utime(cache.folder / f"{key}.cache", (number, number))
    (cache.folder / "notes").write_bytes(bytes(5000))  # Not ours, so not counted and not removed.
    assert cache.load(keys[0]) is not None  # From now on the second is the oldest.
    cache.store(keys[3], bytes(800))
    assert [True, False, True, True] == [cache.load(key) is not None for key in keys]
    assert (cache.folder / "notes").exists()


def test_what_is_too_large_is_not_kept(cache: RuleCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOB_BYTES", 10)
    cache.store(KEY, bytes(11))
    cache.store(OTHER, bytes(10))
    assert (None, bytes(10)) == (cache.load(KEY), cache.load(OTHER))


def full(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_what_was_there(
    cache: RuleCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.store(KEY, b"old")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        cache.store(KEY, b"new")
    assert b"old" == cache.load(KEY)
    assert 1 == len(list(cache.folder.iterdir()))


def test_a_folder_that_cannot_be_made_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    below_a_file = RuleCache(folder=tmp_path / "file" / "rules")
    below_a_file.store(KEY, b"x")
    assert (None, "") == (below_a_file.load(KEY), below_a_file.refusal())

    monkeypatch.setattr(Path, "mkdir", full)  # A home that is read-only, to root too.
    read_only = RuleCache(folder=tmp_path / "rules")
    read_only.store(KEY, b"x")
    assert not read_only.folder.exists()


def test_what_a_dead_process_left_is_written_over(cache: RuleCache) -> None:
    cache.store(OTHER, b"")
    left = cache.folder / f"{KEY}.{os.getpid()}-{get_ident()}.unfinished"
    left.write_bytes(b"half a")
    cache.store(KEY, b"x")
    assert b"x" == cache.load(KEY)
    assert not left.exists()


def test_many_may_store_and_load_at_once(cache: RuleCache) -> None:
    contents = [bytes([number]) * 200_000 for number in range(8)]
    cache.store(KEY, contents[0])

    def work(content: bytes) -> list[bytes | None]:
        found = []
        for _ in range(10):
            cache.store(KEY, content)
            found.append(cache.load(KEY))
        return found

    with ThreadPoolExecutor(8) as pool:
        seen = [one for found in pool.map(work, contents) for one in found]
    assert set() == {*seen} - {*contents}
    assert 1 == len(list(cache.folder.iterdir()))
