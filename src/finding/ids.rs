//! The names that outputs have for what a verdict rests on: assumptions, kinds of deciders, where a role comes from.

use std::cmp::Ordering;
use std::fmt;

/// Makes an enum of names, each with its text in outputs.
macro_rules! names {
    ($(#[$about:meta])+ $name:ident { $($(#[$what:meta])+ $variant:ident = $text:literal,)+ }) => {
        $(#[$about])+
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$what])+ $variant,)+
        }

        impl $name {
            /// Each of them.
            pub const EACH: &'static [Self] = &[$(Self::$variant),+];

            /// The name in outputs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

names! {
    /// Something taken for granted. The order is that of the names.
    AssumptionId {
        /// Both ends are on one host.
        Local = "local",
        /// The addresses of the peers are not declared.
        PeersUnknown = "peers-unknown",
        /// A brief export prints no program.
        BriefExport = "brief-export",
        /// The export does not name the package of an app.
        AppPackage = "app-package",
        /// The settings of the Windows profiles are not there.
        WindowsDefaults = "windows-defaults",
        /// The export shows no rule and no setting of Group Policy.
        OtherPolicyStores = "other-policy-stores",
        /// Nothing says which Windows profile is active.
        ProfileDomain = "profile-domain",
        /// An interface faces the peers.
        Interface = "interface",
        /// A rule for wired interfaces is for those that face the peers.
        InterfaceType = "interface-type",
        /// The address of the host is not declared.
        HostAddress = "host-address",
        /// The process behind a traced packet's port is the one that a row expects.
        Listener = "listener",
        /// A rule's program is the one that listens.
        Program = "program",
        /// The program of a block is another one than the listener, which nobody names.
        OtherProgram = "other-program",
        /// A rule's owner is the one that connects.
        Owner = "owner",
        /// Rules that nft made beside those of iptables are in no export.
        OtherNftTables = "other-nft-tables",
        /// A load balancer, a virtual address or a NAT forwards as hylint.toml says.
        Via = "via",
        /// A role is that of the ports which are open.
        RoleInferred = "role-inferred",
    }
}

impl AssumptionId {
    /// What is assumed, in a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::PeersUnknown => {
                "the peers' addresses are not declared in hylint.toml: a flow counts as allowed only where every address may use it"
            }
            Self::BriefExport => {
                "the export prints no program, service or security (netsh without `verbose`): rules that name their ports count as written"
            }
            Self::AppPackage => {
                "the export does not name the app package of a rule (netsh never does): such rules count as written where they name their ports"
            }
            Self::WindowsDefaults => {
                "no profile settings (`show allprofiles`, `Get-NetFirewallProfile`) beside the rules: inbound is assumed to be blocked by default, outbound allowed"
            }
            Self::OtherPolicyStores => {
                "the export shows one policy store: Group Policy is assumed to add no rules or settings"
            }
            Self::ProfileDomain => "the active Windows profile is not known: domain is assumed",
            Self::Interface => "a rule names an interface, which is assumed to face the peers",
            Self::InterfaceType => {
                "a rule is limited to wired interfaces, which are assumed to face the peers"
            }
            Self::HostAddress => {
                "the host's address is not declared: an address that its rules name is assumed"
            }
            Self::Program => {
                "a rule is limited to a program, which is assumed to be the one that listens"
            }
            Self::OtherProgram => {
                "a rule blocks a program, which is assumed not to be the listener: the matrix does not name it"
            }
            Self::Owner => {
                "a rule is limited to a process owner, who is assumed to be the one that connects"
            }
            Self::OtherNftTables => {
                "the export does not show every table of nftables: nft and firewalld are assumed to have no other rules for the same packets (give the output of `nft list ruleset` as well)"
            }
            Self::Via => {
                "a [[via]] is assumed to forward as hylint.toml says: what stands at its front is not judged"
            }
            Self::Local => "both ends are on this host",
            Self::Listener => "the process behind the port is the one that the requirement expects",
            Self::RoleInferred => "a role is inferred from the ports that are open",
        }
    }
}

impl Ord for AssumptionId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for AssumptionId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

names! {
    /// What kind of thing decided.
    DeciderKind {
        /// A rule.
        Rule = "rule",
        /// A chain's policy.
        Policy = "policy",
        /// A default that the export states.
        Default = "default",
        /// A default that nothing states.
        Implicit = "implicit",
    }
}

names! {
    /// Where the roles of a host come from.
    RoleSource {
        /// hylint.toml.
        Config = "config",
        /// The command line.
        Option = "option",
        /// A comment in the export.
        Annotation = "annotation",
        /// A tag of a cloud resource.
        Tag = "tag",
        /// The path of the export, or the name of what is in it.
        Path = "path",
        /// The ports that it opens.
        Inferred = "inferred",
    }
}
