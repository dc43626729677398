"""What every page of a campaign shows around its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest


def campaign(request: HttpRequest) -> dict[str, Any]:
    """The campaign and the reader's role in it, where the page belongs to one."""
    return {
        "campaign": getattr(request, "campaign", None),
        "role": getattr(request, "role", None),
    }
