"""Random matches of nft rules (nft(8), "EXPRESSIONS"), with values that meet those of the packets."""
import random

from rules import ADDR, BITS, IFACES, MACS, ROOTS

PORTS = [0, 1, 22, 53, 80, 443, 1023, 1024, 5000, 60999, 65535]
SERVICES = ["ssh", "domain", "http", "https"]
MARKS = ["0x0", "0x1", "0x2", "0x3", "0x10", "0xf0"]
ICMP = {4: ("icmp", ["echo-request", "echo-reply", "destination-unreachable", "time-exceeded", "timestamp-request", "0", "3", "8"]),
        6: ("icmpv6", ["echo-request", "echo-reply", "destination-unreachable", "time-exceeded", "nd-neighbor-solicit", "1", "128"])}
STATES = ["new", "established", "related", "invalid", "untracked"]
# What no packet tells. Each is a condition of its own kind.
OPEN = ["limit rate 3/minute", "limit rate over 10/second burst 5 packets", "quota over 3 mbytes", "ct count 3", "ct count over 20",
        "numgen random mod 2 0", "meta hour \"10:00\"-\"11:00\"", "meta length > 60", "meta cpu 0", "osf name \"Linux\"",
        "socket transparent 1", "meta day \"Monday\"", "ct helper \"ftp\"", "meta ipsec exists", "jhash ip saddr mod 2 seed 0x3 1"]


class Matches:
    """Writes matches for one table. `self.sets` are the named sets of it by their type."""

    def __init__(self, seed, family):
        self.r, self.family, self.sets = random.Random(seed), family, {}
        self.begin()

    def begin(self):
        """A new rule: one version of IP and one protocol above it, as nft refuses rules that contradict themselves."""
        self.v = {"ip": 4, "ip6": 6}.get(self.family) or self.r.choice((4, 4, 6))
        self.l4 = self.r.choice(("tcp",) * 6 + ("udp",) * 4 + ("sctp", "dccp", "icmp", "icmp"))

    def some(self, odds):
        return self.r.random() < odds

    def no(self, odds=0.2):
        return "!= " if self.some(odds) else ""

    def version(self):
        return self.v

    # ---- values ----

    def number(self, v):
        r = self.r
        return int(ADDR[v](r.choice(ROOTS[v]))) + r.choice((0, 1, 2, 5, 127, 128, 254, 255))

    def addr(self, v):
        return str(ADDR[v](self.number(v)))

    def net(self, v):
        """First and last address of a network."""
        bits = BITS[v]
        length = self.r.choice((bits, bits, bits - 1, bits - 7, bits - 8, bits - 16, 8, 1))
        size = 1 << (bits - length)
        first = self.number(v) // size * size
        return first, first + size - 1

    def span(self, v):
        """The same of a range that need be no network."""
        if self.some(0.7):
            return self.net(v)
        first = self.number(v)
        return first, first + self.r.choice((1, 3, 200, 70000))

    def written(self, v, lo, hi):
        size = hi - lo + 1
        if size == 1:
            return str(ADDR[v](lo))
        if size & (size - 1) == 0 and lo % size == 0:
            return f"{ADDR[v](lo)}/{BITS[v] - size.bit_length() + 1}"
        return f"{ADDR[v](lo)}-{ADDR[v](hi)}"

    def apart(self, make, most):
        """Some spans of which no two meet."""
        spans = []
        for _ in range(self.r.randint(1, most)):
            lo, hi = make()
            if all(hi < a or lo > b for a, b in spans):
                spans.append((lo, hi))
        return spans

    def addrs(self, v, intervals=True, most=5):
        """Elements of a set of addresses."""
        if not intervals:
            return list(dict.fromkeys(self.addr(v) for _ in range(self.r.randint(1, most))))
        return [self.written(v, lo, hi) for lo, hi in self.apart(lambda: self.span(v), most)]

    def port_span(self):
        lo = self.r.choice(PORTS)
        return lo, min(65535, lo + self.r.choice((0, 0, 0, 1, 10, 60000)))

    def ports(self, intervals=True, most=5):
        if not intervals:
            return [str(p) for p in self.r.sample(PORTS, self.r.randint(1, most))]
        return [str(lo) if lo == hi else f"{lo}-{hi}" for lo, hi in self.apart(self.port_span, most)]

    def faces(self):
        return [f'"{i}"' for i in self.r.sample(IFACES, self.r.randint(1, 3))]

    # ---- matches ----

    def named(self, kind):
        """A set of that type, `None` if there is none."""
        return self.r.choice(self.sets[kind]) if self.sets.get(kind) and self.some(0.35) else None

    def of(self, kind, values):
        """What a field is compared with."""
        r, name = self.r, self.named(kind)
        if name:
            return f"{self.no()}@{name}"
        if self.some(0.5) or len(values) > 1 and self.some(0.6):
            return f"{self.no()}{{ {', '.join(values)} }}"
        return f"{self.no()}{r.choice(values)}"

    def address(self):
        v = self.version()
        word = "ip6" if v == 6 else "ip"
        field = f"{word} {self.r.choice(('saddr', 'daddr'))}"
        if v == 4 and self.some(0.06):
            return f"{field} & 255.0.0.{self.r.choice((255, 3))} {self.r.choice(('==', '!='))} 10.0.0.{self.r.choice((0, 1, 2))}"
        return f"{field} {self.of(f'{word}addr', self.addrs(v))}"

    def port(self):
        r = self.r
        field = f"{self.l4} {r.choice(('dport', 'dport', 'sport'))}"
        if self.l4 == "icmp":
            return self.icmp()
        if self.some(0.2):
            protos = ", ".join(r.sample(["tcp", "udp", "sctp"], 2))
            field = f"meta l4proto {{ {protos} }} th {r.choice(('dport', 'sport'))}"
        shape = r.random()
        if shape < 0.12:
            return f"{field} {r.choice(('>', '<', '>=', '<='))} {r.choice((22, 80, 443, 1024, 5000))}"
        if shape < 0.2:
            return f"{field} {self.no()}{r.choice(SERVICES)}"
        return f"{field} {self.of('port', self.ports())}"

    def protocol(self):
        # One protocol alone is the rule's own: nft 1.0.6 does not list one that a later match contradicts.
        r = self.r
        own = {"icmp": "ipv6-icmp" if self.v == 6 else "icmp"}.get(self.l4, self.l4)
        shape = r.random()
        if shape < 0.55:
            some = r.sample(["tcp", "udp", "icmp", "ipv6-icmp", "gre", "esp"], r.randint(2, 3))
            one = r.choice((own, "!= gre", "!= esp"))
            name = self.named("proto")
            return f"meta l4proto {self.no()}@{name}" if name else f"meta l4proto {r.choice((one, f'{self.no()}{self.braced(some)}'))}"
        if shape < 0.65:
            return f"meta l4proto {r.choice(('6-17', '< 17', '> 6'))}"
        field = "ip6 nexthdr" if self.version() == 6 else "ip protocol"
        return f"{field} {r.choice((own, '{ tcp, udp }', '!= gre', '!= { icmp, ipv6-icmp }'))}"

    def icmp(self):
        v, r = self.version(), self.r
        if self.l4 != "icmp":
            return self.port()
        word, types = ICMP[v]
        if self.some(0.15):
            return f"{word} type . {word} code {{ {types[2]} . {r.choice((0, 1, 3))}, {types[0]} . 0 }}"
        if self.some(0.2):
            return f"{word} code {r.choice(('', '!= ', '< '))}{r.choice((1, 3))}"
        return f"{word} type {self.of('', sorted(set(r.sample(types[:5], r.randint(1, 3)))))}"

    def flags(self):
        if self.l4 != "tcp":
            return self.port()
        return "tcp flags " + self.r.choice((
            "syn", "== syn", "!= syn", "! syn", "syn,ack", "! fin,rst", "{ syn, ack }", "!= { syn, ack }", "syn / fin,syn,rst,ack",
            "& (fin | syn | rst | ack) == syn", "& (fin | syn) != 0x0", "& (fin | syn) == (fin | syn)", "& (syn | ack) != syn",
            "!= syn / fin,syn,rst,ack", "fin,psh,urg / fin,psh,urg", "& (fin | syn | rst | psh | ack | urg) == 0x0", "syn,ack / syn,ack"))

    def state(self):
        r, some = self.r, self.r.sample(STATES, self.r.randint(1, 3))
        shape = r.random()
        if shape < 0.25:
            return f"ct state {self.no()}{{ {', '.join(some)} }}"
        if shape < 0.35:
            return f"ct state ! {','.join(some)}"
        return f"ct state {self.no()}{','.join(some)}"

    def connection(self):
        # Not `ct l3proto` and `ct protocol`: nft 1.0.6 takes them for what the match behind needs and does not list them.
        r, v = self.r, self.version()
        word = "ip6" if v == 6 else "ip"
        a = self.written(v, *self.net(v))
        way = r.choice(("original", "original", "reply"))
        return r.choice((
            f"ct status {self.no()}{r.choice(('dnat', 'snat', 'dnat,snat', 'assured', 'confirmed', 'seen-reply', 'expected'))}",
            f"ct status ! {r.choice(('dnat', 'snat', 'confirmed'))}", f"ct direction {self.no()}{r.choice(('original', 'reply'))}",
            f"ct mark {self.marked()}", f"ct {way} {word} {r.choice(('saddr', 'daddr'))} {self.no()}{a}",
            f"meta l4proto {r.choice(('tcp', 'udp'))} ct {way} proto-{r.choice(('src', 'dst'))} {self.no()}{r.choice(self.ports())}"))

    def marked(self):
        r, m = self.r, self.r.choice(MARKS)
        return r.choice((f"{self.no()}{m}", f"& {r.choice(('0x1', '0xf', '0xf0'))} {r.choice(('==', '!='))} {m}", f"{{ {m}, 0x5-0x9 }}",
                         f"> {m}", "0x1-0x3"))

    def face(self):
        r = self.r
        way = r.choice("io")
        if self.some(0.15):
            return f'{way}if {self.no()}"{r.choice(IFACES)}"'
        name = self.named("face")
        if name:
            return f"{way}ifname {self.no()}@{name}"
        one = r.choice(IFACES + ["eth*", "eth1*", "tun*"])
        if self.some(0.3):
            return f"{way}ifname {self.no()}{{ {', '.join(self.faces())} }}"
        return f'{way}ifname {self.no()}"{one}"'

    def meta(self):
        r = self.r
        return r.choice((f"meta mark {self.marked()}", f"meta mark {self.marked()}", f"meta nfproto {r.choice((f'ipv{self.v}', f'!= ipv{10 - self.v}'))}",
                         f"meta protocol {r.choice(('ip6' if self.v == 6 else 'ip', '!= arp'))}", f"meta skuid {self.no()}{r.choice(('0', '1000', '0-99'))}",
                         f"meta skgid {self.no()}0", f"ether saddr {self.no()}{r.choice(MACS)}", "meta pkttype host",
                         "meta pkttype { broadcast, multicast }", "meta iiftype ether"))

    def route(self):
        return "fib " + self.r.choice(("daddr type local", "daddr type != local", "saddr type local", "daddr type { local, broadcast }",
                                       "daddr . iif type local", "saddr . iif oif missing", "saddr . iif oif exists",
                                       "daddr type vmap { blackhole : drop, prohibit : drop }"))

    def joined(self):
        """Several fields at once, with elements."""
        r, v = self.r, self.version()
        word = "ip6" if v == 6 else "ip"
        kind = f"{word}addr . port"
        shape = r.random()
        if shape < 0.45:
            name = self.named(kind)
            elements = [f"{self.one(v)} . {p}" for p in self.ports(most=4)]
            field = f"{word} {r.choice(('saddr', 'daddr'))} . {self.l4 if self.l4 != 'icmp' else 'tcp'} dport"
            return f"{field} {self.no()}{'@' + name if name else self.braced(elements)}"
        if shape < 0.65:
            elements = [f"{r.choice(('tcp', 'udp'))} . {p}" for p in self.ports(most=4)]
            name = self.named("proto . port")
            return f"meta l4proto . th dport {self.no(0.1)}{'@' + name if name else self.braced(elements)}"
        if shape < 0.8:
            elements = [f'"{r.choice(IFACES)}" . {self.one(v)}' for _ in range(r.randint(1, 3))]
            return f"iifname . {word} saddr {self.no(0.1)}{self.braced(elements)}"
        elements = [f"{self.one(v)} . {self.one(v)} . {p}" for p in self.ports(most=3)]
        return f"{word} saddr . {word} daddr . {self.l4 if self.l4 != 'icmp' else 'udp'} dport {self.no(0.1)}{self.braced(elements)}"

    def one(self, v):
        return self.written(v, *self.net(v)) if self.some(0.4) else self.addr(v)

    def one_port(self):
        lo, hi = self.port_span()
        return str(lo) if lo == hi else f"{lo}-{hi}"

    @staticmethod
    def braced(elements):
        return f"{{ {', '.join(dict.fromkeys(elements))} }}"

    def odd(self):
        """Fields that the lab's packets all have alike, or that only bytes tell."""
        return self.r.choice(("ip ttl < 3", "ip ttl 64", "ip6 hoplimit 64", "ip dscp cs1", "ip version 4", "tcp option maxseg exists",
                              "exthdr frag exists", "ip6 nexthdr ipv6-frag", "@th,16,16 22", "@nh,72,8 6", "th dport 22", "ip frag-off & 0x1fff != 0",
                              "rt type 0", "udp length > 8", "tcp doff 5"))

    def match(self, open_odds=0.05):
        r = self.r
        if self.some(open_odds):
            return r.choice(OPEN)
        make = r.choices((self.address, self.port, self.protocol, self.icmp, self.flags, self.state, self.connection, self.face,
                          self.meta, self.route, self.joined, self.odd), (26, 24, 8, 6, 6, 9, 6, 9, 6, 2, 9, 1.5))[0]
        return make()
