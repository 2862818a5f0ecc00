#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""upstream.py - the servers of the egress test, in one process in namespace U.

Usage: upstream.py QUERY-LOG ; prints "ready" when all ports listen.

  53/udp    names from NAMES; every question is appended to QUERY-LOG
  80/tcp    HTTP: answers with the request's bytes as they came (so that a test sees what was sent), once;
            paths: /again goes on, /chunks too and in chunks with a trailer, /gone does not but says so
            nowhere, /ws is WebSocket (an echo of what comes), /lie answers 101 unasked, /extra has a
            101 behind its response, /hints/N has N interim responses in front, of
            6 KB, or of 60 KB where they do not end
  8080/tcp  half-close: reads to the end, then answers with the number of bytes
  8081/tcp  sends 300 MB of zeros, then closes;  8082/tcp: reads everything, answers with a count
  8083/tcp  never answers;  8084/tcp: not HTTP;  8085/tcp: sends half of what it announced, resets
  443/tcp   echoes;  8086/tcp: the same, but answers "GET /";  8087/tcp: speaks first, then echoes a line
"""
import asyncio
import ipaddress
import socket
import struct
import sys

# name -> list of answers, one a query (the last one stays); each answer a list of addresses
NAMES = {
    "ok.test": [["203.0.113.10"]],
    "v6.test": [["2001:db8::10"]],
    "both.test": [["203.0.113.10", "2001:db8::10"]],
    "deadv6.test": [["2001:db8::dead", "203.0.113.10"]],
    "a.wild.test": [["203.0.113.10"]],
    "private.test": [["10.9.0.5"]],
    "listed.test": [["10.9.0.5"]],
    "mixed.test": [["10.9.0.5", "203.0.113.10"]],
    "many.test": [["203.0.113.10"] * 80],
    "hidden.test": [["10.9.0.5"] * 80 + ["203.0.113.10"]],
    "meta.test": [["169.254.169.254"]],
    "loop.test": [["127.0.0.1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "zero.test": [["0.0.0.0"]],
    "gateway.test": [["203.0.113.1"]],
    "own.test": [["203.0.113.2"]],
    "own6.test": [["2001:db8::2"]],
    "host.test": [["198.51.100.7"]],
    "soon.test": [["198.51.100.8"]],
    "rebind.test": [["203.0.113.10"], ["127.0.0.1"]],
    "rehost.test": [["203.0.113.10"], ["198.51.100.7"]],
    "reown.test": [["203.0.113.10"], ["203.0.113.2"]],
    "reown6.test": [["203.0.113.10"], ["2001:db8::2"]],
    "regate.test": [["203.0.113.10"], ["203.0.113.1"]],
    "remeta.test": [["203.0.113.10"], ["169.254.169.254"]],
    "remapped.test": [["203.0.113.10"], ["::ffff:127.0.0.1"]],
    "reboth.test": [["203.0.113.10"], ["10.9.0.5", "127.0.0.1", "198.51.100.7"]],
    "dead.test": [["203.0.113.77"]],
    "empty.test": [[]],
    "noech.test": [["203.0.113.10"]],
    "anytls.test": [["203.0.113.10"]],
    "notls.test": [["203.0.113.10"]],
    "flow.test": [["192.0.2.10"]],
    "denied.test": [["203.0.113.77"]],
}


class Dns(asyncio.DatagramProtocol):
    def __init__(self, log):
        self.log = log
        self.asked = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        if a := self.answer(data):
            self.transport.sendto(a, addr)

    async def stream(self, r, w):
        """The same by TCP, which is where an answer of more than 512 bytes is asked for."""
        while n := int.from_bytes(await r.readexactly(2), "big"):
            a = self.answer(await r.readexactly(n))
            w.write(len(a).to_bytes(2, "big") + a)

    def answer(self, data):
        labels, i = [], 12
        while data[i]:
            labels.append(data[i + 1:i + 1 + data[i]].decode("latin-1"))
            i += 1 + data[i]
        name, (qtype,) = ".".join(labels), struct.unpack("!H", data[i + 1:i + 3])
        with open(self.log, "a") as f:
            f.write("%s %d\n" % (name, qtype))
        if name == "silent.test":
            return b""
        known = NAMES.get(name)
        answers = []
        if known:
            n = self.asked[name, qtype] = self.asked.get((name, qtype), -1) + 1
            answers = known[min(n, len(known) - 1)]
        want = {1: 4, 28: 6}.get(qtype)
        rr = b""
        n = 0
        for a in map(ipaddress.ip_address, answers):
            if a.version == want:
                rr += b"\xc0\x0c" + struct.pack("!HHIH", qtype, 1, 5, len(a.packed)) + a.packed
                n += 1
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | (0 if known else 3), 1, n, 0, 0)
        return head + data[12:i + 5] + rr


SWITCH = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


async def switched(r, w, before):
    w.write(before + SWITCH)
    await echo(r, w)


async def http(r, w):
    while await http_one(r, w):
        pass
    w.close()


async def hints(w, n):
    for _ in range(n):
        w.write(b"HTTP/1.1 103 Early Hints\r\nX: " + b"x" * (6000 if n < 1000 else 60000) + b"\r\n\r\n")
        await w.drain()


async def http_one(r, w):
    """Whether another request may follow."""
    head = await r.readuntil(b"\r\n\r\n")
    fields = dict(l.split(b": ", 1) for l in head.split(b"\r\n")[1:] if b": " in l)
    body = b""
    if b"Content-Length" in fields:
        body = await r.readexactly(int(fields[b"Content-Length"]))
    elif b"Transfer-Encoding" in fields:
        body = await r.readuntil(b"0\r\n\r\n")
    await asyncio.sleep(0.05)
    if b" /ws" in head and b"\r\nUpgrade: websocket\r\n" in head or b" /lie" in head:
        return await switched(r, w, b"")
    if b" /extra" in head:
        return await switched(r, w, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    if b" /chunks" in head:
        w.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n")
        return True
    extra = bytes(r._buffer)  # what came beyond the request
    if b" /again" in head:
        extra = b""  # the next ones, perhaps
    sent = head + body + (b"EXTRA:" + extra if extra else b"")
    if b" /hints/" in head:
        await hints(w, int(head.split(b" /hints/")[1].split(b" ")[0]))
    if b"/continue" in head:
        w.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    w.write(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
            b"Content-Length: %d\r\n\r\n" % len(sent) + (b"" if head.startswith(b"HEAD") else sent))
    await w.drain()
    if b"/keep" in head:  # ignores Connection: close
        await asyncio.sleep(30)
    return b" /again" in head and b"Connection: close" not in head


async def half(r, w):
    n = len(await r.read(-1))
    w.write(b"got %d" % n)
    w.close()


async def source(r, w):
    for _ in range(4800):
        w.write(bytes(65536))
        await w.drain()
    w.close()


async def sink(r, w):
    n = 0
    while True:
        b = await r.read(1 << 20)
        if not b:
            break
        n += len(b)
    w.write(b"got %d" % n)
    w.close()


async def silent(r, w):
    await asyncio.sleep(3600)


async def ssh(r, w):
    w.write(b"SSH-2.0-x\r\n")
    w.close()


async def cut(r, w):
    await r.readuntil(b"\r\n\r\n")
    w.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    await w.drain()
    await asyncio.sleep(0.2)
    w.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          struct.pack("ii", 1, 0))
    w.transport.abort()


async def echo(r, w):
    while b := await r.read(65536):
        w.write(b)
        await w.drain()
    w.close()


async def echo_or_http(r, w):
    """Echoes, but answers a request so that absolute URLs reach it too."""
    while b := await r.read(65536):
        if b.startswith(b"GET /"):
            w.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            break
        w.write(b)
        await w.drain()
    w.close()


async def greet(r, w):
    w.write(b"SSH-2.0-upstream\r\n")
    w.write(await r.readline())
    w.close()


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # clients that go away are part of the test
    dns = Dns(sys.argv[1])
    await loop.create_datagram_endpoint(lambda: dns, local_addr=("203.0.113.10", 53))
    await asyncio.start_server(dns.stream, "203.0.113.10", 53)
    for port, fn in ((80, http), (8080, half), (8081, source), (8082, sink), (8083, silent),
                     (8084, ssh), (8085, cut), (8086, echo_or_http), (8087, greet),
                     (443, echo)):
        for host in ("0.0.0.0", "::"):
            await asyncio.start_server(fn, host, port, backlog=4096)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
