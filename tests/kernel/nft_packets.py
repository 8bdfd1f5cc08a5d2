"""Packets that try the edges of a ruleset of nft, as its JSON listing has it. Same seed, same packets."""
import json
import random
import re

from packets import WAYS, Packets
from rules import ADDR, ROOTS
from wire import protocol_number

FIELDS = {"saddr": "-s", "daddr": "-d", "sport": "--sport", "dport": "--dport"}
META = {"l4proto": "-p", "iifname": "-i", "iif": "-i", "oifname": "-o", "oif": "-o", "mark": "--mark"}
ICMP = {"echo-reply": (0, 129), "destination-unreachable": (3, 1), "echo-request": (8, 128), "time-exceeded": (11, 3),
        "timestamp-request": (13, None), "timestamp-reply": (14, None), "redirect": (5, 137), "source-quench": (4, None),
        "parameter-problem": (12, 4), "packet-too-big": (None, 2), "nd-router-solicit": (None, 133), "nd-router-advert": (None, 134),
        "nd-neighbor-solicit": (None, 135), "nd-neighbor-advert": (None, 136), "mld-listener-query": (None, 130)}
POOLS = {"-s": "-s", "-d": "-s", "--sport": "--sport", "--dport": "--sport", "-i": "-i", "-o": "-i", "-p": "-p", "--mark": "--mark",
         "--icmp-type": "--icmp-type", "--mac-source": "--mac-source"}
# A rule or a set may hold thousands of elements; so many are tried.
MOST = 60


def known_protocol(name):
    """Whether a packet of the protocol can be sent. What follows an extension header of IPv6 would be another one."""
    try:
        return protocol_number(name) < 256 and protocol_number(name) not in (0, 43, 44, 60)
    except OSError:
        return False


class NftPackets(Packets):
    """A rule is a list of terms, each with alternatives: the fields that one element asks for, and where it leads."""

    def __init__(self, listing, way, version, seed):
        self.r, self.way, self.v = random.Random(seed), way, version
        self.sets, self.chains, self.starts, self.nat = {}, {}, [], False
        self.pool = {"-s": [], "-i": [], "--sport": ["0", "1024", "65535"], "-p": ["tcp", "udp", "gre"], "--mark": [],
                     "--icmp-type": [], "--mac-source": []}
        self.local = []
        self.elsewhere = str(ADDR[version](int(ADDR[version](ROOTS[version][0])) + 77))
        listing = json.loads(listing)
        hooks = [w.lower() for w in WAYS[way]]
        objects = [(kind, o) for entry in listing["nftables"] for kind, o in entry.items() if isinstance(o, dict)]
        objects = [(kind, o) for kind, o in objects if o.get("family") in ("inet", "ip6" if version == 6 else "ip")]
        for kind, o in objects:
            if kind in ("set", "map"):
                self.sets[o["family"], o["table"], o["name"]] = o.get("elem", [])
        bases = []
        for kind, o in objects:
            key = (o["family"], o.get("table"), o.get("name"))
            if kind == "chain" and o.get("hook") in hooks:
                self.nat |= o.get("type") == "nat"
                bases.append((key, o["hook"]))
            if kind == "rule":
                self.chains.setdefault((o["family"], o["table"], o["chain"]), []).append(self.terms(o["expr"], o["family"], o["table"]))
        near = ("prerouting", "input")
        self.starts = [key for key, hook in bases if key in self.chains and (way != "in" or self.nat or hook in near)]
        for term in (t for rules in self.chains.values() for rule in rules for t in rule):
            for option, value in (pair for fields, _ in term for pair in fields):
                if option in POOLS:
                    self.pool[POOLS[option]].append(value)

    # ---- reading rules ----

    def terms(self, statements, family, table):
        self.at = (family, table)
        return [t for s in statements if isinstance(s, dict) for t in self.term(s)]

    def term(self, statement):
        kind, body = next(iter(statement.items()))
        if kind == "match" and isinstance(body, dict) and body["op"] in ("==", "in", "<", ">", "<=", ">="):
            return [self.alternatives(body["left"], body["right"])]
        if kind == "vmap":
            return [self.alternatives(body["key"], body["data"])]
        if kind in ("jump", "goto"):
            return [[([], body["target"])]]
        if kind in ("dnat", "snat", "redirect") and isinstance(body, dict):
            maps = [v["map"] for v in body.values() if isinstance(v, dict) and "map" in v]
            return [self.alternatives(m["key"], m["data"]) for m in maps]
        return []

    def alternatives(self, left, right):
        """The values that are asked for, of each field: one of these holds where the match does."""
        parts = left.get("concat", [left]) if isinstance(left, dict) else []
        options = [self.option(p) for p in parts]
        out = []
        for element, data in self.elements(right):
            if isinstance(element, dict) and "concat" in element:
                element = element["concat"]
            values = element if isinstance(element, list) and len(parts) > 1 else [element]
            fields = []
            for some, value in zip(options, values):
                for option, given in some:
                    text = given if given is not None else self.text(option, value)
                    if text is not None:
                        fields.append((option, text))
            target = next((v["target"] for k, v in (data or {}).items() if k in ("jump", "goto")), None) if isinstance(data, dict) else None
            out.append((fields, target))
        return out or [([], None)]

    def elements(self, right):
        if isinstance(right, str) and right.startswith("@"):
            right = {"set": self.sets.get((*self.at, right[1:]), [])}
        if not isinstance(right, dict) or "set" not in right:
            return [(right, None)]
        some = right["set"] if isinstance(right["set"], list) else [right["set"]]
        some = self.r.sample(some, MOST) if len(some) > MOST else some
        pairs = [e if isinstance(e, list) and len(e) == 2 else (e, None) for e in some]
        return [(k["elem"]["val"] if isinstance(k, dict) and "elem" in k else k, data) for k, data in pairs]

    def option(self, left):
        """The options that a field stands for, each with its value where that is settled."""
        if not isinstance(left, dict):
            return []
        if "meta" in left:
            key = left["meta"]["key"]
            return [(META[key], None)] if key in META else []
        body = left.get("payload")
        if not isinstance(body, dict) or "protocol" not in body:
            return []
        protocol, field = body["protocol"], body["field"]
        if (protocol, field) in (("ip", "protocol"), ("ip6", "nexthdr")):
            return [("-p", None)]
        if protocol in ("ip", "ip6"):
            return [(FIELDS[field], None)] if field in FIELDS and (protocol == "ip6") == (self.v == 6) else []
        if protocol == "ether" and field == "saddr":
            return [("--mac-source", None)]
        if protocol in ("icmp", "icmpv6"):
            return [("-p", "icmp"), ("--icmp-type", None)] if field == "type" else [("-p", "icmp")]
        if protocol in ("tcp", "udp", "sctp", "dccp", "udplite", "th"):
            own = [] if protocol == "th" else [("-p", protocol)]
            return own + ([(FIELDS[field], None)] if field in FIELDS else [])
        return []

    def text(self, option, value):
        """A value as the options of iptables have it."""
        if isinstance(value, dict):
            if "prefix" in value:
                return f"{value['prefix']['addr']}/{value['prefix']['len']}"
            if "range" in value:
                ends = [self.text(option, v) for v in value["range"]]
                if option in ("-p", "--mark"):
                    return ends[0]
                return (":" if "port" in option else "-").join(ends) if all(ends) else None
            return None
        if isinstance(value, list):
            return None
        if option == "--icmp-type":
            known = ICMP.get(value, (value, value))[self.v == 6]
            return str(known) if known is not None and re.fullmatch(r"\d+", str(known)) else None
        text = str(value)
        if option == "-p":
            return text if known_protocol(text) else None
        return text.removesuffix("*") + "+" if option in ("-i", "-o") and text.endswith("*") else text

    # ---- walking them ----

    def path(self):
        key, way = (self.r.choice(self.starts) if self.starts else None), []
        while key in self.chains and len(way) < 12:
            chosen = [self.r.choice(term) for term in self.r.choice(self.chains[key])]
            way.append([(option, value, False) for fields, _ in chosen for option, value in fields])
            key = (*key[:2], next((target for _, target in chosen if target), None))
        return way

    def one(self):
        packet = super().one()
        packet["gid"] = packet["uid"]
        return packet
