//! What exports say beside rules, joined by the linker.

use super::condition::Side;
use super::facts::{HostInterfaces, Processes, Routes, RoutingRules, Sockets};
use super::point::Tag;
use super::profiles::WindowsProfiles;
use crate::Span;
use hylint_space::{AddrSet, PacketBox};

/// A network interface of a cloud host.
#[derive(Clone, Debug, Default)]
pub struct NetworkInterface {
    /// Id (`eni-…`, or an Azure resource id).
    pub id: Box<str>,
    /// Name of the instance or interface, for people.
    pub name: Box<str>,
    /// Its own addresses.
    pub private: AddrSet,
    /// Public addresses that are translated to it.
    pub public: AddrSet,
    /// Ids of public addresses that it refers to (Azure).
    pub public_ids: Vec<Box<str>>,
    /// Ids of the groups (AWS) or NSG (Azure) on it.
    pub points: Vec<Box<str>>,
    /// Ids or names of application security groups it is in.
    pub groups: Vec<Box<str>>,
    /// Subnet id.
    pub subnet: Box<str>,
    /// Instance id.
    pub instance: Box<str>,
    /// Tags of the interface and its instance.
    pub tags: Vec<Tag>,
    /// What else the listing that shows it shows.
    pub listing: Listing,
    /// Its text.
    pub span: Span,
}

/// Which interfaces a listing shows beside one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Listing {
    /// Every one of the region or resource group, as far as its text tells.
    #[default]
    Whole,
    /// Those of instances: load balancers, functions and managed databases have interfaces, too.
    Instances,
    /// One page of several.
    Page,
}

/// A subnet.
#[derive(Clone, Debug, Default)]
pub struct Subnet {
    /// Id.
    pub id: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Addresses.
    pub addrs: AddrSet,
    /// Network (VPC, VNet) id.
    pub network: Box<str>,
    /// Ids of points on it (NSG of an Azure subnet; ACLs name their subnets themselves).
    pub points: Vec<Box<str>>,
    /// Id of its route table (Azure), or empty.
    pub routes: Box<str>,
    /// Its text.
    pub span: Span,
}

/// A virtual network of Azure.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Resource id.
    pub id: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Its address space; empty if only its peerings were exported.
    pub addrs: AddrSet,
    /// Its peerings with other networks.
    pub peerings: Vec<Peering>,
    /// Its text.
    pub span: Span,
}

/// A peering of a virtual network with another one (`VirtualNetworkPeeringPropertiesFormat` of the REST reference).
#[derive(Clone, Debug, Default)]
pub struct Peering {
    /// Id of the other network, or empty.
    pub remote: Box<str>,
    /// The peered address space; empty if the export does not print it.
    pub addrs: AddrSet,
    /// `peeringState` is `Connected`; `None` if it is not printed.
    pub connected: Option<bool>,
    /// `allowVirtualNetworkAccess`: without it, the tag `VirtualNetwork` does not hold the peered space.
    pub access: bool,
}

/// A route table of Azure.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    /// Resource id.
    pub id: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// The prefixes of its routes, with their places.
    pub routes: Vec<(AddrSet, Span)>,
    /// The prefix of a route is not known: a service tag, a template expression.
    pub open: bool,
    /// Ids of subnets that the export says it belongs to.
    pub subnets: Vec<Box<str>>,
    /// Its text.
    pub span: Span,
}

/// A public address of Azure.
#[derive(Clone, Debug, Default)]
pub struct PublicAddress {
    /// Resource id.
    pub id: Box<str>,
    /// Id of the interface that it is translated to, or empty.
    pub interface: Box<str>,
    /// The address; empty while none is assigned.
    pub addrs: AddrSet,
    /// The lower-case name of its SKU, or empty.
    pub sku: Box<str>,
    /// Its text.
    pub span: Span,
}

/// A named list of addresses under its `[resolve]` key: a prefix list, a service tag, an ASG.
#[derive(Clone, Debug)]
pub struct AddressList {
    /// The key of `[resolve]`, for example `aws:pl-0a1b`.
    pub key: Box<str>,
    /// Its addresses.
    pub addrs: AddrSet,
    /// Its text.
    pub span: Span,
}

/// A named list whose addresses the file does not hold, or addresses whose list it does not name.
#[derive(Clone, Debug)]
pub struct ListPart {
    /// The list's key of `[resolve]`, or empty.
    pub key: Box<str>,
    /// Its addresses, if the file holds them.
    pub addrs: Option<AddrSet>,
    /// Its text.
    pub span: Span,
}

/// One member of an ipset: a box over the set's dimensions, each read from the side that a rule names.
#[derive(Clone, Debug)]
pub struct IpSetEntry {
    /// Per dimension what it allows.
    pub dims: Vec<PacketDim>,
    /// `nomatch`: an exception.
    pub nomatch: bool,
    /// It has a timeout, after which it is no member any more.
    pub expires: bool,
    /// Its text.
    pub span: Span,
}

/// One dimension of an ipset member.
#[derive(Clone, Debug, PartialEq)]
pub enum PacketDim {
    /// Addresses.
    Addr(AddrSet),
    /// Protocol and ports.
    Port(hylint_space::ProtoSet, hylint_space::PortSet),
    /// Something else (MAC, interface, mark); kept as text.
    Other(Box<str>),
}

impl PacketDim {
    /// Narrows a box by this dimension on the given side; false if packets cannot decide it.
    pub fn narrow(&self, space: &mut PacketBox, side: Side) -> bool {
        match (self, side) {
            (Self::Addr(a), Side::Src) => space.src = space.src.intersect(a),
            (Self::Addr(a), Side::Dst) => space.dst = space.dst.intersect(a),
            (Self::Port(p, n), side) => {
                space.proto = space.proto.intersect(p);
                let ports = if side == Side::Src {
                    &mut space.sport
                } else {
                    &mut space.dport
                };
                *ports = ports.intersect(n);
            }
            (Self::Other(_), _) => return false,
        }
        true
    }
}

/// A set of an `ipset save` file.
#[derive(Clone, Debug)]
pub struct IpSet {
    /// Name.
    pub name: Box<str>,
    /// Type, for example `hash:ip,port`.
    pub kind: Box<str>,
    /// Members.
    pub entries: Vec<IpSetEntry>,
    /// The `create` line.
    pub span: Span,
}

/// Anything in an export that is not a firewall and tells about one.
#[derive(Clone, Debug)]
pub enum Companion {
    /// `netsh advfirewall show allprofiles` without rules in the same file.
    WindowsProfiles(Box<WindowsProfiles>),
    /// Filters of Windows firewall rules (`Get-NetFirewallPortFilter` and the like) that stand in a file without the rules.
    WindowsFilters {
        /// Their text.
        span: Span,
    },
    /// The interfaces of a host with their addresses (`ip addr`, `Get-NetIPAddress`, `ipconfig`).
    HostInterfaces(Box<HostInterfaces>),
    /// The routes of a host.
    Routes(Box<Routes>),
    /// The rules by which a host picks a routing table.
    RoutingRules(Box<RoutingRules>),
    /// What listens on a host.
    Sockets(Box<Sockets>),
    /// The processes of a Windows host.
    Processes(Box<Processes>),
    /// An ipset.
    IpSet(IpSet),
    /// A cloud network interface.
    Interface(Box<NetworkInterface>),
    /// A subnet.
    Subnet(Subnet),
    /// A virtual network.
    Network(Box<Network>),
    /// A route table.
    RouteTable(Box<RouteTable>),
    /// A public address.
    PublicAddress(Box<PublicAddress>),
    /// A named address list.
    AddressList(AddressList),
    /// A part of a named address list.
    ListPart(ListPart),
    /// A resource that others name and that says nothing itself (an application security group).
    Label(Span),
}

impl Companion {
    /// Where something stands that a host's own commands say of it: addresses, routes, what listens.
    #[must_use]
    pub fn of_host(&self) -> Option<crate::Span> {
        match self {
            Self::HostInterfaces(i) => Some(i.span),
            Self::Routes(r) => Some(r.span),
            Self::RoutingRules(r) => Some(r.span),
            Self::Sockets(s) => Some(s.span),
            Self::Processes(p) => Some(p.span),
            Self::WindowsProfiles(_)
            | Self::WindowsFilters { .. }
            | Self::IpSet(_)
            | Self::Interface(_)
            | Self::Subnet(_)
            | Self::Network(_)
            | Self::RouteTable(_)
            | Self::PublicAddress(_)
            | Self::AddressList(_)
            | Self::ListPart(_)
            | Self::Label(_) => None,
        }
    }
}
