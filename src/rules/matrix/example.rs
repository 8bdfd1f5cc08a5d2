//! A requirement as a small site that can be tried: what opens it, what does not, and what to run.

use super::{AccessRule, Matrix, Presence, Requirement, Role, port_runs, port_text};
use hylint_model::Hook;
use hylint_parsers::iptables::chain_name;

/// Where the two ends of the example are.
const NEAR: &str = "10.0.1.11";
const FAR: &str = "10.0.2.21";

/// Why the requirement matters, examples, how to open it and how to waive it, as Markdown.
#[must_use]
pub fn markdown(m: &Matrix, r: &Requirement) -> String {
    let (Some(from), Some(to)) = (first(m, &r.from.roles), first(m, &r.to.roles)) else {
        return String::new();
    };
    let outward = to.presence == Presence::External;
    let site = site(m, r, from, to, outward);
    let closed = dump(r, outward, false);
    let open = dump(r, outward, true);
    let why = if r.impact.is_empty() {
        String::new()
    } else {
        format!(
            "## Why it matters\n\nWhen it is closed: {}.\n\n",
            r.impact.trim_end_matches('.')
        )
    };
    // Line 3 is the policy of OUTPUT, line 2 that of INPUT.
    let line = if outward { 3 } else { 2 };
    format!(
        "{why}## Reported\n\n```toml hylint.toml\n{site}```\n\n```iptables host.rules:{line}\n{closed}```\n\n\
         ## Not reported\n\n```iptables host.rules\n{open}```\n\n## How to fix it\n\n{}\n\n## How to waive it\n\n{}",
        fix(r, from, to, outward),
        waive(r),
    )
}

fn first<'m>(m: &'m Matrix, roles: &[super::RoleIx]) -> Option<&'m Role> {
    m.role(*roles.first()?)
}

fn site(m: &Matrix, r: &Requirement, from: &Role, to: &Role, outward: bool) -> String {
    let mut out = String::new();
    let feature = r
        .feature
        .as_ref()
        .filter(|f| m.features.iter().any(|x| x.id == **f));
    if r.access == AccessRule::DirectOnly || feature.is_some() {
        out.push_str("[deployment]\n");
        if r.access == AccessRule::DirectOnly {
            out.push_str("access = \"direct\"\n");
        }
        if let Some(f) = feature {
            out.push_str(&format!("features = {{ {f} = true }}\n"));
        }
        out.push('\n');
    }
    // The judged host is the destination, or the source where the destination is a service of somebody else.
    let (other, mine) = if outward { (to, from) } else { (from, to) };
    if !outward {
        out.push_str(&format!("[roles]\n{} = [\"{NEAR}\"]\n\n", other.id));
    } else {
        out.push_str(&format!("[roles]\n{} = [\"203.0.113.0/24\"]\n\n", other.id));
    }
    out.push_str(&format!(
        "[[host]]\nname = \"host\"\naddresses = [\"{FAR}\"]\nroles = [\"{}\"]\nexports = [\"host.rules\"]\n",
        mine.id
    ));
    out
}

fn dump(r: &Requirement, outward: bool, open: bool) -> String {
    let [input, output, forward] = [Hook::Input, Hook::Output, Hook::Forward].map(chain_name);
    let policy = if outward { "DROP" } else { "ACCEPT" };
    let mut out = format!(
        "*filter\n:{input} DROP [0:0]\n:{output} {policy} [0:0]\n:{forward} DROP [0:0]\n\
         -A {input} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    );
    if open {
        let chain = if outward { output } else { input };
        let peer = if outward {
            "-d 203.0.113.0/24".to_owned()
        } else {
            format!("-s {NEAR}/32")
        };
        let proto = r.transport.as_str();
        for run in port_runs(&r.ports) {
            let p = port_text(run, ':');
            out.push_str(&format!(
                "-A {chain} {peer} -p {proto} -m {proto} --dport {p} -j ACCEPT\n"
            ));
        }
    }
    out.push_str("COMMIT\n");
    out
}

fn fix(r: &Requirement, from: &Role, to: &Role, outward: bool) -> String {
    let proto = r.transport.as_str();
    let runs = port_runs(&r.ports);
    let texts = |join| runs.iter().map(move |r| port_text(*r, join));
    let ports: Vec<String> = texts('-').collect();
    let list = ports.join(",");
    let (dir, port, hook, side, peer) = if outward {
        ("out", "remoteport", Hook::Output, "-d", &to.id)
    } else {
        ("in", "localport", Hook::Input, "-s", &from.id)
    };
    let chain = chain_name(hook);
    let dports = texts(':').collect::<Vec<_>>().join(",");
    let many = if ports.len() > 1 {
        format!("-m multiport --dports {dports}")
    } else {
        format!("--dport {dports}")
    };
    let way = if outward { "egress" } else { "ingress" };
    let azure = if outward { "Outbound" } else { "Inbound" };
    let end = if outward { "destination" } else { "source" };
    let aws: Vec<String> = ports
        .iter()
        .map(|p| {
            format!("aws ec2 authorize-security-group-{way} --group-id ID --protocol {proto} --port {p} --cidr ADDRESS/32")
        })
        .collect();
    let spaced = ports.join(" ");
    format!(
        "Open it at every layer in front of the hosts of both ends. ADDRESS stands for those of `{peer}`:\n\n\
         ```text\n\
         netsh advfirewall firewall add rule name=\"{id}\" dir={dir} action=allow protocol={upper} {port}={list} remoteip=ADDRESS\n\
         iptables -A {chain} {side} ADDRESS -p {proto} {many} -j ACCEPT\n\
         {aws}\n\
         az network nsg rule create --nsg-name NSG -g GROUP -n {plain} --priority 200 --direction {azure} --access Allow \
         --protocol {title} --{end}-address-prefixes ADDRESS --destination-port-ranges {spaced}\n```",
        id = r.id,
        upper = proto.to_uppercase(),
        aws = aws.join("\n"),
        plain = r.id.replace('.', "-"),
        title = if proto == "tcp" { "Tcp" } else { "Udp" },
    )
}

fn waive(r: &Requirement) -> String {
    format!(
        "```toml\n[[waive]]\ncode = \"missing-flow\"  # the code of the finding\nrequirement = \"{}\"\n\
         until = 2027-03-31\nreason = \"CHG0012345\"\nowner = \"network team\"\n```\n",
        r.id
    )
}
