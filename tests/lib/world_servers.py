#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""world_servers.py - HTTP, HTTPS and name servers of world.sh: world_servers.py DIR

Files below DIR/www/HOST; each request is a line "HOST PATH" of DIR/asked. Names are those that
world.sh lists and those in DIR/names, where the answers take turns and the last one stays. A host
that has no files of its own answers "this is HOST".
"""
import http.server
import os
import socket
import ssl
import sys
import threading

where = sys.argv[1]
FIXED = {"apt.test": ["203.0.113.10"], "pip.test": ["203.0.113.10"], "npm.test": ["203.0.113.10"],
         "git.test": ["203.0.113.10"], "other.test": ["203.0.113.20"]}
TYPE_A = b"\0\1"


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def host(self):
        return os.path.basename(self.headers.get("Host", "none").split(":")[0])

    def translate_path(self, path):
        self.directory = os.path.join(where, "www", self.host())
        return super().translate_path(path)

    def do_GET(self):
        with open(where + "/asked", "a", encoding="latin-1") as f:
            f.write("%s %s\n" % (self.host(), self.path))
        if os.path.isdir(os.path.join(where, "www", self.host())):
            super().do_GET()
            return
        body = b"this is %s\n" % self.host().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(port, context=None):
    s = http.server.ThreadingHTTPServer(("", port), Files)
    s.daemon_threads = True
    if context:
        s.socket = context.wrap_socket(s.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=s.serve_forever, daemon=True).start()


def names():
    out = dict(FIXED)
    with open(where + "/names", encoding="ascii") as f:
        out.update((line.split()[0], line.split()[1:]) for line in f if line.split())
    return out


def answer(q, known, turn):
    end = q.index(0, 12) + 5
    name, kind, labels, i = "", q[end - 4:end - 2], [], 12
    while q[i]:
        labels.append(q[i + 1:i + 1 + q[i]].decode("latin-1"))
        i += 1 + q[i]
    name = ".".join(labels).lower()
    addrs = known.get(name)
    rr = b""
    if addrs and kind == TYPE_A:
        turn[name] = turn.get(name, -1) + 1
        rr = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(addrs[min(turn[name], len(addrs) - 1)])
    return (q[:2] + (b"\x81\x80" if addrs else b"\x81\x83") + b"\0\1\0" + bytes([rr != b""]) + b"\0\0\0\0" +
            q[12:end] + rr)


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(where + "/tls.crt", where + "/tls.key")
    serve(80)
    serve(443, context)
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("203.0.113.10", 53))
    known, turn = names(), {}
    with open(where + "/ready", "w", encoding="ascii"):
        pass
    while True:
        q, who = u.recvfrom(512)
        try:
            a = answer(q, known, turn)
        except (IndexError, ValueError):
            continue
        u.sendto(a, who)


main()
