#!/usr/bin/env python3
"""Asks the running Linux kernel what rulesets do with packets, and holds `hylint trace` to the answers.

  kernel.py HYLINT [--rulesets N] [--packets N] [--seed S] [--keep DIR] [DUMP ...]

Needs root, unshare, iproute2, nft, iptables-legacy and Python's standard library. Everything happens in network
namespaces of its own (one for each family and chain), which end with the process. Random rulesets are tried, and the
filter tables of the dumps that are named. Two nft chains around the filter table note which packets came to it and which
left it; what left is then dropped before connection tracking confirms it, so that packets do not influence each other.

Exit status: 0 no difference; 1 a packet that hylint allows and the kernel stops, or the reverse; 3 cannot run here.
"""
import argparse
import collections
import csv
import io
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from rulesets import IFACES, Packets, Rules, rules_of

COLUMNS = ["src", "dst", "proto", "sport", "dport", "in_iface", "out_iface", "flags", "smac", "mark", "uid"]
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "sctp": 132, "gre": 47, "esp": 50, "ah": 51, "igmp": 2,
           "udplite": 136, "ipip": 94, "ipencap": 4, "ospf": 89, "vrrp": 112, "pim": 103, "dccp": 33, "ipv6": 41}
BIT = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}
HOST_MAC = "02:00:00:00:00:0b"
UNNAMED = ["zz0", "zz1"]          # interfaces that no rule names
# Matches and targets that remember, or whose outcome is not in the packet: the rule is left out on both sides.
MEMORY = re.compile(r"-m (limit|recent|hashlimit|connlimit|quota|statistic|time|string|u32|bpf|rateest|connbytes|nfacct|set)\b"
                    r"|-j (SET|NFQUEUE|QUEUE|TARPIT|SECMARK|CONNSECMARK|NETMAP)\b|--match-set")


def sh(*words, text=None, check=True):
    done = subprocess.run(words, input=text, text=True, capture_output=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def payload(p, proto, pseudo):
    """The transport header, with a checksum that conntrack accepts."""
    def summed(raw, at):
        value = ones_sum(pseudo(len(raw)) + raw) or 0xFFFF
        return raw[:at] + struct.pack("!H", value) + raw[at + 2:]
    sport, dport = int(p["sport"] or 0), int(p["dport"] or 0)
    if proto == 6:
        flags = sum(BIT[f] for f in (p["flags"] or "SYN").split("+"))
        ack = 7 if flags & 16 else 0
        return summed(struct.pack("!HHIIBBHHH", sport, dport, 99, ack, 0x50, flags, 1024, 0, 0), 16)
    if proto in (17, 136):
        return summed(struct.pack("!HHHH", sport, dport, 12, 0) + b"ping", 6)
    if proto in (1, 58):
        raw = struct.pack("!BBHHH", sport, dport, 0, 1, 1) + bytes(40)
        value = ones_sum((pseudo(len(raw)) if proto == 58 else b"") + raw)
        return raw[:2] + struct.pack("!H", value) + raw[4:]
    if proto == 132:
        head = struct.pack("!HHI", sport, dport, 0)
        init = struct.pack("!BBHIIHHI", 1, 0, 20, 7, 4096, 2, 2, 7)
        return head + struct.pack("<I", crc32c(head + bytes(4) + init)) + init
    return bytes(24)


def datagram(p, number, version):
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    src, dst = socket.inet_pton(family, p["src"]), socket.inet_pton(family, p["dst"])
    proto = NUMBERS.get(p["proto"]) or int(p["proto"])
    if version == 6:
        body = payload(p, proto, lambda n: src + dst + struct.pack("!IHBB", n, 0, 0, proto))
        return struct.pack("!IHBB", 6 << 28 | number, len(body), proto, 64) + src + dst + body
    body = payload(p, proto, lambda n: src + dst + struct.pack("!BBH", 0, proto, n))
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number, 0, 64, proto, 0) + src + dst
    return head[:10] + struct.pack("!H", ones_sum(head)) + head[12:] + body


class Lab:
    """A namespace (the caller's) where packets can be put before one chain and looked for behind it."""

    def __init__(self, chain, version, ifaces):
        self.chain, self.v = chain, version
        self.family = "ip6" if version == 6 else "ip"
        self.key = "ip6 saddr . ip6 daddr . ip6 flowlabel" if version == 6 else "ip saddr . ip daddr . ip id"
        self.faces = list(dict.fromkeys(ifaces + UNNAMED))
        self.settings()
        sh("ip", "link", "set", "lo", "up")
        for i, name in enumerate(self.faces):
            sh("ip", "link", "add", f"far{i}", "type", "veth", "peer", "name", name)
            sh("ip", "link", "set", f"far{i}", "up")
            sh("ip", "link", "set", name, "address", HOST_MAC, "arp", "off", "up")
        self.settings()
        if chain == "INPUT":
            sh("ip", f"-{version}", "route", "add", "local", "default", "dev", "lo")
        self.watch()
        self.sockets = {}
        self.setup = None

    def settings(self):
        router = "1" if self.chain == "FORWARD" else "0"
        wanted = {4: {"rp_filter": "0", "accept_local": "1", "route_localnet": "1", "send_redirects": "0", "forwarding": router},
                  6: {"accept_dad": "0", "accept_ra": "0", "router_solicitations": "0", "forwarding": router}}
        for version, values in wanted.items():
            root = f"/proc/sys/net/ipv{version}/conf"
            for iface in os.listdir(root):
                for name, value in values.items():
                    with open(f"{root}/{iface}/{name}", "w") as f:
                        f.write(value)

    def watch(self):
        hook, fam = self.chain.lower(), self.family
        mute = "" if self.chain == "OUTPUT" else "chain mute { type filter hook output priority -400; policy drop; }"
        marks = "" if self.chain == "OUTPUT" else "chain paint { type filter hook prerouting priority -155; }"
        sh("nft", "-f", "-", text=f"""table {fam} watch {{
            set came {{ typeof {self.key}; flags dynamic; size 131072; }}
            set left {{ typeof {self.key}; flags dynamic; size 131072; }}
            chain before {{ type filter hook {hook} priority -5; add @came {{ {self.key} }}; }}
            chain after {{ type filter hook {hook} priority 200; add @left {{ {self.key} }}; drop; }}
            {mute}
            {marks}
            }}""")

    def members(self, name):
        listed = json.loads(sh("nft", "-j", "list", "set", self.family, "watch", name).stdout)
        found = set()
        for element in (e for o in listed["nftables"] for e in o.get("set", {}).get("elem", [])):
            key = element.get("elem", {}).get("val", element) if "elem" in element else element
            found.add(int(key["concat"][2]))
        return found

    def prepare(self, out_iface, mark):
        if self.setup == (out_iface, mark):
            return
        self.setup = (out_iface, mark)
        if self.chain != "INPUT":
            sh("ip", f"-{self.v}", "route", "replace", "default", "dev", out_iface)
        if self.chain != "OUTPUT":
            sh("nft", "-f", "-", text=f"flush chain {self.family} watch paint\n"
               f"add rule {self.family} watch paint meta mark set {mark}\n")

    def send(self, p, raw, out_iface, mark):
        if self.chain != "OUTPUT":
            face = p["in_iface"] or UNNAMED[0]
            s = self.sockets.get(face)
            if s is None:
                s = self.sockets[face] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                s.bind((f"far{self.faces.index(face)}", 0))
            ether = bytes.fromhex((HOST_MAC + (p["smac"] or "02:00:00:00:00:0a")).replace(":", ""))
            s.send(ether + (b"\x86\xdd" if self.v == 6 else b"\x08\x00") + raw)
            return
        s = self.sockets.get((out_iface, mark))
        if s is None:
            family = socket.AF_INET6 if self.v == 6 else socket.AF_INET
            s = self.sockets[(out_iface, mark)] = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
            s.setsockopt(socket.SOL_SOCKET, 36, int(mark, 0))                 # SO_MARK
            s.setsockopt(socket.SOL_SOCKET, 25, out_iface.encode() + b"\0")   # SO_BINDTODEVICE
        try:
            s.sendto(raw, (p["dst"], 0))
        except OSError:
            pass                # the chain's refusal is told to the sender, and so is a missing route

    def load(self, text):
        """Loads the filter table; rules that this kernel or iptables refuses are left out. Gives what was loaded."""
        lines, inside = [], False
        for line in text.splitlines():
            inside = line.strip() == "*filter" if line.startswith("*") else inside
            if inside and not (line.startswith("-A") and MEMORY.search(line)):
                lines.append(line)
            inside = inside and line.strip() != "COMMIT"
        tool = "ip6tables-legacy-restore" if self.v == 6 else "iptables-legacy-restore"
        for _ in range(300):
            done = sh(tool, text="\n".join(lines) + "\n", check=False)
            if done.returncode == 0:
                return "\n".join(lines) + "\n"
            bad = re.search(r"line:? (\d+)", done.stderr)
            at = int(bad.group(1)) - 1 if bad else -1
            if not 0 <= at < len(lines) or not lines[at].startswith("-A"):
                break
            del lines[at]
        raise RuntimeError(f"{tool}: {done.stderr.strip()}")

    def ask(self, packets):
        """`accept`, `drop` or `lost` for each packet; `lost` never came to the chain and says nothing of it."""
        groups = collections.defaultdict(list)
        for i, p in enumerate(packets):
            groups[p["out_iface"] or UNNAMED[1], p["mark"] or "0"].append(i)
        todo = sorted(groups.items())
        for name in ("came", "left"):
            sh("nft", "flush", "set", self.family, "watch", name)
        came = set()
        for attempt in range(3):
            for (out_iface, mark), members in todo:
                rest = [i for i in members if i + 1 not in came]
                if rest:
                    self.prepare(out_iface, mark)
                for n, i in enumerate(rest):
                    self.send(packets[i], datagram(packets[i], i + 1, self.v), out_iface, mark)
                    if n % 100 == 99:
                        time.sleep(0.002 * attempt)
            time.sleep(0.05)
            came = self.members("came")
            if len(came) >= len(packets):
                break
        left = self.members("left")
        return ["lost" if i not in came else "accept" if i in left else "drop" for i in range(1, len(packets) + 1)]


def compare(lab, hylint, name, text, count, seed, keep):
    """One ruleset. Gives the counts of each pair of answers, and the differences."""
    loaded = lab.load(text)
    source = Packets(loaded, lab.chain, lab.v, seed)
    packets = [source.one(i) for i in range(count)]
    for p in packets:
        for f in ("in_iface", "out_iface"):
            p[f] = p[f] if p[f] in lab.faces else ""
    kernel = lab.ask(packets)
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(packets)
    # The header says the family, which a table alone may leave open.
    head = f"# Generated by {'ip6tables' if lab.v == 6 else 'iptables'}-save v1.8.9\n"
    path = os.path.join(keep, f"{name}.{lab.chain}.v{lab.v}.rules")
    with open(path, "w") as f:
        f.write(head + loaded)
    way = {"INPUT": "in", "OUTPUT": "out", "FORWARD": "forward"}[lab.chain]
    done = sh(hylint, "trace", path, "--table", "filter", "--direction", way, "--packets", "-", "--format", "ndjson",
              text=table.getvalue())
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(packets):
        raise RuntimeError(f"{name}: {len(packets)} packets, {len(answers)} answers")
    pairs, why, wrong = collections.Counter(), collections.Counter(), []
    packets_of = dict(enumerate(packets))
    for n, (p, said, got) in enumerate(zip(packets, kernel, answers)):
        verdict = got["verdict"]
        pairs[said, verdict] += 1
        if verdict == "conditional":
            why[" & ".join(got["conditions"])[:70]] += 1
        elif said != "lost" and (said == "accept") != (verdict == "allow"):
            wrong.append({"id": n, "ruleset": path, "kernel": said, "hylint": verdict, "rule": got["rule"],
                          "packet": {k: v for k, v in p.items() if v != ""}})
    return pairs, why, confirmed(lab, packets_of, wrong)


def confirmed(lab, packets_of, wrong):
    """The differences that stay when the packets are sent again. A REJECT makes the kernel send ICMP errors of its own,
    and one whose IP id is by chance that of a probe looks like the probe."""
    for _ in range(3):
        if not wrong:
            break
        again = lab.ask([packets_of[w["id"]] for w in wrong])
        wrong = [w for w, said in zip(wrong, again) if said == w["kernel"]]
    return wrong


def worker(args):
    """All rulesets of one chain and family, in the namespace that the caller made."""
    jobs = []
    for i in range(args.rulesets):
        seed = args.seed * 1000 + i
        jobs.append((f"random{seed}", Rules(seed, args.version).text(), seed))
    for dump in args.dumps:
        with open(dump, errors="replace") as f:
            text = f.read()
        six = "ip6tables-save" in text or "ipv6-icmp" in text or re.search(r"-[sd] [0-9a-f:]*::", text) is not None
        if "*filter" in text and six == (args.version == 6):
            jobs.append((os.path.basename(dump), text, args.seed))
    names = set(IFACES) | {"eth7", "tun7", "eth17"}
    for _, text, _ in jobs[args.rulesets:]:
        for rule in (r for rules in rules_of(text).values() for r in rules):
            names |= {v.rstrip("+")[:14] + ("7" if v.endswith("+") else "") for o, v, _ in rule if o in ("-i", "-o")}
    lab = Lab(args.chain, args.version, sorted(n for n in names if re.fullmatch(r"[\w.@-]{1,15}", n) and n != "lo"))
    total, reasons, bad = collections.Counter(), collections.Counter(), 0
    for name, text, seed in jobs:
        try:
            pairs, why, wrong = compare(lab, args.hylint, name, text, args.packets, seed, args.keep)
        except RuntimeError as e:
            if name.startswith("random"):
                raise
            print(f"  not tried: {name}: {e}", flush=True)
            continue
        total += pairs
        reasons += why
        bad += len(wrong)
        for w in wrong[:3]:
            print("  DIFFERENT " + json.dumps(w), flush=True)
        if not name.startswith("random"):
            share = sum(n for (_, v), n in pairs.items() if v == "conditional") / max(1, sum(pairs.values()))
            print(f"  {name}: {share:.1%} conditional {dict(why.most_common(3)) if why else ''}", flush=True)
    lost = sum(n for (k, _), n in total.items() if k == "lost")
    print(f"{args.chain} IPv{args.version}: {len(jobs)} rulesets, {sum(total.values())} packets, {lost} lost, "
          f"{bad} differences; allow {total['accept', 'allow']}, deny {total['drop', 'deny']}, "
          f"conditional {sum(reasons.values())} {dict(reasons.most_common(5)) if reasons else ''}", flush=True)
    # A lab that delivers nothing proves nothing.
    if sum(total.values()) and lost > sum(total.values()) * 0.5:
        print("more than half of the packets never came to the chain", flush=True)
        return 3
    return 1 if bad else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("hylint")
    p.add_argument("dumps", nargs="*")
    p.add_argument("--rulesets", type=int, default=12)
    p.add_argument("--packets", type=int, default=1500)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", help="folder for the rulesets as loaded")
    p.add_argument("--chain", help=argparse.SUPPRESS)
    p.add_argument("--version", type=int, help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.chain:
        return worker(args)
    missing = [t for t in ("unshare", "ip", "nft", "iptables-legacy-restore", "ip6tables-legacy-restore") if not shutil.which(t)]
    if os.geteuid() != 0 or missing:
        print(f"cannot run: {'root is needed' if os.geteuid() else ''} {'missing: ' + ', '.join(missing) if missing else ''}")
        return 3
    if sh("unshare", "--net", "true", check=False).returncode:
        print("cannot run: no network namespace can be made here")
        return 3
    with tempfile.TemporaryDirectory() as folder:
        keep = args.keep or folder
        os.makedirs(keep, exist_ok=True)
        status = 0
        for version in (4, 6):
            for chain in ("INPUT", "FORWARD", "OUTPUT"):
                words = ["unshare", "--net", sys.executable, __file__, args.hylint, *args.dumps, "--rulesets", str(args.rulesets),
                         "--packets", str(args.packets), "--seed", str(args.seed), "--keep", keep, "--chain", chain,
                         "--version", str(version)]
                status = max(status, subprocess.run(words).returncode)
    return status


if __name__ == "__main__":
    sys.exit(main())
