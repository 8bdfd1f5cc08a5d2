//! Rules as Windows itself wrote them twice: Windows Server 2025 was given thirteen rules for a policy with the cmdlets of
//! NetSecurity, and wrote them into Registry.pol and read them back (hraedon/gpo-studio,
//! tests/fixtures/native-firewall-gpmc/capture.json of 2026-10-08: order and spelling of the fields are from there; names,
//! ports and addresses are others).

use super::json::{Value, Version, array, object, print, text};

/// What a rule string says behind its version, and what the cmdlets print: direction, action, profile, protocol, local
/// port, remote port, ICMP type, local address, remote address, program, service, interface type.
type Pair = (&'static str, [&'static str; 12]);

const PAIRS: [Pair; 13] = [
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=61001|",
        [
            "Inbound", "Allow", "Domain", "TCP", "61001", "Any", "Any", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
    (
        "Action=Block|Active=TRUE|Dir=Out|Protocol=17|Profile=Domain|Profile=Private|RPort2_10=61002-61003|RPort=61010|",
        [
            "Outbound",
            "Block",
            "Domain, Private",
            "UDP",
            "Any",
            "61002-61003,61010",
            "Any",
            "Any",
            "Any",
            "Any",
            "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:0|",
        [
            "Inbound", "Allow", "Any", "ICMPv4", "RPC", "Any", "8:0", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=58|",
        [
            "Inbound", "Allow", "Any", "ICMPv6", "Any", "Any", "Any", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
    (
        "Action=Block|Active=TRUE|Dir=In|LA4=10.20.10.31|RA4=10.60.2.0/255.255.255.0|RA6=fd00:60::/32|",
        [
            "Inbound",
            "Block",
            "Any",
            "Any",
            "Any",
            "Any",
            "Any",
            "10.20.10.31",
            "10.60.2.0/255.255.255.0,fd00:60::/32",
            "Any",
            "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=8443|App=%ProgramFiles%\\Lab\\probe.exe|",
        [
            "Outbound",
            "Allow",
            "Any",
            "TCP",
            "Any",
            "8443",
            "Any",
            "Any",
            "Any",
            "%ProgramFiles%\\Lab\\probe.exe",
            "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=61004|Svc=LabProbe|",
        [
            "Inbound", "Allow", "Any", "TCP", "61004", "Any", "Any", "Any", "Any", "Any",
            "LabProbe", "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC|RA4=LocalSubnet|RA6=LocalSubnet|",
        [
            "Inbound",
            "Allow",
            "Any",
            "TCP",
            "RPC",
            "Any",
            "Any",
            "Any",
            "LocalSubnet",
            "Any",
            "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC-EPMap|",
        [
            "Inbound", "Allow", "Any", "TCP", "RPCEPMap", "Any", "Any", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=61005|",
        [
            "Inbound", "Allow", "Any", "TCP", "61005", "Any", "Any", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
    (
        "Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=61006|IFType=Lan|",
        [
            "Inbound", "Allow", "Any", "UDP", "61006", "Any", "Any", "Any", "Any", "Any", "Any",
            "Wired",
        ],
    ),
    (
        "Action=Block|Active=TRUE|Dir=Out|Protocol=47|",
        [
            "Outbound", "Block", "Any", "47", "Any", "Any", "Any", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
    (
        "Action=ByPass|Active=TRUE|Dir=In|Protocol=6|LPort=61007|",
        [
            "Inbound", "Allow", "Any", "TCP", "61007", "Any", "Any", "Any", "Any", "Any", "Any",
            "Any",
        ],
    ),
];

const KEY: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall";

/// As the policy has them: what stands behind the name, too. The last one passes blocks for computers that IPsec knows.
pub fn registry() -> String {
    let mut lines = vec![
        "Windows Registry Editor Version 5.00".to_owned(),
        String::new(),
        format!("[{KEY}\\FirewallRules]"),
    ];
    for (n, (fields, _)) in PAIRS.iter().enumerate() {
        let more = match n {
            9 => "Desc=a rule of the lab|EmbedCtxt=Lab|",
            10 => "Edge=TRUE|",
            12 => "RMauth=D:(A;;CC;;;WD)|Security=Authenticate|",
            _ => "",
        };
        let value = format!("v2.33|{fields}Name=Lab {n:02}|{more}").replace('\\', "\\\\");
        lines.push(format!("\"Lab-{n:02}\"=\"{value}\""));
    }
    lines.push(String::new());
    lines.join("\r\n")
}

/// As the cmdlets read them back.
pub fn powershell() -> String {
    let rule = |(n, (_, cells)): (usize, &Pair)| {
        let list = |cell: &str| match cell.split(',').map(text).collect::<Vec<Value>>() {
            one if one.len() == 1 => one[0].clone(),
            several => array(several),
        };
        let [
            direction,
            action,
            profile,
            protocol,
            lport,
            rport,
            icmp,
            local,
            remote,
            program,
            service,
            interface,
        ] = *cells;
        let bypass = n == 12;
        let only =
            |at: usize, yes: &'static str, no: &'static str| text(if n == at { yes } else { no });
        object(vec![
            ("Name", text(&format!("Lab-{n:02}"))),
            ("DisplayName", text(&format!("Lab {n:02}"))),
            ("Description", only(9, "a rule of the lab", "")),
            ("Group", only(9, "Lab", "")),
            ("Enabled", only(9, "False", "True")),
            ("Direction", text(direction)),
            ("Action", text(action)),
            ("Profile", text(profile)),
            ("EdgeTraversalPolicy", only(10, "Allow", "Block")),
            ("PolicyStoreSourceType", text("GroupPolicy")),
            ("Protocol", text(protocol)),
            ("LocalPort", list(lport)),
            ("RemotePort", list(rport)),
            ("IcmpType", text(icmp)),
            ("LocalAddress", list(local)),
            ("RemoteAddress", list(remote)),
            ("Program", text(program)),
            ("Service", text(service)),
            ("InterfaceAlias", text("Any")),
            ("InterfaceType", text(interface)),
            ("Authentication", only(12, "Required", "NotRequired")),
            ("Encryption", text("NotRequired")),
            (
                "OverrideBlockRules",
                text(if bypass { "True" } else { "False" }),
            ),
            ("RemoteMachine", only(12, "D:(A;;CC;;;WD)", "Any")),
        ])
    };
    let all = PAIRS.iter().enumerate().map(rule).collect();
    print(&array(all), Version::Five)
}
