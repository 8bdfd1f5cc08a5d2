"""Which state connection tracking gives packets that belong to no known flow, asked of the kernel and of `hylint trace`."""
import csv
import io
import json
import time

from lab import sh
from wire import BIT, datagram, flag_bits

# For these the interface has settled what an empty state means; see `Packet` in src/trace/packet.rs.
LISTED = ["SYN", "ACK", "PSH+ACK", "SYN+ACK", "RST", "RST+ACK", "FIN", "FIN+ACK", "SYN+FIN", "URG"]
# And for the types of ICMPv6: 139 (node information), which Linux tracks, and 151 and 152 (multicast router discovery),
# which it leaves alone, are settled as INVALID.
SETTLED = {"ipv6-icmp 139", "ipv6-icmp 151", "ipv6-icmp 152"}
# Linux tracks these too (tcp_valid_flags and the transition from no connection, net/netfilter/nf_conntrack_proto_tcp.c):
# PSH counts for nothing, and URG may stand beside SYN or ACK.
ALSO_NEW = {flag_bits(f) for f in ("SYN+PSH", "SYN+URG", "SYN+URG+PSH", "ACK+URG", "ACK+URG+PSH")}


def unlisted(flags):
    """The state to tell `trace` for flags of which it would not say what Linux does; else nothing."""
    return "NEW" if flags and flag_bits(flags) in ALSO_NEW else ""


def probes(version):
    base = {"src": "2001:db8::9" if version == 6 else "10.1.0.9", "dst": "2001:db8::1" if version == 6 else "10.1.0.1",
            "sport": 4000, "dport": 443, "flags": "", "proto": "tcp", "in_iface": "", "smac": "", "mark": ""}
    for bits in range(64):
        flags = "+".join(name for name, bit in BIT.items() if bits & bit) or "NONE"
        yield {**base, "flags": flags}
    for kind in range(256):
        yield {**base, "proto": "ipv6-icmp" if version == 6 else "icmp", "sport": kind, "dport": 0}
    for kind in (0, 8, 13, 128, 129, 135, 143):
        yield {**base, "proto": "icmp" if version == 6 else "ipv6-icmp", "sport": kind, "dport": 0}
    for proto in ("udp", "sctp", "gre", "esp", "ospf"):
        yield {**base, "proto": proto}


def kernel(lab, packets):
    """Each packet's state."""
    names = ["new", "established", "related", "invalid", "untracked"]
    sets = "".join(f"set {n} {{ typeof {lab.key}; flags dynamic; size 4096; }}\n" for n in names)
    rules = "".join(f"ct state {n} add @{n} {{ {lab.key} }}\n" for n in names)
    sh("nft", "-f", "-", text=f"table {lab.family} states {{\n{sets}chain c {{\ntype filter hook prerouting priority -150\n"
       f"{rules}drop\n}}\n}}\n")
    lab.live_at(packets[0]["dst"], {lab.faces[-2]})
    for i, p in enumerate(packets):
        lab.send(p, datagram(p, i + 1, lab.v), lab.faces[-1])
    time.sleep(0.2)
    found = {}
    for name in names:
        listed = json.loads(sh("nft", "-j", "list", "set", lab.family, "states", name).stdout)
        for e in (e for o in listed["nftables"] for e in o.get("set", {}).get("elem", [])):
            found[e["elem"]["val"] if isinstance(e, dict) else e] = name.upper()
    return [found.get(i + 1, "") for i in range(len(packets))]


def compare(lab, hylint):
    """`[what, kernel's state, hylint's state, whether the interface lists it]` of each probe."""
    packets = list(probes(lab.v))
    table = io.StringIO()
    columns = ["src", "dst", "proto", "sport", "dport", "flags"]
    writer = csv.DictWriter(table, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(packets)
    rules = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    with open("/dev/shm/hylint-states.rules", "w") as f:
        f.write(rules)
    done = sh(hylint, "trace", f.name, "--packets", "-", "--format", "ndjson", text=table.getvalue())
    said = [json.loads(line)["packet"]["state"] for line in done.stdout.splitlines()]
    out = []
    for p, real, ours in zip(packets, kernel(lab, packets), said):
        tcp = p["proto"] == "tcp"
        what = p["flags"] if tcp else f"{p['proto']} {p['sport']}"
        listed = {flag_bits(f) for f in LISTED}
        out.append([what, real, ours, flag_bits(p["flags"]) in listed if tcp else what not in SETTLED])
    return out


def report(version, rows):
    """Whether the two agree where the interface says what is meant and no packet was lost, and where they differ."""
    wrong = [r for r in rows if r[1] != r[2] and (r[3] or not (r[0] in SETTLED or flag_bits(r[0]) in ALSO_NEW))]
    other = [f"{what} {real}" for what, real, ours, listed in rows if real != ours and not listed]
    lines = [f"states IPv{version}: {len(rows)} kinds of packets, {len(wrong)} differences; beyond what the interface settles, where "
             f"hylint INVALID, Linux has: {', '.join(other) or 'the same'}"]
    lines += [f"  DIFFERENT state of {what}: kernel {real or 'lost'}, hylint {ours}" for what, real, ours, _ in wrong]
    return not wrong, "\n".join(lines)
