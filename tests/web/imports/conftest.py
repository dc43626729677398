"""What tests of imports share: a folder for files, uploads, and imports that are done."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tocsin.campaign.feed import all_feeds
from tocsin.campaign.observation import Observation
from tocsin.campaign.observing import Asked, observe
from tocsin.web.imports.services import go, start_upload
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.imports.models import Import

SHADOWSERVER = all_feeds()["shadowserver"]
CSV = all_feeds()["csv"]
HUNT = all_feeds()["hunt"]

BAD_ROWS = SHADOWSERVER.sample + (
    b'"2026-03-24 00:11:33","critical","192.0.2.11","tcp",443,"short row"\n'
    b'"yesterday","critical","192.0.2.12","tcp",443,,"exchange;webshell",0,"DE",,,,,,"15.2.721","EX",\n'
    b'"2026-03-24 00:11:34","critical","no address","tcp",443,,"exchange",0,"DE",,,,,,"15.2.721","EX",\n'
)
"""Three sound rows and three that cannot be read; one of these has the sign of a web shell."""
MAPPING = dict(CSV.sample_mapping)


def as_read(
    tmp_path: Path, data: bytes, name: str, asked: Asked | None = None
) -> list[Observation]:
    """What `tocsin observe` says of the same file."""
    path = tmp_path / name
    path.write_bytes(data)
    return [row for row in observe(path, asked or Asked()) if isinstance(row, Observation)]


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


@pytest.fixture(autouse=True)
def _media(media: Path) -> None:
    """Every test of imports may store files."""


@pytest.fixture
def uploaded(campaign: Campaign, analyst: User) -> Callable[..., Import]:
    """A file that lies with the desk and is not decided upon."""

    def upload(data: bytes = SHADOWSERVER.sample, name: str = SHADOWSERVER.sample_name) -> Import:
        return start_upload(campaign, analyst, SimpleUploadedFile(name, data))

    return upload


@pytest.fixture
def imported(uploaded: Callable[..., Import], analyst: User) -> Callable[..., Import]:
    """A file that a worker has read."""

    def run(
        data: bytes = SHADOWSERVER.sample,
        name: str = SHADOWSERVER.sample_name,
        *,
        feed: str = "auto",
        mapping: Mapping[str, str] | None = None,
        host: str = "",
    ) -> Import:
        one = go(uploaded(data, name), analyst, feed=feed, mapping=mapping, host=host)
        run_worker(once=True)
        one.refresh_from_db()
        return one

    return run
