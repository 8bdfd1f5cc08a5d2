//! Files that hold firewall rules in a form that no reader takes: what they are, and which command to use instead.

/// A form that is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lookalike {
    /// What the file is, as it stands after "it looks like".
    pub what: &'static str,
    /// What to do instead, as it stands after "help:".
    pub instead: &'static str,
    /// Whether it says what a host or an account has, so that whoever put it among exports meant it to be judged. Else it
    /// is a source that rules are made from, of which a repository may hold hundreds.
    pub meant: bool,
}

/// How much of a text is looked at.
const HEAD: usize = 64 * 1024;

const WINDOWS: &str =
    "run `netsh advfirewall firewall show rule name=all verbose` on the host and give its output";
const LINUX: &str = "run `iptables-save` and `ip6tables-save` on the host and give their output";
const CLOUD: &str = "give what is deployed: `aws ec2 describe-security-groups`, \
    `aws ec2 describe-network-acls` or `az network nsg list`";
const AWS: &str = "run the command again with `--output json`: hylint reads what \
    `aws ec2 describe-security-groups --output json` prints";
const AZURE: &str = "run the command again with `--output json`: hylint reads what `az network nsg list --output json` prints";
const AZURE_PS: &str = "hylint reads what `Get-AzNetworkSecurityGroup | ConvertTo-Json -Depth 10` and \
    `az network nsg list --output json` print";
const NONE: &str = "hylint has no reader for it";

/// Tells a text that is no export. The first form that fits wins.
#[must_use]
pub fn of_text(text: &str) -> Option<Lookalike> {
    let end = (HEAD - 3..=HEAD).rev().find(|n| text.is_char_boundary(*n));
    let head = end.and_then(|n| text.get(..n)).unwrap_or(text);
    let form = FORMS.iter().find(|(fits, ..)| fits(head))?;
    Some(Lookalike {
        what: form.1,
        instead: form.2,
        meant: !SOURCES.contains(&form.1),
    })
}

/// Tells a binary file.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> Option<Lookalike> {
    // The magic of a registry hive, which a policy exported to `.wfw` is.
    bytes.starts_with(b"regf").then_some(Lookalike {
        what: "a policy file (.wfw) of `netsh advfirewall export` or wf.msc, or another registry hive",
        instead: WINDOWS,
        meant: true,
    })
}

const TERRAFORM: &str = "a Terraform configuration";
const BICEP: &str = "a Bicep file";
const NETWORK_POLICY: &str = "a Kubernetes NetworkPolicy";
const SOURCES: [&str; 3] = [TERRAFORM, BICEP, NETWORK_POLICY];

type Form = (fn(&str) -> bool, &'static str, &'static str);

const FORMS: &[Form] = &[
    (
        powershell,
        "the output of Get-NetFirewallRule, which holds no addresses and ports",
        WINDOWS,
    ),
    (
        old_netsh,
        "`netsh firewall show`, which holds no rules of Windows Vista and later",
        WINDOWS,
    ),
    (wf_list, "a list exported from wf.msc", WINDOWS),
    (registry, "firewall rules of the Windows registry", WINDOWS),
    (
        nft,
        "`nft list ruleset`",
        "run `iptables-save` and `ip6tables-save` if iptables wrote the rules; a native nftables ruleset is not read",
    ),
    (
        listing,
        "`iptables -L`, which leaves out interfaces and matches",
        LINUX,
    ),
    (
        aws_cli,
        "the output of the AWS CLI as text, a table or YAML",
        AWS,
    ),
    (
        azure_cli,
        "the output of the Azure CLI as text, a table or YAML",
        AZURE,
    ),
    (
        azure_list,
        "the output of Get-AzNetworkSecurityGroup as a list",
        AZURE_PS,
    ),
    (ufw, "`ufw status`", LINUX),
    (firewalld, "`firewall-cmd --list-all`", LINUX),
    (terraform_state, "a Terraform state or plan", CLOUD),
    (terraform, TERRAFORM, CLOUD),
    (cloudformation, "a CloudFormation template", CLOUD),
    (bicep, BICEP, CLOUD),
    (google, "firewall rules of Google Cloud", NONE),
    (network_policy, NETWORK_POLICY, NONE),
];

/// Lines without blanks around them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim)
}

/// Whether a line is `key : value` with one of the values, or any value.
fn field(line: &str, key: &str, values: &[&str]) -> bool {
    let rest = line.strip_prefix(key).map(str::trim_start);
    let value = rest.and_then(|r| r.strip_prefix(':')).map(str::trim);
    value.is_some_and(|v| values.is_empty() || values.contains(&v))
}

fn powershell(text: &str) -> bool {
    let has = |key, values: &[&str]| lines(text).any(|l| field(l, key, values));
    has("DisplayName", &[]) && has("Direction", &["Inbound", "Outbound"])
        || text.contains("MSFT|FW|FirewallRule")
        || lines(text).next().is_some_and(|head| {
            ["DisplayName", "Direction", "Action", "Profile"]
                .iter()
                .all(|column| head.contains(column))
        })
}

/// The context `netsh firewall` of Windows XP, which later versions still answer.
fn old_netsh(text: &str) -> bool {
    text.contains("Operational mode  ") && text.contains("Exception mode  ")
}

fn wf_list(text: &str) -> bool {
    let head = lines(text).next().unwrap_or("");
    ["Local Address", "Remote Address", "Protocol"]
        .iter()
        .all(|t| head.contains(t))
        && head.contains(['\t', ','])
}

fn registry(text: &str) -> bool {
    text.contains("|Action=") && text.contains("|Dir=")
}

/// The text form, with or without handles (`nft -a`), and the JSON form.
fn nft(text: &str) -> bool {
    const FAMILIES: [&str; 6] = ["inet", "ip", "ip6", "arp", "bridge", "netdev"];
    let opens = |line: &str| {
        line.split('#')
            .next()
            .is_some_and(|l| l.trim_end().ends_with('{'))
    };
    let table = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("table")
            && words.next().is_some_and(|w| FAMILIES.contains(&w))
            && opens(line)
    };
    let chain = |line: &str| line.starts_with("chain ") && opens(line);
    text.contains("\"nftables\"") && text.contains("\"metainfo\"")
        || lines(text).any(table) && lines(text).any(chain)
}

/// The keys of a group or an ACL, as `--output yaml`, `text` and `table` print them.
fn aws_cli(text: &str) -> bool {
    let yaml = |key| lines(text).any(|l| field(l.trim_start_matches("- "), key, &[]));
    let has = |part| text.contains(part);
    let begins = |word: &str| {
        let begin = |l: &str| l.strip_prefix(word).is_some_and(|r| r.starts_with('\t'));
        lines(text).any(begin)
    };
    yaml("IpProtocol") && (yaml("IpPermissions") || yaml("IpRanges"))
        || yaml("RuleAction") && yaml("RuleNumber")
        || has("|") && (has("DescribeSecurityGroup") || has("DescribeNetworkAcls"))
        || begins("SECURITYGROUPS") && begins("IPPERMISSIONS")
        || begins("NETWORKACLS") && begins("ENTRIES")
}

/// The keys of a rule, as `--output yaml` prints them, and the heads of the tables of groups and rules.
fn azure_cli(text: &str) -> bool {
    let yaml =
        |key, values: &[&str]| lines(text).any(|l| field(l.trim_start_matches("- "), key, values));
    let head = lines(text).next().unwrap_or("");
    yaml("access", &["Allow", "Deny"]) && yaml("direction", &["Inbound", "Outbound"])
        || head.contains("SourcePortRanges") && head.contains("DestinationPortRanges")
}

/// `Get-AzNetworkSecurityGroup` and its rules without ConvertTo-Json, which prints each property as `Name : value`.
fn azure_list(text: &str) -> bool {
    let has = |key| lines(text).any(|l| field(l, key, &[]));
    (has("SecurityRules") && has("DefaultSecurityRules"))
        || (has("SourcePortRange") && has("DestinationPortRange") && has("Access"))
}

fn listing(text: &str) -> bool {
    let chain = |l: &str| {
        l.starts_with("Chain ") && (l.contains("(policy ") || l.ends_with(" references)"))
    };
    lines(text).any(chain)
        && lines(text).any(|l| l.contains("target") && l.contains("prot") && l.contains("source"))
}

fn ufw(text: &str) -> bool {
    lines(text).any(|l| matches!(l, "Status: active" | "Status: inactive"))
}

fn firewalld(text: &str) -> bool {
    ["services", "ports", "rich rules"]
        .iter()
        .all(|key| lines(text).any(|l| field(l, key, &[])))
}

fn terraform_state(text: &str) -> bool {
    text.contains("\"terraform_version\"")
}

/// Native and JSON configuration.
fn terraform(text: &str) -> bool {
    let types = [
        "\"aws_security_group",
        "\"aws_network_acl",
        "\"azurerm_network_security",
    ];
    text.contains("\"resource\"") && types.iter().any(|t| text.contains(t))
        || lines(text)
            .any(|l| l.starts_with("resource \"aws_") || l.starts_with("resource \"azurerm_"))
}

fn cloudformation(text: &str) -> bool {
    text.contains("AWSTemplateFormatVersion") || text.contains("AWS::EC2::SecurityGroup")
}

fn bicep(text: &str) -> bool {
    lines(text).any(|l| l.starts_with("resource ") && l.contains("'Microsoft.Network/"))
}

fn google(text: &str) -> bool {
    text.contains("compute#firewall")
}

fn network_policy(text: &str) -> bool {
    lines(text).any(|l| field(l, "kind", &["NetworkPolicy"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(text: &str) -> &'static str {
        of_text(text).map_or("", |l| l.what)
    }

    #[test]
    fn each_form_is_told_by_a_line_of_its_own() {
        let cases = [
            (
                "Name : x\r\nDisplayName : y\r\nDirection   : Inbound\r\n",
                "Get-NetFirewallRule",
            ),
            (
                "[{\"CreationClassName\":  \"MSFT|FW|FirewallRule|x\"}]",
                "Get-NetFirewallRule",
            ),
            (
                "\"Name\",\"DisplayName\",\"Enabled\",\"Profile\",\"Direction\",\"Action\"\n",
                "Get-NetFirewallRule",
            ),
            (
                "Domain profile configuration:\n-----\nOperational mode                  = Enable\nException mode                    = Enable\n",
                "netsh firewall show",
            ),
            (
                "Name\tGroup\tProfile\tLocal Address\tRemote Address\tProtocol\nx\t\tAll\n",
                "wf.msc",
            ),
            (
                "\"A\"=\"v2.30|Action=Allow|Active=TRUE|Dir=In|\"",
                "registry",
            ),
            ("table inet filter {\n\tchain input {\n\t}\n}\n", "nft"),
            (
                "Chain INPUT (policy DROP)\ntarget     prot opt source               destination\n",
                "iptables -L",
            ),
            (
                "Chain f (1 references)\nnum   pkts bytes target     prot opt in     out     source\n",
                "iptables -L",
            ),
            (
                "table ip filter { # handle 1\n\tchain INPUT { # handle 1\n",
                "nft",
            ),
            (
                "{\"nftables\": [{\"metainfo\": {\"version\": \"1\"}}]}",
                "nft",
            ),
            (
                "SecurityGroups:\n- GroupId: sg-1\n  IpPermissions:\n  - FromPort: 22\n    IpProtocol: tcp\n",
                "AWS CLI",
            ),
            (
                "|     DescribeSecurityGroups     |\n+-----+\n||  SecurityGroups  ||\n",
                "AWS CLI",
            ),
            (
                "SECURITYGROUPS\tdefault\tsg-1\nIPPERMISSIONS\t22\ttcp\t22\n",
                "AWS CLI",
            ),
            (
                "NETWORKACLS\tTrue\tacl-1\nENTRIES\t0.0.0.0/0\tTrue\t-1\tallow\t100\n",
                "AWS CLI",
            ),
            (
                "- access: Allow\n  description: null\n  direction: Inbound\n",
                "Azure CLI",
            ),
            (
                "Name  ResourceGroup  Priority  SourcePortRanges  Access  DestinationPortRanges\n",
                "Azure CLI",
            ),
            (
                "Name                 : nsg\nSecurityRules        : [\n  {}]\nDefaultSecurityRules : [\n",
                "Get-AzNetworkSecurityGroup",
            ),
            ("Status: active\n\nTo   Action   From\n", "ufw"),
            (
                "public (active)\n  services: ssh\n  ports: \n  rich rules: \n",
                "firewall-cmd",
            ),
            (
                "{\"version\": 4, \"terraform_version\": \"1.5\"}",
                "Terraform",
            ),
            ("resource \"aws_security_group\" \"a\" {\n", "Terraform"),
            (
                "{\"resource\": {\"aws_security_group_rule\": {\"a\": {}}}}",
                "Terraform",
            ),
            (
                "Resources:\n  A:\n    Type: AWS::EC2::SecurityGroup\n",
                "CloudFormation",
            ),
            (
                "resource n 'Microsoft.Network/networkSecurityGroups@2023-01-01' = {\n",
                "Bicep",
            ),
            ("[{\"kind\": \"compute#firewall\"}]", "Google"),
            ("apiVersion: v1\nkind: NetworkPolicy\n", "NetworkPolicy"),
        ];
        for (text, part) in cases {
            assert!(what(text).contains(part), "{part}: {}", what(text));
        }
        for text in [
            "",
            "lunch at noon",
            "Direction: Inbound",
            "table of contents {",
            "kind: Pod",
        ] {
            assert_eq!(of_text(text), None, "{text}");
        }
        assert!(of_bytes(b"regf\x01\0").is_some() && of_bytes(b"PK\x03\x04").is_none());
    }

    #[test]
    fn what_a_host_has_is_told_from_what_rules_are_made_of() {
        let meant = |text| of_text(text).is_some_and(|l| l.meant);
        assert!(meant("{\"terraform_version\": \"1.5\"}"));
        assert!(meant("Status: active\n"));
        assert!(!meant("resource \"aws_security_group\" \"a\" {\n"));
    }

    #[test]
    fn only_the_head_of_a_text_is_looked_at_and_any_cut_is_safe() {
        let text = "é".repeat(HEAD) + "\nStatus: active\n";
        assert_eq!(of_text(&text), None);
    }
}
