//! The properties of the objects of the NetSecurity module and of those beside it, by every name that PowerShell, CIM and
//! scripts in use give them.
//!
//! Names of properties and of enumeration values are English on every Windows (seen in French, Russian, Czech and Chinese
//! captures); only display names, descriptions, display groups and `Status` are translated.

use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// What a property is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// It identifies an object.
    Identity,
    /// A rule itself.
    Rule,
    /// One of the filters that `Get-NetFirewall…Filter` prints.
    Filter,
    /// A profile's settings.
    Settings,
    /// Something else that the reader takes.
    Beside,
}

/// How the text of a property is taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// Free text: nothing in it has a meaning.
    Text,
    /// One word or path.
    One,
    /// Words, whatever stands between them.
    Words,
    /// Texts with blanks in them, which only commas part.
    Texts,
}

macro_rules! props {
    ($($prop:ident $name:literal $part:ident $shape:ident [$($alias:literal)*];)*) => {
        /// A property that the reader takes.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub(super) enum Prop {
            $(
                #[doc = concat!("`", $name, "`.")]
                $prop,
            )*
        }

        impl Prop {
            /// All of them.
            const ALL: &'static [Self] = &[$(Self::$prop),*];

            /// The name that the cmdlets print.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$prop => $name,)*
                }
            }

            pub(super) const fn part(self) -> Part {
                match self {
                    $(Self::$prop => Part::$part,)*
                }
            }

            pub(super) const fn shape(self) -> Shape {
                match self {
                    $(Self::$prop => Shape::$shape,)*
                }
            }

            /// Whether the property decides which packets a rule matches, or what happens to them.
            pub(super) const fn decides(self) -> bool {
                matches!(self.part(), Part::Filter)
                    || matches!(self, Self::Enabled | Self::Direction | Self::Action | Self::Profile)
            }

            /// Other names, as [`plain`] makes them.
            const fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(Self::$prop => &[$($alias),*],)*
                }
            }
        }
    };
}

// Names of Microsoft Learn, "NetSecurity" cmdlets and the classes MSFT_NetFirewallRule, MSFT_NetProtocolPortFilter,
// MSFT_NetAddressFilter, MSFT_NetApplicationFilter, MSFT_NetServiceFilter, MSFT_NetInterfaceFilter,
// MSFT_NetInterfaceTypeFilter, MSFT_NetNetworkLayerSecurityFilter, MSFT_NetFirewallProfile, MSFT_NetConnectionProfile and
// MSFT_NetIPAddress; short ones as scripts in use name calculated columns.
props! {
    InstanceId "InstanceID" Identity Text [];
    Name "Name" Identity Text ["rulename" "ruleid"];
    Id "Id" Identity Text [];
    DisplayName "DisplayName" Identity Text ["elementname"];
    Class "CreationClassName" Identity Text [];
    Description "Description" Rule Text [];
    Group "Group" Rule Text ["rulegroup"];
    DisplayGroup "DisplayGroup" Rule Text [];
    Enabled "Enabled" Rule One [];
    Profile "Profile" Rule Words ["profiles"];
    Platform "Platform" Rule Words ["platforms"];
    Direction "Direction" Rule One [];
    Action "Action" Rule One [];
    Edge "EdgeTraversalPolicy" Rule One [];
    LooseSource "LooseSourceMapping" Rule One ["lsm"];
    LocalOnly "LocalOnlyMapping" Rule One [];
    Owner "Owner" Rule One [];
    StoreName "PolicyStoreSource" Rule Text [];
    StoreType "PolicyStoreSourceType" Rule One [];
    Store "PolicyStore" Rule Text [];
    Enforcement "EnforcementStatus" Rule Words [];
    PrimaryStatus "PrimaryStatus" Rule One [];
    Keywords "RemoteDynamicKeywordAddresses" Rule Words [];
    AppId "PolicyAppId" Rule One [];
    Family "PackageFamilyName" Rule One [];
    Protocol "Protocol" Filter One [];
    LocalPort "LocalPort" Filter Words ["localports"];
    RemotePort "RemotePort" Filter Words ["remoteports"];
    Icmp "IcmpType" Filter Words ["icmptypes"];
    Dynamic "DynamicTarget" Filter One ["dynamictransport"];
    LocalAddress "LocalAddress" Filter Words ["localaddresses" "localip"];
    RemoteAddress "RemoteAddress" Filter Words ["remoteaddresses" "remoteip"];
    Program "Program" Filter One ["apppath" "applicationpath"];
    Package "Package" Filter One [];
    Service "Service" Filter One ["servicename"];
    Alias "InterfaceAlias" Filter Texts [];
    InterfaceType "InterfaceType" Filter Words ["interfacetypes"];
    Authentication "Authentication" Filter One [];
    Encryption "Encryption" Filter One [];
    Override "OverrideBlockRules" Filter One [];
    LocalUser "LocalUser" Filter One ["localusers"];
    RemoteUser "RemoteUser" Filter One ["remoteusers"];
    RemoteMachine "RemoteMachine" Filter One ["remotemachines"];
    Negated "IsNegated" Filter One [];
    DefaultInbound "DefaultInboundAction" Settings One [];
    DefaultOutbound "DefaultOutboundAction" Settings One [];
    AllowInbound "AllowInboundRules" Settings One [];
    AllowLocal "AllowLocalFirewallRules" Settings One [];
    Disabled "DisabledInterfaceAliases" Settings Texts [];
    AllowLocalIpsec "AllowLocalIPsecRules" Settings One [];
    ActiveProfile "ActiveProfile" Beside Words [];
    Category "NetworkCategory" Beside One [];
    IpAddress "IPAddress" Beside One ["ipv4address" "ipv6address"];
    AddressState "AddressState" Beside One [];
    InboundSecurity "InboundSecurity" Beside One [];
    OutboundSecurity "OutboundSecurity" Beside One [];
    Computer "PSComputerName" Beside One ["computername" "hostname" "computer"];
    Collected "CollectedAt" Beside Text ["exportedat"];
    Process "OwningProcess" Beside One ["pid"];
    State "State" Beside One [];
    ProcessName "ProcessName" Beside Text ["process" "processimage" "image" "imagename"];
    ProcessId "ProcessId" Beside One [];
    Path "Path" Beside Text ["executablepath" "processpath" "programpath"];
    PathName "PathName" Beside Text [];
    Services "Services" Beside Texts [];
    IfIndex "InterfaceIndex" Beside One ["ifindex"];
    IfText "InterfaceDescription" Beside Text [];
    PrefixLength "PrefixLength" Beside One [];
    Mac "MacAddress" Beside One ["linklayeraddress"];
    Status "Status" Beside Text ["netadapter.status"];
    Destination "DestinationPrefix" Beside One [];
    NextHop "NextHop" Beside One [];
    RouteMetric "RouteMetric" Beside One [];
    IfMetric "InterfaceMetric" Beside One ["ifmetric"];
    Gateway "IPv4DefaultGateway" Beside Words ["ipv6defaultgateway"];
    Dns "DNSServer" Beside Words ["dnsservers" "serveraddresses"];
    Command "Command" Beside Text [];
    Failure "Message" Beside Text [];
    ListenAddress "ListenAddress" Beside One [];
    ListenPort "ListenPort" Beside One [];
    ConnectAddress "ConnectAddress" Beside One [];
    ConnectPort "ConnectPort" Beside One [];
    ComName "ApplicationName" Beside One [];
    ComIcmp "IcmpTypesAndCodes" Beside One [];
    ComEdge "EdgeTraversal" Beside One [];
}

/// Properties that say nothing about packets, as [`plain`] makes their names.
const INERT: &[&str] = &[
    "addressfamily",
    "allowipsecthroughnat",
    "allowunicastresponsetomulticast",
    "allowuserapps",
    "allowuserports",
    "caption",
    "certvalidationlevel",
    "cimclass",
    "cimclassname",
    "ciminstanceproperties",
    "cimsystemproperties",
    "commonname",
    "communicationstatus",
    "conditionlisttype",
    "date",
    "detailedstatus",
    "enablestatefulftp",
    "enablestatefulpptp",
    "enablestealthmodeforipsec",
    "executionstrategy",
    "filterindex",
    "healthstate",
    "hylint",
    "installdate",
    "ipv4connectivity",
    "ipv6connectivity",
    "keyencoding",
    "logallowed",
    "logblocked",
    "logfilename",
    "logignored",
    "logmaxsizekilobytes",
    "mandatory",
    "maxsaidletimeseconds",
    "notifyonlisten",
    "objectid",
    "operatingstatus",
    "operationalstatus",
    "os",
    "osversion",
    "policydecisionstrategy",
    "policykeywords",
    "policyroles",
    "policyrulename",
    "preferredlifetime",
    "prefixorigin",
    "priority",
    "pspath",
    "psprovider",
    "psshowcomputername",
    "psversion",
    "requirefullauthsupport",
    "ruleusage",
    "runspaceid",
    "sequencedactions",
    "skipassource",
    "statuscode",
    "statusdescriptions",
    "suffixorigin",
    "systemcreationclassname",
    "systemname",
    "timestamp",
    "type",
    "validlifetime",
];

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// A property that is taken.
    Prop(Prop),
    /// One that says nothing about packets.
    Inert,
    /// Nothing that is known.
    Unknown,
}

/// Returns what a name stands for, in any case and with or without blanks, dashes and underscores.
pub(super) fn known(name: &str) -> Known {
    static TABLE: OnceLock<FxHashMap<&'static str, Known>> = OnceLock::new();
    static OWN: OnceLock<Vec<(String, Prop)>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let each = Prop::ALL.iter();
        each.map(|p| (plain(p.name()), *p)).collect()
    });
    let table = TABLE.get_or_init(|| {
        let mut all: FxHashMap<&'static str, Known> = FxHashMap::default();
        all.extend(INERT.iter().map(|name| (*name, Known::Inert)));
        for prop in Prop::ALL {
            let aliases = prop.aliases().iter();
            all.extend(aliases.map(|name| (*name, Known::Prop(*prop))));
        }
        all.extend(own.iter().map(|(name, p)| (name.as_str(), Known::Prop(*p))));
        all
    });
    let found = table.get(plain(name).as_str());
    found.copied().unwrap_or(Known::Unknown)
}

/// A name in lower case, without what scripts put between its words.
fn plain(name: &str) -> String {
    let kept = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{a0}'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if a name is not found as it is written by cmdlets, CIM or scripts, or if two properties share a name.
    #[test]
    fn names_are_known_however_they_are_written() {
        for (name, want) in [
            ("LocalPort", Known::Prop(Prop::LocalPort)),
            ("local port", Known::Prop(Prop::LocalPort)),
            ("remote_address", Known::Prop(Prop::RemoteAddress)),
            ("AppPath", Known::Prop(Prop::Program)),
            ("LSM", Known::Prop(Prop::LooseSource)),
            ("CimClass", Known::Inert),
            ("Reviewer", Known::Unknown),
        ] {
            assert_eq!(known(name), want, "{name}");
        }
        let mut names: Vec<String> = INERT.iter().map(|n| (*n).to_owned()).collect();
        for p in Prop::ALL {
            names.push(plain(p.name()));
            names.extend(p.aliases().iter().map(|a| (*a).to_owned()));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(Prop::ALL.len() <= 128, "their set has 128 bits");
    }
}
