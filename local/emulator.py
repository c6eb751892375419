"""The embedded AWS: ministack on a private loopback port, its data in the state folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3

REGION = "eu-central-1"
START_SECONDS = 60
STOP_SECONDS = 10


class Emulator:
    """One process. Its state is saved when it is asked to stop; a kill loses what came since."""

    def __init__(self, state: Path, *, python: str = sys.executable) -> None:
        _forget_stream_positions(state / "data/lambda.json")
        self.port = same_port(state / "emulator.port")
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "data"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "TMPDIR": str(state / "tmp"),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
        }
        self._log = (state / "emulator.log").open("ab")
        # A session of its own: Ctrl-C in the terminal reaches the launcher, which stops it in order.
        self.process = subprocess.Popen(
            [python, "-m", "ministack"],
            env=environment,
            stdout=self._log,
            stderr=self._log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def client(self, service: Any) -> Any:
        """A boto3 client of the emulator."""
        return client_at(self.port, service)

    def wait_until_ready(self) -> None:
        """Raises: RuntimeError, which says where to look."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=2):  # noqa: S310  # our own
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the emulator did not start: see {self._log.name}")

    def stop(self) -> None:
        """Ask it to save and end; end it when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._log.close()


def client_at(port: int, service: Any) -> Any:
    """A boto3 client of the emulator on that port."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  # the emulator asks for any
    )


def _forget_stream_positions(saved: Path) -> None:
    """The emulator saves how many stream records it has read, but not the records: it would skip as many new ones."""
    if saved.is_file():
        content = json.loads(saved.read_text())
        content["payload"]["dynamodb_stream_positions"]["data"] = {}
        saved.write_text(json.dumps(content))


def same_port(remembered: Path) -> int:
    """The port of the last start while it is free: the emulator's queues bear it in their names.

    On another port it would know them by other URLs, and their messages would wait for ever.
    """
    last = int(remembered.read_text()) if remembered.is_file() else 0
    port = free_port(last) or free_port(0)
    assert port
    remembered.write_text(str(port))
    return port


def free_port(wanted: int) -> int | None:
    """That loopback port, any for 0, if nobody has it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return None
        return probe.getsockname()[1]
