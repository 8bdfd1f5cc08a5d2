//! What clouds and the tools that build in them print of their firewalls, beside the JSON that is read.

use super::form::Standing::{Account, Source};
use super::form::{Form, Text};

const CLOUD: &str = "give what is deployed: `aws ec2 describe-security-groups`, \
    `aws ec2 describe-network-acls` or `az network nsg list`";
const AWS: &str = "run the command again with `--output json`: hylint reads what \
    `aws ec2 describe-security-groups --output json` prints";
const AZURE: &str = "run the command again with `--output json`: hylint reads what `az network nsg list --output json` prints";
const AZURE_PS: &str = "hylint reads what `Get-AzNetworkSecurityGroup | ConvertTo-Json -Depth 10` and \
    `az network nsg list --output json` print";
const NONE: &str = "hylint has no reader for it, so what it allows is not judged";

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Account,
        config_history,
        "AWS Config items, whose configuration is text in text",
        "give what is deployed now: `aws ec2 describe-security-groups --output json`",
    ),
    Form::new(
        Account,
        aws_cli,
        "the output of the AWS CLI as text, a table or YAML",
        AWS,
    ),
    Form::new(
        Account,
        aws_firewall,
        "a rule group or policy of AWS Network Firewall",
        NONE,
    ),
    Form::new(
        Account,
        azure_cli,
        "the output of the Azure CLI as text, a table or YAML",
        AZURE,
    ),
    Form::new(
        Account,
        resource_table,
        "a table (CSV) of cloud resources with their rules as JSON in a cell",
        CLOUD,
    ),
    Form::new(
        Account,
        azure_list,
        "the output of Get-AzNetworkSecurityGroup as a list",
        AZURE_PS,
    ),
    Form::new(
        Account,
        azure_firewall,
        "rule collections of Azure Firewall",
        NONE,
    ),
    Form::new(Account, terraform_state, "a Terraform state or plan", CLOUD),
    Form::new(Source, terraform, "a Terraform configuration", CLOUD),
    Form::new(Account, pulumi, "the state of a Pulumi stack", CLOUD),
    Form::new(Source, pulumi_program, "a Pulumi program", CLOUD),
    Form::new(Source, cloudformation, "a CloudFormation template", CLOUD),
    Form::new(Source, bicep, "a Bicep file", CLOUD),
    Form::new(
        Account,
        oracle,
        "security lists or network security groups of Oracle Cloud (OCI)",
        NONE,
    ),
    Form::new(Account, google, "firewall rules of Google Cloud", NONE),
    Form::new(Account, openstack, "security groups of OpenStack", NONE),
    Form::new(
        Account,
        hosters,
        "a cloud firewall of another provider",
        NONE,
    ),
    Form::new(Source, network_policy, "a Kubernetes NetworkPolicy", NONE),
];

/// Kinds of resources that are firewalls, in the spellings of Terraform, Pulumi and CloudFormation.
const RESOURCES: [&str; 20] = [
    "aws_security_group",
    "aws_default_security_group",
    "aws_vpc_security_group",
    "aws_network_acl",
    "aws_default_network_acl",
    "aws_networkfirewall",
    "azurerm_network_security",
    "azurerm_firewall",
    "azurerm_subnet_network_security",
    "google_compute_firewall",
    "oci_core_security_list",
    "oci_core_default_security_list",
    "oci_core_network_security_group",
    "openstack_networking_secgroup",
    "openstack_compute_secgroup",
    "hcloud_firewall",
    "digitalocean_firewall",
    "linode_firewall",
    "alicloud_security_group",
    "vsphere_distributed_firewall",
];

fn names_resource(text: &str) -> bool {
    let named = |r: &&str| memchr::memmem::find(text.as_bytes(), r.as_bytes()).is_some();
    // Most texts speak of no such thing in any spelling.
    ["sec", "acl", "firewall"].iter().any(named) && RESOURCES.iter().any(named)
}

fn config_history(t: &Text<'_>) -> bool {
    let items = t.json(&["configurationItems"])
        || t.json(&["configurationItem"])
        || t.json(&["configurationItemCaptureTime"])
        || t.json(&["configurationItemStatus"])
        || t.json(&["Results", "QueryInfo"]);
    items
        && t.has_any(&[
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::NetworkAcl",
            "AWS::EC2::NetworkInterface",
            "ipPermissions",
        ])
}

/// The keys of a group or an ACL, as `--output yaml`, `text` and `table` print them.
fn aws_cli(t: &Text<'_>) -> bool {
    let begins = |word: &str| {
        let begin = |l: &str| l.strip_prefix(word).is_some_and(|r| r.starts_with('\t'));
        t.has(word) && t.lines().any(begin)
    };
    t.field("IpProtocol", &[]) && (t.field("IpPermissions", &[]) || t.field("IpRanges", &[]))
        || t.field("IpProtocol", &[]) && t.field("SecurityGroupRuleId", &[])
        || t.field("RuleAction", &[]) && t.field("RuleNumber", &[])
        || t.has("|") && t.has_any(&["DescribeSecurityGroup", "DescribeNetworkAcls"])
        || t.has("Amazon.EC2.Model.")
        || t.has_any(&["<DescribeSecurityGroup", "<DescribeNetworkAcl"])
        || begins("SECURITYGROUPS") && begins("IPPERMISSIONS")
        || begins("SECURITYGROUPRULES")
        || begins("NETWORKACLS") && begins("ENTRIES")
}

fn aws_firewall(t: &Text<'_>) -> bool {
    t.json(&["RuleGroupResponse"]) || t.json(&["FirewallPolicyResponse"])
}

/// The keys of a rule, as `--output yaml` prints them, and the heads of the tables of groups and rules.
fn azure_cli(t: &Text<'_>) -> bool {
    let head = t.first();
    t.field("access", &["Allow", "Deny"]) && t.field("direction", &["Inbound", "Outbound"])
        || head.contains("SourcePortRanges") && head.contains("DestinationPortRanges")
        || head.contains("ResourceGroup") && head.contains("ResourceGuid")
}

/// The Azure Resource Graph and AWS Config download their answers as CSV, in which the quotes of JSON are doubled.
fn resource_table(t: &Text<'_>) -> bool {
    t.first().contains([',', ';', '\t'])
        && (t.has("\"\"access\"\"") && t.has("\"\"direction\"\"")
            || t.has_any(&["\"\"ipPermissions\"\"", "\"\"IpPermissions\"\""]))
}

/// `Get-AzNetworkSecurityGroup` and its rules without ConvertTo-Json, which prints each property as `Name : value`.
fn azure_list(t: &Text<'_>) -> bool {
    t.fields(&["SecurityRules", "DefaultSecurityRules"])
        || t.fields(&["SourcePortRange", "DestinationPortRange", "Access"])
}

fn azure_firewall(t: &Text<'_>) -> bool {
    t.json(&["ruleCollections"]) || t.json(&["networkRuleCollections"])
}

/// State and plan as JSON, and what `terraform show` and `terraform plan` print.
fn terraform_state(t: &Text<'_>) -> bool {
    let json = t.json(&["terraform_version"]) || t.json(&["format_version", "planned_values"]);
    let shown = |l: &str| {
        let l = l.strip_prefix("# ").unwrap_or("");
        let address = l.split([' ', ':']).next().unwrap_or("");
        names_resource(address) && (l.ends_with(':') || l.contains(" will be "))
    };
    json && names_resource(t.whole) || t.has("# ") && names_resource(t.head) && t.lines().any(shown)
}

/// Native and JSON configuration.
fn terraform(t: &Text<'_>) -> bool {
    let native = |l: &str| {
        let kind = l
            .strip_prefix("resource \"")
            .or_else(|| l.strip_prefix("resource '"));
        kind.is_some_and(|k| RESOURCES.iter().any(|r| k.starts_with(r)))
    };
    t.json(&["resource"]) && names_resource(t.head) || t.has("resource ") && t.lines().any(native)
}

/// Names of firewalls in Pulumi's types, which write their first letter small or capital.
const PULUMI: [&str; 8] = [
    "ecurityGroup",
    "etworkAcl",
    "etworkSecurityGroup",
    "ecurityRule",
    "irewall",
    "ecurityList",
    "ecGroup",
    "ecgroup",
];

fn pulumi(t: &Text<'_>) -> bool {
    let urns = t.whole.match_indices("urn:pulumi:");
    let mut urns = urns.filter_map(|(at, _)| t.whole.get(at..)?.split('"').next());
    t.has("urn:pulumi:") && t.is_json() && urns.any(|u| PULUMI.iter().any(|p| u.contains(p)))
}

fn pulumi_program(t: &Text<'_>) -> bool {
    let typed = |l: &str| {
        let kind = l.strip_prefix("type:").map_or("", str::trim);
        kind.split(':').count() >= 2 && PULUMI.iter().any(|p| kind.contains(p))
    };
    t.field("runtime", &["yaml"]) && t.lines().any(typed)
}

fn cloudformation(t: &Text<'_>) -> bool {
    let template =
        t.field("Resources", &[]) || t.json(&["Resources"]) || t.has("AWSTemplateFormatVersion");
    template && t.has_any(&["AWS::EC2::SecurityGroup", "AWS::EC2::NetworkAcl"])
}

fn bicep(t: &Text<'_>) -> bool {
    let firewall = |l: &str| {
        let l = l.to_ascii_lowercase();
        l.starts_with("resource ")
            && (l.contains("'microsoft.network/networksecuritygroups")
                || l.contains("'microsoft.network/azurefirewalls"))
    };
    t.has("resource ") && t.lines().any(firewall)
}

fn oracle(t: &Text<'_>) -> bool {
    const LISTS: [&str; 2] = ["ingress-security-rules", "ingressSecurityRules"];
    let listed = |k: &&str| t.json(&[*k]) || t.field(k, &[]);
    LISTS.iter().any(listed) || t.json(&["is-stateless", "direction", "source-type"])
}

fn google(t: &Text<'_>) -> bool {
    let head = t.first();
    t.has("compute#firewall")
        || t.json(&["sourceRanges", "allowed"])
        || head.contains("NETWORK")
            && head.contains("DIRECTION")
            && head.contains("PRIORITY")
            && head.contains("ALLOW")
}

fn openstack(t: &Text<'_>) -> bool {
    let table = |l: &str| {
        l.starts_with('|')
            && l.contains("Port Range")
            && (l.contains("IP Protocol") || l.contains("Remote Security Group"))
    };
    t.json(&["security_group_rules"])
        || t.json(&["IP Protocol", "Port Range"])
        || t.lines().any(table)
}

/// DigitalOcean, Linode, Hetzner, Alibaba Cloud.
fn hosters(t: &Text<'_>) -> bool {
    t.json(&["inbound_rules", "outbound_rules"])
        || t.json(&["inbound", "inbound_policy"])
        || t.json(&["source_ips", "direction", "protocol"])
        || t.json(&["Permissions", "NicType", "PortRange"])
}

/// NetworkPolicy of Kubernetes and the kinds of its network plugins that are like it, each alone or in a list.
fn network_policy(t: &Text<'_>) -> bool {
    const KINDS: &[&str] = &[
        "NetworkPolicy",
        "GlobalNetworkPolicy",
        "StagedNetworkPolicy",
        "StagedGlobalNetworkPolicy",
        "MultiNetworkPolicy",
        "HostEndpoint",
        "CiliumNetworkPolicy",
        "CiliumClusterwideNetworkPolicy",
        "AdminNetworkPolicy",
        "BaselineAdminNetworkPolicy",
        "ClusterNetworkPolicy",
        "EgressFirewall",
    ];
    let json = |k: &&str| {
        let spaced = t.has(&format!("\"kind\": \"{k}\""));
        spaced || t.has(&format!("\"kind\":\"{k}\""))
    };
    t.field("kind", KINDS) || t.is_json() && t.has("\"kind\"") && KINDS.iter().any(json)
}
