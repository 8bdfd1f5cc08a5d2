//! Captures that are cut off anywhere, and those whose last end of a line an editor took away.

use crate::format;
use crate::part::within::{each_cut, is_whole};
use crate::source::Source;
use hylint_model::{Companion, Export};

const IPCONFIG: &str = "
Windows IP Configuration

   Host Name . . . . . . . . . . . . : web1
   Primary Dns Suffix  . . . . . . . : corp.example

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : corp.example
   Description . . . . . . . . . . . : Intel(R) 82574L Gigabit Network Connection
   DHCP Enabled. . . . . . . . . . . : No
   Link-local IPv6 Address . . . . . : fe80::1%6(Preferred) 
   IPv4 Address. . . . . . . . . . . : 10.0.2.15(Preferred) 
   Subnet Mask . . . . . . . . . . . : 255.255.255.192
   IPv4 Address. . . . . . . . . . . : 10.0.3.15(Preferred) 
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : 10.0.2.22
   DNS Servers . . . . . . . . . . . : 10.0.2.53
                                       10.0.2.54
   NetBIOS over Tcpip. . . . . . . . : Enabled

Tunnel adapter isatap.{7901C223-3BC4-42B0-BD21-258AA6858209}:

   Media State . . . . . . . . . . . : Media disconnected
   Connection-specific DNS Suffix  . : 
";

const ROUTES: &str = "
===========================================================================
Interface List
  6...18 66 da 00 00 01 ......Intel(R) 82574L Gigabit Network Connection
===========================================================================

IPv4 Route Table
===========================================================================
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0        10.0.2.2       10.0.2.15     25
         10.0.2.0  255.255.255.192         On-link       10.0.2.15    281
        10.0.2.15  255.255.255.255         On-link       10.0.2.15    281
===========================================================================
Persistent Routes:
  Network Address          Netmask  Gateway Address  Metric
         10.9.0.0      255.255.0.0        10.0.2.1       1
===========================================================================

IPv6 Route Table
===========================================================================
Active Routes:
 If Metric Network Destination      Gateway
  6    281 fe80::/64                On-link
  6    281 2001:db8:0:1:2fca:962c:aebd:dabc/128
                                    On-link
===========================================================================
Persistent Routes:
  None
";

const NETSTAT: &str = "
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1052
  TCP    10.0.0.1:135           10.0.0.2:5000          ESTABLISHED     1052
  TCP    [::]:445               [::]:0                 LISTENING       4
  UDP    0.0.0.0:500            *:*                                    1420
  UDP    0.0.0.0:4500           *:*                                    1420
";

const NETSTAT_AN: &str = "
Active Connections

  Proto  Local Address          Foreign Address        State
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING
  TCP    [::]:445               [::]:0                 LISTENING
  UDP    0.0.0.0:500            *:*                    
";

const TASKLIST: &str = "
Image Name                     PID Services
========================= ======== ============================================
System Idle Process              0 N/A
System                           4 N/A
svchost.exe                     60 BrokerInfrastructure, DcomLaunch, Power,
                                   SystemEventsBroker
sqlservr.exe                  2416 MSSQLSERVER
tasklist.exe                  3268 N/A
";

fn parse(text: &str) -> Option<Export> {
    let export = format::read(&Source::new("a.txt", text, "UTF-8"))?;
    (export.format == "windows-network").then_some(export)
}

#[test]
fn a_capture_that_ends_within_a_line_says_nothing_else() {
    for text in [IPCONFIG, ROUTES, NETSTAT, NETSTAT_AN, TASKLIST] {
        each_cut(text, parse);
    }
    for text in [NETSTAT, TASKLIST] {
        each_cut(&text.replace('\n', "\r\n"), parse);
    }
}

#[test]
fn a_capture_without_its_last_end_of_a_line_is_whole_where_nothing_can_be_missing() {
    let last = |text: &str, lines: usize| {
        let all: Vec<&str> = text.trim_end().lines().collect();
        all[..all.len() - lines].join("\n")
    };
    for (text, whole) in [
        (last(IPCONFIG, 0), true),
        // `NetBIOS over Tcpip`, a name server, a gateway, a mask.
        (last(IPCONFIG, 5), true),
        (last(IPCONFIG, 6), true),
        (last(&IPCONFIG.replace("10.0.2.54", "10.0.2.5"), 6), false),
        (last(IPCONFIG, 8), false),
        (last(IPCONFIG, 9), true),
        (last(&IPCONFIG.replace("10.0.2.22", "10.0.2.254"), 8), true),
        (last(ROUTES, 0), true),
        // A route of the second table.
        (last(ROUTES, 4), false),
        (last(NETSTAT, 0), true),
        // Its process has no other row.
        (last(NETSTAT, 1), false),
        (last(NETSTAT_AN, 0), true),
        (last(NETSTAT_AN, 1), true),
    ] {
        let export = parse(&text).expect("recognized");
        assert_eq!(export.companions.iter().all(is_whole), whole, "{text}");
        assert_eq!(
            export.problems.is_empty(),
            whole,
            "{text}\n{:?}",
            export.problems
        );
    }
    for (text, count) in [(last(TASKLIST, 0), 5), (last(TASKLIST, 1), 3)] {
        let export = parse(&text).expect("recognized");
        let [Companion::Processes(all)] = export.companions.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(all.processes.len(), count, "{text}");
        assert_eq!(export.problems.len(), usize::from(count == 3), "{text}");
    }
}
