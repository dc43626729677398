"""Results as a hunt would give them, written by hand: what every output has to cope with."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec

from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity
from tocsin.model.result import (
    SCHEMA,
    BuildSeen,
    Citation,
    CoverageEntry,
    Exposure,
    Finding,
    GroupOverlap,
    HostResult,
    Intruder,
    ManifestEntry,
    Noise,
    PackVerdict,
    ProblemEntry,
    Result,
    RuleCounts,
    RuleFailure,
    TimelineEntry,
    Tool,
    Verdict,
)

INTRUDER = "203.0.113.77"
SWEEPER = "198.51.100.9"
SHELL = "/aspnet_client/system_web/Kp3vTq8Z.aspx"
HTTPPROXY = "C/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_2021030304-1.LOG"
ECP = "C/Program Files/Microsoft/Exchange Server/V15/Logging/ECP/Server/ECPServer20210303-1.LOG"
IIS = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"


OVERLAP = GroupOverlap(
    name="HAFNIUM (G0125)",
    overlap=0.31,
    shared_by=7,
    techniques=("T1003.001", "T1190", "T1505.003"),
    wording="Shares 3 techniques with HAFNIUM (G0125); so do 6 other groups. This is no attribution.",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TOOL = Tool(
    version="0.1.0",
    knowledge="2026-11-24",
    rules=RuleCounts(
        loaded=41,
        not_applicable=3,
        failed=(RuleFailure(file="sigma/old.yml", reason="unknown modifier 'windash2'"),),
        full_scan=("proxylogon-vdir-script",),
        fields_never_seen=("sysmon-file-drop",),
        sigma=30,
        yara=10,
        indicators=1,
    ),
)


def finding(**changes: object) -> Finding:
    """A finding with the least that it needs."""
    plain = Finding(
        id="plain",
        title="A plain finding",
        grade=Grade.ATTEMPT,
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        cves=(),
        attack=(),
        first_seen=at("2021-03-03T04:00:00"),
        last_seen=at("2021-03-03T04:00:00"),
        clients=(),
        citations=(
            Citation(
                artefact=IIS,
                line=17,
                time=at("2021-03-03T04:00:00"),
                rule="plain-rule",
                text="2021-03-03 04:00:00 10.0.0.5 GET /owa/ - 443 - 192.0.2.1 - 200 0 0 15",
            ),
        ),
        benign_explanations=(),
        next_steps=(),
    )
    return msgspec.structs.replace(plain, **changes)


def host(**changes: object) -> HostResult:
    """A server of which nothing was read."""
    plain = HostResult(
        source="evidence/empty",
        name="empty",
        verdict=Verdict(
            level=Level.INCONCLUSIVE,
            assurance=Assurance.INSUFFICIENT,
            reasons=("No usable log was found.",),
            limits=(),
        ),
        packs=(),
        builds=(),
        exposure=(),
        findings=(),
        leads=(),
        timeline=(),
        coverage=(),
        problems=(),
        noise=(),
        groups=(),
        manifest=(),
    )
    return msgspec.structs.replace(plain, **changes)


def result(*hosts: HostResult) -> Result:
    worst = max((one.verdict.level for one in hosts), key=lambda level: level.severity)
    return Result(schema=SCHEMA, tool=TOOL, verdict=worst, hosts=hosts)


def proxy_row(seconds: float, line: int, anchor: str, status: int, rule: str) -> Citation:
    time = at("2021-03-03T04:12:07.113") + timedelta(seconds=seconds)
    return Citation(
        artefact=HTTPPROXY,
        line=line,
        time=time,
        rule=rule,
        text=f"{time.isoformat(timespec='milliseconds').replace('+00:00', 'Z')},1c0ffee0-0000-4000-8000-{line:012d},15,1,2106,2,,Ecp,"
        f"mail.example.org,/ecp/y.js,,FBA,false,,,ServerInfo~a]@exch01.example.org:444{anchor},python-requests/2.25.1,"
        f"{INTRUDER},EXCH01,{status},{status},,POST,Proxy,exch01.example.org,15.01.2106.000,IntraForest,X-BEResource-Cookie,,,,1121,614",
    )


CHAIN = (
    proxy_row(0, 118, "/autodiscover/autodiscover.xml?#", 200, "proxylogon-step-autodiscover"),
    proxy_row(1.5, 119, "/mapi/emsmdb/?#", 200, "proxylogon-step-mapi"),
    proxy_row(2.5, 120, "/ecp/proxyLogon.ecp?#", 241, "proxylogon-step-session"),
    proxy_row(5, 121, "/ecp/DDI/DDIService.svc/GetObject?schema=OABVirtualDirectory#", 200, "proxylogon-step-ddi"),
    proxy_row(7, 122, "/ecp/DDI/DDIService.svc/SetObject?schema=OABVirtualDirectory#", 200, "proxylogon-step-set-vdir"),
    proxy_row(9, 123, "/ecp/DDI/DDIService.svc/SetObject?schema=ResetOABVirtualDirectory#", 200, "proxylogon-step-reset-vdir"),
)  # fmt: skip

CHAIN_FINDING = finding(
    id="proxylogon-chain-1",
    title="ProxyLogon: the whole chain from autodiscover to a written virtual directory, by one client",
    grade=Grade.PERSISTENCE,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    cves=("CVE-2021-26855", "CVE-2021-27065"),
    attack=("T1190", "T1505.003"),
    first_seen=CHAIN[0].time,
    last_seen=at("2021-03-03T04:12:16.113"),
    clients=(INTRUDER,),
    citations=(
        *CHAIN,
        Citation(
            artefact=ECP,
            line=4411,
            time=at("2021-03-03T04:12:14.871"),
            rule="proxylogon-ecp-vdir-script",
            text="2021-03-03T04:12:14.871Z,EXCH01,ECP.Request,'S:CMD=Set-OabVirtualDirectory.ExternalUrl=''http://f/<scr"
            + "ipt runat=\"\"server\"\">(shell removed from this sample)</script>''.Identity=''1d4f...'''",
        ),
    ),
    next_steps=(
        "Isolate the server from the network, but leave it running until its memory is saved.",
        "Look for the shell on disk and in Temporary ASP.NET Files, and keep a copy of each.",
        "Change the password of every account that logged on to this server since the first of these rows.",
    ),
)  # fmt: skip

SHELL_FINDING = finding(
    id="shell-access-1",
    title=f"A page outside Exchange's own was asked for and answered: {SHELL}",
    grade=Grade.POST_EXPLOITATION,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    attack=("T1505.003",),
    first_seen=at("2021-03-03T04:13:02"),
    last_seen=at("2021-03-08T11:40:00"),
    clients=(INTRUDER, SWEEPER),
    citations=tuple(
        Citation(
            artefact=IIS,
            line=2000 + number,
            time=at("2021-03-03T04:13:02") + timedelta(hours=3 * number),
            rule="iis-unknown-page",
            text=f"2021-03-03 04:13:02 10.0.0.5 POST {SHELL} &CorrelationID=<empty>;&cafeReqId=1c0ffee0-0000-4000-8000-{number:012d}; "
            f"443 - {INTRUDER} Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 {90 + number}",
        )
        for number in range(40)
    ),
    benign_explanations=("A monitoring product that keeps its own page below aspnet_client.",),
    next_steps=(
        "Look for the shell on disk and in Temporary ASP.NET Files, and keep a copy of each.",
        "Ask the firewall's logs what else this client reached.",
    ),
)  # fmt: skip

DUMP_FINDING = finding(
    id="child-of-w3wp-1",
    title="The web server's worker started cmd.exe, which dumped the memory of LSASS",
    grade=Grade.POST_EXPLOITATION,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    attack=("T1003.001", "T1059.003"),
    first_seen=at("2021-03-04T22:51:19"),
    last_seen=at("2021-03-04T22:51:19"),
    citations=(
        Citation(
            artefact="C/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%4Operational.evtx",
            record=88123,
            time=at("2021-03-04T22:51:19"),
            rule="sysmon-w3wp-child",
            text='{"EventID": 1, "ParentImage": "C:\\\\Windows\\\\System32\\\\inetsrv\\\\w3wp.exe", "Image": "C:\\\\Windows\\\\System32\\\\cmd.exe", "User": "NT AUTHORITY\\\\SYSTEM"}',
        ),
    ),
    next_steps=("Treat every password and ticket that was in this server's memory as stolen.",),
)  # fmt: skip

SCAN_FINDING = finding(
    id="anchor-probe-1",
    title="A scanner asked whether the server forwards to localhost",
    grade=Grade.PROBE,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    cves=("CVE-2021-26855",),
    attack=("T1595.002",),
    first_seen=at("2021-02-28T17:20:00"),
    last_seen=at("2021-03-07T15:04:04"),
    clients=tuple(f"198.51.100.{number}" for number in range(1, 31)),
    benign_explanations=("Your own vulnerability scanner.",),
)

LEAD = finding(
    id="lead-our-own-rule",
    title="Your rule: requests with an old user agent",
    grade=Grade.PROBE,
    severity=Severity.INFORMATIONAL,
    confidence=Confidence.LOW,
)


def compromised() -> HostResult:
    timeline = [
        TimelineEntry(
            time=citation.time,
            source=source,
            summary=summary,
            finding=found.id,
        )
        for found, source, summary in (
            (CHAIN_FINDING, "httpproxy:ecp", "a step of the chain"),
            (SHELL_FINDING, "iis:frontend", f"POST {SHELL} answered 200"),
            (DUMP_FINDING, "evtx:sysmon", "cmd.exe below w3wp.exe"),
            (SCAN_FINDING, "httpproxy:owa", "probe from a scanner"),
        )
        for citation in found.citations
        if citation.time is not None
    ]
    timeline += [
        TimelineEntry(
            time=at("2021-03-08T11:52:00"),
            source="iis:frontend",
            summary=f"GET {SHELL} answered 302: the page is gone",
            finding="shell-access-1",
        ),
        TimelineEntry(
            time=at("2021-03-03T03:58:44"),
            source="iis:frontend",
            summary=f"GET / by {INTRUDER}",
            finding=None,
        ),
        TimelineEntry(
            time=at("2021-02-28T17:20:00"),
            source="httpproxy:owa",
            summary="probe from a scanner",
            finding="anchor-probe-1",
        ),
    ]
    return host(
        source="evidence/EXCH01.zip",
        name="EXCH01",
        verdict=Verdict(
            level=Level.COMPROMISED,
            assurance=Assurance.PARTIAL,
            reasons=(
                f"Client {INTRUDER} ran the whole ProxyLogon chain on 2021-03-03 at 04:12 UTC (HttpProxy and ECP agree).",
                f"The page {SHELL} answered 41 requests until 2021-03-08 11:40 UTC; at 11:52 UTC it was gone.",
                "cmd.exe ran below the web server on 2021-03-04 at 22:51 UTC.",
            ),
            limits=(
                "HttpProxy logs begin on 2021-02-10: earlier exploitation would not be seen.",
                "No logs of EWS were collected: whether mail was read cannot be told.",
            ),
        ),
        packs=(
            PackVerdict(
                pack="proxylogon",
                level=Level.COMPROMISED,
                assurance=Assurance.PARTIAL,
                window=(at("2021-01-03T00:00:00"), at("2021-03-09T03:10:00")),
                needed=("httpproxy:ecp", "iis:frontend", "ecp_server", "ews"),
                missing=("ews",),
                not_applicable=None,
            ),
            PackVerdict(
                pack="owassrf",
                level=None,
                assurance=Assurance.COMPLETE,
                window=(),
                needed=("iis:frontend",),
                missing=(),
                not_applicable="Build 15.1.2106.2 was replaced before this was exploited.",
            ),
        ),
        builds=(
            BuildSeen(
                build="15.1.2106.2",
                product="Exchange Server 2016",
                cu="CU18",
                su=None,
                first_seen=at("2021-02-10T00:00:11"),
                last_seen=at("2021-03-09T03:02:50"),
                from_="httpproxy",
            ),
            BuildSeen(
                build="15.1.2106.13",
                product="Exchange Server 2016",
                cu="CU18",
                su="Mar21SU",
                first_seen=at("2021-03-09T03:10:00"),
                last_seen=at("2021-03-12T08:00:00"),
                from_="httpproxy",
            ),
        ),
        exposure=tuple(
            Exposure(
                cve=cve,
                status="fixed",
                reason="The update was installed on 2021-03-09.",
                exposed_from=at("2021-02-10T00:00:11"),
                exposed_until=at("2021-03-09T03:10:00"),
            )
            for cve in ("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065")
        ),
        findings=(SCAN_FINDING, DUMP_FINDING, CHAIN_FINDING, SHELL_FINDING),
        leads=(LEAD,),
        timeline=tuple(sorted(timeline, key=lambda entry: (entry.time, entry.source))),
        coverage=coverage(),
        problems=(
            *(
                ProblemEntry(artefact=IIS, line=line, code="field_count", detail="14 fields, the header names 15")
                for line in range(300, 340)
            ),
            ProblemEntry(
                artefact="C/inetpub/logs/LogFiles/W3SVC1/u_ex210307.log",
                line=None,
                code="encrypted",
                detail="the member is encrypted",
            ),
        ),
        noise=(
            Noise(rule="health-probes", events=182_441),
            Noise(rule="nmap-localhost-anchor", events=12),
        ),
        groups=(OVERLAP,),
        intruders=(
            Intruder(
                id="intruder-1",
                clients=(INTRUDER,),
                pages=("kp3vtq8z.aspx",),
                first_seen=at("2021-03-03T04:12:05"),
                last_seen=at("2021-03-03T04:20:00"),
                findings=("proxylogon-chain-1",),
                techniques=OVERLAP.techniques,
                groups=(OVERLAP,),
                note="Only one was seen, so everything that names nobody is counted here.",
            ),
        ),
        manifest=tuple(
            ManifestEntry(path=path, size=len(path) * 1000, sha256=hashlib.sha256(path.encode()).hexdigest())
            for path in (IIS, HTTPPROXY, ECP)
        ),
    )  # fmt: skip


def coverage() -> tuple[CoverageEntry, ...]:
    first, last = at("2021-02-10T00:00:11"), at("2021-03-12T08:00:00")
    gap = (at("2021-02-19T00:00:00"), at("2021-02-22T06:00:00"))
    return (
        CoverageEntry(kind="iis:frontend", files=31, events=912_333, first=at("2020-12-12T00:00:02"), last=last, gaps=(), problems=40),
        CoverageEntry(kind="iis:backend", files=31, events=401_118, first=at("2020-12-12T00:00:02"), last=last, gaps=(), problems=0),
        CoverageEntry(kind="httpproxy:ecp", files=640, events=55_020, first=first, last=last, gaps=(gap,), problems=0),
        CoverageEntry(kind="httpproxy:owa", files=702, events=1_204_871, first=first, last=last, gaps=(gap,), problems=0),
        CoverageEntry(kind="ecp_server", files=30, events=9_120, first=first, last=last, gaps=(), problems=0),
        CoverageEntry(kind="evtx:sysmon", files=1, events=88_140, first=at("2021-03-04T20:10:00"), last=last, gaps=(), problems=1),
        CoverageEntry(kind="web_files", files=212, events=212, first=None, last=None, gaps=(), problems=0),
    )  # fmt: skip


def quiet() -> HostResult:
    return host(
        source="evidence/EXCH02",
        name="EXCH02",
        verdict=Verdict(
            level=Level.NO_EVIDENCE_FOUND,
            assurance=Assurance.COMPLETE,
            reasons=("No row of the exploitation chain in complete logs.",),
            limits=(),
        ),
        coverage=tuple(
            msgspec.structs.replace(entry, gaps=(), problems=0) for entry in coverage()[:3]
        ),
        noise=(Noise(rule="health-probes", events=91_000),),
    )


def untold() -> HostResult:
    """Attempted, and nobody can tell how it ended."""
    return host(
        source="evidence/EXCH03.7z",
        name="EXCH03",
        verdict=Verdict(
            level=Level.ATTEMPTED,
            assurance=Assurance.INSUFFICIENT,
            reasons=("Two clients sent the first step of the chain.",),
            limits=("ECP logs were not collected.",),
        ),
        packs=(
            PackVerdict(
                pack="proxylogon",
                level=Level.ATTEMPTED,
                assurance=Assurance.INSUFFICIENT,
                window=(at("2021-01-03T00:00:00"), at("2021-03-12T08:00:00")),
                needed=("httpproxy:ecp", "ecp_server"),
                missing=("ecp_server",),
                not_applicable=None,
            ),
        ),
        findings=(finding(id="attempt-1", next_steps=("Block the client.",)),),
        coverage=coverage()[:1],
    )


HOSTILE = (
    "</style></svg><script>window.hit=1</script>"
    '<img src="http://attacker.invalid/x.png" onerror="window.hit=1">'
    "{{ 7*7 }}{% raw %}&lt;\"'`[bold]rich[/bold]:smile:"
    "\x00\x1b[31m\x1b]0;title\x07\u202egpj.exe\u2066\u200b\ud800\r\n\u2028end"
)
LONG = "A" * 200_000


def hostile() -> HostResult:
    """Everything that evidence can fill in is meant to harm the reader."""
    citation = Citation(
        artefact=f"C/{HOSTILE}.log",
        line=1,
        time=at("2021-03-03T04:00:00"),
        rule=HOSTILE,
        text=HOSTILE + LONG,
    )
    short = msgspec.structs.replace(citation, text=HOSTILE)
    found = finding(
        id=HOSTILE,
        title=HOSTILE,
        clients=(HOSTILE,),
        citations=(citation, *(short,) * 9_999),
        benign_explanations=(HOSTILE,),
        next_steps=(HOSTILE,),
        cves=(HOSTILE,),
        attack=(HOSTILE,),
    )
    return host(
        source=HOSTILE,
        name=HOSTILE,
        verdict=Verdict(
            level=Level.ATTEMPTED,
            assurance=Assurance.PARTIAL,
            reasons=(HOSTILE,),
            limits=(HOSTILE,),
        ),
        packs=(
            PackVerdict(
                pack=HOSTILE,
                level=None,
                assurance=Assurance.PARTIAL,
                window=(),
                needed=(HOSTILE,),
                missing=(HOSTILE,),
                not_applicable=HOSTILE,
            ),
        ),
        builds=(
            BuildSeen(
                build=HOSTILE,
                product=HOSTILE,
                cu=HOSTILE,
                su=HOSTILE,
                first_seen=None,
                last_seen=None,
                from_=HOSTILE,
            ),
        ),
        exposure=(
            Exposure(cve=HOSTILE, status=HOSTILE, reason=HOSTILE, exposed_from=None, exposed_until=None),
        ),
        findings=(found,),
        leads=(msgspec.structs.replace(found, citations=(citation,)),),
        timeline=tuple(
            TimelineEntry(
                time=at("2021-03-03T04:00:00") + timedelta(minutes=minute),
                source=HOSTILE,
                summary=HOSTILE,
                finding=HOSTILE,
            )
            for minute in range(3000)
        ),
        coverage=(
            CoverageEntry(
                kind=HOSTILE,
                files=1,
                events=1,
                first=at("0001-01-01T00:00:00"),
                last=at("9999-12-31T23:59:59"),
                gaps=((at("0001-01-02T00:00:00"), at("9999-12-31T00:00:00")),),
                problems=1,
            ),
        ),
        problems=tuple(
            ProblemEntry(artefact=HOSTILE, line=line, code=HOSTILE, detail=HOSTILE)
            for line in range(5000)
        ),
        noise=(Noise(rule=HOSTILE, events=1),),
        groups=(
            GroupOverlap(name=HOSTILE, overlap=0.5, shared_by=1, techniques=(HOSTILE,), wording=HOSTILE),
        ),
        intruders=tuple(
            Intruder(
                id=HOSTILE, clients=(HOSTILE,) * 30, pages=(HOSTILE,) * 30, first_seen=None, last_seen=None,
                findings=(HOSTILE,) * 30, techniques=(HOSTILE,), note=HOSTILE,
                groups=(GroupOverlap(name=HOSTILE, overlap=0.5, shared_by=1, techniques=(HOSTILE,), wording=HOSTILE),),
            )
            for _ in range(30)
        ),
        manifest=tuple(
            ManifestEntry(path=f"{number}/{HOSTILE}", size=1, sha256="0" * 64)
            for number in range(5000)
        ),
    )  # fmt: skip
