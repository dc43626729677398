"""What people and the desk do, in words: actions of decisions, and the names in their details."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEEDS: Mapping[str, str] = MappingProxyType(
    {
        "campaign.assessed": "campaign judged anew",
        "campaign.changed": "settings of the campaign changed",
        "campaign.closed": "campaign closed",
        "campaign.opened": "campaign opened",
        "campaign.reopened": "campaign opened again",
        "case.assigned": "case given to somebody",
        "case.marked": "mark of the case changed",
        "case.moved": "state of the case changed",
        "case.noted": "note written to the case",
        "case.opened": "case opened",
        "claim.added": "network, domain, system or host added",
        "claim.restored": "network, domain, system or host restored",
        "claim.withdrawn": "network, domain, system or host withdrawn",
        "constituency.added": "constituency added",
        "constituency.imported": "list of the constituency imported",
        "contact.added": "contact added",
        "contact.corrected": "contact corrected",
        "contact.described": "contact described",
        "contact.restored": "contact restored",
        "contact.withdrawn": "contact withdrawn",
        "contacts.read": "contacts looked at",
        "host.assigned": "host assigned by hand",
        "host.unassigned": "host left to the evidence again",
        "hunt.counted": "result of the hunt counted",
        "hunt.evidence_deleted": "evidence of the hunt deleted",
        "hunt.failed": "hunt failed",
        "hunt.finished": "hunt finished",
        "hunt.host_chosen": "host of the hunt chosen",
        "hunt.read": "result of the hunt looked at",
        "hunt.redacted": "result of the hunt redacted",
        "hunt.redaction_asked": "redaction of the result asked for",
        "hunt.redaction_failed": "redaction of the result failed",
        "hunt.run_again": "hunt run again",
        "hunt.uploaded": "hunt uploaded",
        "hunt_file.read": "file of the hunt taken away",
        "import.discarded": "import discarded",
        "import.failed": "import failed",
        "import.finished": "import finished",
        "import.read_again": "bad rows read again",
        "import.retried": "bad rows to be read again",
        "import.rows_dismissed": "bad rows put aside",
        "import.started": "import decided",
        "import.undone": "import undone",
        "import.uploaded": "file handed over",
        "job.retried": "job tried again",
        "list.read": "list of personal data looked at",
        "member.removed": "member removed",
        "member.role_given": "role in the campaign given",
        "organisation.added": "organisation added",
        "organisation.corrected": "organisation corrected",
        "organisation.uncorrected": "organisation follows the list again",
        "person.activated": "account opened again",
        "person.created": "account made",
        "person.deactivated": "account closed",
        "person.link_made": "one-time link made",
        "person.made_administrator": "made administrator of the desk",
        "person.no_longer_administrator": "no longer administrator of the desk",
        "person.password_changed": "password changed",
        "person.password_set_by_link": "password set by the one-time link",
        "person.recovery_codes_renewed": "recovery codes renewed",
        "person.renamed": "account renamed",
        "person.role_given": "role in the campaign given",
        "person.role_taken": "role in the campaign taken",
        "person.second_factor_added": "second factor added",
        "person.second_factor_removed": "second factor removed",
        "person.second_factor_reset": "second factors reset",
        "person.signed_in": "signed in",
        "view.deleted": "shared view deleted",
        "view.renamed": "shared view changed",
        "view.shared": "view shared",
        "view.unshared": "view shared no longer",
    }
)
"""`Decision.action` in words."""
DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "absent_after": "scans without it until it has vanished",
        "administrator_of_the_desk": "administrator of the desk",
        "after": "afterwards",
        "before": "before",
        "bytes": "bytes",
        "from": "before",
        "mapping": "columns",
        "mapping_before": "columns before",
        "observations": "rows stored",
        "rejected": "rows in quarantine",
        "repeated": "rows known before",
        "second_factor": "second factor",
        "sha256": "SHA-256",
        "taken": "rows taken now",
        "tlp": "TLP",
        "to": "afterwards",
        "vulnerable_holds_days": "days for which a vulnerable build holds",
    }
)
"""Names in `Decision.detail` that are no plain words by themselves."""
VALUES: Mapping[str, str] = MappingProxyType(
    {
        "no_evidence_found": "no evidence found",
        "recovery_codes": "recovery codes",
        "with_owner": "with the owner",
    }
)
"""Values in them that the desk itself writes; all others are somebody's own words or names."""
