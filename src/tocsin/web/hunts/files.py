"""Files that came of a hunt, handed out so that nothing in them acts as the desk.

The report holds what an attacker wrote. It is escaped there; here it gets an origin of its own,
which has no script, no cookie and no form, in case it was not.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404

from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import campaign_view
from tocsin.web.audit.services import record
from tocsin.web.hunts.models import Hunt, HuntState
from tocsin.web.hunts.running import KEY, REDACTED, REPORT, RESULT
from tocsin.web.hunts.services import subject_of
from tocsin.web.imports.uploads import path_of

if TYPE_CHECKING:
    from tocsin.web.accounts.permissions import DeskRequest

_HEAD_BYTES = 2**18
_BEGIN, _END = b"<style>", b"</style>"
_HTML, _JSON = "text/html; charset=utf-8", "application/json"
_TO_PASS_ON = {
    "report": (REPORT, _HTML),
    "result": (RESULT, _JSON),
    "key": (KEY, _JSON),
}


@campaign_view(Role.VIEWER)
def report(request: HttpRequest, number: int) -> FileResponse:
    """The full report, as a page in a sandbox."""
    path = _path(request, number, REPORT)
    response = FileResponse(path.open("rb"), content_type=_HTML)
    response["Content-Security-Policy"] = (
        f"sandbox; default-src 'none'; style-src {_style_of(path)}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return _guarded(response)


@campaign_view(Role.VIEWER)
def result(request: HttpRequest, number: int) -> FileResponse:
    """The result as JSON, to be kept."""
    return _download(_path(request, number, RESULT), f"hunt-{number}.json", _JSON)


@campaign_view(Role.ANALYST)
def to_pass_on(request: HttpRequest, number: int, what: str) -> FileResponse:
    """The report or the result without names, and the key that brings them back."""
    if what not in _TO_PASS_ON:
        raise Http404
    name, media_type = _TO_PASS_ON[what]
    path = _path(request, number, f"{REDACTED}/{name}")
    return _download(path, f"hunt-{number}-redacted-{name}", media_type)


def _path(request: HttpRequest, number: int, name: str) -> Path:
    """Where it lies. Who takes it away is recorded: it holds personal data."""
    desk = cast("DeskRequest", request)
    hunt = get_object_or_404(Hunt, campaign=desk.campaign, number=number, state=HuntState.DONE)
    path = path_of(hunt.folder) / name
    if not hunt.folder or not path.is_file():
        raise Http404
    detail = {"file": name}
    record(desk.user, "hunt_file.read", subject_of(hunt), campaign=desk.campaign, detail=detail)
    return path


def _download(path: Path, name: str, media_type: str) -> FileResponse:
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type=media_type
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return _guarded(response)


def _guarded(response: FileResponse) -> FileResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _style_of(path: Path) -> str:
    """The hash of the report's own style, which stands before all that comes from evidence."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    begin = head.find(_BEGIN)
    end = head.find(_END, begin)
    if begin < 0 or end < 0:
        return "'none'"
    style = head[begin + len(_BEGIN) : end]
    return f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
