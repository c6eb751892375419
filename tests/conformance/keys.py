"""Keys for assertions and signatures, made once."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@cache
def private_key(algorithm: str) -> str:
    """PEM, PKCS #8."""
    made: Any = (
        ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    )
    pem: bytes = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


@cache
def verification_key(pem: str) -> Any:
    """The public half."""
    return serialization.load_pem_private_key(pem.encode(), None).public_key()


@cache
def verification_pem(pem: str) -> str:
    """The public half, in PEM."""
    found: bytes = verification_key(pem).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found.decode()
