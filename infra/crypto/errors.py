"""What can go wrong with keys and sealed things.

    CryptoError
    ├── SealBroken      a sealed message does not open: wrong key, altered bytes, another purpose
    ├── FieldBroken     an encrypted column does not open
    ├── KeyMissing      a key of that id is not in this ring
    │   └── KeySourceAway   the command that prints the keys fails or hangs: perhaps for a moment only
    ├── KeyWrong        a key is not the one that a database was written with
    ├── PersonForgotten the key of a person was destroyed: nothing is written about him any more
    ├── KeyInUse        a key that something still needs cannot be retired
    ├── NotAPhone       a text that is no telephone number
    └── NotAnEmail      a text that is no e-mail address

None of them carries the text or the key it is about: an error ends in logs.
"""

from __future__ import annotations

from node.errors import RialtoError


class CryptoError(RialtoError):
    code = "crypto"


class SealBroken(CryptoError):
    code = "seal_broken"


class FieldBroken(CryptoError):
    code = "field_broken"
    status = 500


class KeyMissing(CryptoError):
    code = "key_missing"
    status = 500


class KeySourceAway(KeyMissing):
    """Whoever has read the keys before goes on with those."""


class KeyWrong(CryptoError):
    code = "key_wrong"
    status = 500


class PersonForgotten(CryptoError):
    code = "person_forgotten"
    status = 409


class KeyInUse(CryptoError):
    code = "key_in_use"
    status = 409


class NotAPhone(CryptoError):
    code = "not_a_phone"


class NotAnEmail(CryptoError):
    code = "not_an_email"
