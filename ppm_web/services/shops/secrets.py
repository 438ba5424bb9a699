"""API keys of shops, encrypted at rest (keys of the environment, newest first, rotation possible)."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class UnreadableSecretError(RuntimeError):
    """A secret was encrypted with a key that is no longer among PPM_ENCRYPTION_KEYS."""


def encrypt(secret: str) -> str:
    """``secret`` encrypted with the newest key."""
    return _keys().encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """What ``encrypt`` was given. Raises UnreadableSecretError; the token is never in the message."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecretError(
            "it was encrypted with a key that is not among PPM_ENCRYPTION_KEYS (or PPM_SECRET_KEY) any more"
        ) from error


def rotate(token: str) -> str:
    """The same secret, encrypted anew with the newest key. Raises UnreadableSecretError."""
    return encrypt(decrypt(token))


def _keys() -> MultiFernet:
    """PPM_ENCRYPTION_KEYS and, last, the key derived from PPM_SECRET_KEY, the default."""
    phrases = [*current_app.config["ENCRYPTION_KEYS"], current_app.config["SECRET_KEY"]]
    return MultiFernet([Fernet(_derive(str(phrase))) for phrase in phrases])


def _derive(phrase: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ppm api keys of shops")
    return base64.urlsafe_b64encode(derivation.derive(phrase.encode()))
