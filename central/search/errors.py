"""What search refuses."""

from __future__ import annotations

from node.errors import RialtoError


class UnknownSynonyms(RialtoError):
    code = "unknown_synonyms"
    status = 404


class StaleSynonyms(RialtoError):
    code = "stale_synonyms"
    status = 409


class FewSynonyms(RialtoError):
    """One word alone means the same as nothing."""

    code = "few_synonyms"
    status = 422


class NoServerEngine(RialtoError):
    """This shop is searched by its edge."""

    code = "no_server_engine"
    status = 409
