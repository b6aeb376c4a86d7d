"""One spelling for a telephone number and an e-mail address: what is compared and blind-indexed."""

from __future__ import annotations

import unicodedata

import phonenumbers

from infra.crypto.errors import NotAnEmail, NotAPhone

_MAX_EMAIL = 254


def phone_e164(text: str, region: str) -> str:
    """The number as "+70001234567". `region` (ISO 3166, "RU") reads numbers without a country code.

    Possible is enough: number plans change more often than our copy of them, and a refused shopper is a lost one.
    Raises `NotAPhone`.
    """
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text).strip(), region or None)
    except phonenumbers.NumberParseException as error:
        raise NotAPhone("this is not a telephone number") from error
    if not phonenumbers.is_possible_number(number):
        raise NotAPhone("this is not a telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_key(text: str) -> str:
    """The address in lower case, its domain in ASCII (IDNA). Raises `NotAnEmail`."""
    local, at, domain = unicodedata.normalize("NFKC", text).strip().casefold().rpartition("@")
    if not at or not local or "@" in local or any(sign.isspace() or not sign.isprintable() for sign in local):
        raise NotAnEmail("this is not an e-mail address")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise NotAnEmail("this is not an e-mail address") from error
    if not _is_domain(ascii_domain) or len(local) + 1 + len(ascii_domain) > _MAX_EMAIL:
        raise NotAnEmail("this is not an e-mail address")
    return f"{local}@{ascii_domain}"


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    return len(labels) >= 2 and all(
        label and label.replace("-", "").isalnum() and not label.startswith("-") and not label.endswith("-")
        for label in labels
    )
