"""moto's DynamoDB and KMS behind a port, so that a process which has not imported moto can call them."""

from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests


class _Door(BaseHTTPRequestHandler):
    """Passes each request on to the AWS address that moto answers in this process."""

    def do_POST(self) -> None:  # http.server's name
        content = self.rfile.read(int(self.headers["Content-Length"]))
        # `Credential=<key>/<date>/<region>/<service>/aws4_request` says whom the caller meant.
        _, _, region, service, _ = self.headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        address = f"https://{service}.{region}.amazonaws.com/"
        answer = requests.post(address, data=content, headers=headers, timeout=10)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Silent."""


@contextmanager
def aws_door() -> Generator[str]:
    """Its address. Only inside `mock_aws`: it would call AWS otherwise."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
