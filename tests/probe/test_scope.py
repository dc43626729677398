"""The scope: what is taken, what is refused, and that each refusal says where and what to do."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from typing import TYPE_CHECKING

import pytest

from tocsin.errors import UsageError
from tocsin.probe.scope import Limits, plain_name, read_scope

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
[authorisation]
name = "A. Example"
organisation = "Example CSIRT"
reference = "Mandate 2026/17"
from = 2026-11-01
until = 2026-12-31
[contact]
mail = "scan@csirt.example"
page = "https://csirt.example/scanning"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scope.toml"


def refusal(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_scope(file)
    message = str(refused.value)
    assert message.startswith(str(file))
    return message.removeprefix(str(file))


def test_a_whole_scope_is_read(file: Path) -> None:
    (file.parent / "opt-out.txt").write_text(
        "# asked by mail\n192.0.2.7\n2001:db8::/64 # all of it\n\n*.example.com\n",
        encoding="utf-8",
    )
    file.write_text(
        HEAD
        + """
[targets]
networks = ["192.0.2.0/24", "2001:db8::/120"]
hosts = ["198.51.100.4", "Mail.Example.ORG.", { name = "owa.example.net", addresses = ["203.0.113.4"] },
         { name = "cloud.example.net", anywhere = true }]
ports = [443, 8443]
plain_ports = [80]
[[targets.large]]
network = "10.0.0.0/16"
addresses = 65536
name = "B. Example"
organisation = "Example University"
reference = "Letter of 2026-10-01"
[opt_out]
entries = ["192.0.2.99"]
file = "opt-out.txt"
[limits]
per_host = 0.5
""",
        encoding="utf-8",
    )
    scope = read_scope(file)

    assert [
        "192.0.2.0/24", "2001:db8::/120", "10.0.0.0/16", "198.51.100.4/32",
    ] == [str(one) for one in scope.networks]  # fmt: skip
    assert {
        "mail.example.org": (frozenset(), False),
        "owa.example.net": (frozenset({ipaddress.ip_address("203.0.113.4")}), False),
        "cloud.example.net": (frozenset(), True),
    } == scope.names
    assert ((443, "https"), (8443, "https"), (80, "http")) == scope.ports
    assert ["192.0.2.99/32", "192.0.2.7/32", "2001:db8::/64"] == [
        str(one) for one in scope.opt_out_networks
    ]
    assert {"example.com"} == scope.opt_out_names
    assert Limits(per_host=0.5) == scope.limits


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ('networks = ["0.0.0.0/0"]', "targets.networks[0]: 0.0.0.0/0 is larger than anybody can"),
        ('networks = ["::/0"]', "targets.networks[0]: ::/0 is larger"),
        ('networks = ["10.0.0.0/7"]', "is larger than anybody can authorise in one line"),
        ('networks = ["10.0.0.0/16"]', "65,536 addresses; more than 1,024 need an entry under [["),
        ('networks = ["192.0.2.7/24"]', "has host bits set; write 192.0.2.0/24"),
        ('networks = ["192.0.2.0/33"]', "targets.networks[0]"),
        ('networks = ["example.org"]', "targets.networks[0]"),
        ('networks = ["169.254.0.0/24"]', "holds 169.254.0.0, a link-local address"),
        ('networks = ["224.0.0.0/24"]', "holds 224.0.0.0, no address of one host"),
        ('networks = ["255.255.255.255/32"]', "holds 255.255.255.255, a reserved address"),
        ('networks = ["64:ff9b::c000:200/120"]', "an address that leads to another one"),
        ('hosts = ["::ffff:192.0.2.1"]', "an IPv4 address in the form of IPv6"),
        ('hosts = ["2002:c000:201::1"]', "an address that leads to another one"),
        ('hosts = ["0.0.0.0"]', "targets.hosts[0]: 0.0.0.0 is no address of one host"),
        ('hosts = ["fe80::1%eth0"]', "neither an address nor a host name"),
        ('hosts = ["*.example.org"]', "neither an address nor a host name"),
        ('hosts = ["192.0.2.0/24"]', "write networks under targets.networks"),
        ('hosts = ["b\\u00fccher.example"]', "names with other letters as xn--"),
        ('hosts = ["a b.example.org"]', "neither an address nor a host name"),
        ('hosts = ["mail.example.org\\r\\nX: y"]', "neither an address nor a host name"),
        ('hosts = ["1.2.3.4.5"]', "neither an address nor a host name"),
        ('hosts = [{ name = "a.example.org", addresses = ["x"] }]', "targets.hosts[0].addresses"),
        ('hosts = [{ name = "a.example.org", any = true }]', "unknown field `any`"),
        ("ports = []", "targets.ports: names no port"),
        ("ports = [0]", "`int` >= 1"),
        ("ports = [443]\nplain_ports = [443]", "names a port twice"),
        ("nets = []", "unknown field `nets`"),
        (
            (
                '[[targets.large]]\nnetwork = "10.0.0.0/12"\naddresses = 65536\nname = "B"\n'
                'organisation = "C"\nreference = "D"'
            ),
            "targets.large[0].addresses: 10.0.0.0/12 has 1,048,576 addresses, not 65,536",
        ),
        ('[[targets.large]]\nnetwork = "10.0.0.0/12"\naddresses = 1048576', "missing required"),
    ],
)
def test_targets_that_cannot_be_meant_are_refused(file: Path, targets: str, message: str) -> None:
    assert message in refusal(file, f"{HEAD}[targets]\n{targets}\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reference = "Mandate 2026/17"\n', "", "missing required field `reference`"),
        ('name = "A. Example"', 'name = ""', "length >= 1"),
        ("until = 2026-12-31", "until = 2026-10-01", "authorisation.until: lies before from"),
        ("until = 2026-12-31", 'until = "soon"', "$.authorisation.until"),
        ("scan@csirt.example", "nobody", "contact.mail: 'nobody' is no mail address"),
        ("scan@csirt.example", "a@b.example\\r\\nX: y", "contact.mail"),
        ("https://csirt.example/scanning", "http://csirt.example/", "contact.page"),
        ("https://csirt.example/scanning", "https://a.example/\\nX: y", "contact.page"),
        ("https://csirt.example/scanning", "https:///scanning", "contact.page"),
        ("[contact]", "[contact", "at line 8, column 9"),
    ],
)
def test_an_authorisation_that_says_too_little_is_refused(
    file: Path, old: str, new: str, message: str
) -> None:
    assert old in HEAD
    text = f'{HEAD.replace(old, new)}[targets]\nhosts = ["192.0.2.1"]\n'
    assert message in refusal(file, text)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("per_host = 50", "<= 5"),
        ("per_host = 0", "> 0"),
        ("overall = 100000", "<= 500"),
        ("samples = 1000", "<= 20"),
        ("at_once = 100000", "<= 512"),
        ("timeout_s = 3600", "<= 60"),
    ],
)
def test_nobody_may_be_hurried(file: Path, limits: str, message: str) -> None:
    text = f'{HEAD}[targets]\nhosts = ["192.0.2.1"]\n[limits]\n{limits}\n'
    assert message in refusal(file, text)


def test_a_list_of_opt_outs_that_is_not_there_means_that_nobody_is_asked(file: Path) -> None:
    text = f'{HEAD}[targets]\nhosts = ["192.0.2.1"]\n[opt_out]\nfile = "none.txt"\n'
    assert "opt_out.file" in (message := refusal(file, text))
    assert "so nobody is asked" in message


def test_an_opt_out_that_is_not_understood_is_named_with_its_line(file: Path) -> None:
    listed = file.parent / "opt-out.txt"
    listed.write_text("192.0.2.1\n192.0.2.300\n", encoding="utf-8")
    file.write_text(
        f'{HEAD}[targets]\nhosts = ["192.0.2.1"]\n[opt_out]\nfile = "opt-out.txt"\n',
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match=r"opt-out\.txt:2: '192\.0\.2\.300' is no address"):
        read_scope(file)


def test_a_scope_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(UsageError, match=r"scope\.toml: cannot be read: No such file"):
        read_scope(file)


def test_a_scope_knows_the_hash_of_what_was_read(file: Path) -> None:
    file.write_text(f'{HEAD}[targets]\nhosts = ["192.0.2.1"]\n', encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == read_scope(file).sha256


def test_an_authorisation_holds_from_its_first_day_to_the_end_of_its_last(file: Path) -> None:
    file.write_text(f'{HEAD}[targets]\nhosts = ["192.0.2.1"]\n', encoding="utf-8")
    authorisation = read_scope(file).authorisation

    def at(text: str) -> str | None:
        return authorisation.problem_at(dt.datetime.fromisoformat(text))

    assert "the authorisation begins on 2026-11-01" == at("2026-10-31T23:59:59+00:00")
    assert at("2026-11-01T00:00:00+00:00") is None
    assert at("2026-12-31T23:59:59+00:00") is None
    assert "the authorisation ended with 2026-12-31" == at("2027-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail.Example.ORG.", "mail.example.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("exch01", None),
        ("192.0.2.1", None),
        ("-a.example.org", None),
        ("a" * 64 + ".example.org", None),
        (".".join(["a" * 60] * 5), None),
        ("mail.example.org\n", None),
        ("", None),
    ],
)
def test_names_are_compared_in_one_form(text: str, expected: str | None) -> None:
    assert expected == plain_name(text)
