"""What generated rules are made of: kinds of logs, their fields, and how rules look at them.

Shares: how many rules of SigmaHQ look at each kind of Windows event. Source: SigmaHQ/sigma, files
below ``rules/windows`` (all that its history knows, so renamed rules count twice: 3254 below
``process_creation``, 321 ``powershell/powershell_script``, 306 ``registry/registry_set``, 272
``file/file_event``, 383 ``builtin/security``, 318 below ``rules/web``; looked up 2026-11-24), and
sigma.nasbench.dev, "Log sources" (rules in force: 1398 process_creation, 122 image_load, 61
network_connection, 10 driver_load). The others are estimated between those. How often a modifier
or a filter occurs is an estimate too, from reading rules of each folder. No rule is copied: values
are names of Windows' own programs, folders and switches, and invented words.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
SECURITY = ("Security", "Microsoft-Windows-Security-Auditing")
SYSTEM = ("System", "Service Control Manager")
POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell")
DEFENDER = ("Microsoft-Windows-Windows Defender/Operational", "Microsoft-Windows-Windows Defender")

_WORDS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "vocabulary.toml").read_text(encoding="utf-8")
)
PROGRAMS = tuple(_WORDS["programs"])
SWITCHES = tuple(_WORDS["switches"])
FOLDERS = tuple(_WORDS["folders"])
ENDINGS = tuple(_WORDS["endings"])
KEYS = tuple(_WORDS["keys"])
CMDLETS = tuple(_WORDS["cmdlets"])
STEMS = tuple(_WORDS["stems"])
QUERIES = tuple(_WORDS["queries"])
AGENTS = tuple(_WORDS["agents"])
SYLLABLES = tuple(_WORDS["syllables"])
ACCOUNTS = ("Administrator", "krbtgt", "SYSTEM", "Guest", "ANONYMOUS LOGON", "DWM-1", "svc_backup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: words that occur in real logs too, and the modifiers that rules use on it.

    `how` has a modifier as often as it is likely. `before` and `after` stand around a value where
    the modifier leaves room.
    """

    name: str
    common: tuple[str, ...]
    how: tuple[str, ...]
    before: str = ""
    after: str = ""
    ending: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of log: what rules call it, how an event of it is told, its share of the rules."""

    log_source: dict[str, str]
    fields: tuple[Field, ...]
    share: int
    channel: str = ""
    provider: str = ""
    event_id: int = 0
    keywords: bool = False
    asks_event_id: bool = False


def _program(name: str) -> Field:
    return Field(
        name=name,
        common=tuple(f"\\{program}" for program in PROGRAMS),
        how=("endswith",) * 17 + ("contains",) * 2 + ("startswith",),
        before="C:\\Windows\\System32",
        after="\\x.exe",
        ending=".exe",
    )


def _command(name: str) -> Field:
    return Field(
        name=name,
        common=tuple(SWITCHES),
        how=("contains",) * 11
        + ("contains|all",) * 5
        + ("re", "endswith", "contains|windash", "contains|windash"),
        before="program.exe /x",
        after=" last",
    )


def _text(name: str, common: list[str] | tuple[str, ...], *how: str, before: str = "") -> Field:
    return Field(name=name, common=tuple(common), how=how, before=before, after=" and more")


def _exact(name: str, *common: str) -> Field:
    return Field(name=name, common=common, how=("",))


def _kind(
    category: str, share: int, where: tuple[str, str], event_id: int, *fields: Field
) -> Kind:
    return Kind(
        log_source={"category": category, "product": "windows"},
        fields=fields,
        share=share,
        channel=where[0],
        provider=where[1],
        event_id=event_id,
        keywords=category == "ps_classic_start",
    )


def _service(
    service: str, share: int, where: tuple[str, str], event_id: int, *fields: Field
) -> Kind:
    return Kind(
        log_source={"product": "windows", "service": service},
        fields=fields,
        share=share,
        channel=where[0],
        provider=where[1],
        event_id=event_id,
        keywords=service in ("system", "application"),
        asks_event_id=True,
    )


_IMAGE = _program("Image")
_FILE = Field(
    name="TargetFilename",
    common=(*FOLDERS, *ENDINGS),
    how=("endswith",) * 6 + ("contains",) * 5 + ("startswith",) * 2 + ("contains|all", "re"),
    before="C:\\Users\\anna\\",
    after="\\file.bin",
)
_KEY = Field(
    name="TargetObject",
    common=tuple(KEYS),
    how=("contains",) * 6 + ("endswith",) * 6 + ("contains|all",) * 2 + ("startswith", "re"),
    before="HKLM\\System",
    after="\\Value",
)

WINDOWS = (
    _kind(
        "process_creation", 1260, SYSMON, 1, _IMAGE, _command("CommandLine"),
        _program("ParentImage"), _exact("OriginalFileName", *PROGRAMS),
        _command("ParentCommandLine"),
        _exact("IntegrityLevel", "High", "System", "Medium"),
    ),
    _kind(
        "registry_set", 215, SYSMON, 13, _KEY,
        _text("Details", ["DWORD (0x00000001)", "DWORD (0x00000000)", ".exe", ".dll", "http"],
              "", "contains", "endswith"), _IMAGE,
    ),
    _kind("file_event", 175, SYSMON, 11, _FILE, _IMAGE),
    _kind(
        "ps_script", 165, POWERSHELL, 4104,
        _text("ScriptBlockText", CMDLETS, *("contains",) * 7, *("contains|all",) * 4, "re"),
    ),
    _service(
        "security", 150, SECURITY, 4624, _text("SubjectUserName", ACCOUNTS, "", "endswith"),
        _text("ObjectName", FOLDERS, "contains", "endswith", "startswith"),
        _exact("LogonType", "3", "9", "10"), _text("ProcessName", PROGRAMS, "endswith"),
        _exact("AccessMask", "0x100", "0x2", "0x40"),
    ),
    _kind(
        "image_load", 110, SYSMON, 7, _program("ImageLoaded"), _IMAGE,
        _exact("Signed", "true", "false"),
    ),
    _service(
        "system", 75, SYSTEM, 7045, _text("ServiceName", PROGRAMS, "", "contains", "startswith"),
        _text("ImagePath", SWITCHES, "contains", "contains|all", "endswith", "re"),
        _exact("Provider_Name", "Service Control Manager"),
    ),
    _kind(
        "network_connection", 55, SYSMON, 3, _IMAGE,
        _exact("DestinationPort", "443", "88", "445", "3389", "8080"),
        _text("DestinationHostname", (".example", "files.", "paste."), "endswith", "contains"),
        Field(name="DestinationIp", common=("203.0.113.0/24", "198.51.100.0/24"), how=("cidr",)),
        _exact("Initiated", "true"),
    ),
    _service(
        "application", 35, ("Application", "ESENT"), 325,
        _text("Data", FOLDERS, "contains", "contains|all"),
    ),
    _kind(
        "ps_module", 33, POWERSHELL, 4103, _text("Payload", CMDLETS, "contains", "contains|all"),
        _text("ContextInfo", PROGRAMS, "contains"),
    ),
    _kind(
        "process_access", 26, SYSMON, 10, _program("TargetImage"), _program("SourceImage"),
        _exact("GrantedAccess", "0x1410", "0x1fffff", "0x1010"),
        _text("CallTrace", ("dbgcore.dll", "ntdll.dll", "UNKNOWN"), "contains", "startswith"),
    ),
    _kind(
        "dns_query", 24, SYSMON, 22,
        _text("QueryName", (".example", "cdn.", "_ldap."), "endswith", "contains", "startswith"),
        _IMAGE,
    ),
    _kind("registry_event", 24, SYSMON, 12, _KEY, _exact("EventType", "CreateKey", "DeleteKey")),
    _service(
        "windefend", 18, DEFENDER, 5007, _text("NewValue", KEYS, "contains", "endswith"),
    ),
    _kind(
        "pipe_created", 17, SYSMON, 17,
        _text("PipeName", ("\\lsass", "\\srvsvc"), "", "contains", "startswith", "re"),
        _IMAGE,
    ),
    _kind("ps_classic_start", 10, ("Windows PowerShell", "PowerShell"), 400,
          _text("Data", CMDLETS, "contains", "contains|all")),
    _kind(
        "create_remote_thread", 12, SYSMON, 8, _program("SourceImage"), _program("TargetImage"),
    ),
    _kind(
        "driver_load", 10, SYSMON, 6, _program("ImageLoaded"),
        _text("Hashes", ("MD5=", "SHA1="), "contains"),
    ),
    _kind("create_stream_hash", 9, SYSMON, 15, _FILE,
          _text("Contents", ("http", "ZoneId=3"), "contains", "startswith")),
    _kind("file_delete", 9, SYSMON, 23, _FILE, _IMAGE),
    _kind("wmi_event", 3, SYSMON, 20, _text("Destination", SWITCHES, "contains", "contains|all")),
)  # fmt: skip
"""By SigmaHQ's shares, for 2,400 rules or so."""

IIS = Kind(
    log_source={"category": "webserver"},
    share=1,
    fields=(
        Field(name="cs-uri-query", common=tuple(QUERIES), before="a=1&", after="&z=2",
              how=("contains",) * 12 + ("contains|all",) * 5 + ("re", "endswith", "startswith")),
        Field(name="cs-uri-stem", common=tuple(STEMS), before="/x", after="/y.aspx",
              how=("contains",) * 8 + ("endswith",) * 6 + ("", "", "startswith")),
        Field(name="cs-user-agent", common=tuple(AGENTS), before="Mozilla/5.0+", after="/1.0",
              how=("contains",) * 8 + ("", "startswith", "endswith")),
        _exact("cs-method", "POST", "GET", "PUT"),
        _exact("sc-status", "200", "302", "500", "404"),
    ),
)  # fmt: skip
HTTPPROXY = Kind(
    log_source={"product": "exchange", "service": "httpproxy"},
    share=1,
    fields=(
        Field(name="AnchorMailbox", common=("ServerInfo~", "Sid~", "@", "MailboxGuid~"),
              before="ServerInfo~", after="@mx1.harbour.example",
              how=("contains",) * 8 + ("contains|all",) * 3 + ("startswith", "endswith", "re")),
        Field(name="UrlStem", common=tuple(STEMS), before="/x", after="/y.aspx",
              how=("contains",) * 8 + ("endswith",) * 6 + ("", "startswith")),
        Field(name="UrlQuery", common=tuple(QUERIES), before="?a=1&", after="&z=2",
              how=("contains",) * 9 + ("contains|all",) * 4 + ("re",)),
        Field(name="UserAgent", common=tuple(AGENTS), before="Mozilla/5.0 ", after="/1.0",
              how=("contains",) * 8 + ("", "startswith")),
        _exact("Method", "POST", "GET", "PUT"),
        _exact("HttpStatus", "200", "302", "500", "404"),
    ),
)  # fmt: skip
WEB = {"iis": IIS, "httpproxy": HTTPPROXY}
