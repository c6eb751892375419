"""What a server may do in the place of an answer; each ends when it is hung up on."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

Behaviour = Callable[[BaseHTTPRequestHandler], None]
"""Raises: OSError when it is hung up on."""
BLOCK = b"x" * 65536


def say_nothing(request: BaseHTTPRequestHandler) -> None:
    """It has accepted, and that is all."""
    while request.connection.recv(1):
        pass
    raise ConnectionResetError


def hang_up(request: BaseHTTPRequestHandler) -> None:
    """Whatever it has done with the request, nobody hears of it."""
    request.close_connection = True


def drip_headers(request: BaseHTTPRequestHandler, *, pause: float = 0.05) -> None:
    """A header every so many seconds."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.wfile.write(b"x: y\r\n")
        time.sleep(pause)


def drip_body(request: BaseHTTPRequestHandler, *, pause: float = 0.05) -> None:
    """A byte every so many seconds."""
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x")
        time.sleep(pause)


def pour(request: BaseHTTPRequestHandler, *, most: int | None = None) -> None:
    """So many bytes, as fast as they are taken; None: without end."""
    request.send_response(200)
    request.end_headers()
    left = most
    while left is None or left > 0:
        request.wfile.write(BLOCK)
        left = None if left is None else left - len(BLOCK)
