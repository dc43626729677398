"""Text of strangers on every page: no markup comes of it, and what cannot be seen is made visible.

Feeds, lists, results, notes, names of files, people, views: whatever a row holds, wherever it is
shown. `_filled` writes it into every column that holds text, past all that checks it on the way.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client

from tests.web.addresses import all_addresses
from tests.web.test_roles import BACKEND, OF_ALLAUTH
from tocsin.campaign.feed import all_feeds
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.assets.models import Asset
from tocsin.web.audit.models import Decision
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign
from tocsin.web.cases.models import Case, CaseNote
from tocsin.web.imports.models import Import, Rejected
from tocsin.web.imports.services import go, start_upload
from tocsin.web.lists.models import SavedView
from tocsin.web.organisations.models import Constituency
from tocsin.web.work.models import Job
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from pathlib import Path


EVIL = "\"'><x-evil onmouseover=alert(1) style=x>{{7*7}}\x1b[31m\u202e\u2066\u200b\x85"
UNSEEN = "\x1b\u202e\u2066\u200b\x85\x00\x07"
LONG = "W" * 180
"""A word that no line holds; the tests in a browser look at its width."""

_STAY = {
    # Keys, states, paths and hashes: what the desk itself writes, and goes by.
    *("slug", "password", "username", "email", "action", "hash", "previous", "stored_as"),
    *("folder", "sha256", "file_sha256", "session_key", "kind", "listing", "pack", "evidence"),
    *("place", "key", "ip", "cve", "statuses", "doubts", "state", "feed", "user_agent", "detail"),
    # Written through forms that refuse what cannot be seen, or by administrators alone.
    *("host", "first_name", "last_name", "support", "owner_step", "owner_confidence"),
    *("builds", "names", "tags", "claims", "extra", "code"),
}


def _filled(text: str) -> None:
    """Write `text` into every column of every row that is no key."""
    for model in apps.get_models():
        if not model.__module__.startswith("tocsin.") or model is Decision:
            continue
        for field in model._meta.get_fields():
            if (
                isinstance(field, models.CharField | models.TextField)
                and not (field.choices or field.unique or field.name in _STAY)
                and model not in {Campaign, Constituency, SavedView}
            ):
                for row in model._default_manager.all():
                    # Each its own, since some are unique with others.
                    mine = f"{text}{row.pk}"[-(field.max_length or 10_000) :]
                    model._default_manager.filter(pk=row.pk).update(**{field.name: mine})


class Markup(HTMLParser):
    """Notes what a page must not have. Values of filters stay as they are: nobody reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found += [ascii(sign) for sign in UNSEEN if sign in data]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "x-evil":
            self.found.append(tag)
        for name, value in attrs:
            if name in {"title", "aria-label", "alt", "content"}:
                self.handle_data(value or "")
            if name.startswith("on") or name == "style" or "<" in name or '"' in name:
                self.found.append(f"{tag} {name}")
            if name in {"href", "src", "action", "formaction"} and value is not None:
                scheme = value.split(":")[0].strip().lower() if ":" in value[:30] else ""
                if scheme in {"javascript", "data", "vbscript"}:
                    self.found.append(f"{tag} {name}={value[:40]}")


@pytest.fixture
def _full(campaign: Campaign, media: Path) -> None:
    """A campaign with something of each kind, brought by a worker where that is the way."""
    user = User.objects.create(username="maker", is_administrator=True)
    Membership.objects.create(user=user, campaign=campaign, role=Role.VIEWER)
    feed = all_feeds()["shadowserver"]
    lines = feed.sample.decode().splitlines()
    cell = EVIL.replace('"', '""')
    bad = [line.replace('"EX"', f'"{cell}"').replace('"DE"', f'"{cell}"') for line in lines[1:]]
    content = "\n".join([*lines, *bad, f'"{cell}",\x00']).encode()
    name = feed.sample_name.replace(".csv", f"{EVIL}.csv").replace("/", "")
    for data, called in ((feed.sample, feed.sample_name), (content, name)):
        one = start_upload(campaign, user, SimpleUploadedFile(called, data))
        go(one, user, feed="shadowserver")
    run_worker(once=True)
    for address in all_addresses():
        if address.name not in OF_ALLAUTH:
            address.path(campaign)
    for case in Case.objects.all():
        CaseNote.objects.create(case=case, by=user, text=EVIL)
    Rejected.objects.create(
        part_of=Import.objects.get(number=1), file_name="a", feed="csv", code="bad_row", detail="x"
    )
    Job.objects.filter(kind="nothing").update(state="failed", error="x", message="x")
    for subject in ("import 1", "case 1: host 192.0.2.1", f"host {EVIL}"):
        record(user, "thing.done", subject, campaign=campaign, detail={EVIL: [EVIL, {"a": EVIL}]})


@pytest.fixture
def client(_full: None) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(username="maker"), backend=BACKEND)
    return client


def _pages(campaign: Campaign) -> list[str]:
    """Every address with each thing that is there of it, a few of each."""
    found = [one.path(campaign) for one in all_addresses() if one.name not in OF_ALLAUTH]
    for asset in Asset.objects.filter(campaign=campaign)[:6]:
        found += [f"/c/{campaign.slug}/assets/{asset.pk}/{end}" for end in ("", "rows/", "owner/")]
    for number in Import.objects.values_list("number", flat=True):
        ends = ("", "quarantine/", "preview/", "retry/", "undo/")
        found += [f"/c/{campaign.slug}/imports/{number}/{end}" for end in ends]
    for number in Decision.objects.filter(campaign=campaign).values_list("number", flat=True):
        found.append(f"/c/{campaign.slug}/decisions/{number}/")
    return found


def _wrong(text: str) -> list[str]:
    markup = Markup()
    markup.feed(text)
    return markup.found


def test_no_page_shows_it_as_anything_but_text(campaign: Campaign, client: Client) -> None:
    wrong: dict[str, list[str]] = {}
    shown = 0
    for text in (EVIL, LONG):
        _filled(text)
        for path in _pages(campaign):
            response = client.get(path)
            assert response.status_code < 500, path
            if response.streaming or "html" not in response.get("Content-Type", ""):
                continue
            page = response.content.decode()
            shown += "x-evil" in page
            if _wrong(page):
                wrong[path] = _wrong(page)
    assert {} == wrong
    assert shown > 20


@pytest.mark.parametrize("name", ["assets", "decisions", "cases", "hunts", "imports"])
def test_exports_say_what_they_are_and_stay_whole(
    name: str, campaign: Campaign, client: Client
) -> None:
    _filled(EVIL)
    for as_, kind in (("csv", "text/csv"), ("json", "application/json")):
        response = client.get(f"/c/{campaign.slug}/{name}/?format={as_}")
        body = b"".join(response)
        assert response["Content-Type"].startswith(kind)
        assert response["Content-Disposition"].startswith("attachment")
        assert "nosniff" == response["X-Content-Type-Options"]
        if as_ == "json":
            rows: list[dict[str, Any]] = json.loads(body)["rows"]
            assert rows
        else:
            assert not any(sign.encode() in body for sign in "\x00\x1b")
