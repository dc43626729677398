"""What the table of group overlap says is what comes out."""

from __future__ import annotations

from bench.group_overlap import PAGE, SIZES, of_packs, table


def test_a_group_is_rarely_named_for_strangers_and_mostly_the_right_one() -> None:
    rows = [line.split("|") for line in table(of_packs()).splitlines() if line[2:3].isdigit()]
    assert len(SIZES) == len(rows)
    for _, size, by_chance, unknown, *_, right, _ in rows:
        assert float(by_chance.strip(" %")) <= 7, size
        assert float(unknown.strip(" %")) <= 7, size
        assert right.strip() == "-" or int(right.strip(" %")) >= 80, size


def test_the_page_has_a_table_with_a_row_for_each_size() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"\n| {size} | " in text for size in SIZES)
