"""Rules are asked about a file: where they matched, and what a slow one costs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.matching.rule_sets import pack, yara
from tests.matching.yara.yara_sets import SLOW, of_user, write
from tocsin.matching.yara.ask import STRINGS_SHOWN, Answer, Found, Hit
from tocsin.matching.yara.load import load_yara
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from pathlib import Path

PAGE = EvidencePath.plain("C:/inetpub/wwwroot/page.aspx")


def test_a_hit_says_where_in_the_file_each_text_stands_first(tmp_path: Path) -> None:
    texts = '$late = "zeta" $wide = "wide" wide $early = "alpha" $never = "omega"'
    rules, *_ = of_user(tmp_path, a=f"rule a {{ strings: {texts} condition: any of them }}")
    data = b"one alpha\ntwo zeta alpha zeta\n" + "wide".encode("utf-16-le")
    assert Answer(
        hits=(
            Hit(
                rule="a",
                found=(
                    Found(name="$early", offset=4, excerpt="one alpha"),
                    Found(name="$late", offset=14, excerpt="two zeta alpha zeta"),
                    Found(name="$wide", offset=30, excerpt="wide"),
                ),
            ),
        )
    ) == rules.ask(data, PAGE)


def test_only_the_first_places_are_shown(tmp_path: Path) -> None:
    texts = " ".join(f'$t{number} = "text{number}"' for number in range(9))
    rules, *_ = of_user(tmp_path, a=f"rule a {{ strings: {texts} condition: all of them }}")
    data = b" ".join(b"text%d" % number for number in range(9))
    (hit,) = rules.ask(data, PAGE).hits
    assert ["$t0", "$t1", "$t2", "$t3"] == [one.name for one in hit.found]
    assert STRINGS_SHOWN == len(hit.found)


def test_counts_of_texts_are_right_though_not_every_place_is_kept(tmp_path: Path) -> None:
    rules, *_ = of_user(
        tmp_path,
        a='rule many { strings: $a = "ab" condition: #a > 5000 }'
        ' rule tenth { strings: $a = "ab" condition: @a[10] == 18 }',
    )
    found = rules.ask(b"ab" * 6000, PAGE).hits
    assert ["many", "tenth"] == [hit.rule for hit in found]


def test_a_slow_rule_of_the_user_is_cut_short_and_takes_nothing_from_ours(
    tmp_path: Path,
) -> None:
    user = write(tmp_path, slow=f"\n{SLOW}", good="rule good { condition: true }")
    rules, *_ = load_yara([pack(yara_files=(yara("ours"),))], [user], {})
    answer = rules.ask(b"a" * 8 * 2**20, PAGE, seconds=1)
    assert ["ours"] == [hit.rule for hit in answer.hits]
    told = "YARA was cut short after 1 s, so these rules gave no answer; slow ones are in"
    assert (f"{told} {tmp_path}/slow.yar, line 2",) == answer.failures


AFTER_A_FORK = """
import os, sys
from pathlib import Path
from tocsin.matching.yara.load import load_yara
from tocsin.model.path import EvidencePath
rules, *_ = load_yara([], [Path(sys.argv[1])], {})
path = EvidencePath.plain("a.aspx")
scanned_before = sys.argv[2] == "yes"
if scanned_before:
    rules.ask(b"x", path)
child = os.fork()
if child == 0:
    try:
        answer = rules.ask(b"a" * 4 * 2**20, path, seconds=1)
    except RuntimeError as error:
        print(str(error)[:24], flush=True)
    else:
        print(answer.failures[0][:24], flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.parametrize(
    ("scanned_before", "said"),
    [("no", "YARA was cut short after"), ("yes", "YARA-X keeps no time in ")],
)
def test_a_forked_process_has_a_limit_of_time_or_says_that_it_has_none(
    tmp_path: Path, scanned_before: str, said: str
) -> None:
    write(tmp_path, slow=SLOW)
    command = [sys.executable, "-c", AFTER_A_FORK, str(tmp_path), scanned_before]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert (said, "") == (done.stdout.rstrip("\n"), done.stderr)


def test_the_user_s_rules_may_be_asked_alone(tmp_path: Path) -> None:
    user = write(tmp_path, good="rule good { condition: true }")
    rules, *_ = load_yara([pack(yara_files=(yara("ours"),))], [user], {})
    assert ["good"] == [hit.rule for hit in rules.ask(b"", PAGE, with_packs=False).hits]
    assert frozenset({"ours"}) == rules.pack_ids
    assert frozenset({"good"}) == rules.user_ids


def test_without_rules_there_is_no_answer() -> None:
    rules, infos, failed = load_yara([], [], {})
    assert (Answer(), {}, []) == (rules.ask(b"x", PAGE), infos, failed)
