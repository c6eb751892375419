"""Signatures as a provider checks them: OAuth 1.0a by oauthlib's own server, AWS by botocore, an app's own by hand."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evergrant.domain.app import AwsSigV4Method, OAuth1Method, Signature
from evergrant.domain.rendering import render
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from tests.conformance.keys import verification_pem
from tests.functions.loopback import Asked


class _Validator(RequestValidator):  # pyright: ignore[reportUntypedBaseClass]  # it has no types
    """Knows one client and one token."""

    def __init__(self, way: OAuth1Method, values: Mapping[str, str]) -> None:
        super().__init__()
        self._way, self._values = way, values

    @property
    def enforce_ssl(self) -> bool:
        return False

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return ("HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1")

    def check_client_key(self, client_key: str) -> bool:
        return client_key == self._values["consumerKey"]

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def check_request_token(self, request_token: str) -> bool:
        return request_token == self._values.get("tokenId")

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return self.check_client_key(client_key)

    def validate_timestamp_and_nonce(self, *_: Any, **__: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self._values["consumerSecret"]

    def get_rsa_key(self, client_key: str, request: Any) -> str:
        return verification_pem(self._values["consumerSecret"])

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self._values.get("tokenSecret", "")

    get_request_token_secret = get_access_token_secret


def oauth1_signature_is_right(way: OAuth1Method, values: Mapping[str, str], asked: Asked) -> bool:
    """By oauthlib's server. What it does not look at, the realm, is compared here."""
    validator = _Validator(way, values)
    headers = {"Authorization": asked.headers.get("authorization", "")}
    content_type = asked.headers.get("content-type")
    if content_type:
        headers["Content-Type"] = content_type
    endpoint: Any = SignatureOnlyEndpoint(validator)
    endpoint.request_validator = validator
    url = f"http://{asked.headers['host']}{asked.path}"
    body = asked.body.decode() if content_type == "application/x-www-form-urlencoded" else ""
    valid, request = endpoint.validate_request(url, asked.method, body, headers)
    token_secret_known = not request or request.resource_owner_key in (None, values.get("tokenId") or None)
    realm = not way.realm or f'realm="{render(way.realm, values)}"' in headers["Authorization"]
    method = f'oauth_signature_method="{way.signature_method}"' in headers["Authorization"]
    return bool(valid) and token_secret_known and realm and method


def aws_signature_is_right(way: AwsSigV4Method, values: Mapping[str, str], asked: Asked) -> bool:
    """Computed again with the same date."""
    service, region = render(way.service, values), render(way.region, values)
    credentials = Credentials(values["accessKeyId"], values["secretAccessKey"], values.get("sessionToken"))
    kept = {name: value for name, value in asked.headers.items() if name in ("content-type", "host")}
    url = f"http://{asked.headers['host']}{asked.path}"
    again: Any = AWSRequest(asked.method, url, headers=kept, data=asked.body)
    again.context["timestamp"] = asked.headers["x-amz-date"]
    signer: Any = (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, region)
    if credentials.token:
        again.headers["X-Amz-Security-Token"] = credentials.token
    again.headers["X-Amz-Date"] = asked.headers["x-amz-date"]
    if service == "s3":
        again.headers["X-Amz-Content-SHA256"] = signer.payload(again)
    computed = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    return f"Signature={computed}" in asked.headers.get("authorization", "")


def own_signature_is_right(signature: Signature, values: Mapping[str, str], asked: Asked) -> bool:
    """Over what the entry says; time and nonce as they were sent."""
    sent = {name.lower(): value for name, value in asked.headers.items()}
    found = dict[str, str]()
    for name, template in signature.headers.items():
        for value in ("signature", "timestamp", "nonce"):
            if template == f"{{{value}}}":
                found[value] = sent.get(name.lower(), "")
            elif f"{{{value}}}" in template:
                start, _, end = template.partition(f"{{{value}}}")
                found[value] = sent.get(name.lower(), "").removeprefix(start).removesuffix(end)
    url = urlsplit(asked.path)
    known = {
        **values,
        "timestamp": "",
        "nonce": "",
        **found,
        "method": asked.method,
        "host": sent["host"],
        "path": url.path,
        "query": url.query,
        "target": asked.path,
        "body": asked.body.decode(),
        "bodySha256": hashlib.sha256(asked.body).hexdigest(),
    }
    content = signature.content
    for name, value in known.items():
        content = content.replace(f"{{{name}}}", value)
    raw = {"hex": bytes.fromhex, "base64": base64.b64decode, "text": str.encode}
    key: Any = raw[signature.key_encoding](values[signature.key])  # type: ignore[operator]  # by name
    if signature.algorithm == "Ed25519":
        public = Ed25519PrivateKey.from_private_bytes(key).public_key()
        with suppress(InvalidSignature, ValueError):
            public.verify(raw[signature.encoding](found.get("signature", "")), content.encode())  # type: ignore[operator]  # by name
            return True
        return False
    digest = hmac.new(key, content.encode(), signature.algorithm.removeprefix("HMAC-").lower())
    written = digest.hexdigest() if signature.encoding == "hex" else base64.b64encode(digest.digest()).decode()
    return hmac.compare_digest(written, found.get("signature", ""))
