"""`make run`: start, deploy, seed, say so, and stay until told to stop."""

import errno
import os
import signal
import sys
import threading
from pathlib import Path

from local.demo import demonstrating
from local.deployment import deploy, seed
from local.emulator import Emulator
from local.packaging import load_template
from local.proxy import Proxy, template_answers
from local.sam import write_files
from local.state import InUseError, State

UNUSABLE = 2


class UnusableError(Exception):
    """A setting that cannot be used, and what to do."""


def main() -> int:
    """The exit code: 0 after a clean stop, 2 for a setting that cannot be used, 1 for anything else."""
    try:
        # The port first: a state folder that cannot be used is then not left behind.
        proxy = _door(os.environ.get("PORT") or "8787")
        try:
            state = _state(Path(os.environ.get("STATE") or ".evergrant"))
        except UnusableError:
            proxy.server_close()
            raise
    except UnusableError as error:
        print(f"evergrant: {error}", file=sys.stderr)
        return UNUSABLE
    return run(state, proxy)


def _door(text: str) -> Proxy:
    """Raises: UnusableError."""
    port = int(text) if text.isdecimal() else -1
    if port not in range(65536):
        raise UnusableError(f"PORT={text} is no port: set a number from 1 to 65535, or 0, which picks one")
    try:
        return Proxy(port)
    except OSError as error:
        problem = "is busy" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise UnusableError(f"port {port} {problem}: free it, or set PORT (0 picks one)") from error


def _state(folder: Path) -> State:
    """Raises: UnusableError."""
    try:
        return State(folder)
    except InUseError as error:
        raise UnusableError(f"the state folder {folder} is in use: stop the other launcher, or set STATE") from error
    except OSError as error:
        raise UnusableError(f"the state folder {folder} cannot be made ({error.strerror}): set STATE") from error


def run(state: State, proxy: Proxy) -> int:
    """From start to stop."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    url = f"http://127.0.0.1:{proxy.server_port}"
    emulator = Emulator(state.folder)
    try:
        emulator.wait_until_ready()
        outputs = deploy(emulator, url)
        seeded = seed(emulator, state, outputs)
        write_files(emulator, state, seeded)
        proxy.point_to(emulator.port, outputs, template_answers(load_template()))
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        with demonstrating(state, seeded, url) as demo_url:
            told = {
                "apiUrl": url,
                "apiKey": seeded["apiKey"],
                "workspaceId": seeded["workspaceId"],
                "demoUrl": demo_url,
                "pid": os.getpid(),
            }
            state.write("local.json", told)
            proxy.home = demo_url
            print(f"evergrant ready {url}", flush=True)
            while not stop.wait(1):
                if emulator.process.poll() is not None:
                    print("evergrant: the emulator ended by itself: see emulator.log", file=sys.stderr)
                    return 1
    except RuntimeError as error:
        print(f"evergrant: {error}", file=sys.stderr)
        return 1
    finally:
        proxy.server_close()
        state.forget("local.json")
        emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
