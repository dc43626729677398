"""The configuration of IIS: ``applicationHost.config`` and every ``web.config``.

One event for each thing that decides what is served and run: virtual directories with their
folders, modules, handlers, filters, rewrite rules, switched-off logging, stopped pools. The first
event stands for the document itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import file_fields, read_document, whole
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.xml_tree import Node, read_xml, root_name
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

Fields = dict[str, str]
Above = tuple[Node, ...]

_OF_IIS = re.compile(rb"<\s*system\.(?:webServer|applicationHost)\b")
_NAMES = frozenset({"applicationhost.config", "web.config"})
_TEXT_LIMIT = 2000


def _recognise(head: bytes, path: EvidencePath) -> bool:
    if root_name(head) != "configuration":
        return False
    return path.name.lower() in _NAMES or _OF_IIS.search(head.replace(b"\0", b"")) is not None


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    data, problem = read_document(stream, artefact)
    tree = read_xml(data)
    if tree.root is not None and tree.root.name == "configuration":
        yield from _events(tree.root, artefact)
    elif not problem and not tree.error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, "no <configuration> element")
    if problem:
        yield problem
    elif tree.error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, tree.error, tree.line)


def _events(root: Node, artefact: Artefact) -> Iterator[Event]:
    file = file_fields(artefact)
    for above, node in root.walk():
        parent = above[-1].name if above else ""
        reader = _READERS.get((parent, node.name)) or _READERS.get(("", node.name))
        if node is root:
            fields: Fields | None = {"ElementType": "configuration"}
        else:
            fields = reader(node, above) if reader else None
        if fields is None:
            continue
        fields["Location"] = _location(above)
        named = {**file, **fields}
        yield Event(
            time=None,
            place=node.line,
            fields={name: value for name, value in named.items() if value not in {"", "-"}},
            text=_text(node),
        )


def _location(above: Above) -> str:
    """The ``<location path>`` that the element stands in."""
    return next((node.attributes.get("path", "") for node in above if node.name == "location"), "")


def _attributes(element_type: str, **names: str) -> Callable[[Node, Above], Fields]:
    """A reader that takes these attributes, each under our name for it."""

    def read(node: Node, _: Above) -> Fields:
        taken = {ours: node.attributes.get(theirs, "") for ours, theirs in names.items()}
        return {"ElementType": element_type, **taken}

    return read


def _virtual_directory(node: Node, above: Above) -> Fields:
    application = next((one for one in reversed(above) if one.name == "application"), None)
    site = next((one for one in reversed(above) if one.name == "site"), None)
    root = application.attributes.get("path", "") if application else ""
    path = node.attributes.get("path", "")
    return {
        "ElementType": "virtualDirectory",
        "Name": f"{root.rstrip('/')}/{path.lstrip('/')}".rstrip("/") or "/",
        "Path": path,
        "PhysicalPath": node.attributes.get("physicalPath", ""),
        "ApplicationPath": root,
        "ApplicationPool": application.attributes.get("applicationPool", "")
        if application
        else "",
        "Site": site.attributes.get("name", "") if site else "",
        "SiteId": site.attributes.get("id", "") if site else "",
    }


def _rewrite_rule(node: Node, above: Above) -> Fields | None:
    if not any(one.name == "rewrite" for one in above):
        return None
    match = node.first("match")
    action = node.first("action")
    conditions = [
        " ".join(one.attributes.get(name, "") for name in ("input", "pattern")).strip()
        for one in node.all("conditions", "add")
    ]
    return {
        "ElementType": "rewriteRule",
        "Name": node.attributes.get("name", ""),
        "Enabled": node.attributes.get("enabled", "true"),
        "StopProcessing": node.attributes.get("stopProcessing", ""),
        "PatternSyntax": node.attributes.get("patternSyntax", ""),
        "Pattern": match.attributes.get("url", match.attributes.get("pattern", ""))
        if match
        else "",
        "Conditions": "\n".join(conditions),
        "Action": action.attributes.get("type", "") if action else "",
        "ActionUrl": action.attributes.get("url", "") if action else "",
        "RuleSet": above[-1].name,
    }


def _http_logging(node: Node, _: Above) -> Fields | None:
    """Only where it is switched off."""
    off = node.attributes.get("dontLog", "").lower() == "true"
    return {"ElementType": "httpLogging", "DontLog": "true"} if off else None


def _extended_protection(node: Node, _: Above) -> Fields:
    """Whether Windows authentication is bound to the TLS channel; IIS's default is ``None``."""
    return {
        "ElementType": "extendedProtection",
        "TokenChecking": node.attributes.get("tokenChecking", "None"),
        "Flags": node.attributes.get("flags", ""),
    }


def _application_pool(node: Node, _: Above) -> Fields | None:
    """Only where it does not start by itself."""
    if node.attributes.get("autoStart", "").lower() != "false":
        return None
    return {
        "ElementType": "applicationPool",
        "Name": node.attributes.get("name", ""),
        "AutoStart": "false",
    }


_READERS: dict[tuple[str, str], Callable[[Node, Above], Fields | None]] = {
    ("", "virtualDirectory"): _virtual_directory,
    ("globalModules", "add"): _attributes("globalModule", Name="name", Image="image"),
    ("modules", "add"): _attributes(
        "module", Name="name", Type="type", PreCondition="preCondition"
    ),
    ("modules", "remove"): _attributes("removedModule", Name="name"),
    ("handlers", "add"): _attributes(
        "handler",
        Name="name",
        Path="path",
        Verb="verb",
        Type="type",
        Modules="modules",
        ScriptProcessor="scriptProcessor",
        RequireAccess="requireAccess",
    ),
    ("httpHandlers", "add"): _attributes("handler", Path="path", Verb="verb", Type="type"),
    ("httpModules", "add"): _attributes("module", Name="name", Type="type"),
    ("isapiFilters", "filter"): _attributes(
        "isapiFilter", Name="name", Image="path", Enabled="enabled"
    ),
    ("rules", "rule"): _rewrite_rule,
    ("globalRules", "rule"): _rewrite_rule,
    ("outboundRules", "rule"): _rewrite_rule,
    ("rules", "clear"): lambda _, above: (
        {"ElementType": "rewriteClear"} if any(one.name == "rewrite" for one in above) else None
    ),
    ("", "httpLogging"): _http_logging,
    ("", "extendedProtection"): _extended_protection,
    ("applicationPools", "add"): _application_pool,
}


def _text(node: Node) -> str:
    shown = "".join(f' {name}="{value}"' for name, value in node.attributes.items())
    inner = "".join(_text(child) for child in node.children) if node.name == "rule" else ""
    return f"<{node.name}{shown}>{inner}"[:_TEXT_LIMIT]


FORMAT = Format(
    name="iis_config",
    title="Configuration of IIS",
    paths=(
        "inetsrv/config/applicationHost.config",
        "inetpub/history/**/applicationHost.config",
        "**/web.config",
    ),
    recognise=_recognise,
    columns=(
        Column(name="url_path", source="Name", pattern=r"^(/.*)$"),
        Column(name="file_path", source="PhysicalPath"),
        Column(name="file_path", source="Image"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="windows", service="iis-config"),),
    sample=b"""<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <system.applicationHost>
    <applicationPools>
      <add name="DefaultAppPool" />
      <add name="MSExchangeOABAppPool" autoStart="false" />
    </applicationPools>
    <sites>
      <site name="Default Web Site" id="1">
        <application path="/" applicationPool="DefaultAppPool">
          <virtualDirectory path="/" physicalPath="%SystemDrive%\\inetpub\\wwwroot" />
        </application>
        <application path="/owa" applicationPool="MSExchangeOWAAppPool">
          <virtualDirectory path="/" physicalPath="C:\\Exchange\\FrontEnd\\HttpProxy\\owa" />
        </application>
      </site>
    </sites>
  </system.applicationHost>
  <system.webServer>
    <globalModules>
      <add name="HttpLoggingModule" image="%windir%\\System32\\inetsrv\\loghttp.dll" />
    </globalModules>
    <httpLogging dontLog="false" />
    <rewrite>
      <rules>
        <rule name="Sample Abort - inbound" stopProcessing="true">
          <match url=".*" />
          <conditions><add input="{HTTP_COOKIE}" pattern="sample" /></conditions>
          <action type="AbortRequest" />
        </rule>
      </rules>
    </rewrite>
  </system.webServer>
  <location path="Default Web Site/owa">
    <system.webServer>
      <handlers>
        <add name="Sample" path="*.sample" verb="GET" type="Contoso.Sample" />
      </handlers>
    </system.webServer>
  </location>
</configuration>
""",
    sample_path="C:/Windows/System32/inetsrv/config/applicationHost.config",
    reference="IIS configuration reference (sections of applicationHost.config), URL Rewrite module.",
)
