"""The practice shop on a socket: threaded HTTP/1.1 with keep-alive."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, cast

from .messages import Answer, Request
from .shop import PracticeShop

LARGEST_BODY = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class Served:
    """Where a shop listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Without a slash at the end: "http://127.0.0.1:8085"."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def serve(
    shop: PracticeShop, host: str = "127.0.0.1", port: int = 0, *, log_requests: bool = False
) -> Iterator[Served]:
    """Serve a shop from a thread while the block runs; port 0 takes a free one.

    Raises OSError if the port is taken or the host is none of this machine. At the end the connections are
    closed; the shop and what it holds stay as they are, and can be served again.
    """
    server = _Server((host, port), shop, log_requests=log_requests)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Served(host, server.server_address[1])
    finally:
        server.stop()
        thread.join()
        server.end_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # stop() ends every connection, then waits for the threads
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], shop: PracticeShop, *, log_requests: bool) -> None:
        self.shop = shop
        self.log_requests = log_requests
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def server_bind(self) -> None:
        # HTTPServer asks the DNS for its own name here, which can take seconds and is of no use.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def run(self) -> None:
        """Accept connections until stop(); without the polling of serve_forever, to end promptly."""
        while not self.stopping.is_set():
            self.handle_request()

    def stop(self) -> None:
        self.stopping.set()
        # run() waits for a connection: this is the last one.
        with suppress(OSError):
            socket.create_connection((self.server_name, self.server_port), timeout=1).close()

    def end_connections(self) -> None:
        with self._connections_lock:
            open_connections = list(self._connections)
        for connection in open_connections:
            _hang_up(connection)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no error of the shop; anything else is told on standard error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else keep-alive requests wait up to 40 ms for an acknowledgement
    rbufsize = 64 * 1024

    def __getattr__(self, name: str) -> Callable[[], None]:
        # Every method is answered, also FOO: do_GET, do_FOO … are all the same.
        if name.startswith("do_"):
            return self._answer_request
        raise AttributeError(name)

    def _answer_request(self) -> None:
        length = self._body_length()
        if length is None:
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = cast(_Server, self.server)
        try:
            answer = server.shop.handle(Request(self.command, self.path, headers, body))
        except Exception:  # noqa: BLE001 - told on standard error; one bad request must not end the others
            server.handle_error(self.connection, self.client_address)
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        if answer.delay:
            server.stopping.wait(answer.delay)
        if answer.hang_up:
            self.close_connection = True
            _hang_up(self.connection)
            return
        self._send(answer)

    def _body_length(self) -> int | None:
        """The length of the body in bytes; None if it is not told or too long, and the client was told so."""
        text = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif not (text.isascii() and text.isdecimal()):
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif len(text) > 12 or int(text) > LARGEST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return int(text)
        return None

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(Answer(status, f"{status.value} {status.phrase}\n".encode()))

    def _send(self, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
        lines += [f"{name}: {_one_line(value)}" for name, value in answer.headers.items()]
        is_head = self.command == "HEAD"
        if answer.status != HTTPStatus.NOT_MODIFIED and not is_head:
            lines.append(f"Content-Length: {len(answer.body)}")
        if answer.body or is_head:
            lines.append(f"Content-Type: {answer.content_type}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", errors="replace")
        # One write for head and body: two would be two packets, and cost a round trip.
        self.wfile.write(head if is_head else head + answer.body)
        self.log_request(answer.status, len(answer.body))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if cast(_Server, self.server).log_requests:
            super().log_request(code, size)

    def log_error(self, format: str, *args: Any) -> None:
        if cast(_Server, self.server).log_requests:
            super().log_error(format, *args)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster


def _phrase(status: int) -> str:
    return "Request-URI Too Long" if status == 414 else HTTPStatus(status).phrase


def _one_line(value: str) -> str:
    return value.replace("\r", "").replace("\n", "")
