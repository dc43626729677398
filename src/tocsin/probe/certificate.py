"""What a certificate says: names, as a hint whom a host belongs to. It proves nothing here.

Nothing is verified, because a host with a broken certificate has an owner, too. So nothing is
believed either: no answer counts more for having come over TLS.
"""

from __future__ import annotations

import hashlib
import warnings
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from tocsin.probe.signs import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_NAMES = 100


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The first certificate of an endpoint, never verified. Times are UTC.

    `names` are those that it is for (DNS names and addresses), or its common name where it lists
    none; at most a hundred. All but `sha256` and `tls` are empty where it could not be read.
    """

    sha256: str
    tls: str
    verified: bool = False
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    self_signed: bool = False


def read_certificate(der: bytes, tls: str) -> Certificate:
    """Read what a server sent; `tls` is the version of the protocol."""
    bare = Certificate(sha256=hashlib.sha256(der).hexdigest(), tls=tls)
    try:
        with warnings.catch_warnings():
            # The library warns of certificates that break rules: that is nobody's news here.
            warnings.simplefilter("ignore")
            found = x509.load_der_x509_certificate(der)
            return msgspec.structs.replace(
                bare,
                subject=harmless(found.subject.rfc4514_string()),
                issuer=harmless(found.issuer.rfc4514_string()),
                names=tuple(_names(found)),
                not_before=found.not_valid_before_utc,
                not_after=found.not_valid_after_utc,
                self_signed=found.subject == found.issuer,
            )
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return bare


def _names(certificate: x509.Certificate) -> list[str]:
    names: dict[str, None] = {}
    for name in _alternative_names(certificate):
        names[harmless(name)] = None
        if len(names) == _MOST_NAMES:
            break
    if not names:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        names.update((harmless(str(one.value)), None) for one in common[:1])
    return list(names)


def _alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for name in listed:
        if isinstance(name, x509.DNSName | x509.IPAddress):
            yield str(name.value)
