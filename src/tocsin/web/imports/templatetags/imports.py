"""``{% load imports %}``: the state of an import as a badge, and links to what it changed."""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlencode

from django import template
from django.utils.safestring import SafeString

from tocsin.web.design.templatetags.desk import badge
from tocsin.web.design.words import SIGNS, capital, word_in
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.imports.queries import WEB_SHELLS

register = template.Library()
_KINDS = MappingProxyType(
    {
        ImportState.UPLOADED.value: "yellow",
        ImportState.QUEUED.value: "blue",
        ImportState.RUNNING.value: "blue",
        ImportState.DONE.value: "green",
        ImportState.FAILED.value: "red",
    }
)


@register.simple_tag
def import_state(one: Import) -> SafeString:
    """Where an import is."""
    word = "To decide" if one.state == ImportState.UPLOADED else one.get_state_display()
    return badge(word, _KINDS.get(one.state, "grey"))


@register.filter
def sign(name: str) -> str:
    """A sign of compromise in words."""
    return capital(word_in(SIGNS, name))


@register.simple_tag
def effect_url(hosts: str, change: str, number: int) -> str:
    """The hosts with a change that was noticed in an import; `hosts` is the list of all."""
    if change == WEB_SHELLS:
        return f"{hosts}?{urlencode({'signs_noticed_in': number})}"
    return f"{hosts}?{urlencode({'change': change, 'noticed_in': number})}"
