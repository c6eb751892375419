"""`make catalogue-report`: how much of the catalogue is known, and what is missing. `--json` for programs."""

import json
import sys
from collections import Counter
from typing import Any

from evergrant.catalogue.loader import load_all
from evergrant.domain.app import App, AuthMethod, OAuth2Method


def missing(app: App) -> list[str]:
    """What an entry does not say; a reader of the provider's pages may find that there is no such thing."""
    lacks = [f"{way.way}: no {each}" for way in app.methods for each in _lacks(way)]
    lacks += ["no rate limits"] if not app.rate_limits else []
    return lacks + (["no logo"] if app.logo is None else [])


def _lacks(way: AuthMethod) -> list[str]:
    lacks = ["probe"] if way.probe is None else []
    lacks += ["account id"] if way.probe and way.probe.account_id is None else []
    can_be_revoked = way.revocation or not isinstance(way, OAuth2Method) or way.revocation_endpoint
    return lacks if can_be_revoked else [*lacks, "revocation"]


def report() -> dict[str, Any]:
    """The figures, and the list."""
    apps = load_all()
    ways = [way for app in apps for way in app.methods]
    return {
        "apps": len(apps),
        "ways": len(ways),
        "kinds": dict(Counter(way.kind for way in ways).most_common()),
        "appsWithProbe": sum(any(way.probe for way in app.methods) for app in apps),
        "waysWithProbe": sum(way.probe is not None for way in ways),
        "redirectsWithRevocation": sum(
            "revocation" not in _lacks(way) for way in ways if isinstance(way, OAuth2Method)
        ),
        "redirects": sum(isinstance(way, OAuth2Method) for way in ways),
        "appsWithRateLimits": sum(bool(app.rate_limits) for app in apps),
        "appsWithLogo": sum(app.logo is not None for app in apps),
        "missing": {app.slug: missing(app) for app in apps if missing(app)},
    }


def main() -> int:
    """The exit code."""
    found = report()
    if "--json" in sys.argv:
        print(json.dumps(found, indent=2))
        return 0
    for slug, lacks in found["missing"].items():
        print(f"{slug}: {'; '.join(lacks)}")
    apps, ways = found["apps"], found["ways"]
    print(f"\n{apps} apps, {ways} ways: {', '.join(f'{count} {kind}' for kind, count in found['kinds'].items())}")
    print(f"probe: {found['appsWithProbe']} apps ({found['appsWithProbe'] / apps:.0%}), {found['waysWithProbe']} ways")
    print(f"revocation: {found['redirectsWithRevocation']} of {found['redirects']} redirects")
    print(f"rate limits: {found['appsWithRateLimits']} apps; logo: {found['appsWithLogo']} apps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
