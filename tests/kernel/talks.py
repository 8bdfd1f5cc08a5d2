"""Whole conversations: rules and flows for them, and what the kernel makes of each packet. Same seed, same bytes."""
import collections
import json
import random
import re
import socket
import struct
import time

from lab import HOST_MAC, PEER_MAC, UNNAMED, sh
from packets import Packets
from rules import ADDR
from wire import datagram

FACES = ["eth0", "eth1"]
PORTS = [22, 443, 3389, 1433]
DATA = b"ping"
# Who sends, and which flags. The last four are data both ways.
TCP = [("A", "SYN"), ("B", "SYN+ACK"), ("A", "ACK"), ("A", "PSH+ACK"), ("B", "PSH+ACK"), ("A", "PSH+ACK"), ("B", "PSH+ACK")]
UDP = [("A", ""), ("B", ""), ("A", ""), ("B", "")]
ONE_WAY = [("A", ""), ("A", "")]
# What is written down of a packet.
ENDS = ("from_addr", "to_addr", "from_port", "to_port", "out_face")
NETLINK_NETFILTER = 12


class Net:
    """The addresses of generated conversations. A peer's last group says by which interface it comes, and no rule asks."""

    def __init__(self, version):
        self.v = version
        v6 = version == 6
        self.all_peers = "2001:db8:50::/48" if v6 else "10.50.0.0/16"
        self.boxes = "fd17::/64" if v6 else "172.17.0.0/16"
        self.servers = "2001:db8:2::/64" if v6 else "192.0.2.0/24"

    def peer(self, face, n):
        return str(ADDR[self.v](f"2001:db8:50::{n}:{face + 1}" if self.v == 6 else f"10.50.{n}.{face + 1}"))

    def peer_mask(self, n):
        return f"2001:db8:50::{n}:0/112" if self.v == 6 else f"10.50.{n}.0/24"

    def own(self, n):
        return str(ADDR[self.v](f"2001:db8:1::{n}" if self.v == 6 else f"10.1.0.{n}"))

    def box(self, n):
        return str(ADDR[self.v](f"fd17::{n}" if self.v == 6 else f"172.17.0.{n}"))

    def server(self, n):
        return str(ADDR[self.v](f"2001:db8:2::{n}" if self.v == 6 else f"192.0.2.{n}"))


class TalkRules:
    """A ruleset as people write them for connections, with mistakes."""

    def __init__(self, seed, version):
        self.r, self.net = random.Random(f"talk {seed}"), Net(version)
        r = self.r
        self.raw, self.nat, self.marks = r.random() < 0.45, r.random() < 0.5, r.random() < 0.3
        self.sure = r.random() < 0.5

    def some(self, odds):
        return self.r.random() < odds

    def text(self):
        out = ""
        if self.raw:
            out += self.table("raw", {"PREROUTING": self.many(self.untracking, 1, 3), "OUTPUT": self.many(self.untracking, 0, 3)})
        if self.marks:
            hooks = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
            out += self.table("mangle", {h: self.many(self.marking, 0, 2, h) for h in hooks})
        if self.nat:
            out += self.table("nat", {"PREROUTING": self.many(self.moving, 0, 3, "PREROUTING"), "INPUT": [],
                                      "OUTPUT": self.many(self.moving, 0, 1, "OUTPUT"), "POSTROUTING": self.hiding()})
        chains = {}
        for hook in ("INPUT", "FORWARD", "OUTPUT"):
            rules = self.many(self.filtering, 1, 6, hook)
            if self.some(0.55):
                rules.insert(self.r.choice([0, 0, len(rules)]), self.known(hook))
            chains[hook] = rules
        return out + self.table("filter", chains, users={"c0": self.many(self.filtering, 0, 3, None)})

    def many(self, make, low, high, *args):
        return [make(*args) for _ in range(self.r.randint(low, high))]

    def table(self, name, chains, users=None):
        lines = [f"*{name}"]
        for hook in chains:
            policy = self.r.choice(["DROP", "ACCEPT"]) if name == "filter" else "ACCEPT"
            lines.append(f":{hook} {policy} [0:0]")
        lines += [f":{u} - [0:0]" for u in users or ()]
        for chain, rules in (chains | (users or {})).items():
            lines += [f"-A {chain} {rule}" for rule in rules]
        return "\n".join(lines + ["COMMIT", ""])

    def known(self, hook):
        states = self.r.choice(["RELATED,ESTABLISHED"] * 4 + ["ESTABLISHED", "ESTABLISHED,UNTRACKED", "INVALID,ESTABLISHED"])
        face = self.face(hook, 0.15)
        return f"{face}-m conntrack --ctstate {states} -j ACCEPT"

    def face(self, hook, odds):
        if not self.some(odds):
            return ""
        ways = {"INPUT": "i", "PREROUTING": "i", "OUTPUT": "o", "POSTROUTING": "o"}.get(hook) or self.r.choice("io")
        no = "! " if self.some(0.2) else ""
        return f"{no}-{ways} {self.r.choice(FACES + ['docker0', 'eth+'])} " if hook else ""

    def end(self):
        n, r = self.net, self.r
        where = r.choice([n.all_peers, n.peer_mask(r.randint(1, 3)), n.own(r.randint(1, 2)), n.boxes, n.box(2), n.servers])
        return f"{r.choice(['-s', '-d'])} {where} "

    def transport(self, flags=True):
        r = self.r
        proto = r.choice(["tcp", "tcp", "tcp", "udp"])
        side = r.choice(["--dport", "--dport", "--sport"])
        some = ",".join(str(p) for p in sorted(r.sample(PORTS, 2)))
        ports = r.choice(["", f"{side} {r.choice(PORTS)} ", f"{side} {r.choice(PORTS)} ", f"-m multiport {side}s {some} "])
        more = ""
        if flags and proto == "tcp" and self.some(0.15):
            more = r.choice(["--syn ", "! --syn ", "--tcp-flags SYN,ACK SYN,ACK ", "--tcp-flags ACK ACK "])
        own = "" if "multiport" in ports and not more else f"-m {proto} "
        return f"-p {proto} {own}{more}{ports}" if "multiport" not in ports else f"-p {proto} {own}{more}{ports}"

    def state(self):
        r = self.r
        one = r.choice(["NEW", "NEW", "ESTABLISHED", "NEW,ESTABLISHED", "NEW,ESTABLISHED", "INVALID", "UNTRACKED", "NEW,UNTRACKED",
                        "INVALID,UNTRACKED", "DNAT"])
        no = "! " if self.some(0.08) else ""
        return f"-m conntrack {no}--ctstate {one} "

    def asked(self):
        r = self.r
        return r.choice([f"-m conntrack --ctdir {r.choice(['ORIGINAL', 'REPLY'])} ",
                         f"-m conntrack --ctorigdstport {r.choice(PORTS)} ",
                         f"-m conntrack --ctreplsrcport {r.choice(PORTS)} "])

    def mark(self):
        return self.r.choice(["-m mark --mark 0x1 ", "-m connmark --mark 0x1 ", "-m connmark --mark 0x0 ", "-m mark ! --mark 0x1 "])

    def filtering(self, hook):
        rule = self.face(hook, 0.2)
        rule += self.end() if self.some(0.4) else ""
        rule += self.transport() if self.some(0.75) else ""
        rule += self.state() if self.some(0.45) else ""
        rule += self.asked() if self.some(0.06) else ""
        rule += self.mark() if self.marks and self.some(0.2) else ""
        target = self.r.choice(["ACCEPT"] * 6 + ["DROP", "DROP", "REJECT", "RETURN"] + (["c0"] if hook else []))
        return f"{rule}-j {target}"

    def untracking(self):
        rule = self.end() if self.some(0.2) else ""
        return f"{rule}{self.transport()}-j CT --notrack"

    def marking(self, hook):
        target = self.r.choice(["MARK --set-xmark 0x1/0xffffffff", "CONNMARK --set-xmark 0x1/0xffffffff",
                                "CONNMARK --save-mark", "CONNMARK --restore-mark"])
        rule = self.face(hook, 0.4) + (self.transport(False) if self.some(0.3) else "") + (self.state() if self.some(0.3) else "")
        return f"{rule}-j {target}"

    def moving(self, hook):
        r, n = self.r, self.net
        to = r.choice([f"DNAT --to-destination {self.at(n.box(2), r.choice(PORTS))}"] * 2 + [
            f"DNAT --to-destination {n.box(3)}", f"REDIRECT --to-ports {r.choice(PORTS)}",
            f"DNAT --to-destination {self.at(n.own(2), r.choice(PORTS))}", f"DNAT --to-destination {n.server(10)}"])
        face = self.face(hook, 0.2)
        return f"{face}-p {r.choice(['tcp', 'tcp', 'udp'])} --dport {r.choice(PORTS)} -j {to}"

    def at(self, addr, port):
        return f"[{addr}]:{port}" if self.net.v == 6 else f"{addr}:{port}"

    def hiding(self):
        rules = [f"-s {self.net.boxes} ! -o docker0 -j MASQUERADE"] if self.some(0.7) else []
        if self.some(0.3):
            rules.append(f"-o {self.r.choice(FACES)} -j MASQUERADE")
        return rules


def talks_of(rules, seed, count, real, version, faces):
    return real_talks(rules, seed, count, version, faces) if real else made_talks(seed, count, version)


def made_talks(seed, count, version):
    r, n, out = random.Random(f"talks {seed}"), Net(version), []
    for i in range(count):
        way = r.choice(["in", "in", "in", "out", "forward"])
        k = r.randint(1, 3)
        face = r.randint(0, 2)
        peer = (n.peer(face, k), [*FACES, UNNAMED[0]][face])
        far = r.choice([(n.server(10), "eth1"), (n.box(2), "docker0"), (n.box(3), "docker0")])
        own = n.own(r.randint(1, 2))
        if way == "in":
            ends = {"src": peer[0], "in_iface": peer[1], "dst": own, "out_iface": ""}
        elif way == "out":
            to = r.choice([peer, peer, far])
            ends = {"src": own, "in_iface": "", "dst": to[0], "out_iface": to[1]}
        else:
            ends = {"src": peer[0], "in_iface": peer[1], "dst": far[0], "out_iface": far[1]}
        proto = r.choice(["tcp", "tcp", "tcp", "udp"])
        out.append({"way": way, **ends, "proto": proto, "sport": 20000 + i, "dport": r.choice(PORTS),
                    "reply": proto == "tcp" or r.random() < 0.8})
    return out


def real_talks(rules, seed, count, version, faces):
    """Flows along the paths of real rules, one way each so that no address is here and elsewhere."""
    out, placed = [], {}
    for way in ("in", "out", "forward"):
        source = Packets(rules, way, version, seed)
        for _ in range(count):
            p = source.one()
            of_many = any(a.is_multicast or str(a) == "255.255.255.255" for a in (ADDR[version](p["src"]), ADDR[version](p["dst"])))
            if p["proto"] not in ("tcp", "udp") or of_many:
                continue
            t = {"way": way, "src": p["src"], "dst": p["dst"], "proto": p["proto"], "sport": 1024 + len(out) * 7 % 60000,
                 "dport": int(p["dport"]), "in_iface": "", "out_iface": "", "reply": True}
            if p["sport"] not in ("", "0") and source.r.random() < 0.3:
                t["sport"] = int(p["sport"])
            ends = [("src", "in_iface")] if way == "in" else [("dst", "out_iface")] if way == "out" else \
                [("src", "in_iface"), ("dst", "out_iface")]
            for end, face in ends:
                given = p[face] if p[face] in faces else ""
                t[face] = given or UNNAMED[0 if face == "in_iface" else 1]
            where = {t[end]: t[face] for end, face in ends}
            where |= {t[end]: "here" for end in ("src", "dst") if end not in dict(ends)}
            if len(where) == 2 and all(placed.get(a, f) == f for a, f in where.items()):
                placed |= where
                out.append(t)
    # A flow has ports of its own, so that none meets another's connection.
    seen = set()
    return [t for t in out if (key := (t["src"], t["dst"], t["proto"], t["sport"], t["dport"])) not in seen and not seen.add(key)]


class Talks:
    """Conversations in a lab, all at once, packet by packet."""

    def __init__(self, lab, talks):
        self.lab, self.v = lab, lab.v
        self.talks = [dict(t, number=i, alive=True, at=0, went="accept", end=None, seq={"A": 99, "B": 999}) for i, t in enumerate(talks)]

    def run(self):
        forget_connections()
        flush = [f"flush {kind} {self.lab.family} watch {name}"
                 for kind, name in [("set", "before"), *(("map", name) for name in ENDS)]]
        sh("nft", "-f", "-", text="\n".join(flush) + "\n")
        faces, own = self.place()
        for t in self.talks:
            t["steps"] = TCP if t["proto"] == "tcp" else UDP if t["reply"] else ONE_WAY
        for step in range(len(TCP)):
            now = [t for t in self.talks if t["alive"] and step < len(t["steps"])]
            if now:
                self.step(step, now)
        return {"answers": [t["went"] for t in self.talks], "faces": faces, "own": own}

    def place(self):
        """Every address gets its interface, and every network that the rules place."""
        faces, own, words = collections.defaultdict(list), {}, []
        size = 128 if self.v == 6 else 32
        for t in self.talks:
            if t["way"] != "out":
                faces[t["in_iface"]].append(t["src"])
            if t["way"] != "in":
                faces[t["out_iface"]].append(t["dst"])
            if t["way"] != "forward":
                own[t["dst" if t["way"] == "in" else "src"]] = True
        # REDIRECT leads to an address of the interface that a packet comes by.
        here = set(faces) | {UNNAMED[0]}
        words += [f"addr add {a}/{size} dev {face}" + (" nodad" if self.v == 6 else "") for face in here for a in own]
        words += [f"route replace default dev {UNNAMED[1]}"]
        for net, face in re.findall(r"-s (\S+) ! -o (\S+) (?:-m \S+ [^-]*)?-j (?:MASQUERADE|SNAT)", self.lab.loaded):
            if face in self.lab.faces:
                words.append(f"route replace {net} dev {face}")
        words += [f"route replace {a}/{size} dev {face}" for face, all_ in faces.items() for a in sorted(set(all_))]
        if self.lab.placed:
            self.lab.ip(self.lab.placed, check=False)
        self.lab.ip(words, check=False)
        self.lab.placed = [re.sub(r"^(\w+) (add|replace)", r"\1 del", w).replace(" nodad", "") for w in words]
        if self.v == 6:
            time.sleep(0.3)
        return {f: sorted(set(a)) for f, a in faces.items()}, sorted(own)

    def step(self, step, now):
        for t in now:
            t["sent"] = self.packet(t, *t["steps"][step])
            if t["steps"][step][1]:
                who, flags = t["steps"][step]
                t["seq"][who] += len(t["sent"][0].get("data", b"")) + ("SYN" in flags)
        for attempt in range(3):
            rest = [t for t in now if attempt == 0 or 1 + t["number"] * 8 + step not in came]
            for i, t in enumerate(rest):
                p, face = t["sent"]
                self.inject(datagram(p, 1 + t["number"] * 8 + step, self.v), p, face)
                if i % 50 == 49:
                    time.sleep(0.001)
            time.sleep(0.02)
            came = self.lab.members("before")
            if all(1 + t["number"] * 8 + step in came for t in now):
                break
        seen = self.seen()
        for t in now:
            n = 1 + t["number"] * 8 + step
            if n not in came or seen.get(n, (None,) * 5)[4] == "lo":
                # It never came to the rules, or stays on this host.
                t["alive"], t["went"] = False, "lost"
            elif not self.arrived(t, t["steps"][step][0], seen.get(n)):
                t["alive"], t["went"] = False, f"drop {step}"

    def packet(self, t, who, flags):
        """The next packet and where it comes from; `None` is this host."""
        p = {"proto": t["proto"], "flags": flags, "smac": "", "seq": t["seq"][who], "ack": t["seq"]["B" if who == "A" else "A"]}
        if "PSH" in flags:
            p["data"] = DATA
        if who == "A":
            return p | {k: t[k] for k in ("src", "dst", "sport", "dport")}, t["in_iface"] or None
        src, dst, sport, dport, face = t["end"]
        return p | {"src": dst, "dst": src, "sport": dport, "dport": sport}, face

    def arrived(self, t, who, got):
        """Whether a packet came to where the conversation goes on."""
        if got is None:
            return False
        if who == "A":
            first, t["end"] = t["end"], t["end"] or got
            return first in (None, got)
        return got == (t["dst"], t["src"], t["dport"], t["sport"], None if t["way"] == "out" else t["in_iface"])

    def inject(self, raw, p, face):
        lab = self.lab
        if face is not None:
            s = lab.sockets.get(face)
            if s is None:
                s = lab.sockets[face] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                s.bind((f"far{lab.faces.index(face)}", 0))
            ether = bytes.fromhex((HOST_MAC + PEER_MAC).replace(":", ""))
            s.send(ether + (b"\x86\xdd" if self.v == 6 else b"\x08\x00") + raw)
            return
        s = lab.sockets.get("own")
        if s is None:
            family = socket.AF_INET6 if self.v == 6 else socket.AF_INET
            s = lab.sockets["own"] = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        try:
            s.sendto(raw, (p["dst"], 0))
        except OSError:
            pass                # the rules' refusal is told to the sender

    def seen(self):
        """The ends of the packets that came through, by number; of those that left, the interface too."""
        listed = json.loads(sh("nft", "-j", "list", "maps", self.lab.family).stdout)
        maps = {o["map"]["name"]: dict(self.pair(e) for e in o["map"].get("elem", [])) for o in listed["nftables"] if "map" in o}
        return {n: tuple(maps[f].get(n) for f in ENDS) for n in maps[ENDS[0]]}

    @staticmethod
    def pair(element):
        """Some versions print elements of dynamic maps with their settings."""
        key, value = element
        return (key["elem"]["val"] if isinstance(key, dict) else key), value


def forget_connections():
    """Empties the table of connections (ctnetlink: delete without a tuple), and what was written down."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    body = struct.pack("=BBH", 0, 0, 0)
    s.send(struct.pack("=IHHII", 16 + len(body), 1 << 8 | 2, 1 | 4, 1, 0) + body)
    s.recv(4096)
    s.close()
