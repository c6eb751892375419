"""Requests that are signed, by HMAC or Ed25519, over a text that the app's entry spells."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from evergrant.adapters.http.calls import with_query
from evergrant.domain.app import Signature
from evergrant.domain.errors import AppMisconfiguredError
from evergrant.domain.rendering import render_all, render_text
from evergrant.domain.times import iso
from evergrant.ports.providers import ProviderRequest
from evergrant.ports.system import Entropy

NONCE_BYTES = 16
SEED_BYTES = 32


def signed(
    signature: Signature, values: Mapping[str, str], request: ProviderRequest, *, at: datetime, entropy: Entropy
) -> ProviderRequest:
    """With its headers and parameters. Raises: AppMisconfiguredError."""
    url = urlsplit(request.url)
    body = request.body or b""
    known = {
        **values,
        "method": request.method,
        "host": url.netloc,
        "path": url.path,
        "query": url.query,
        "target": f"{url.path}?{url.query}" if url.query else url.path,
        "body": body.decode("utf-8", "surrogateescape"),
        "bodySha256": hashlib.sha256(body).hexdigest(),
        "timestamp": _timestamp(signature.timestamp, at),
        "nonce": entropy.bytes(NONCE_BYTES).hex(),
    }
    content = render_text(signature.content, known).encode("utf-8", "surrogateescape")
    made = _SIGN[signature.algorithm](_key(values.get(signature.key, ""), signature.key_encoding), content)
    written = made.hex() if signature.encoding == "hex" else base64.b64encode(made).decode()
    shown = {name: value for name, value in known.items() if name != "body"} | {"signature": written}
    signed_url = with_query(request.url, render_all(signature.params, shown))
    return request.with_headers(render_all(signature.headers, shown)).with_url(signed_url)


def _ed25519(key: bytes, content: bytes) -> bytes:
    """RFC 8032; the key is its seed, and may be followed by the public key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(key) not in (SEED_BYTES, 2 * SEED_BYTES):
        raise AppMisconfiguredError("The key is not one of Ed25519: copy it again.")
    return Ed25519PrivateKey.from_private_bytes(key[:SEED_BYTES]).sign(content)


_SIGN: dict[str, Callable[[bytes, bytes], bytes]] = {
    "HMAC-SHA1": lambda key, content: hmac.digest(key, content, "sha1"),
    "HMAC-SHA256": lambda key, content: hmac.digest(key, content, "sha256"),
    "HMAC-SHA512": lambda key, content: hmac.digest(key, content, "sha512"),
    "Ed25519": _ed25519,
}


def _timestamp(style: str, at: datetime) -> str:
    if style == "iso8601":
        return iso(at)
    if style == "http_date":
        return at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return str(int(at.timestamp() * (1000 if style == "milliseconds" else 1)))


def _key(text: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(text)
        return base64.b64decode(text, validate=True) if encoding == "base64" else text.encode()
    except (ValueError, binascii.Error):
        raise AppMisconfiguredError(f"The key is not {encoding}: copy it again.") from None
