"""Tags of hunts: ``{% load hunts %}``."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from tocsin.model.grade import Level, Severity
from tocsin.report.words import LEVEL_NAMES, LEVEL_SYMBOLS
from tocsin.web.design.templatetags.desk import badge

register = template.Library()

_COLOURS = {
    Level.COMPROMISED.value: "purple",
    Level.EXPLOITED.value: "red",
    Level.INCONCLUSIVE.value: "yellow",
    Level.ATTEMPTED.value: "yellow",
}
_SEVERITIES = {
    Severity.CRITICAL.value: "red",
    Severity.HIGH.value: "red",
    Severity.MEDIUM.value: "yellow",
}


@register.simple_tag
def level(value: object, headline: str = "") -> SafeString:
    """A verdict as a badge with its sign; never green, since no server is ever called clean."""
    known = next((one for one in Level if one.value == str(value)), None)
    if known is None:
        return badge(headline or str(value).replace("_", " ").capitalize() or "Unknown")
    words = headline or LEVEL_NAMES[known]
    return badge(f"{LEVEL_SYMBOLS[known]} {words}", _COLOURS.get(known.value, "grey"))


@register.simple_tag
def severity(value: object) -> SafeString:
    """How urgent a finding is."""
    return badge(str(value).capitalize() or "Not said", _SEVERITIES.get(str(value), "grey"))
