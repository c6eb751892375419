"""An app of the catalogue: what is known of how it authenticates, as data with a closed vocabulary.

The catalogue's TOML files and a workspace's own apps (`PUT /apps/{app}`) are read by these same models;
`catalogue/README.md` explains each field.
"""

from evergrant.domain.app.entry import App, extended
from evergrant.domain.app.grants import ClientCredentialsMethod, JwtBearerMethod, OAuth2Method, TokenWay
from evergrant.domain.app.methods import AuthMethod, AwsSigV4Method, OAuth1Method, StaticMethod, TwoStepMethod
from evergrant.domain.app.requests import (
    Assertion,
    Call,
    Exchange,
    Kept,
    Parameters,
    Probe,
    Property,
    RateLimit,
    Request,
    Signature,
    TokenAnswer,
    renamed,
)
from evergrant.domain.app.vocabulary import PLACEHOLDER, host_in, names_in
from evergrant.domain.app.way import Way

__all__ = [
    "PLACEHOLDER",
    "App",
    "Assertion",
    "AuthMethod",
    "AwsSigV4Method",
    "Call",
    "ClientCredentialsMethod",
    "Exchange",
    "JwtBearerMethod",
    "Kept",
    "OAuth1Method",
    "OAuth2Method",
    "Parameters",
    "Probe",
    "Property",
    "RateLimit",
    "Request",
    "Signature",
    "StaticMethod",
    "TokenAnswer",
    "TokenWay",
    "TwoStepMethod",
    "Way",
    "extended",
    "host_in",
    "names_in",
    "renamed",
]
