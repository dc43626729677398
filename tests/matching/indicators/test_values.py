"""What a text in a list names, and why it names nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching.indicators.indicator import Kind
from tocsin.matching.indicators.values import guess, part_of

SHA1 = "0a" * 20
TOLD = [
    (SHA1.upper(), "SHA-1", SHA1),
    ("192.0.2.7", "address", "192.0.2.7"),
    ("192.0.2.7:8443", "address", "192.0.2.7"),
    ("192[.]0[.]2[.]7", "address", "192.0.2.7"),
    ("192.0.2[dot]7", "address", "192.0.2.7"),
    ("::FFFF:192.0.2.7", "address", "192.0.2.7"),
    ("[2001:DB8::1]", "address", "2001:db8::1"),
    ("2001:db8::/48", "network", "2001:db8::/48"),
    ("192.0.2.77/24", "network", "192.0.2.0/24"),
    ("192.0.2.7/32", "address", "192.0.2.7"),
    ("Evil[.]Example.", "domain", "evil.example"),
    ("evil(.)example", "domain", "evil.example"),
    ("*.evil.example", "domain", "evil.example"),
    ("bücher.example", "domain", "xn--bcher-kva.example"),
    ("hxxps://evil[.]example/a", "URL", "evil.example/a"),
    ("hXXp[:]//evil[.]example:8080/a", "URL", "evil.example:8080/a"),
    ("http://user@evil.example:80/A/?b=1#c", "URL", "evil.example/a/?b=1#c"),
    ("evil.example/a", "URL", "evil.example/a"),
    ("C:\\Inetpub\\wwwroot\\X.aspx", "path", "inetpub/wwwroot/x.aspx"),
    ("\\\\?\\C:\\a\\b.txt", "path", "a/b.txt"),
    ("%ProgramData%\\bad\\x.dll", "path", "bad/x.dll"),
    ("/owa/auth/x.aspx", "path", "owa/auth/x.aspx"),
    ("C:\\evil.exe", "file name", "evil.exe"),
    ("shell.aspx", "file name", "shell.aspx"),
    ('"shell.aspx"', "file name", "shell.aspx"),
]
REFUSED = [
    ("", "is empty"),
    ("   ", "is empty"),
    ("x\0y", "holds NUL bytes"),
    ("a" * 3000, "is longer than 2048 characters"),
    ("*", "is no hash, address"),
    ("a", "is no hash, address"),
    ("some words", "is no hash, address"),
    ("0.0.0.0/0", "would match all of the internet"),
    ("10.0.0.0/4", "would match the internet"),
    ("::/0", "would match all of the internet"),
    ("127.0.0.1", "is this machine itself"),
    ("127.1.0.0/16", "is this machine itself"),
    ("::1", "is this machine itself"),
    ("::", "is this machine itself"),
    ("999.1.1.1", "is no address"),
    ("http://localhost/x", "names no host"),
    ("http://x/y", "names no host"),
    ("C:\\a\\*.exe", "has a wildcard"),
    ("C:\\", "has no name of 3 letters"),
    ("/", "has no name of 3 letters"),
    ("\\a\\b", "has no name of 3 letters"),
    (SHA1[:-1], "is no hash, address"),
]
DECLARED = [
    ("shell.zip", Kind.DOMAIN, "domain", "shell.zip"),
    ("192.0.2.7", Kind.DOMAIN, "address", "192.0.2.7"),
    ("evil.example", Kind.URL, "domain", "evil.example"),
    ("/owa/x.aspx", Kind.URL, "path", "owa/x.aspx"),
    (SHA1, Kind.MD5, "SHA-1", SHA1),
    ("evil.example", Kind.FILE_NAME, "file name", "evil.example"),
    ("Some Agent/1.0", Kind.USER_AGENT, "user agent", "some agent/1.0"),
]
NOT_AS_DECLARED = [
    ("shell.aspx", Kind.SHA256, "is no SHA-256, as the list says, but a file name"),
    ("com", Kind.DOMAIN, "is no domain of two labels"),
    ("localhost", Kind.DOMAIN, "is this machine itself"),
    ("-", Kind.USER_AGENT, "has no word of 3 letters"),
    ("a", Kind.FILE_NAME, "has no name of 3 letters"),
    ("*.aspx", Kind.FILE_NAME, "has a wildcard"),
]


@pytest.mark.parametrize(("text", "kind", "key"), TOLD)
def test_the_form_tells_what_a_text_is(text: str, kind: str, key: str) -> None:
    assert (kind, key) == tuple(map(str, part_of(text)))


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_names_nothing_or_everything_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        part_of(text)


@pytest.mark.parametrize(("text", "declared", "kind", "key"), DECLARED)
def test_a_declared_kind_counts_where_the_form_does_not_contradict(
    text: str, declared: Kind, kind: str, key: str
) -> None:
    assert (kind, key) == tuple(map(str, part_of(text, declared)))


@pytest.mark.parametrize(("text", "declared", "reason"), NOT_AS_DECLARED)
def test_what_is_not_what_the_list_says_is_refused(text: str, declared: Kind, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        part_of(text, declared)


@given(
    text=st.text(alphabet=st.sampled_from("ab.:/\\[]%0127hxtp*@ ä-"), max_size=24),
    kind=st.sampled_from([None, *Kind][:-1]),
)
def test_any_text_is_told_or_refused_with_a_reason(text: str, kind: Kind | None) -> None:
    reason, part = "", None
    try:
        part = part_of(text, kind)
    except ValueError as error:
        reason = str(error)
    assert reason or (part is not None and part.key)


def test_endings_of_files_are_no_domains_but_com_is_one() -> None:
    assert [Kind.FILE_NAME, Kind.DOMAIN] == [guess("evil.exe"), guess("evil.com")]
