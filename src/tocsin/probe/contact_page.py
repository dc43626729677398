"""The page that the User-Agent points to: who asks, what for, what is sent, and how to opt out.

Source: NCSC (UK), "NCSC Scanning information" (2022), whose principles it keeps: the purpose is
public, the traffic is marked, as little as possible is asked, and who opts out is left out.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tocsin.probe.plan import the_plan

if TYPE_CHECKING:
    from tocsin.probe.scope import Scope

_WIDTH = 88
_STYLE = (
    "body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 sans-serif}"
    "li{overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A heading, what is said below it, and a list of what is meant."""

    heading: str
    text: str
    items: tuple[str, ...] = ()


def as_text(scope: Scope, agent: str) -> str:
    """The page as plain text."""
    lines = [_title(scope), "=" * len(_title(scope)), ""]
    for part in _parts(scope, agent):
        lines += [part.heading, "-" * len(part.heading), textwrap.fill(part.text, _WIDTH)]
        lines += [
            textwrap.fill(
                item, _WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False
            )
            for item in part.items
        ]
        lines.append("")
    return "\n".join(lines)


def as_html(scope: Scope, agent: str) -> str:
    """The page as HTML, one file without scripts, styles of others, or anything to load."""
    body = [f"<h1>{escape(_title(scope))}</h1>"]
    for part in _parts(scope, agent):
        body += [f"<h2>{escape(part.heading)}</h2>", f"<p>{escape(part.text)}</p>"]
        if part.items:
            body.append("<ul>")
            body += [f"<li>{escape(item)}</li>" for item in part.items]
            body.append("</ul>")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(_title(scope))}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def _title(scope: Scope) -> str:
    return f"Scanning by {scope.authorisation.organisation}"


def _parts(scope: Scope, agent: str) -> tuple[_Part, ...]:
    authorisation, contact, limits = scope.authorisation, scope.contact, scope.limits
    rate = "1 request" if limits.per_host == 1 else f"{limits.per_host:g} requests"
    return (
        _Part(
            heading="Why we asked your server",
            text=f"{authorisation.organisation} looks for Microsoft Exchange servers that lack "
            "security updates, so that their owners can be told. We ask which version a server "
            "runs. We do not attack it, and we try nothing that would get us in.",
        ),
        _Part(
            heading="How to know that it was us",
            text="Every request says who it is from. Whoever wants to be sure may write to us "
            "with the time, their address and ours: we keep a log of every request.",
            items=(f"User-Agent: {agent}", f"From: {contact.mail}"),
        ),
        _Part(
            heading="What we send",
            text="Only these pages, which any browser may open, with GET: no password, no form, "
            f"no attempt to exploit anything. At most {rate} per second "
            f"to one server, and {limits.samples} short connections.",
            items=tuple(request.path for request in the_plan().requests),
        ),
        _Part(
            heading="What we keep",
            text="Version numbers that your server shows to everybody, the name that it gives "
            "itself, the names in its certificate, where it redirects to, and when that was. No "
            "content of mailboxes, which we never see, and no pages.",
        ),
        _Part(
            heading="How to opt out",
            text=f"Write to {contact.mail} and name your addresses, networks or names. We leave "
            "them out from then on and need no reason. Please think of it first whether you want "
            "to hear from us when an update is missing.",
        ),
        _Part(
            heading="Who authorised it",
            text=f"{authorisation.name}, {authorisation.organisation}; reference "
            f"{authorisation.reference}; from {authorisation.first} until {authorisation.until}.",
        ),
    )
