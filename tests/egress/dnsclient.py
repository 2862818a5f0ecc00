# SPDX-License-Identifier: Apache-2.0
"""dnsclient.py - questions to a name server, byte by byte, for the egress tests."""
import socket
import struct

A, PTR, AAAA, ANY = 1, 12, 28, 255
TYPES = {"NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "SRV": 33, "SVCB": 64, "HTTPS": 65,
         "CAA": 257, "unknown": 54321}
EDNS = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)


def wire(name):
    return b"".join(bytes([len(x)]) + x for x in name.encode("latin-1").split(b".") if x) + b"\0"


def query(name, qtype=A, edns=False, qclass=1, flags=0x100, ident=4711):
    name = name if isinstance(name, bytes) else wire(name)
    return (struct.pack("!HHHHHH", ident, flags, 1, 0, 0, int(edns)) + name +
            struct.pack("!HH", qtype, qclass) + (EDNS if edns else b""))


class Reply:
    def __init__(self, raw):
        self.raw = raw
        self.ident, self.flags, qd, an, ns, ar = struct.unpack("!HHHHHH", raw[:12])
        self.rcode, self.answers, self.ede = self.flags & 15, [], None
        i = 12
        for _ in range(qd):
            i = self.skip(i) + 4
        self.question = raw[12:i]
        for n in range(an + ns + ar):
            i = self.skip(i)
            t, _, _, k = struct.unpack("!HHIH", raw[i:i + 10])
            data = raw[i + 10:i + 10 + k]
            assert len(data) == k
            i += 10 + k
            if n < an:
                self.answers.append((t, data))
            if t == 41 and data:
                self.ede = struct.unpack("!H", data[4:6])[0], data[6:].decode()
        self.n_ns, self.whole = ns, i == len(raw)

    def skip(self, i):
        while self.raw[i]:
            if self.raw[i] >= 0xc0:
                return i + 2
            i += 1 + self.raw[i]
        return i + 1

    def addr(self, qtype=A):
        for t, data in self.answers:
            if t == qtype:
                return socket.inet_ntop(socket.AF_INET6 if t == AAAA else socket.AF_INET, data)


def ask(data, server="8.8.8.8", timeout=2, port=53):
    s = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        s.settimeout(timeout)
        try:
            s.sendto(data, (server, port))
            raw, where = s.recvfrom(4096)
        except OSError:  # in time, or nobody there, or no way there
            return None
        return Reply(raw) if where[:2] == (server, port) else None


def ask_tcp(*queries, server="9.9.9.9"):
    with socket.create_connection((server, 53), 3) as s:
        s.sendall(b"".join(struct.pack("!H", len(q)) + q for q in queries))
        out, replies = b"", []
        while len(replies) < len(queries):
            while len(out) < 2 or len(out) < 2 + struct.unpack("!H", out[:2])[0]:
                c = s.recv(4096)
                if not c:
                    return replies
                out += c
            n = 2 + struct.unpack("!H", out[:2])[0]
            replies.append(Reply(out[2:n]))
            out = out[n:]
        return replies
