import pytest

from tocsin.events.mft_folders import Folders
from tocsin.events.mft_records import FileName, MftRecord

NO_TIMES = (0, 0, 0, 0)


def named(name: str, parent: int, sequence: int = 1) -> FileName:
    return FileName(parent, sequence, NO_TIMES, 0, 1, name)


def folders(*known: tuple[int, int, bool, FileName]) -> Folders:
    found = Folders("C:")
    for entry, sequence, in_use, name in known:
        record = MftRecord(sequence, in_use, is_directory=True, base=0, name=name)
        found.add(entry, record)
    return found


TREE = folders(
    (30, 1, True, named("inetpub", 5, 5)),
    (31, 1, True, named("wwwroot", 30)),
)


def test_a_path_climbs_to_the_root() -> None:
    assert "C:/inetpub/wwwroot/x.aspx" == TREE.path(named("x.aspx", 31))
    assert "C:/x.aspx" == TREE.path(named("x.aspx", 5, 5))


@pytest.mark.parametrize(
    ("sequence", "in_use", "expected"),
    [
        (1, True, "C:/gone/x.aspx"),
        (2, False, "C:/gone/x.aspx"),
        (2, True, "C:/?/x.aspx"),
        (5, False, "C:/?/x.aspx"),
    ],
)
def test_a_folder_whose_number_was_used_again_is_not_known(
    sequence: int, in_use: bool, expected: str
) -> None:
    deleted = folders((40, sequence, in_use, named("gone", 5, 5)))

    assert expected == deleted.path(named("x.aspx", 40, 1))


def test_a_folder_that_is_not_in_the_table_is_not_known() -> None:
    assert "C:/?/x.aspx" == TREE.path(named("x.aspx", 99))


def test_folders_in_a_circle_end() -> None:
    circle = folders((40, 1, True, named("a", 41)), (41, 1, True, named("b", 40)))

    assert circle.path(named("x", 40)).startswith("C:/?/")


def test_files_are_no_folders() -> None:
    found = Folders("")
    found.add(40, MftRecord(1, in_use=True, is_directory=False, base=0, name=named("f", 5)))

    assert "/?/x" == found.path(named("x", 40))
