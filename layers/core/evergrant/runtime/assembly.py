"""The use cases, put together from what `wiring` has; each is imported when first asked for."""

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from evergrant.runtime import wiring
from evergrant.runtime.settings import settings

if TYPE_CHECKING:
    from evergrant.domain.credential import Credential
    from evergrant.ports.system import Identities
    from evergrant.use_cases.connect.complete import Completer
    from evergrant.use_cases.connect.flows import Flows
    from evergrant.use_cases.connect.grants import Keeper
    from evergrant.use_cases.connect.hosted import Holds
    from evergrant.use_cases.connect.imported import Importer
    from evergrant.use_cases.connect.modal import Begins, Opens
    from evergrant.use_cases.credentials.intake import Intake
    from evergrant.use_cases.renewals.keeper import OutcomeKeeper
    from evergrant.use_cases.renewals.renewer import Renewer
    from evergrant.use_cases.renewals.sweep import Timed
    from evergrant.use_cases.webhooks.replay import Replayer


@cache
def flows() -> "Flows":
    from evergrant.use_cases.connect.flows import Flows

    return Flows(wiring.token_endpoint, wiring.three_legged, wiring.entropy())


@cache
def intake() -> "Intake":
    from evergrant.use_cases.credentials.intake import Intake

    return Intake(
        apps=wiring.apps(),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        sealer=wiring.sealer(),
        minting=wiring.minting,
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        check_every=check_every(),
    )


def keeper(identities: "Identities") -> "Keeper":
    from evergrant.use_cases.connect.grants import Keeper

    return Keeper(
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        probing=wiring.probing(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        identities=identities,
        check_every=check_every(),
    )


def completer(identities: "Identities") -> "Completer":
    from evergrant.runtime.observability import report
    from evergrant.use_cases.connect.complete import Completer
    from evergrant.use_cases.connect.hosted import Keeps

    return Completer(
        apps=wiring.apps(),
        clients=wiring.clients(),
        directory=wiring.directory(),
        authorizations=wiring.authorizations(),
        flows=flows(),
        minting=wiring.minting(),
        probing=wiring.probing(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
        keeper=keeper(identities),
        forms=Keeps(intake(), identities),
        report=report,
    )


def importer(identities: "Identities") -> "Importer":
    from evergrant.use_cases.connect.imported import Importer

    return Importer(
        wiring.clients(), wiring.sealer(), keeper(identities), None if settings().paused("renewals") else renewer
    )


def begins(base_url: str) -> "Begins":
    from evergrant.use_cases.connect.modal import Begins

    return Begins(
        base_url=base_url,
        apps=wiring.apps(),
        clients=wiring.clients(),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        sessions=wiring.sessions(),
        authorizations=wiring.authorizations(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )


def holds() -> "Holds":
    from evergrant.use_cases.connect.hosted import Holds

    return Holds(
        apps=wiring.apps(),
        directory=wiring.directory(),
        credentials=wiring.credentials(),
        sessions=wiring.sessions(),
        authorizations=wiring.authorizations(),
        sealer=wiring.sealer(),
        probing=wiring.probing,
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )


def opens() -> "Opens":
    from evergrant.use_cases.connect.modal import Opens

    return Opens(
        apps=wiring.apps(),
        clients=wiring.clients(),
        authorizations=wiring.authorizations(),
        flows=flows(),
        sealer=wiring.sealer(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
    )


@cache
def renewer() -> "Renewer":
    import time

    from evergrant.runtime.invocation import remaining
    from evergrant.runtime.observability import report
    from evergrant.use_cases.renewals.doubt import Doubt
    from evergrant.use_cases.renewals.renewer import Renewer

    return Renewer(
        keeper=outcome_keeper(),
        apps=wiring.apps(),
        upstream=wiring.upstream(),
        pacing=wiring.pacing(),
        doubt=Doubt(wiring.pacing(), report, settings().restored_at),
        rescues=wiring.rescues(),
        remaining=remaining,
        pause=time.sleep,
    )


@cache
def outcome_keeper() -> "OutcomeKeeper":
    from evergrant.use_cases.renewals.keeper import OutcomeKeeper

    return OutcomeKeeper(
        credentials=wiring.credentials(),
        directory=wiring.directory(),
        sealer=wiring.sealer(),
        revoker=wiring.revoker(),
        cleanups=wiring.cleanups(),
        audit=wiring.audit(),
        clock=wiring.clock(),
        entropy=wiring.entropy(),
        check_every=check_every(),
    )


def check_every() -> timedelta:
    """How often a secret that nothing else renews is checked."""
    return timedelta(minutes=settings().check_minutes)


def renew_on_read(credential: "Credential", force: bool) -> "Credential":  # noqa: FBT001  # the use case's callable
    """For the fresh token: what renewing needs is imported only when something must be renewed."""
    import time

    from evergrant.use_cases.renewals.renew import read_while_paused, renew_on_read

    if settings().paused("renewals"):
        return read_while_paused(credential, at=wiring.clock().now())
    return renew_on_read(credential, force=force, renewer=renewer(), pause=time.sleep)


def replayer() -> "Replayer":
    from evergrant.use_cases.webhooks.replay import Replayer

    return Replayer(wiring.webhooks(), wiring.replays(), wiring.directory(), wiring.deliveries(), wiring.clock())


def timed() -> "dict[str, Timed]":
    """What the sweep looks at, by the names of the operator's switches."""
    from evergrant.use_cases.renewals.sweep import deliveries_due, renewals_due

    shards, cursor = settings().shards, wiring.cursor
    renewals, deliveries = wiring.renewals(), wiring.deliveries()
    return {
        "renewals": renewals_due(wiring.credentials(), queue=renewals, cursor=cursor("renewals"), shards=shards),
        "notifications": deliveries_due(
            wiring.webhooks(), queue=deliveries, cursor=cursor("notifications"), shards=shards
        ),
    }
