"""Packets that try the edges of a ruleset. Same seed, same packets."""
import random
import re

from lab import OWN
from rules import ADDR, BITS, MACS, ROOTS

# The hooks of a direction. Translation may lead from INPUT to FORWARD and back.
WAYS = {"in": ["PREROUTING", "INPUT", "FORWARD", "POSTROUTING"], "forward": ["PREROUTING", "FORWARD", "INPUT", "POSTROUTING"],
        "out": ["OUTPUT", "POSTROUTING"]}
FLAGS = ["SYN", "ACK", "PSH+ACK", "SYN+ACK", "RST", "RST+ACK", "FIN", "FIN+ACK", "SYN+FIN", "URG"]
ODD_FLAGS = ["SYN+URG", "SYN+PSH", "SYN+RST", "NONE", "PSH", "URG+ACK", "FIN+PSH+URG", "FIN+SYN+RST+PSH+ACK+URG", "URG+PSH+ACK"]
SHORT = {"--source": "-s", "--destination": "-d", "--protocol": "-p", "--in-interface": "-i", "--jump": "-j",
         "--goto": "-g", "--out-interface": "-o", "--source-ports": "--sports", "--destination-ports": "--dports",
         "--source-port": "--sport", "--destination-port": "--dport", "--sports": "--sport", "--dports": "--dport",
         "--ports": "--dport", "--src": "-s", "--dst": "-d", "--icmpv6-type": "--icmp-type"}
# Addresses of many, that every host listens to.
OF_MANY = {4: ["224.0.0.1", "255.255.255.255"], 6: ["ff02::1"]}
# Addresses that a host has at most in one direction at a time; see Lab.live_at.
MOST_LOCAL = 48


def rules_of(text):
    """The rules by table and chain, as lists of (option, value, negated)."""
    chains, table = {}, ""
    for line in text.splitlines():
        words = re.sub(r'"(\\.|[^"\\])*"', "x", line).split()
        if words[:1] and words[0].startswith("*"):
            table = words[0][1:]
        if words[:1] != ["-A"] or len(words) < 2:
            continue
        rule, negated = [], False
        for word, value in zip(words[2:], words[3:] + [""]):
            if word == "!":
                negated = True
            elif word.startswith("-"):
                if value == "!":
                    continue
                rule.append((SHORT.get(word, word), value, negated))
                negated = False
        chains.setdefault((table, words[1]), []).append(rule)
    return chains


class Packets:
    """Packets that follow a ruleset's paths and then, half of them, leave by one field."""

    def __init__(self, text, way, version, seed):
        self.r, self.way, self.v = random.Random(seed), way, version
        self.chains = rules_of(text)
        self.pool = {"-s": [], "-i": [], "--sport": ["0", "1024", "65535"], "-p": ["tcp", "udp", "gre"], "--mark": [],
                     "--icmp-type": [], "--mac-source": []}
        same = {"-d": "-s", "--src-range": "-s", "--dst-range": "-s", "-o": "-i", "--dport": "--sport"}
        for rule in (x for rules in self.chains.values() for x in rules):
            for option, value, _ in rule:
                if same.get(option, option) in self.pool:
                    self.pool[same.get(option, option)].append(value)
        nat = any(table == "nat" for table, _ in self.chains)
        self.starts = [key for key in self.chains if key[1] in WAYS[way]]
        if way == "in" and not nat:
            self.starts = [key for key in self.starts if key[1] in ("PREROUTING", "INPUT")]
        self.nat = nat
        self.local = []
        self.elsewhere = str(ADDR[version](int(ADDR[version](ROOTS[version][0])) + 77))

    def span(self, text):
        """First and last address of a prefix, a range, or a mask with holes."""
        text = text.split(",")[0]
        if "-" in text:
            lo, hi = text.split("-")
            return int(ADDR[self.v](lo)), int(ADDR[self.v](hi))
        addr, _, mask = text.partition("/")
        ones = (1 << BITS[self.v]) - 1
        bits = ones if not mask else int(ADDR[self.v](mask)) if "." in mask or ":" in mask else ones ^ (ones >> int(mask))
        lo = int(ADDR[self.v](addr)) & bits
        return lo, lo | (ones ^ bits)

    def usable(self, n):
        """Addresses that a router passes on: unicast, not loopback, not link-local, not this-network."""
        a = ADDR[self.v](n % (1 << BITS[self.v]))
        return not (a.is_multicast or a.is_loopback or a.is_link_local or a.is_unspecified or
                    (self.v == 4 and (n >> 24 in (0,) or n >> 28 >= 14)) or (self.v == 6 and a.ipv4_mapped is not None))

    def address(self, value=None):
        r = self.r
        for _ in range(20):
            try:
                lo, hi = self.span(value or r.choice(self.pool["-s"] or ROOTS[self.v]))
            except ValueError:
                value = None
                continue
            n = r.choice((lo, hi, r.randint(lo, hi), r.randint(lo, hi))) + (0 if value else r.choice((-1, 0, 0, 1)))
            if 0 <= n < 1 << BITS[self.v] and self.usable(n):
                return str(ADDR[self.v](n))
        return str(ADDR[self.v](int(ADDR[self.v](ROOTS[self.v][0])) + 9))

    def port(self, value=None):
        r = self.r
        text = r.choice((value or r.choice(self.pool["--sport"])).split(","))
        lo, colon, hi = text.partition(":")
        try:
            lo = int(lo or 0)
            hi = int(hi or 65535) if colon else lo
        except ValueError:
            return r.randint(0, 65535)
        n = r.choice((lo, hi, (lo + hi) // 2)) + (0 if value else r.choice((-1, 0, 0, 1)))
        return min(65535, max(0, n))

    def iface(self, value=None):
        name = value or self.r.choice(self.pool["-i"] + [""])
        name = name[:-1] + self.r.choice("07") if name.endswith("+") else name
        return "" if name in ("lo", "0", "7") else name[:15]

    def mark(self, value=None):
        text = value or self.r.choice(self.pool["--mark"] + ["0x0", "0x0", "0x0", "0x10"])
        try:
            return str(int(text.partition("/")[0], 0) & 0xFFFFFFFF)
        except ValueError:
            return "0"

    def mac(self, value=None):
        some = [m for m in [value, *self.pool["--mac-source"]] if m and re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", m)]
        return value if value in some else self.r.choice(some[:50] + MACS)

    def field(self, name):
        r = self.r
        return {"src": self.address, "dst": self.address, "sport": self.port, "dport": self.port,
                "in_iface": self.iface, "out_iface": self.iface,
                "proto": lambda: r.choice(self.pool["-p"] + ["tcp", "tcp", "udp", "icmp"]),
                "flags": lambda: r.choice(["SYN"] * 6 + FLAGS + r.sample(ODD_FLAGS, 2)), "smac": self.mac,
                "mark": self.mark}[name]()

    FIELDS = ["src", "dst", "proto", "sport", "dport", "in_iface", "out_iface", "flags", "smac", "mark"]

    def follow(self, p, rule):
        setters = {"-s": ("src", self.address), "-d": ("dst", self.address), "--src-range": ("src", self.address),
                   "--dst-range": ("dst", self.address), "--sport": ("sport", self.port), "--dport": ("dport", self.port),
                   "-i": ("in_iface", self.iface), "-o": ("out_iface", self.iface), "-p": ("proto", lambda v: v),
                   "--mark": ("mark", self.mark), "--mac-source": ("smac", self.mac)}
        for option, value, negated in rule:
            if option in setters and not negated:
                name, make = setters[option]
                p[name] = make(value)

    def path(self):
        """A walk along jumps from a base chain."""
        key, way = (self.r.choice(self.starts) if self.starts else None), []
        while key in self.chains and len(way) < 12:
            rule = self.r.choice(self.chains[key])
            way.append(rule)
            key = (key[0], next((v for o, v, _ in rule if o in ("-j", "-g")), None))
        return way

    def icmp(self, p):
        r = self.r
        usual = (8, 8, 0, 3, 11, 13) if p["proto"] == "icmp" else (128, 128, 129, 1, 3, 135, 143)
        named = [t.split("/") for t in self.pool["--icmp-type"] if re.fullmatch(r"\d+(/\d+)?", t)]
        if named and r.random() < 0.5:
            kind = r.choice(named)
            p["sport"] = min(255, max(0, int(kind[0]) + r.choice((-1, 0, 0, 0, 1))))
            p["dport"] = int(kind[1]) if len(kind) > 1 else r.choice((0, 0, 1, 255))
        else:
            p["sport"], p["dport"] = r.choice(usual), r.choice((0, 0, 1, 3))

    def one(self):
        r = self.r
        p = {f: self.field(f) for f in self.FIELDS}
        for rule in self.path():
            self.follow(p, rule)
        if r.random() < 0.5:
            f = r.choice(self.FIELDS)
            p[f] = self.field(f)
        self.settle_protocol(p)
        own = OWN.get(self.way)
        if self.way == "in" and r.random() < 0.04:
            p["dst"] = r.choice(OF_MANY[self.v])
        elif self.way == "out" and r.random() < 0.04:
            p["dst"] = OF_MANY[self.v][0]
        if own and p[own] not in OF_MANY[self.v]:
            # An address of this host; few of them, as each takes time to set up.
            if p[own] not in self.local:
                if len(self.local) < MOST_LOCAL:
                    self.local.append(p[own])
                else:
                    p[own] = r.choice(self.local)
        if self.way == "in" and not self.nat:
            p["out_iface"] = ""
        if self.way == "out" and p["dst"] == p["src"]:
            # It would not leave the host.
            p["dst"] = self.elsewhere
        if self.way == "out":
            p["in_iface"] = p["smac"] = ""
        p["uid"] = "0" if self.way == "out" else ""
        return p

    def settle_protocol(self, p):
        if p["proto"] in ("all", "0"):
            p["proto"] = "tcp"
        if self.v == 6 and p["proto"] == "icmp":
            p["proto"] = "ipv6-icmp"
        p["proto"] = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp"}.get(p["proto"], p["proto"])
        if p["proto"] in ("icmp", "ipv6-icmp"):
            self.icmp(p)
        elif p["proto"] not in ("tcp", "udp", "sctp", "udplite", "dccp", "33", "132", "136"):
            p["sport"] = p["dport"] = ""
        if p["proto"] != "tcp":
            p["flags"] = ""
