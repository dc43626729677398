import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.xml_tree import MAX_DEPTH, MAX_ELEMENTS, read_xml, root_name

DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-16"?>\n<a xmlns="http://x">\n <b c="é">t1</b>\n <b/>\n</a>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_told_from_the_bytes_not_from_the_declaration(encoding: str) -> None:
    data = DOCUMENT.encode(encoding)

    tree = read_xml(data)

    assert "" == tree.error
    assert tree.root is not None
    assert "a" == tree.root.name == root_name(data)
    first, second = tree.root.all("b")
    assert ({"c": "é"}, "t1", 3) == (first.attributes, first.text, first.line)
    assert 4 == second.line


def test_a_declared_code_page_is_used_where_the_bytes_are_no_utf8() -> None:
    data = '<?xml version="1.0" encoding="windows-1251"?><a>\u0416</a>'.encode("cp1251")

    root = read_xml(data).root

    assert root is not None
    assert "\u0416" == root.text


@pytest.mark.parametrize("declared", ["hex", "undefined", "x-unknown", "rot13"])
def test_an_encoding_that_is_none_costs_nothing_but_letters(declared: str) -> None:
    root = read_xml(
        f'<?xml version="1.0" encoding="{declared}"?><a b="1">'.encode() + b"\xe9</a>"
    ).root

    assert root is not None
    assert "é" == root.text


def test_a_document_that_breaks_off_is_read_to_there() -> None:
    tree = read_xml(b"<a>\n<b>text</b>\n<c>half")

    assert tree.root is not None
    assert ["b", "c"] == [node.name for node in tree.root.children]
    assert "half" == tree.root.value("c")
    assert tree.error
    assert 3 == tree.line


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a [<!ENTITY e "x">]>',
        '<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;&e;&e;">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_and_document_types_are_refused(declaration: str) -> None:
    tree = read_xml(f"{declaration}<a>&e;</a>".encode())

    assert tree.error
    assert tree.root is None or "root:" not in tree.root.text


@pytest.mark.parametrize("data", [b"<a>" * (MAX_DEPTH + 1), b"<a>" + b"<b/>" * MAX_ELEMENTS])
def test_a_document_without_end_is_refused_at_the_limit(data: bytes) -> None:
    tree = read_xml(data)

    assert "more than" in tree.error
    assert tree.root is not None


def test_long_text_in_many_pieces_takes_no_long_time() -> None:
    started = time.perf_counter()
    root = read_xml(b"<a>" + b"x\n" * 500_000 + b"</a>").root

    assert root is not None
    assert 1_000_000 == len(root.text)
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", None),
        (b"no xml", None),
        (b"<!-- a --> <?x y?>\r\n<n:configuration>", "configuration"),
        (b" " * 65_536, None),
        (b"<!--" * 16_000, None),
        (b"<" + b"a:" * 30_000, "a"),
        (b"ElfFile\0<Task>", None),
    ],
)
def test_the_first_element_alone_says_what_a_document_is(
    head: bytes, expected: str | None
) -> None:
    assert expected == root_name(head)


def test_ancestors_come_with_each_element_in_the_order_of_the_document() -> None:
    root = read_xml(b"<a><b><c/></b><d/></a>").root

    assert root is not None
    assert [("", "a"), ("a", "b"), ("ab", "c"), ("a", "d")] == [
        ("".join(one.name for one in above), node.name) for above, node in root.walk()
    ]


@given(st.binary(max_size=300))
def test_any_bytes_give_a_tree_or_an_error(data: bytes) -> None:
    tree = read_xml(data)

    assert tree.root is not None or tree.error
    root_name(data)
