# SPDX-License-Identifier: Apache-2.0
"""Sockets that a runtime connects to: for a terminal (--console-socket) and for seccomp notifications."""
import array
import os
import select
import socket
import threading


class Listener:
    """Takes every connection, and keeps of each the text and the descriptors that came."""

    def __init__(self, path):
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(path)
        self.server.listen(4)
        self.heard, self.ready = [], threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                text, fds = b"", []
                try:
                    while True:
                        data, got = receive(connection)
                        fds += got
                        text += data
                        if not data:
                            break
                        if got:  # a console socket's peer may leave it open: its one message is all
                            connection.settimeout(0.3)
                except OSError:
                    pass
            with self.ready:
                self.heard.append((text, fds))
                self.ready.notify_all()

    def take(self, seconds):
        with self.ready:
            self.ready.wait_for(lambda: self.heard, seconds)
            return self.heard.pop(0) if self.heard else (b"", [])

    def descriptor(self, seconds):
        _, fds = self.take(seconds)
        return os.fdopen(fds[0], "r+b", buffering=0) if fds else None

    def message(self, seconds):
        text, fds = self.take(seconds)
        for fd in fds:
            os.close(fd)
        return text.decode(errors="replace"), len(fds)

    def close(self):
        self.server.close()


def receive(connection):
    fds = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_LEN(8 * fds.itemsize))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return data, list(fds)


def read_console(console, seconds):
    """The first line of JSON that comes from a terminal."""
    text = b""
    while select.select([console], [], [], seconds)[0]:
        try:
            data = console.read(65536)
        except OSError:
            break
        if not data:
            break
        text += data
        for line in text.splitlines(keepends=True):
            if line.startswith(b"{") and line.endswith(b"\n"):
                return line.decode(errors="replace")
    return text.decode(errors="replace")
