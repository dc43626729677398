"""Made-up events as the files that servers write: IIS, HttpProxy, JSON lines and EVTX.

Each log first has a whole block with every event in it. Behind it may follow blocks with other
columns, rows that are related to the others (encoded, with blanks, with surplus columns), and blocks
that are damaged. All of it is one file, of which `tocsin.events` says what is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from hypothesis import strategies as st

from tests.events.mutations import DAMAGE
from tests.matching.sigma.generated_rules import LETTERS, WORDS, Shape
from tests.matching.sigma.rule_making import rule_text
from tests.matching.sigma.slow_views import Request
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import all_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Fields = dict[str, str]
Row = Callable[["Mapping[str, str]", "Sequence[str]"], str]


@dataclass(frozen=True, kw_only=True)
class Log:
    """One format: what its rows can carry, how a file of them is written, and rules of its own.

    The rules of its own ask for what no row says in so many letters: fields that the parser adds.
    """

    name: str
    shape: Shape
    logsource: Mapping[str, str]
    written: Callable[..., st.SearchStrategy[bytes]]
    own: tuple[object, ...]
    request: Request | None = None

    @property
    def path(self) -> str:
        """Where such a file lies on a server."""
        return all_formats()[self.name].sample_path

    def own_rules(self) -> tuple[str, ...]:
        """The Sigma files about fields that the parser adds."""
        return tuple(
            rule_text(
                {"sel": selection, "condition": "sel"},
                name=f"own-{number}",
                logsource=self.logsource,
            )
            for number, selection in enumerate(self.own)
        )


def _text_file(
    draw: st.DrawFn, first: list[str], others: list[list[str]], *, damaged: bool
) -> bytes:
    """One file of some blocks, under one of the line ends and encodings that occur."""
    end = draw(st.sampled_from(("\r\n", "\n", "\r\n", "\r")))
    blocks = [end.join(block) for block in (first, *others)]
    whole = end.join(blocks) + draw(st.sampled_from((end, "", end * 2)))
    encoding = draw(st.sampled_from(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16")))
    if not damaged or draw(st.integers(1, 4)) == 1:
        return whole.encode(encoding)
    mark = draw(st.sampled_from((b"", b"\xef\xbb\xbf")))
    broken = DAMAGE.map(lambda change: change.applied(whole.encode("utf-8")))
    parts = [whole.encode("utf-8"), draw(broken)]
    if draw(st.booleans()):
        parts.append(whole.encode("latin-1", "replace"))
    return mark + end.encode().join(parts)


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """A log of lines under headers: its columns, rows of its own, and how they are written.

    `restarted` gives the columns after a restart, and `surplus` what may stand behind a row.
    """

    columns: tuple[str, ...]
    own: tuple[Fields, ...]
    header: Callable[[Sequence[str]], list[str]]
    row: Row
    restarted: st.SearchStrategy[Sequence[str]]
    surplus: tuple[str, ...] = ("",)

    def block(self, events: Iterable[Mapping[str, str]], columns: Sequence[str]) -> list[str]:
        """These events under a header of their own."""
        return [*self.header(columns), *(self.row(one, columns) for one in events)]


@st.composite
def _file_of(
    draw: st.DrawFn, log: _Lines, events: Sequence[Mapping[str, str]], *, damaged: bool
) -> bytes:
    first = log.block((*events, *log.own), log.columns)
    others: list[list[str]] = []
    if draw(st.booleans()):
        surplus = draw(st.sampled_from(log.surplus))
        related = [draw(_related(one)) for one in events]
        others.append([log.row(one, log.columns) + surplus for one in related])
    if draw(st.booleans()):
        others.append(log.block(events, draw(log.restarted)))
    return _text_file(draw, first, others, damaged=damaged)


@st.composite
def _columns(draw: st.DrawFn, columns: Sequence[str]) -> list[str]:
    """The same columns after a restart: some gone, some in another place, one twice."""
    first, *rest = columns
    kept = draw(st.lists(st.sampled_from(rest), min_size=3, unique=True))
    return [first, *kept, *([kept[0]] if draw(st.booleans()) else [])]


@st.composite
def _related(draw: st.DrawFn, fields: Mapping[str, str]) -> Fields:
    """The same event as others write it: percent-encoded, with plus signs, with raw blanks."""
    if not fields:
        return {}
    changed = dict(fields)
    name = draw(st.sampled_from(sorted(changed)))
    value = changed[name]
    match draw(st.sampled_from(("encoded", "plus", "blank", "quotes", "around"))):
        case "encoded":
            changed[name] = quote(value, safe="/")
        case "plus":
            changed[name] = value.replace(" ", "+")
        case "blank":
            changed[name] = value.replace("+", " ")
        case "quotes":
            changed[name] = value.replace('"', '""')
        case _:
            changed[name] = f" {value} "
    return changed


def _exchange_header(
    columns: Sequence[str], *, kind: str, version: str = "15.01.2106.002"
) -> list[str]:
    return [
        "#Software: Microsoft Exchange Server",
        f"#Version: {version}",
        f"#Log-type: {kind}",
        f"#Fields: {','.join(columns)}",
    ]


# IIS.

_IIS = (
    *("date", "time", "s-sitename", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port"),
    *("cs-username", "c-ip", "cs(User-Agent)", "cs(Referer)", "cs-host", "sc-status", "sc-bytes"),
    *("cs-bytes", "X-Forwarded-For"),
)
_IIS_OWN: tuple[Fields, ...] = (
    {"cs-uri-query": "&CorrelationID=<empty>;&cafeReqId=5C0F2AB1-7f0e;", "s-port": "444"},
    {
        "cs-uri-stem": "/owa/%61uth/x.aspx",
        "cs-uri-query": "a=%2e%2e/b+c",
        "cs-method": "POST",
        "cs(User-Agent)": "kquery+k",
    },
)


def _iis_row(fields: Mapping[str, str], columns: Sequence[str]) -> str:
    always = {"date": "2021-03-03", "time": "06:12:44"}
    return " ".join(fields.get(name, always.get(name, "-")) for name in columns)


def _iis_header(columns: Sequence[str]) -> list[str]:
    return [
        "#Software: Microsoft Internet Information Services 10.0",
        "#Version: 1.0",
        "#Date: 2021-03-03 06:00:00",
        f"#Fields: {' '.join(columns)}",
    ]


_IIS_LOG = _Lines(
    columns=_IIS, own=_IIS_OWN, header=_iis_header, row=_iis_row, restarted=_columns(_IIS)
)

# HttpProxy.

_PROXY = (
    *("DateTime", "RequestId", "MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion"),
    *("Protocol", "UrlHost", "UrlStem", "ProtocolAction", "AuthenticatedUser", "AnchorMailbox"),
    *("UserAgent", "ClientIpAddress", "ServerHostName", "HttpStatus", "BackEndStatus", "Method"),
    *("TargetServer", "UrlQuery", "GenericInfo", "GenericErrors"),
)
_PROXY_OWN: tuple[Fields, ...] = (
    {
        "MajorVersion": "15",
        "MinorVersion": "01",
        "BuildVersion": "2106",
        "RevisionVersion": "002",
        "AnchorMailbox": "ServerInfo~a]@mail01:444/e%63p/x/..\\proxyLogon.ecp?a=b,c#",
    },
    {"AnchorMailbox": "ServerInfo~a,b]@mail01:444/ecp/./proxyLogon.ecp"},
    {"AnchorMailbox": "ServerInfo~a]@mail01:444/ecp/y.js#", "GenericInfo": 'Note="a,b";'},
    {"UrlStem": "/e%63p/x.js", "UrlQuery": "?a=b+c", "UserAgent": "a kquery+k"},
)


def _proxy_row(fields: Mapping[str, str], columns: Sequence[str]) -> str:
    always = {"DateTime": "2021-03-03T06:12:44.120Z"}
    first, *rest = [fields.get(name, always.get(name, "")) for name in columns]
    # A line that begins with a quote is never read in bulk.
    return ",".join([first if "," not in first else _quoted(first), *map(_quoted, rest)])


def _quoted(value: str) -> str:
    """Quoted where it must be, and where it is long: Exchange quotes some, others quote all."""
    if "," in value or value[:1] == '"' or len(value) > 6:
        return '"' + value.replace('"', '""') + '"'
    return value


def _proxy_header(columns: Sequence[str]) -> list[str]:
    return [",".join(columns), *_exchange_header(columns, kind="HttpProxy Logs")]


_PROXY_LOG = _Lines(
    columns=_PROXY,
    own=_PROXY_OWN,
    header=_proxy_header,
    row=_proxy_row,
    restarted=_columns(_PROXY),
    surplus=("", ",", ",,,"),
)

# Message tracking.

_MAIL = (
    *("date-time", "client-ip", "server-hostname", "source-context", "source", "event-id"),
    *("recipient-address", "total-bytes", "message-subject", "sender-address", "custom-data"),
    "schema-version",
)
_MAIL_OWN: tuple[Fields, ...] = (
    {"source": "SMTP", "schema-version": "15.01.2106.013", "message-subject": "Grüße, Straße"},
    {"event-id": "SEND", "message-subject": 'Re: "final", übrig', "total-bytes": "512"},
    {"event-id": "FAIL", "custom-data": "S:A=1;S:Note=a, b", "total-bytes": "\u0665\u0661\u0662"},
)


def _mail_row(fields: Mapping[str, str], columns: Sequence[str]) -> str:
    return _proxy_row({"date-time": "2021-03-03T06:12:44.120Z", **fields}, columns)


_MAIL_LOG = _Lines(
    columns=_MAIL,
    own=_MAIL_OWN,
    header=partial(_exchange_header, kind="Message Tracking Log"),
    row=_mail_row,
    restarted=_columns(_MAIL),
)

# The control panel: fields that are packed into one column.

_PANEL = ("TimeStamp", "ServerName", "EventId", "EventData")
_PANEL_OWN: tuple[Fields, ...] = (
    {"CMD": "Set-OabVirtualDirectory.Identity='a'", "URL": "/ecp/DDI/x.svc", "BLD": "15.1.2106.2"},
    {"ServerName": "MAIL01", "CMD": "Get-Mailbox", "SID": "a;b", "BLD": "15.1.2106.2"},
    {"EventId": "ECP.Request", "EX": 'The value "a;b", again.', "TIME": "21"},
    {"CMD": "Get-App", "SID": ":BLD=15.1.2106.2"},
)


def _panel_row(fields: Mapping[str, str], columns: Sequence[str]) -> str:
    always = {"TimeStamp": "2021-03-03T06:12:44.120Z"}
    items = [_item(name, text) for name, text in fields.items() if name not in _PANEL]
    cells = {**always, **{name: fields[name] for name in _PANEL if name in fields}}
    if items:
        cells["EventData"] = ";".join(items)
    first, *rest = [cells.get(name, "") for name in columns]
    return ",".join([first, *map(_quoted, rest)])


def _item(name: str, text: str) -> str:
    """As Exchange writes it: in single quotes where it holds what it is packed with."""
    item = f"S:{name}={text}"
    return "'" + item.replace("'", "''") + "'" if re.search("[;'\"]", text) else item


_PANEL_LOG = _Lines(
    columns=_PANEL,
    own=_PANEL_OWN,
    header=partial(_exchange_header, kind="ECP Server Log", version="15.0.0.0"),
    row=_panel_row,
    restarted=st.sampled_from(((*_PANEL[:3], "SID", "EventData"), _PANEL[::3])),
)

# Windows events.

_CHANNELS = ("Security", "Microsoft-Windows-Sysmon/Operational", "MSExchange Management")
_WINDOWS = Shape(
    fields=(
        "CommandLine",
        "Details",
        "TargetUserName",
        "ParentImage",
        "Threat Name",
        "LogonId",
        "IpAddress",
        "Param 1",
        "PipeName",
        "Hashes",
    ),
    choices={"EventID": ("1", "4688", "11"), "Channel": _CHANNELS},
    times=("UtcTime",),
)
_WINDOWS_OWN: tuple[Fields, ...] = (
    {"EventID": "4688", "Channel": "Security", "NewProcessName": "C:\\Windows\\System32\\CMD.exe"},
    {
        "EventID": "5145",
        "Channel": "Security",
        "ShareName": "\\\\*\\C$",
        "RelativeTargetName": "inetpub\\x.aspx",
    },
)
_WINDOWS_RULES: tuple[object, ...] = (
    {"Image|endswith": "\\cmd.exe"},
    {"TargetFilename|contains": "C:\\inetpub\\"},
    ["C:\\inetpub\\x.aspx"],
)
_START = datetime(2021, 3, 3, 6, 12, 43, 901000, tzinfo=UTC)


@st.composite
def _json_file(draw: st.DrawFn, events: Sequence[Mapping[str, str]], *, damaged: bool) -> bytes:
    first = [draw(_json_line(one)) for one in (*events, *_WINDOWS_OWN)]
    others = [[draw(_json_line(one)) for one in events]] if draw(st.booleans()) else []
    return _text_file(draw, first, others, damaged=damaged)


@st.composite
def _json_line(draw: st.DrawFn, fields: Mapping[str, str]) -> str:
    """One event in one of the exporters' shapes and ways to escape."""
    data: dict[str, object] = {
        name: _typed(value) if draw(st.booleans()) else value
        for name, value in fields.items()
        if name not in ("EventID", "Channel")
    }
    event_id, channel = fields.get("EventID", "1"), fields.get("Channel", "Security")
    number: object = int(event_id) if event_id.isdecimal() else event_id
    match draw(st.sampled_from(("nested", "flat", "winlog"))):
        case "nested":
            system = {
                "Provider": {"#attributes": {"Name": "Some-Provider"}},
                "EventID": number,
                "TimeCreated": {"#attributes": {"SystemTime": _START.isoformat()}},
                "Channel": channel,
            }
            record: object = {"Event": {"System": system, "EventData": data}}
        case "flat":
            head = {"EventID": number, "Channel": channel, "TimeCreated": _START.isoformat()}
            record = head | data
        case _:
            log = {"channel": channel, "event_id": number, "event_data": data}
            record = {"@timestamp": _START.isoformat(), "winlog": log}
    return _dumped(record, draw(st.sampled_from(("ascii", "utf-8", "slashes", "letters"))))


def _typed(value: str) -> object:
    """The value as a number or truth value, where that says the same."""
    if value in ("true", "false"):
        return value == "true"
    return (
        int(value) if value.isascii() and value.isdigit() and value == str(int(value)) else value
    )


def _dumped(record: object, way: str) -> str:
    text = json.dumps(record, ensure_ascii=way == "ascii", separators=(",", ":"))
    if way == "slashes":
        return text.replace("/", "\\/")
    if way == "letters":
        return text.replace("a", "\\u0061").replace("k", "\\u006B") if "\\" not in text else text
    return text


@st.composite
def _evtx_file(draw: st.DrawFn, events: Sequence[Mapping[str, str]], *, damaged: bool) -> bytes:
    repeats = draw(st.sampled_from((1, 1, 2)))
    rows = [*events, *_WINDOWS_OWN] * repeats
    whole = write_evtx(_record(number, fields) for number, fields in enumerate(rows, 1))
    return draw(DAMAGE).applied(whole) if damaged and draw(st.booleans()) else whole


def _record(number: int, fields: Mapping[str, str]) -> EvtxRecord:
    event_id = fields.get("EventID", "1")
    return EvtxRecord(
        channel=fields.get("Channel", "Security"),
        provider="Some-Provider",
        event_id=int(event_id) if event_id.isdecimal() else 0,
        time=_START + timedelta(seconds=number),
        record_id=number,
        computer="EX01.example.test",
        data=[item for item in fields.items() if item[0] not in ("EventID", "Channel")],
    )


_ONE_WORD = "".join(letter for letter in LETTERS if letter != " ")

LOGS = {
    log.name: log
    for log in (
        Log(
            name="iis",
            shape=Shape(
                fields=(
                    "cs-uri-stem",
                    "cs-uri-query",
                    "cs-username",
                    "c-ip",
                    "cs(User-Agent)",
                    "cs(Referer)",
                    "cs-host",
                    "sc-bytes",
                    "X-Forwarded-For",
                ),
                letters=_ONE_WORD,
                words=tuple(word.strip() for word in WORDS),
                choices={"cs-method": ("GET", "POST"), "sc-status": ("200", "500", "302")},
                times=("time",),
                clock_only=True,
            ),
            logsource={"category": "webserver"},
            written=partial(_file_of, _IIS_LOG),
            own=(
                {"cafeReqId|startswith": "5c0f2ab1-"},
                {"s-port": 444, "cs-uri-query|contains|all": ["<empty>", "CAFEREQID"]},
                {"cs-uri-query|contains|all": ["/owa/auth/", "a=../b c"], "cs-method": "POST"},
                {"c-uri|endswith": ".aspx?a=%2e%2e/b+c", "c-uri-extension": "aspx"},
                {"c-uri-query|startswith": "/owa/%61uth/", "c-useragent": "kquery+k"},
            ),
            request=Request(
                stem="cs-uri-stem",
                query="cs-uri-query",
                plus=("cs-uri-stem", "cs(User-Agent)", "cs(Referer)", "cs(Cookie)"),
                names={
                    "c-useragent": "cs(User-Agent)",
                    "cs-referer": "cs(Referer)",
                    "src_ip": "c-ip",
                    "dst_ip": "s-ip",
                },
            ),
        ),
        Log(
            name="httpproxy",
            shape=Shape(
                fields=(
                    "UrlHost",
                    "UrlStem",
                    "ProtocolAction",
                    "AuthenticatedUser",
                    "UserAgent",
                    "ClientIpAddress",
                    "BackEndStatus",
                    "TargetServer",
                    "UrlQuery",
                    "GenericInfo",
                    "GenericErrors",
                ),
                choices={
                    "Protocol": ("Ecp", "Owa", "PowerShell"),
                    "HttpStatus": ("200", "500"),
                    "Method": ("GET", "POST"),
                },
                times=("DateTime",),
            ),
            logsource={"product": "exchange", "service": "httpproxy"},
            written=partial(_file_of, _PROXY_LOG),
            own=(
                {"AnchorMailbox|contains|all": ["]@", "/ecp/proxyLogon.ecp"]},
                {"AnchorMailboxAsLogged|exists": True},
                {"Build": "15.1.2106.2"},
                ["15.1.2106.2"],
                ['Note="a,b"'],
                {"cs-uri-query|contains": "/ecp/x.js?a=b c", "c-useragent|endswith": "kquery+k"},
            ),
            request=Request(
                stem="UrlStem",
                query="UrlQuery",
                names={"c-useragent": "UserAgent", "src_ip": "ClientIpAddress"},
            ),
        ),
        Log(
            name="message_tracking",
            shape=Shape(
                fields=(
                    "client-ip",
                    "server-hostname",
                    "source-context",
                    "recipient-address",
                    "total-bytes",
                    "message-subject",
                    "sender-address",
                    "custom-data",
                ),
                choices={"source": ("SMTP", "STOREDRIVER"), "event-id": ("SEND", "RECEIVE")},
                times=("date-time",),
            ),
            logsource={"product": "exchange", "service": "message-tracking"},
            written=partial(_file_of, _MAIL_LOG),
            own=(
                {"Build": "15.1.2106.13"},
                ["15.1.2106.2"],
                {"message-subject|startswith": "GRÜSSE", "source": "smtp"},
                {"message-subject|endswith": "strasse"},
                {"message-subject|contains": ['"final"', "S, S"]},
                {"message-subject|re": '^Re: "f\\w+", .brig$'},
                {"total-bytes": 512, "event-id": "send"},
                {"custom-data|contains": "note=a, b", "message-subject": None},
            ),
        ),
        Log(
            name="ecp_server",
            shape=Shape(
                fields=("CMD", "SID", "EX", "ACTID", "TNAME", "TIME"),
                choices={"ServerName": ("MAIL01", "MAIL02"), "EventId": ("ECP.Request", "x")},
                times=("TimeStamp",),
            ),
            logsource={"product": "exchange", "service": "ecp-server"},
            written=partial(_file_of, _PANEL_LOG),
            own=(
                {"CMD|contains|all": ["oabvirtualdirectory", "Identity='a"], "BLD": "15.1.2106.2"},
                {"BLD|startswith": "15.1."},
                {"EventData|contains": ["S:CMD=Get-Mailbox;", "nothing"]},
                {"EX|contains": '"a;b"', "TIME|lt": 22},
                {"SID|endswith": ["A;B", "nothing"], "CMD": "get-mailbox"},
                {"URL|endswith": "x.svc", "SID": None},
                ["a;b"],
                [":BLD=15.1.2106.2"],
            ),
        ),
        Log(
            name="events_json",
            shape=_WINDOWS,
            logsource={"product": "windows"},
            written=_json_file,
            own=_WINDOWS_RULES,
        ),
        Log(
            name="evtx",
            shape=_WINDOWS,
            logsource={"product": "windows"},
            written=_evtx_file,
            own=_WINDOWS_RULES,
        ),
    )
}
"""By the name of the format."""
