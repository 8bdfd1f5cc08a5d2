//! Reads firewall exports as they are into one normalized model with source places.
//!
//! Data flows one way: bytes → [`decode`] → [`source::Source`] → [`format::detect`] → a reader → [`hylint_model::Export`].
//! What a reader is given and returns is in [`input`]; what writers have in common is in [`write`].
//! A reader never fails: what it cannot take is a [`hylint_model::Problem`] with its place, and the rest is read.

pub mod aws;
pub mod azure;
pub mod catalog;
pub mod decode;
pub mod edit;
mod elided;
pub mod firewalld;
pub mod format;
pub mod gpo;
pub mod input;
pub mod iproute2;
pub mod iptables;
pub mod json;
pub mod listing;
pub mod lookalike;
pub mod netsh;
pub mod nft;
mod part;
pub mod patch;
mod pieces;
mod places;
pub mod plain;
mod pol;
pub mod powershell;
pub mod registry;
mod scan;
mod session;
pub mod setting;
pub mod shell;
pub mod source;
mod terminal;
pub mod ufw;
mod unused;
pub mod wfmsc;
mod windows;
pub mod winnet;
pub mod write;
