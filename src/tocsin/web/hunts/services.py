"""Changes of hunts: upload, which host it is about, what came of it. Each is a decision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from tocsin.errors import UsageError
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign
from tocsin.web.hunts import uploads
from tocsin.web.hunts.hosts import host_key
from tocsin.web.hunts.models import Hunt, HuntKind, HuntState
from tocsin.web.hunts.queries import counting_import
from tocsin.web.hunts.running import folder_of
from tocsin.web.imports import services as imports
from tocsin.web.imports.uploads import path_of
from tocsin.web.work.services import enqueue

if TYPE_CHECKING:
    from tocsin.web.accounts.models import User
    from tocsin.web.imports.uploads import Upload

RUN, REDACT, CLAIM = "hunts.run", "hunts.redact", "hunts.claim"
_LEVEL, _ASSURANCE = 24, 16


def receive(campaign: Campaign, user: User, upload: Upload, host: str = "") -> Hunt:
    """Take an upload, and have the worker do what it needs.

    `host` is what it is about; it may be said later. Raises `UsageError` for what is neither a
    result nor evidence, or too large.
    """
    host = host_key(host) if host.strip() else ""
    stored = uploads.store(upload)
    with transaction.atomic():
        hunt = _numbered(campaign, by=user, host=host, **stored._asdict())
        hunt.folder = folder_of(hunt, 0)
        hunt.job = enqueue(RUN, hunt.pk, campaign=campaign)
        hunt.save(update_fields=["folder", "job"])
        detail = {"kind": hunt.kind, "sha256": hunt.sha256, "bytes": hunt.size_bytes, "host": host}
        _record(user, "hunt.uploaded", hunt, detail)
    return hunt


@transaction.atomic
def choose_host(hunt: Hunt, user: User, host: str, *, may_undo: bool) -> Hunt:
    """Say which host a hunt is about, which makes what it says count there.

    Where it counted for another host, that import is undone, which `may_undo` must allow. Raises
    `UsageError`.
    """
    hunt = _locked(hunt)
    host = host_key(host)
    if hunt.state in (HuntState.QUEUED, HuntState.RUNNING):
        raise UsageError("This hunt still runs. Say which host it is about when it is done.")
    counting = counting_import(hunt)
    if host == hunt.host and counting is not None:
        return hunt
    if counting is not None:
        if not may_undo:
            raise UsageError(
                f"It counts for {hunt.host} already, by import {counting.number}. An approver can "
                "say that it is about another host."
            )
        imports.undo(counting, user)
    before, hunt.host = hunt.host, host
    hunt.summary.pop("claim", None)
    if hunt.state == HuntState.DONE:
        hunt.job = enqueue(CLAIM, hunt.pk, campaign=hunt.campaign)
    hunt.save(update_fields=["host", "job", "summary"])
    _record(user, "hunt.host_chosen", hunt, {"from": before, "to": host})
    return hunt


@transaction.atomic
def run_again(hunt: Hunt, user: User) -> Hunt:
    """Put a failed hunt back into the queue. Raises `UsageError` for one that has not failed."""
    hunt = _locked(hunt)
    if hunt.state != HuntState.FAILED:
        raise UsageError("Only a hunt that failed is run again.")
    if not path_of(hunt.stored_as).is_file():
        raise UsageError("The uploaded file is no longer kept. Upload it again.")
    hunt.state, hunt.error = HuntState.QUEUED, ""
    hunt.job = enqueue(RUN, hunt.pk, campaign=hunt.campaign)
    hunt.save(update_fields=["state", "error", "job"])
    _record(user, "hunt.run_again", hunt, {})
    return hunt


@transaction.atomic
def ask_redaction(hunt: Hunt, user: User) -> Hunt:
    """Have the worker make the report without names. Raises `UsageError` where it cannot be."""
    hunt = _locked(hunt)
    if hunt.kind != HuntKind.EVIDENCE:
        raise UsageError(
            "Only who has the evidence knows which words are names: ask the owner for a result "
            "that was made with `tocsin hunt --redact`."
        )
    if hunt.state != HuntState.DONE or not path_of(hunt.stored_as).is_file():
        raise UsageError("This needs a hunt that is done, and its evidence still at the desk.")
    hunt.summary.pop("redaction_error", None)
    hunt.job = enqueue(REDACT, hunt.pk, campaign=hunt.campaign)
    hunt.save(update_fields=["job", "summary"])
    _record(user, "hunt.redaction_asked", hunt, {})
    return hunt


@transaction.atomic
def remove_evidence(hunt: Hunt, user: User) -> None:
    """Delete the evidence that an owner handed over; the result stays. Raises `UsageError`."""
    hunt = _locked(hunt)
    busy = hunt.job is not None and hunt.job.is_open
    if hunt.state in (HuntState.QUEUED, HuntState.RUNNING) or busy:
        raise UsageError("A worker still reads the evidence. Delete it when it is done.")
    _record(user, "hunt.evidence_deleted", hunt, {"sha256": hunt.sha256})
    transaction.on_commit(lambda: uploads.remove_upload(hunt))


def began(hunt: Hunt) -> None:
    """A worker runs it now."""
    hunt.state, hunt.error = HuntState.RUNNING, ""
    hunt.save(update_fields=["state", "error"])


@transaction.atomic
def finished(hunt: Hunt, servers: list[dict[str, Any]]) -> list[Hunt]:
    """Keep what each server is said to be. A result of several becomes a hunt for each."""
    first = _locked(hunt)
    same = ("by", "kind", "file_name", "stored_as", "sha256", "size_bytes")
    shared = {name: getattr(first, name) for name in same}
    others = [
        _numbered(first.campaign, folder=folder_of(first, server), **shared)
        for server in range(1, len(servers))
    ]
    if len(servers) > 1 and first.host:
        # Nobody said which of the servers it is.
        first.host = ""
    for one, shown in zip([first, *others], servers, strict=True):
        _keep(one, shown)
    return [first, *others]


def _keep(hunt: Hunt, shown: dict[str, Any]) -> None:
    hunt.finished_at = datetime.now(UTC)
    if "error" in shown:
        hunt.state, hunt.error = HuntState.FAILED, str(shown["error"])
        hunt.save()
        _record(None, "hunt.failed", hunt, {"error": hunt.error[:500]})
        return
    hunt.state, hunt.error = HuntState.DONE, ""
    hunt.level = str(shown["level"])[:_LEVEL]
    hunt.assurance = str(shown["assurance"])[:_ASSURANCE]
    hunt.summary = shown
    hunt.save()
    _record(None, "hunt.finished", hunt, {"level": hunt.level, "assurance": hunt.assurance})


@transaction.atomic
def failed(hunt: Hunt, error: str) -> None:
    """It came to nothing."""
    hunt = _locked(hunt)
    hunt.state, hunt.error, hunt.finished_at = HuntState.FAILED, error, datetime.now(UTC)
    hunt.save(update_fields=["state", "error", "finished_at"])
    _record(None, "hunt.failed", hunt, {"error": error[:500]})


@transaction.atomic
def redacted(hunt: Hunt, error: str = "") -> None:
    """The report without names is there, or could not be made."""
    hunt = _locked(hunt)
    hunt.summary["redacted"] = not error
    hunt.summary["redaction_error"] = error
    hunt.save(update_fields=["summary"])
    action = "hunt.redaction_failed" if error else "hunt.redacted"
    _record(None, action, hunt, {"error": error[:500]} if error else {})


def _numbered(campaign: Campaign, **fields: Any) -> Hunt:  # noqa: ANN401 of the model
    """A new hunt with the next number; in a transaction."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    last = Hunt.objects.filter(campaign=campaign).aggregate(last=Max("number"))["last"] or 0
    return Hunt.objects.create(campaign=campaign, number=last + 1, **fields)


def _locked(hunt: Hunt) -> Hunt:
    return (
        Hunt.objects.select_for_update(no_key=True, of=("self",))
        .select_related("campaign", "by", "job")
        .get(pk=hunt.pk)
    )


def _record(user: User | None, action: str, hunt: Hunt, detail: dict[str, object]) -> None:
    record(user, action, subject_of(hunt), campaign=hunt.campaign, detail=detail)


def subject_of(hunt: Hunt) -> str:
    """How decisions name it."""
    return f"hunt {hunt.number}"
