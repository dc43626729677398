"""Mitigations in IIS's configuration: what held, what could not, and what an update took away."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from tocsin.events.format import all_formats
from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.mitigations import all_mitigations
from tocsin.model.artefact import Artefact, FileTime, TimeKind, TimeOrigin
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.verdict.mitigations import Mitigations, Told

MAIN = "C/Windows/System32/inetsrv/config/applicationHost.config"
HISTORY = "C/inetpub/history/CFGHISTORY_0000000007/applicationHost.config"
SITE = "C/inetpub/wwwroot/web.config"
DECODED = "{UrlDecode:{REQUEST_URI}}"
PATTERN = "(?=.*autodiscover)(?=.*powershell)"
WRITTEN = datetime(2021, 3, 6, tzinfo=UTC)


def rule(
    name: str = "PowerShell - inbound",
    condition: str = f'<add input="{DECODED}" pattern="{PATTERN}" />',
    *,
    url: str = ".*",
    action: str = "AbortRequest",
    attributes: str = "",
) -> str:
    return (
        f'<rule name="{name}" {attributes}><match url="{url}" />'
        f'<conditions>{condition}</conditions><action type="{action}" /></rule>'
    )


def eomt() -> str:
    cookie = '<add input="{HTTP_COOKIE}" pattern="%s" />'
    return rule(
        "X-AnonResource-Backend Abort - inbound", cookie % "(.*)X-AnonResource-Backend(.*)"
    ) + rule("X-BEResource Abort - inbound", cookie % "(.*)X-BEResource=(.+)/(.+)~(.+)")


def config(inner: str) -> str:
    return f"<configuration><system.webServer>{inner}</system.webServer></configuration>"


def rules(*inner: str) -> str:
    return config(f"<rewrite><rules>{''.join(inner)}</rules></rewrite>")


def told(*files: tuple[str, str]) -> list[Told]:
    form = all_formats()["iis_config"]
    watch = Mitigations()
    for path, text in files:
        written = FileTime(kind=TimeKind.MODIFIED, value=WRITTEN, origin=TimeOrigin.COLLECTOR)
        file = Artefact(
            path=EvidencePath.plain(path), format="iis_config", size_bytes=1, times=(written,)
        )
        for row in form.parse(io.BytesIO(text.encode()), file):
            assert isinstance(row, Event)
            watch.row(file, form, "iis_config", row)
    return list(watch.taken())


def test_every_mitigation_names_cves_that_are_known() -> None:
    named = {cve for one in all_mitigations() for cve in one.cves}
    assert set() == named - all_cves().keys()


def test_eomts_two_rules_mitigate_and_an_update_would_remove_them() -> None:
    [found] = told((SITE, rules(eomt())))
    assert (True, ("CVE-2021-26855",)) == (found.holds, found.cves)
    assert f"seen in {SITE}:1" in found.text
    assert "in a file of 2021-03-06; a cumulative update removes it" in found.text


def test_one_of_eomts_two_rules_does_not_hold() -> None:
    [found] = told((SITE, rules(eomt().partition("</rule>")[0] + "</rule>")))
    assert not found.holds
    assert "X-BEResource is not there" in found.text


def test_eomtv2_holds_as_published() -> None:
    [found] = told((SITE, rules(rule())))
    assert (True, ("CVE-2022-41040",)) == (found.holds, found.cves)


def test_the_services_own_rule_is_known_by_its_name() -> None:
    [found] = told((SITE, rules(rule("EEMS M1.1 PowerShell - inbound"))))
    assert (True, ("em-m1",)) == (found.holds, found.ids)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rule(attributes='enabled="false"'), "switched off"),
        (rule(attributes='patternSyntax="Wildcard"'), "wildcards"),
        (rule(url="owa/.*"), "every address"),
        (rule(action="None"), "lets the request through"),
        (
            rule(condition=f'<add input="{{REQUEST_URI}}" pattern="{PATTERN}" />'),
            "does not look at",
        ),
        (
            rule(
                condition=r'<add input="{REQUEST_URI}" pattern=".*autodiscover\.json.*\@.*Powershell.*" />'
            ),
            "first form",
        ),
        (
            rule(condition='<add input="{REQUEST_URI}" pattern="x" />'),
            "another than the published",
        ),
    ],
)
def test_a_rule_that_cannot_hold_says_why(text: str, why: str) -> None:
    [found] = told((SITE, rules(text)))
    assert not found.holds
    assert why in found.text


def test_rules_cleared_below_the_site_do_not_hold() -> None:
    cleared = "C/Exchange/FrontEnd/HttpProxy/ecp/web.config"
    [found] = told((SITE, rules(rule())), (cleared, rules("<clear />")))
    assert not found.holds
    assert f"cleared further down ({cleared}:1)" in found.text


def test_a_rule_that_only_an_older_copy_has_was_lost() -> None:
    [found] = told((HISTORY, rules(eomt())), (MAIN, config("")))
    assert (False, True) == (found.holds, found.gone)
    assert "no longer has; a cumulative update overwrites it" in found.text


def test_without_the_newest_configuration_nobody_says_that_it_was_lost() -> None:
    [found] = told((HISTORY, rules(eomt())))
    assert (False, False) == (found.holds, found.gone)


def test_a_stopped_pool_is_told() -> None:
    text = (
        "<configuration><system.applicationHost><applicationPools>"
        '<add name="MSExchangeECPAppPool" autoStart="false" />'
        "</applicationPools></system.applicationHost></configuration>"
    )
    [found] = told((MAIN, text))
    assert ("ecp-pool",) == found.ids


def protection(**checking: str) -> str:
    [known] = [one for one in all_mitigations() if one.least]
    return (
        "<configuration>"
        + "".join(
            f'<location path="{place}"><system.webServer><security><authentication>'
            "<windowsAuthentication>"
            f'<extendedProtection tokenChecking="{checking.get(place.rpartition("/")[2], need)}" />'
            "</windowsAuthentication></authentication></security></system.webServer></location>"
            for place, need in known.least.items()
        )
        + "</configuration>"
    )


def test_extended_protection_everywhere_holds() -> None:
    [found] = told((MAIN, protection()))
    assert (True, True) == (found.holds, "CVE-2024-21410" in found.cves)


def test_one_directory_without_it_is_enough_not_to_hold() -> None:
    [found] = told((MAIN, protection(EWS="None")))
    assert not found.holds
    assert "exchange back end/ews is None, not Require" in found.text


def test_where_it_was_never_switched_on_nothing_is_told() -> None:
    off = dict.fromkeys(("API", "ECP", "EWS", "Microsoft-Server-ActiveSync", "OAB", "OWA"), "None")
    assert [] == told((MAIN, protection(**off)))
