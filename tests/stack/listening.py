"""Who listens where, from Linux's /proc: the sockets of a process and of all that it started."""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
LISTEN = "0A"
PROC = Path("/proc")


def listening(pid: int) -> set[tuple[IPAddress, int]]:
    """Address and port of every TCP socket that waits for callers."""
    held = {inode for process in tree(pid) for inode in _sockets(process)}
    return {(address, port) for address, port, inode in _waiting(pid) if inode in held}


def tree(pid: int) -> set[int]:
    """A process and all below it."""
    parents = dict(_parents())
    found = {pid}
    while below := {child for child, parent in parents.items() if parent in found} - found:
        found |= below
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for path in PROC.glob("[0-9]*/stat"):
        # The name may hold spaces and brackets; what follows its last bracket is state and parent.
        with suppress(OSError):
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])


def _sockets(pid: int) -> Iterator[str]:
    for path in PROC.glob(f"{pid}/fd/*"):
        with suppress(OSError):
            yield str(path.readlink()).removeprefix("socket:[").removesuffix("]")


def _waiting(pid: int) -> Iterator[tuple[IPAddress, int, str]]:
    for name in ("tcp", "tcp6"):
        for line in (PROC / str(pid) / "net" / name).read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            if fields[3] == LISTEN:
                yield _address(address), int(port, 16), fields[9]


def _address(written: str) -> IPAddress:
    """Words of 32 bits, each in the machine's order."""
    words = bytes.fromhex(written)
    packed = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    found = ipaddress.ip_address(packed)
    return getattr(found, "ipv4_mapped", None) or found
