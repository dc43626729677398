"""One table of plain words for everything that the core and the desk name by an identifier.

Pages, lists and filters take their words from here. Words begin in lower case, so that they fit
into sentences; `capital` makes labels of them. What is not in the table is shown without dots and
underscores: a new identifier can then be read, and a test says that it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from tocsin.campaign.exposure import Doubt
from tocsin.campaign.observation import Method
from tocsin.campaign.owners import Step
from tocsin.campaign.signs import SignKind
from tocsin.campaign.telling import SIGNS as SIGNS_OF_COMPROMISE
from tocsin.campaign.totals import SETTLED_BY as _SETTLED_BY
from tocsin.knowledge.status import StatusWord
from tocsin.knowledge.support import SupportState
from tocsin.model.grade import Confidence
from tocsin.model.problem import ProblemCode
from tocsin.web.design.deeds import DEEDS, DETAILS

METHODS: Mapping[str, str] = MappingProxyType(
    {
        Method.OWA_HEADER: "header X-OWA-Version",
        Method.OWA_PATH: "path of Outlook on the web",
        Method.EXPORT_TOOL_MANIFEST: "manifest of the export tool",
        Method.SCAN_SCRIPT: "script of nmap",
        Method.FEED_VERSION: "the feed's version",
        Method.CPE: "CPE name, inferred by the feed",
        Method.OWNER_CLAIM: "the owner's word",
        Method.NONE: "no place",
    }
)
"""Where a build was seen."""
SIGNS: Mapping[str, str] = MappingProxyType(dict(SIGNS_OF_COMPROMISE))
"""Signs of compromise, in the core's words."""
OWNER_SIGNS: Mapping[str, str] = MappingProxyType(
    {
        SignKind.PROVIDER_NAME: "provider's reverse name",
        SignKind.CLOUD: "cloud or hosting",
        SignKind.CDN: "shared front end",
        SignKind.DECOY: "decoy",
    }
)
"""What speaks of somebody else than the owner."""
STEPS: Mapping[str, str] = MappingProxyType(
    {
        Step.MANUAL: "assigned by hand",
        Step.NETWORK: "network",
        Step.CERTIFICATE: "certificate or request",
        Step.SERVER_NAME: "server's own name",
        Step.DOMAIN: "host name",
        Step.ASN: "autonomous system",
        Step.NOBODY: "nobody can be named",
    }
)
"""By what an owner is named."""
DOUBTS: Mapping[str, str] = MappingProxyType(
    {
        Doubt.NO_BUILD: "no build was seen",
        Doubt.THREE_PARTS: "three parts of the build only",
        Doubt.STALE: "what was seen in full is too old",
        Doubt.NEWER_BUILD: "a build newer than the knowledge in use",
        Doubt.UNKNOWN_BUILD: "a build that no source lists",
        Doubt.SPECIAL_PACKAGE: "a package that could be installed without older updates",
        Doubt.NEEDS_CHECK: "a setting decides, and no build does",
        Doubt.NO_SOURCE: "the sources are silent, or contradict each other",
    }
)
"""Why a host is yellow."""
SETTLED_BY: Mapping[str, str] = MappingProxyType(
    {doubt: text.replace("`", "") for doubt, text in _SETTLED_BY.items()}
)
"""What would settle it, in the core's words; a terminal sets commands in backquotes."""
STATUSES: Mapping[str, str] = MappingProxyType(
    {
        StatusWord.VULNERABLE: "vulnerable",
        StatusWord.FIXED: "fixed",
        StatusWord.UNDETERMINED: "undetermined",
        StatusWord.NEWER_THAN_CATALOGUE: "newer than the knowledge in use",
        StatusWord.NOT_AFFECTED: "not affected",
    }
)
"""What is said of a CVE."""
SUPPORT: Mapping[str, str] = MappingProxyType(
    {
        SupportState.SUPPORTED: "supported",
        SupportState.EXTENDED: "extended updates, for those who pay for them",
        SupportState.SUPERSEDED: "updates for newer cumulative updates only",
        SupportState.ENDED: "ended",
        SupportState.UNKNOWN: "not known: no build, or none that a source lists",
    }
)
"""The state of support."""
CONFIDENCES: Mapping[str, str] = MappingProxyType(
    {Confidence.LOW: "low", Confidence.MEDIUM: "medium", Confidence.HIGH: "high"}
)
"""How sure it is."""
PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        ProblemCode.FIELD_COUNT: "another number of fields than the header names",
        ProblemCode.BAD_TIME: "the time cannot be read",
        ProblemCode.BAD_VALUE: "a field does not hold what its column promises",
        ProblemCode.BAD_QUOTING: "a quoted field does not end",
        ProblemCode.NO_HEADER: "a row before any header",
        ProblemCode.TRUNCATED: "it ends in the middle",
        ProblemCode.ENCODING: "bytes that are no text",
        ProblemCode.LINE_TOO_LONG: "the line is too long",
        ProblemCode.BAD_RECORD: "a record that cannot be decoded",
        ProblemCode.BAD_DOCUMENT: "a document that cannot be read",
        ProblemCode.CLOCK: "the time is not what it claims to be",
        ProblemCode.UNREADABLE: "the file could not be opened",
        ProblemCode.UNRECOGNISED: "the content is something else",
        ProblemCode.EMPTY: "there are no rows",
        ProblemCode.PATH_TRAVERSAL: "a name that would climb out of the archive",
        ProblemCode.LINK: "a link or device, which is not followed",
        ProblemCode.BOMB: "it would unpack to too much",
        ProblemCode.DUPLICATE_NAME: "two members of one archive have the same name",
        ProblemCode.ENCRYPTED: "it is encrypted",
        ProblemCode.BAD_MEMBER: "a member of the archive is damaged",
        ProblemCode.NESTED_ARCHIVE: "archives too deep in each other",
        ProblemCode.TOO_MANY_MEMBERS: "too many members in the archive",
        ProblemCode.TOO_LARGE: "the file is larger than what is checked",
        ProblemCode.TOO_SLOW: "a check took too long",
        ProblemCode.SOURCE: "the whole source could not be opened",
        ProblemCode.DEFECT: "Tocsin itself failed; please report it",
        ProblemCode.BAD_METADATA: "the collecting tool's own notes cannot be read",
        ProblemCode.HASH_MISMATCH: "not what the collecting tool hashed",
        ProblemCode.NOT_COLLECTED: "the collecting tool did not take it",
        ProblemCode.MISSING: "it was taken, and not handed over",
    }
)
"""Why something could not be read."""

TABLES: tuple[tuple[Iterable[StrEnum], Mapping[str, str]], ...] = (
    (Method, METHODS),
    (SignKind, OWNER_SIGNS),
    (Step, STEPS),
    (Doubt, DOUBTS),
    (StatusWord, STATUSES),
    (SupportState, SUPPORT),
    (Confidence, CONFIDENCES),
    (ProblemCode, PROBLEMS),
)
"""Each enumeration of the core that pages show, and its words."""
_EVERY = {
    str(name): text
    for table in (*(words for _, words in TABLES), SIGNS, DEEDS, DETAILS)
    for name, text in table.items()
    if "_" in name or "." in name
}


def word(name: object) -> str:
    """What people call an identifier, whichever table has it."""
    return word_in(_EVERY, str(name))


def word_in(table: Mapping[str, str], name: str) -> str:
    """What one table calls it."""
    return table.get(name) or name.replace("_", " ").replace(".", " ")


def capital(text: str) -> str:
    """As a label begins; the rest stays as it is (``X-OWA-Version``)."""
    return text[:1].upper() + text[1:]


def choices(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """A table as the choices of a filter."""
    return [(str(name), capital(text)) for name, text in table.items()]
