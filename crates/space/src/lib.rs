//! The packet-space algebra. It knows packets and sets, and nothing of firewalls.

mod addr;
pub mod class;
mod exposure;
mod merge;
mod packet;
mod range;
mod store;

pub use addr::{AddrSet, Family, v4_prefix};
pub use exposure::Exposure;
pub use merge::merged;
pub use packet::{
    FlagSet, IfaceExt, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, iface_name,
    proto,
};
pub use range::RangeSet;
pub use store::Scalar;
