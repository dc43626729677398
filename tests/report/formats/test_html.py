from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest

from tests.report import results
from tocsin.model.result import Citation, HostResult
from tocsin.report.formats.html import render

VOID = {"meta", "br", "circle", "path", "rect", "img", "link", "input"}


class Reader(HTMLParser):
    """Keeps what the page is made of, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def attributes(self, name: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(name)) is not None]


def read(*hosts: HostResult) -> Reader:
    reader = Reader()
    reader.feed(render(results.result(*hosts)).decode("utf-8"))
    reader.close()
    assert [] == reader.open
    return reader


def text_of(*hosts: HostResult) -> str:
    return " ".join(" ".join(read(*hosts).text).split())


def test_the_same_result_gives_the_same_bytes() -> None:
    result = results.result(results.compromised(), results.quiet())
    assert render(result) == render(result)


def test_the_page_forbids_everything_that_it_does_not_need() -> None:
    page = read(results.compromised())
    policies = [
        found["content"]
        for tag, found in page.tags
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy"
    ]
    assert ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"] == policies


@pytest.mark.parametrize("name", ["compromised", "hostile", "quiet", "untold"])
def test_nothing_on_the_page_runs_or_reaches_out(name: str) -> None:
    page = read(getattr(results, name)())
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "link", "form", "base", "use", "a-"}
    assert all(address.startswith("#") for address in page.attributes("href"))
    assert [] == page.attributes("src")
    assert not [name for _, found in page.tags for name in found if name.startswith("on")]


def test_links_within_the_page_lead_somewhere_and_ids_are_unique() -> None:
    page = read(results.compromised(), results.quiet(), results.hostile())
    ids = page.attributes("id")
    assert len(set(ids)) == len(ids)
    assert not {address[1:] for address in page.attributes("href")} - set(ids)
    named = {one for value in page.attributes("aria-labelledby") for one in value.split()}
    assert not named - set(ids)


def test_hostile_text_is_shown_as_it_is_written() -> None:
    raw = render(results.result(results.hostile())).decode("utf-8")
    assert "<script>" not in raw
    assert 1 == raw.count("</style>")
    assert "{{ 7*7 }}" in text_of(results.hostile())
    assert '<img src="http://attacker.invalid/x.png"' in text_of(results.hostile())


def test_no_character_acts_or_hides() -> None:
    raw = render(results.result(results.hostile())).decode("utf-8")
    assert [] == [c for c in raw if not c.isprintable() and c not in "\n\t"]
    assert "‹U+202E›gpj.exe‹U+2066›‹U+200B›‹U+D800›‹U+000D›" in raw


def test_hostile_amounts_stay_a_page_and_are_counted() -> None:
    assert 1_500_000 > len(render(results.result(results.hostile())))
    text = text_of(results.hostile())
    assert "Cited evidence (10,000)" in text
    assert "… and 9,940 more, which are in report.json." in text
    assert f"(+{len(results.HOSTILE) + len(results.LONG) - 4_000:,} characters)" in text
    assert "and 4,996 more in report.json" in text


def test_the_page_says_everything_that_the_result_says() -> None:
    host = results.compromised()
    text = text_of(host)
    for statement in (
        "Compromised",
        "partial: what was found is proven; the logs do not show the whole time",
        "2020-12-12 to 2021-03-12",
        *host.verdict.reasons,
        *host.verdict.limits,
        *(finding.title for finding in host.findings),
        *(step for finding in host.findings for step in finding.next_steps),
        *(why for finding in host.findings for why in finding.benign_explanations),
        *(citation.artefact for citation in results.CHAIN),
        *(citation.text for citation in results.CHAIN),
        "15.1.2106.13",
        "CVE-2021-27065",
        "health-probes",
        "182,441",
        "14 fields, the header names 15",
        "not applicable: Build 15.1.2106.2 was replaced before this was exploited.",
        host.intruders[0].groups[0].wording,
        host.intruders[0].note,
        host.manifest[0].sha256,
        "sigma/old.yml: unknown modifier 'windash2'",
        results.LEAD.title,
    ):
        assert statement in text, statement


def test_a_citation_names_file_line_time_and_rule() -> None:
    assert (
        f"{results.HTTPPROXY}:120 2021-03-03 04:12:09.613Z rule proxylogon-step-session"
        in text_of(results.compromised())
    )


def test_a_time_that_is_no_row_of_a_log_names_its_origin() -> None:
    citation = Citation(
        artefact="C/x.aspx", offset=0, time=results.at("2021-03-03T04:00:00"), time_from="mft",
        rule="r", text="t",
    )  # fmt: skip
    found = results.finding(citations=(citation,))
    assert "(time from: mft)" in text_of(results.host(findings=(found,)))


def test_an_attempt_that_cannot_be_judged_is_headed_so() -> None:
    text = text_of(results.untold())
    assert "Attempted; whether it succeeded cannot be told" in text
    assert "ecp_server: " not in text
    assert "needed for the verdict, and missing or incomplete" in text


def test_several_servers_begin_with_a_table_and_the_worst() -> None:
    hosts = (results.quiet(), results.untold(), results.compromised())
    text = text_of(*hosts)
    assert "Tocsin: were these 3 servers broken into?" in text
    order = [text.index(f"({host.source})") for host in hosts]
    assert sorted(order, reverse=True) == order
    assert "Compromised: EXCH01 and 2 more (Tocsin)" in text


def test_a_server_of_which_nothing_was_read_has_a_page_too() -> None:
    text = text_of(results.host())
    assert "Inconclusive" in text
    assert "No row with a time was read." in text
    assert "Dates read (UTC) none" in text


def test_headings_step_down_one_at_a_time() -> None:
    levels = [
        int(tag[1])
        for tag, _ in read(results.compromised(), results.quiet()).tags
        if re.fullmatch(r"h[1-6]", tag)
    ]
    assert [1] == [level for level in levels if level == 1]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_drawing_has_a_title_a_description_and_a_table_beside_it() -> None:
    page = read(results.compromised())
    drawings = [found for tag, found in page.tags if tag == "svg" and found.get("role") == "img"]
    assert 3 == len(drawings)
    assert all(found["aria-labelledby"] for found in drawings)
    text = text_of(results.compromised())
    assert "The timeline as a table" in text
    assert "The coverage as a table" in text


def test_the_end_counts_each_kind_of_rule_and_names_what_could_not_be_used() -> None:
    text = " ".join(text_of(results.quiet()).split())
    assert "30 Sigma rules, 10 YARA rules, 1 entry of a list loaded, 3 without" in text
    assert "1 rule or entry of a list could not be used: sigma/old.yml: unknown modifier" in text
