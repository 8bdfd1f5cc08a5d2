#!/usr/bin/env python3
"""Makes the configurations of firewalld in this folder, loads each in the real firewalld, and saves what it shows and writes.

    sudo tests/firewalld/make.py [--check] [NAME …]

Each configuration is a folder: `etc/firewalld` (what is stored), `zones.txt`, `policies.txt` and `direct.txt` (what
firewall-cmd prints), `ruleset.nft` (what the kernel has) and, where there are direct rules, `ruleset.v4.save` and
`ruleset.v6.save`. firewalld runs in namespaces of its own (network, mounts) with a D-Bus of its own: nothing of the machine
is touched. `--check` saves nothing and fails if firewalld writes other rules than are saved.
"""
import os, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = "1.3.3"

CONF = """DefaultZone={zone}
CleanupOnExit=yes
CleanupModulesOnExit=no
Lockdown=no
IPv6_rpfilter={rpfilter}
IndividualCalls=no
LogDenied={log}
FirewallBackend={backend}
FlushAllOnReload=yes
RFC3964_IPv4={rfc}
"""


def conf(zone="public", rpfilter="yes", log="off", backend="nftables", rfc="yes"):
    return CONF.format(**locals())


def xml(tag, body, **attributes):
    words = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    lines = "".join(f"  {line}\n" for line in body.strip().splitlines())
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{tag}{words}>\n{lines}</{tag}>\n'


def zone(body, **attributes):
    return xml("zone", body, **attributes)


def policy(body, **attributes):
    return xml("policy", body, **attributes)


CONFIGS = {
    "01-stock": {
        "firewalld.conf": conf(),
        "zones/public.xml": zone("""
<service name="ssh"/>
<service name="https"/>
<service name="dhcpv6-client"/>
<port port="8443" protocol="tcp"/>
<port port="9000-9010" protocol="udp"/>
<forward/>
"""),
    },
    "02-sources": {
        "firewalld.conf": conf(),
        "zones/public.xml": zone('<service name="ssh"/>\n<interface name="eth0"/>\n<forward/>'),
        "zones/internal.xml": zone("""
<interface name="eth1"/>
<source address="10.1.0.0/16"/>
<source address="fd00:1::/64"/>
<port port="3389" protocol="tcp"/>
<port port="1433" protocol="tcp"/>
<forward/>
"""),
        "zones/drop.xml": zone('<source address="203.0.113.0/24"/>\n<source address="10.1.66.0/24"/>', target="DROP"),
        "zones/trusted.xml": zone('<source address="10.9.9.0/24"/>\n<source mac="02:00:00:00:0B:01"/>\n<forward/>', target="ACCEPT"),
        "zones/work.xml": zone('<interface name="eth2+"/>\n<port port="5985-5986" protocol="tcp"/>'),
    },
    "03-rich": {
        "firewalld.conf": conf(),
        "ipsets/admins.xml": xml("ipset", "<entry>10.7.7.0/28</entry>\n<entry>192.0.2.7</entry>", type="hash:net"),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<service name="https"/>
<port port="8080" protocol="tcp"/>
<rule family="ipv4"><source address="10.5.0.0/16"/><service name="https"/><reject/></rule>
<rule family="ipv4"><source address="10.5.0.7"/><service name="https"/><accept/></rule>
<rule priority="-10" family="ipv4"><source address="10.5.0.8"/><service name="https"/><accept/></rule>
<rule priority="-20"><port port="8080" protocol="tcp"/><log prefix="web"/><limit value="5/m"/></rule>
<rule family="ipv4"><source address="10.1.0.0/16" invert="True"/><port port="3389" protocol="tcp"/><drop/></rule>
<rule><port port="3389" protocol="tcp"/><accept/></rule>
<rule family="ipv4"><source ipset="admins"/><service name="ssh"/><accept/></rule>
<rule family="ipv6"><source address="fd00:1::/64"/><destination address="fd00:2::1"/><port port="22" protocol="tcp"/><accept/></rule>
<rule><source mac="02:00:00:00:0B:01"/><port port="5900" protocol="tcp"/><accept/></rule>
<rule><protocol value="gre"/><accept/></rule>
<rule><source-port port="53" protocol="udp"/><accept/></rule>
<rule><icmp-block name="timestamp-request"/></rule>
<rule family="ipv4"><source address="10.3.0.0/16"/><icmp-type name="echo-request"/><drop/></rule>
<rule family="ipv4"><source address="10.4.0.0/16"/><audit/><drop/></rule>
<rule priority="100" family="ipv4"><source address="10.1.0.0/16"/><accept/></rule>
<rule family="ipv4"><port port="2222" protocol="tcp"/><mark set="1"/></rule>
<rule family="ipv4"><destination address="10.20.10.99"/><port port="8081" protocol="tcp"/><accept/></rule>
<rule family="ipv4"><source address="10.6.0.0/16"/><forward-port port="2022" protocol="tcp" to-port="8080"/></rule>
<forward/>
"""),
    },
    "04-router": {
        "firewalld.conf": conf(),
        "zones/external.xml": zone("""
<interface name="eth0"/>
<service name="ssh"/>
<masquerade/>
<forward-port port="443" protocol="tcp" to-port="8443" to-addr="10.20.1.11"/>
<forward-port port="2222" protocol="tcp" to-port="22"/>
<forward-port port="5000-5005" protocol="udp" to-addr="10.20.1.12"/>
<forward-port port="8443" protocol="tcp" to-port="443" to-addr="fd00:2::11"/>
<forward/>
"""),
        "zones/internal.xml": zone("""
<interface name="eth1"/>
<interface name="eth3"/>
<source address="10.30.0.0/16"/>
<service name="dns"/>
<forward/>
"""),
        "zones/dmz.xml": zone('<interface name="eth2"/>\n<service name="ssh"/>'),
        "policies/out.xml": policy("""
<ingress-zone name="internal"/>
<egress-zone name="external"/>
""", target="ACCEPT"),
        "policies/dmz-web.xml": policy("""
<ingress-zone name="external"/>
<egress-zone name="dmz"/>
<service name="https"/>
<port port="25" protocol="tcp"/>
<rule family="ipv4"><source address="203.0.113.0/24"/><reject/></rule>
""", target="CONTINUE", priority="-100"),
    },
    "05-policies": {
        "firewalld.conf": conf(),
        "zones/public.xml": zone('<interface name="eth0"/>\n<service name="ssh"/>\n<service name="http"/>\n<forward/>'),
        "zones/internal.xml": zone('<interface name="eth1"/>\n<source address="10.1.0.0/16"/>\n<service name="ssh"/>\n<forward/>'),
        "policies/outgoing.xml": policy("""
<ingress-zone name="HOST"/>
<egress-zone name="ANY"/>
<service name="dns"/>
<service name="https"/>
<protocol value="icmp"/>
<protocol value="ipv6-icmp"/>
<rule family="ipv4"><destination address="10.20.1.0/24"/><port port="1433" protocol="tcp"/><accept/></rule>
""", target="REJECT"),
        "policies/guard.xml": policy("""
<ingress-zone name="ANY"/>
<egress-zone name="HOST"/>
<rule family="ipv4"><source address="198.51.100.0/24"/><drop/></rule>
<icmp-block name="echo-request"/>
""", target="CONTINUE", priority="-50"),
        "policies/late.xml": policy("""
<ingress-zone name="internal"/>
<egress-zone name="HOST"/>
<port port="3389" protocol="tcp"/>
<rule priority="5" family="ipv4"><source address="10.1.5.0/24"/><accept/></rule>
""", target="DROP", priority="10"),
        "policies/through.xml": policy("""
<ingress-zone name="ANY"/>
<egress-zone name="ANY"/>
<port port="8000-8100" protocol="tcp"/>
""", target="CONTINUE", priority="-5"),
        "policies/to-sql.xml": policy("""
<ingress-zone name="HOST"/>
<egress-zone name="internal"/>
<port port="5432" protocol="tcp"/>
""", target="CONTINUE", priority="-30"),
    },
    "06-targets": {
        "firewalld.conf": conf(zone="drop"),
        "zones/drop.xml": zone('<service name="ssh"/>\n<icmp-block name="echo-request"/>', target="DROP"),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<service name="http"/>
<icmp-block name="echo-request"/>
<icmp-block name="timestamp-request"/>
<forward/>
"""),
        "zones/home.xml": zone("""
<interface name="eth1"/>
<service name="http"/>
<icmp-block-inversion/>
<icmp-block name="echo-request"/>
<icmp-block name="destination-unreachable"/>
"""),
        "zones/trusted.xml": zone('<interface name="eth2"/>\n<rule priority="32767"><reject/></rule>\n<service name="dns"/>\n<protocol value="icmp"/>', target="ACCEPT"),
        "zones/block.xml": zone('<source address="10.66.0.0/16"/>\n<port port="22" protocol="tcp"/>', target="%%REJECT%%"),
    },
    "07-services": {
        "firewalld.conf": conf(),
        "services/agent.xml": xml("service", """
<port port="38870-38871" protocol="tcp"/>
<port port="38872" protocol="udp"/>
<include service="probe"/>
"""),
        "services/probe.xml": xml("service", """
<port port="161" protocol="udp"/>
<protocol value="vrrp"/>
<source-port port="162" protocol="udp"/>
<destination ipv4="10.20.10.0/24"/>
"""),
        "services/ssh.xml": xml("service", '<port port="2200" protocol="tcp"/>'),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<service name="ssh"/>
<service name="agent"/>
<service name="samba"/>
<service name="ipsec"/>
<service name="gre"/>
<service name="mdns"/>
<service name="dhcpv6-client"/>
<service name="ws-discovery-client"/>
<service name="ftp"/>
<service name="kerberos"/>
<protocol value="ospf"/>
<source-port port="123" protocol="udp"/>
<port port="443" protocol="tcp"/>
<port port="5060" protocol="sctp"/>
"""),
    },
    "08-ipsets": {
        "firewalld.conf": conf(),
        "ipsets/bad.xml": xml("ipset", "<entry>198.51.100.0/24</entry>\n<entry>203.0.113.7</entry>", type="hash:net"),
        "ipsets/jump.xml": xml("ipset", "<entry>10.9.9.1</entry>\n<entry>10.9.9.2</entry>", type="hash:ip"),
        "ipsets/six.xml": xml("ipset", '<option name="family" value="inet6"/>\n<entry>fd00:9::/64</entry>', type="hash:net"),
        "ipsets/cards.xml": xml("ipset", "<entry>02:00:00:00:0B:01</entry>", type="hash:mac"),
        "ipsets/pairs.xml": xml("ipset", "<entry>10.1.0.5,tcp:4000</entry>\n<entry>10.1.0.6,udp:4000-4010</entry>", type="hash:ip,port"),
        "ipsets/none.xml": xml("ipset", "", type="hash:ip"),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<rule family="ipv4"><source ipset="jump"/><port port="22" protocol="tcp"/><accept/></rule>
<rule family="ipv4"><source ipset="jump" invert="True"/><port port="3389" protocol="tcp"/><reject/></rule>
<rule><port port="3389" protocol="tcp"/><accept/></rule>
<rule family="ipv6"><source ipset="six"/><service name="https"/><accept/></rule>
<rule family="ipv4"><source ipset="pairs"/><accept/></rule>
<rule family="ipv4"><source ipset="none"/><accept/></rule>
"""),
        "zones/drop.xml": zone('<source ipset="bad"/>', target="DROP"),
        "zones/trusted.xml": zone('<source ipset="cards"/>', target="ACCEPT"),
    },
    "09-direct": {
        "firewalld.conf": conf(),
        "zones/public.xml": zone('<interface name="eth0"/>\n<service name="ssh"/>\n<port port="8080" protocol="tcp"/>\n<forward/>'),
        "direct.xml": xml("direct", """
<chain ipv="ipv4" table="filter" chain="guard"/>
<rule ipv="ipv4" table="filter" chain="INPUT" priority="1">-p tcp --dport 8080 -s 10.5.0.0/16 -j DROP</rule>
<rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-p tcp --dport 22 -j guard</rule>
<rule ipv="ipv4" table="filter" chain="guard" priority="0">-s 10.1.0.0/16 -j RETURN</rule>
<rule ipv="ipv4" table="filter" chain="guard" priority="1">-s 10.0.0.0/8 -j DROP</rule>
<rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-p tcp --dport 9999 -j ACCEPT</rule>
<rule ipv="ipv6" table="filter" chain="INPUT" priority="0">-p tcp --dport 22 -s fd00:6::/64 -j REJECT</rule>
<rule ipv="ipv4" table="filter" chain="OUTPUT" priority="0">-p tcp --dport 25 -j REJECT</rule>
<passthrough ipv="ipv4">-t filter -A FORWARD -p udp -j DROP</passthrough>
"""),
    },
    "10-iptables": {
        "firewalld.conf": conf(backend="iptables"),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<service name="ssh"/>
<port port="8080" protocol="tcp"/>
<forward-port port="2222" protocol="tcp" to-port="22"/>
<rule family="ipv4"><source address="10.5.0.0/16"/><reject/></rule>
<forward/>
"""),
        "zones/internal.xml": zone('<interface name="eth1"/>\n<port port="3389" protocol="tcp"/>'),
        "zones/trusted.xml": zone('<source address="10.9.9.0/24"/>', target="ACCEPT"),
        "policies/out.xml": policy('<ingress-zone name="internal"/>\n<egress-zone name="public"/>', target="ACCEPT"),
        "direct.xml": xml("direct", """
<rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-p tcp --dport 9999 -j ACCEPT</rule>
<rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-p tcp --dport 8080 -s 10.6.0.0/16 -j DROP</rule>
"""),
    },
    "11-settings": {
        "firewalld.conf": conf(zone="internal", rpfilter="no", log="all", rfc="no"),
        "zones/internal.xml": zone("""
<service name="ssh"/>
<port port="3389" protocol="tcp"/>
<rule priority="-1" family="ipv4"><source address="10.3.0.0/16"/><drop/></rule>
<icmp-block name="echo-request"/>
<forward/>
"""),
        "zones/dmz.xml": zone('<interface name="eth0"/>\n<service name="https"/>\n<masquerade/>'),
    },
    # firewalld#192, #535, #1359: sources of several zones overlap.
    "12-overlap": {
        "firewalld.conf": conf(),
        "ipsets/office.xml": xml("ipset", "<entry>10.1.0.0/24</entry>\n<entry>10.5.0.7</entry>", type="hash:net"),
        "zones/public.xml": zone('<interface name="eth0"/>\n<service name="ssh"/>\n<service name="https"/>\n<forward/>'),
        "zones/alpha.xml": zone('<source address="10.0.0.0/8"/>\n<port port="8080" protocol="tcp"/>\n<forward/>'),
        "zones/beta.xml": zone('<source address="10.1.0.0/16"/>\n<source ipset="office"/>\n<port port="3389" protocol="tcp"/>', target="DROP"),
        "zones/Gamma.xml": zone('<source address="10.1.0.5"/>\n<interface name="eth1"/>\n<port port="1433" protocol="tcp"/>'),
        "zones/zulu.xml": zone('<source address="0.0.0.0/0"/>\n<service name="http"/>'),
        "zones/work.xml": zone('<source address="::/0"/>\n<source mac="02:00:00:00:0B:02"/>\n<interface name="eth2"/>\n<service name="dns"/>'),
    },
    # firewalld#140, #1124, #1205: a default zone that accepts all, zones without sources, policies of the default zone.
    "13-default": {
        "firewalld.conf": conf(zone="trusted"),
        "zones/trusted.xml": zone('<rule family="ipv4"><source address="203.0.113.0/24"/><port port="22" protocol="tcp"/><reject/></rule>', target="ACCEPT"),
        "zones/public.xml": zone('<interface name="eth0"/>\n<service name="ssh"/>\n<forward/>'),
        "zones/dmz.xml": zone('<source address="10.30.0.0/16"/>\n<service name="ssh"/>\n<forward/>'),
        "zones/idle.xml": zone('<rule family="ipv4"><source address="10.1.0.0/16"/><port port="8080" protocol="tcp"/><accept/></rule>\n<port port="443" protocol="tcp"/>'),
        "policies/dmz-out.xml": policy('<ingress-zone name="dmz"/>\n<egress-zone name="trusted"/>', target="ACCEPT"),
        "policies/from-default.xml": policy('<ingress-zone name="trusted"/>\n<egress-zone name="HOST"/>\n<port port="25" protocol="tcp"/>', target="DROP", priority="-10"),
        "policies/any-out.xml": policy('<ingress-zone name="ANY"/>\n<egress-zone name="dmz"/>\n<service name="https"/>', target="REJECT", priority="-7"),
    },
    # firewalld#1466, moby/libnetwork#2651: what rejects in a zone does not meet what is translated.
    "14-translated": {
        "firewalld.conf": conf(),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<forward-port port="8143" protocol="tcp" to-port="143" to-addr="10.20.1.11"/>
<forward-port port="8080-8081" protocol="tcp" to-port="443"/>
<rule family="ipv4"><source address="203.0.113.0/24"/><port port="8143" protocol="tcp"/><reject/></rule>
<rule family="ipv4"><source address="203.0.113.0/24"/><port port="143" protocol="tcp"/><reject/></rule>
<rule family="ipv4"><source address="10.5.0.0/16"/><forward-port port="2222" protocol="tcp" to-port="22" to-addr="10.20.1.12"/></rule>
<rule family="ipv4"><destination address="10.20.10.31"/><masquerade/></rule>
<forward/>
"""),
        "zones/docker.xml": zone("""
<interface name="eth1"/>
<interface name="eth3"/>
<rule family="ipv4"><source address="10.1.0.0/16"/><port port="80" protocol="tcp"/><reject/></rule>
""", target="ACCEPT"),
        "policies/in.xml": policy("""
<ingress-zone name="ANY"/>
<egress-zone name="HOST"/>
<forward-port port="4000" protocol="tcp" to-port="22"/>
<rule family="ipv4"><source address="198.51.100.0/24"/><port port="22" protocol="tcp"/><drop/></rule>
""", target="CONTINUE", priority="-20"),
        "policies/own.xml": policy("""
<ingress-zone name="HOST"/>
<egress-zone name="ANY"/>
<forward-port port="8000" protocol="tcp" to-port="8080" to-addr="10.20.1.11"/>
<rule family="ipv4"><destination address="10.20.1.12"/><reject/></rule>
""", target="CONTINUE"),
        "policies/docker-out.xml": policy('<ingress-zone name="docker"/>\n<egress-zone name="public"/>\n<masquerade/>', target="ACCEPT"),
    },
    # firewalld#611 and reports like it: rich rules about ICMP, for everyone and for some.
    "15-icmp": {
        "firewalld.conf": conf(zone="drop"),
        "zones/drop.xml": zone("""
<protocol value="icmp"/>
<rule family="ipv4"><source address="10.1.0.0/16"/><icmp-type name="echo-request"/><accept/></rule>
<rule family="ipv4"><source address="0.0.0.0/0"/><icmp-type name="echo-request"/><drop/></rule>
<rule family="ipv6"><icmp-type name="echo-request"/><accept/></rule>
""", target="DROP"),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<rule priority="-5" family="ipv4"><source address="10.1.0.0/16"/><icmp-type name="echo-request"/><accept/></rule>
<rule family="ipv4"><source address="0.0.0.0/0"/><icmp-type name="echo-request"/><drop/></rule>
<rule><icmp-block name="redirect"/></rule>
<rule priority="7" family="ipv4"><source address="10.0.0.0/8"/><reject type="icmp-admin-prohibited"/></rule>
"""),
        "zones/work.xml": zone("""
<interface name="eth1"/>
<icmp-block-inversion/>
<icmp-block name="echo-reply"/>
<icmp-block name="neighbour-solicitation"/>
<service name="ssh"/>
""", target="DROP"),
        "zones/home.xml": zone("""
<interface name="eth2"/>
<icmp-block-inversion/>
<icmp-block name="echo-request"/>
""", target="ACCEPT"),
        "zones/block.xml": zone('<interface name="eth3"/>\n<icmp-block name="echo-request"/>', target="%%REJECT%%"),
    },
    # firewalld#1539: a policy from ANY to ANY is for what passes through the host; policies of one priority.
    "16-any": {
        "firewalld.conf": conf(),
        "zones/public.xml": zone('<interface name="eth0"/>\n<service name="ssh"/>\n<port port="8080" protocol="tcp"/>\n<forward/>'),
        "zones/internal.xml": zone('<interface name="eth1"/>\n<source address="10.1.0.0/16"/>\n<service name="ssh"/>\n<service name="https"/>\n<forward/>'),
        "zones/dmz.xml": zone('<interface name="eth2"/>\n<source address="fd00:1::/64"/>\n<service name="https"/>'),
        "policies/barrier.xml": policy("""
<ingress-zone name="ANY"/>
<egress-zone name="ANY"/>
<rule family="ipv4"><source address="10.0.0.0/8"/><destination address="10.20.0.0/16"/><drop/></rule>
""", target="CONTINUE"),
        "policies/b-open.xml": policy('<ingress-zone name="internal"/>\n<ingress-zone name="dmz"/>\n<egress-zone name="public"/>\n<service name="https"/>', target="DROP", priority="-40"),
        "policies/a-open.xml": policy('<ingress-zone name="internal"/>\n<egress-zone name="public"/>\n<egress-zone name="dmz"/>\n<port port="443" protocol="tcp"/>\n<port port="22" protocol="tcp"/>', target="CONTINUE", priority="-40"),
        "policies/late.xml": policy('<ingress-zone name="public"/>\n<egress-zone name="internal"/>\n<port port="3389" protocol="tcp"/>', target="CONTINUE", priority="40"),
        "policies/to-host.xml": policy('<ingress-zone name="dmz"/>\n<ingress-zone name="public"/>\n<egress-zone name="HOST"/>\n<port port="1433" protocol="tcp"/>\n<rule family="ipv4"><source address="10.5.0.0/16"/><port port="8080" protocol="tcp"/><reject/></rule>', target="CONTINUE", priority="-3"),
    },
    # Sets in every place of a rule, and services that have a destination.
    "17-sets": {
        "firewalld.conf": conf(),
        "ipsets/servers.xml": xml("ipset", "<entry>10.20.10.31</entry>\n<entry>10.20.1.0/24</entry>", type="hash:net"),
        "ipsets/cards.xml": xml("ipset", "<entry>02:00:00:00:0B:01</entry>", type="hash:mac"),
        "ipsets/ranges.xml": xml("ipset", "<entry>10.1.0.4/30</entry>\n<entry>10.5.1.0/24</entry>", type="hash:net"),
        "services/group.xml": xml("service", '<port port="5353" protocol="udp"/>\n<protocol value="igmp"/>\n<destination ipv4="224.0.0.251" ipv6="ff02::fb"/>'),
        "zones/public.xml": zone("""
<interface name="eth0"/>
<service name="group"/>
<rule family="ipv4"><destination ipset="servers"/><port port="443" protocol="tcp"/><accept/></rule>
<rule family="ipv4"><source ipset="ranges"/><destination address="10.20.10.31"/><service name="ssh"/><accept/></rule>
<rule family="ipv4"><destination invert="true" address="10.20.10.31"/><port port="8080" protocol="tcp"/><reject/></rule>
<rule family="ipv4"><port port="8080" protocol="tcp"/><accept/></rule>
<rule><source ipset="cards"/><port port="5900" protocol="tcp"/><accept/></rule>
<rule family="ipv4"><source invert="true" ipset="ranges"/><port port="1433" protocol="tcp"/><drop/></rule>
<rule><port port="1433" protocol="tcp"/><accept/></rule>
<rule family="ipv4"><source address="10.9.0.0/16"/><service name="group"/><reject/></rule>
<rule family="ipv4"><source address="10.1.0.0/16"/><port port="22" protocol="tcp"/><audit><limit value="2/m"/></audit><accept><limit value="3/m"/></accept></rule>
<rule family="ipv6"><protocol value="ipv6-icmp"/><drop/></rule>
<rule family="ipv4"><source address="10.6.0.0/16"/><protocol value="ah"/><accept/></rule>
"""),
        "zones/internal.xml": zone('<source ipset="servers"/>\n<source ipset="ranges"/>\n<service name="samba"/>\n<forward/>'),
    },
}

BUS = """<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow receive_sender="*"/></policy></busconfig>
"""


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if check and done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done.stdout


def inside(config, out):
    """In namespaces of our own: starts a D-Bus and firewalld, and saves what they say."""
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    os.makedirs("/run/dbus")
    run("ip", "link", "set", "lo", "up")
    with open("/run/bus.conf", "w") as f:
        f.write(BUS)
    bus = subprocess.Popen(["dbus-daemon", "--config-file=/run/bus.conf", "--nofork"])
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/run/dbus/system_bus_socket"
    os.makedirs("/etc/firewalld", exist_ok=True)
    run("mount", "--bind", config, "/etc/firewalld")
    daemon = subprocess.Popen(["firewalld", "--nofork", "--nopid"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            time.sleep(0.2)
            if subprocess.run(["firewall-cmd", "--state"], capture_output=True).returncode == 0:
                break
        else:
            sys.exit("firewalld does not run")
        version = run("firewall-cmd", "--version").strip()
        if version != VERSION:
            print(f"firewalld is {version}, and the files are of {VERSION}")
        run("firewall-cmd", "--check-config")
        save(out)
    finally:
        daemon.terminate()
        daemon.wait()
        bus.terminate()


def save(out):
    def write(name, text):
        if text.strip():
            with open(os.path.join(out, name), "w") as f:
                f.write(text)

    write("zones.txt", run("firewall-cmd", "--list-all-zones"))
    write("policies.txt", run("firewall-cmd", "--list-all-policies"))
    direct = [run("firewall-cmd", "--direct", f"--get-all-{what}") for what in ("chains", "rules", "passthroughs")]
    write("direct.txt", "".join(direct))
    zone = run("firewall-cmd", "--get-default-zone")
    write("default.txt", f"# firewall-cmd --get-default-zone\n{zone}")
    names = run("firewall-cmd", "--get-ipsets").split()
    write("ipsets.txt", "".join(run("firewall-cmd", f"--info-ipset={n}") for n in names))
    own = [n[:-4] for n in os.listdir("/etc/firewalld/services")] if os.path.isdir("/etc/firewalld/services") else []
    write("services.txt", "".join(run("firewall-cmd", f"--info-service={n}") for n in sorted(own)))
    write("ruleset.nft", run("nft", "list", "ruleset"))
    for version, tool in ((4, "iptables-save"), (6, "ip6tables-save")):
        text = run(tool, check=False)
        rules = [l for l in text.splitlines() if not l.startswith("#")]
        if any(l.startswith("-A") for l in rules):
            write(f"ruleset.v{version}.save", "\n".join(rules) + "\n")


def main(args):
    check = "--check" in args
    names = [a for a in args if a in CONFIGS] or list(CONFIGS)
    for tool in ("firewalld", "firewall-cmd", "dbus-daemon", "nft", "unshare"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not here")
    bad = []
    for name in names:
        with tempfile.TemporaryDirectory() as work:
            config, out = os.path.join(work, "etc"), os.path.join(work, "out")
            os.makedirs(out)
            for path, text in CONFIGS[name].items():
                full = os.path.join(config, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as f:
                    f.write(text)
            done = subprocess.run(["unshare", "-n", "-m", sys.executable, __file__, "inside", config, out])
            if done.returncode:
                sys.exit(f"{name}: firewalld could not be run")
            target = os.path.join(HERE, name)
            if check:
                for file in ("zones.txt", "ruleset.nft"):
                    with open(os.path.join(out, file)) as new, open(os.path.join(target, file)) as old:
                        if sorted(new.read().split()) != sorted(old.read().split()):
                            bad.append(f"{name}/{file}")
                continue
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(out, target)
            shutil.copytree(config, os.path.join(target, "etc", "firewalld"))
            print(name)
    if bad:
        sys.exit(f"firewalld shows or writes something else than is saved: {', '.join(bad)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        inside(*sys.argv[2:])
    else:
        main(sys.argv[1:])
