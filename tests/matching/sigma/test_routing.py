"""Which events a log source means."""

from __future__ import annotations

import pytest
from sigma.pipelines.common import windows_logsource_mapping

from tests.matching.rule_sets import event, form, pack, sigma
from tocsin.events.format import LogSource, all_formats
from tocsin.matching.rules import load_rules
from tocsin.matching.sigma.routing import Sources, merged, routes, sources_of

SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"


def asked(
    logsource: dict[str, str], format_name: str, stream: str = "", event_id: str = ""
) -> bool:
    """Whether a rule of this log source is asked about such an event."""
    rules = load_rules([pack(sigma("rule", {"A": "x"}, logsource=logsource))])
    own = LogSource(product="windows") if format_name in {"evtx", "events_json"} else None
    fields = {"A": "x"} | ({"EventID": event_id} if event_id else {})
    found = rules.sigma_for(form(format_name, *([own] if own else []))).match(
        event(fields, stream)
    )
    return ["rule"] == list(found)


@pytest.mark.parametrize("format_name", ["evtx", "events_json"])
@pytest.mark.parametrize(
    ("logsource", "stream", "event_id"),
    [
        ({"product": "windows", "service": "security"}, "Security", "4624"),
        ({"service": "security"}, "security", "1"),
        ({"product": "windows", "service": "sysmon"}, SYSMON, "255"),
        ({"product": "windows", "service": "msexchange-management"}, "MSExchange Management", "1"),
        ({"product": "exchange", "service": "msexchange_management"}, "MSExchange Management", ""),
        ({"product": "windows", "category": "process_creation"}, SYSMON, "1"),
        ({"product": "windows", "category": "process_creation"}, "Security", "4688"),
        ({"category": "process_creation"}, SYSMON.upper(), "1"),
        ({"product": "windows", "category": "file_event"}, SYSMON, "11"),
        ({"product": "windows", "category": "file_delete"}, SYSMON, "26"),
        ({"product": "windows", "category": "file_delete_detected"}, SYSMON, "26"),
        ({"product": "windows", "category": "file_block_shredding"}, SYSMON, "28"),
        ({"product": "windows", "category": "create_remote_thread"}, SYSMON, "8"),
        ({"product": "windows", "category": "wmi_event"}, SYSMON, "20"),
        ({"product": "windows", "category": "network_connection"}, SYSMON, "3"),
        ({"product": "windows", "category": "network_connection"}, "Security", "5156"),
        ({"product": "windows", "category": "registry_set"}, "Security", "4657"),
        ({"category": "antivirus"}, "Microsoft-Windows-Windows Defender/Operational", "1116"),
        ({"product": "windows", "category": "registry_set"}, SYSMON, "13"),
        ({"product": "windows", "category": "registry_event"}, SYSMON, "14"),
        ({"product": "windows", "category": "ps_script"}, POWERSHELL, "4104"),
        ({"product": "windows", "category": "ps_module"}, POWERSHELL, "4103"),
        ({"product": "windows", "service": "powershell-classic"}, "Windows PowerShell", "400"),
        (
            {"product": "windows", "service": "windefend"},
            "Microsoft-Windows-Windows Defender/Operational",
            "1116",
        ),
        ({"product": "windows"}, "Anything/At all", "7"),
        (
            {"product": "windows", "category": "process_creation", "service": "sysmon"},
            SYSMON,
            "1",
        ),
    ],
)
def test_windows_events_are_told_by_channel_and_id(
    format_name: str, logsource: dict[str, str], stream: str, event_id: str
) -> None:
    assert asked(logsource, format_name, stream, event_id)


@pytest.mark.parametrize(
    ("logsource", "stream", "event_id"),
    [
        ({"product": "windows", "service": "security"}, "System", "4624"),
        ({"product": "linux", "service": "security"}, "Security", "4624"),
        ({"product": "windows", "category": "process_creation"}, SYSMON, "5"),
        ({"product": "windows", "category": "file_delete_detected"}, SYSMON, "23"),
        ({"product": "windows", "category": "registry_delete"}, "Security", "4657"),
        ({"product": "windows", "category": "process_creation"}, SYSMON, ""),
        ({"product": "windows", "category": "process_creation"}, "Security", "1"),
        ({"product": "linux", "category": "process_creation"}, SYSMON, "1"),
        (
            {"product": "windows", "category": "process_creation", "service": "sysmon"},
            "Security",
            "4688",
        ),
        ({"category": "webserver"}, "Security", "1"),
        ({"product": "exchange"}, "Security", "1"),
        ({"category": "proxy"}, SYSMON, "1"),
    ],
)
def test_other_windows_events_are_not_asked_about(
    logsource: dict[str, str], stream: str, event_id: str
) -> None:
    assert not asked(logsource, "evtx", stream, event_id)


@pytest.mark.parametrize(
    ("logsource", "format_name"),
    [
        ({"product": "exchange", "service": "httpproxy"}, "httpproxy"),
        ({"product": "exchange", "service": "ecp-server"}, "ecp_server"),
        ({"product": "exchange", "service": "ecp_server"}, "ecp_server"),
        ({"product": "tocsin", "service": "web-file"}, "web_file"),
        ({"product": "windows", "service": "scheduled-task"}, "scheduled_task"),
        ({"service": "mft"}, "mft"),
        ({"category": "webserver"}, "iis"),
        ({"product": "windows", "service": "iis"}, "iis"),
    ],
)
def test_any_format_of_ours_is_a_service(logsource: dict[str, str], format_name: str) -> None:
    assert asked(logsource, format_name)
    assert not asked(logsource, "another_format")


def test_a_product_alone_does_not_mean_every_file_that_may_be_a_service_of_it() -> None:
    assert not asked({"product": "windows"}, "httpproxy")


def test_a_format_says_itself_which_log_sources_it_is() -> None:
    rules = load_rules([pack(sigma("rule", {"A": "x"}, logsource={"category": "mail"}))])
    ours = form("tracking", LogSource(product="exchange", category="mail"))
    assert ["rule"] == list(rules.sigma_for(ours).ids)
    assert [] == list(rules.sigma_for(form("tracking2", LogSource(product="exchange"))).ids)


def test_every_service_that_pysigma_knows_is_told_by_the_same_channels() -> None:
    for service, channels in windows_logsource_mapping.items():
        logsource = {"product": "windows", "service": service}
        for channel in [channels] if isinstance(channels, str) else channels:
            assert asked(logsource, "evtx", channel, "1"), (service, channel)


@pytest.mark.parametrize("category", ["webserver", "proxy"])
def test_more_logs_serve_the_general_categories_for_users_than_for_packs(category: str) -> None:
    wanted = LogSource(category=category)
    served = {name for name, one in all_formats().items() if routes(wanted, one, users=True)}
    assert {"iis", "httpproxy", "httperr", "ews", "rps_http"} <= served
    ours = {name for name, one in all_formats().items() if routes(wanted, one)}
    assert ({"iis"} if category == "webserver" else set()) == ours


WEB = LogSource(category="webserver")


@pytest.mark.parametrize(
    ("name", "form", "logsource", "expected"),
    [
        ("sc-status", "iis", WEB, Sources(columns=("sc-status",))),
        ("src_ip", "iis", WEB, Sources(columns=("c-ip", "src_ip"))),
        (
            "cs-user-agent",
            "iis",
            WEB,
            Sources(columns=("cs(User-Agent)", "cs-user-agent"), blanks=True),
        ),
        ("cs-user-agent", "httpproxy", WEB, Sources(columns=("UserAgent", "cs-user-agent"))),
        (
            "cs-uri-query",
            "iis",
            WEB,
            Sources(
                columns=("cs-uri-query", "cs-uri-stem"),
                whole=False,
                joined=True,
                percent=True,
                blanks=True,
            ),
        ),
        (
            "c-uri-extension",
            "httpproxy",
            WEB,
            Sources(
                columns=("UrlStem", "c-uri-extension", "UrlQuery"),
                whole=False,
                percent=True,
                blanks=True,
            ),
        ),
        (
            "IntegrityLevel",
            "evtx",
            LogSource(category="process_creation"),
            Sources(columns=("MandatoryLabel", "IntegrityLevel"), made=True),
        ),
        (
            "ProcessId",
            "evtx",
            LogSource(category="process_creation"),
            Sources(columns=("NewProcessId", "ProcessId"), whole=False, made=True),
        ),
        (
            "Image",
            "evtx",
            LogSource(category="process_creation"),
            Sources(columns=("NewProcessName", "Image")),
        ),
    ],
)
def test_a_search_of_the_bytes_learns_where_a_field_can_come_from(
    name: str, form: str, logsource: LogSource, expected: Sources
) -> None:
    route = merged(routes(logsource, all_formats()[form], users=True), "security", "4688")
    assert route is not None
    assert expected == sources_of(name, route)


def test_rules_of_packs_take_a_field_from_its_own_column_only() -> None:
    route = merged(routes(WEB, all_formats()["iis"]), "", None)
    assert route is not None
    assert Sources(columns=("cs-uri-query",)) == sources_of("cs-uri-query", route)
