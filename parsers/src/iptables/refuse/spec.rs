//! What describes an option of a match or target, and where a match or target may stand.

use super::value::Value;

/// One option.
#[derive(Clone, Copy)]
pub(super) struct Opt {
    /// Long name without dashes.
    pub(super) name: &'static str,
    /// Its number among the options of its match or target; spellings of one option share it.
    pub(super) id: u8,
    /// What its argument has to be.
    pub(super) value: Value,
    /// Whether `!` may stand before it.
    pub(super) negates: bool,
    /// Whether a rule must have it.
    pub(super) must: bool,
    /// Whether it may be given again.
    pub(super) again: bool,
    /// Options that may not stand beside it, as a set of numbers.
    pub(super) not_with: u32,
    /// Options that must stand beside it, as a set of numbers.
    pub(super) needs: u32,
}

/// An option that may be given once.
pub(super) const fn o(name: &'static str, id: u8, value: Value) -> Opt {
    Opt {
        name,
        id,
        value,
        negates: false,
        must: false,
        again: false,
        not_with: 0,
        needs: 0,
    }
}

impl Opt {
    pub(super) const fn neg(mut self) -> Self {
        self.negates = true;
        self
    }

    pub(super) const fn must(mut self) -> Self {
        self.must = true;
        self
    }

    pub(super) const fn again(mut self) -> Self {
        self.again = true;
        self
    }

    pub(super) const fn not_with(mut self, set: u32) -> Self {
        self.not_with = set;
        self
    }

    pub(super) const fn needs(mut self, set: u32) -> Self {
        self.needs = set;
        self
    }
}

/// Which tools know it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Both,
    V4,
    V6,
}

/// Chains of the kernel, as bits of a set.
pub(in super::super) mod hook {
    pub(in crate::iptables) const PRE: u8 = 1;
    pub(in crate::iptables) const IN: u8 = 2;
    pub(in crate::iptables) const FWD: u8 = 4;
    pub(in crate::iptables) const OUT: u8 = 8;
    pub(in crate::iptables) const POST: u8 = 16;
    pub(in crate::iptables) const ANY: u8 = 31;
}

/// Tables, as bits of a set.
pub(super) mod table {
    pub(in super::super) const RAW: u8 = 1;
    pub(in super::super) const MANGLE: u8 = 2;
    pub(in super::super) const NAT: u8 = 4;
    pub(in super::super) const FILTER: u8 = 8;
    pub(in super::super) const SECURITY: u8 = 16;
    pub(in super::super) const ANY: u8 = 31;
}

/// A match or target.
#[derive(Clone, Copy)]
pub(super) struct Ext {
    pub(super) name: &'static str,
    pub(super) of: Of,
    /// Tables that it may stand in.
    pub(super) tables: u8,
    /// Chains of the kernel that may lead to it.
    pub(super) hooks: u8,
    /// The protocol that `-p` has to name beside it.
    pub(super) proto: Option<u8>,
    pub(super) opts: &'static [Opt],
}

/// One without limits of place.
pub(super) const fn ext(name: &'static str, opts: &'static [Opt]) -> Ext {
    Ext {
        name,
        of: Of::Both,
        tables: table::ANY,
        hooks: hook::ANY,
        proto: None,
        opts,
    }
}

impl Ext {
    pub(super) const fn v4(mut self) -> Self {
        self.of = Of::V4;
        self
    }

    pub(super) const fn v6(mut self) -> Self {
        self.of = Of::V6;
        self
    }

    pub(super) const fn tables(mut self, set: u8) -> Self {
        self.tables = set;
        self
    }

    pub(super) const fn hooks(mut self, set: u8) -> Self {
        self.hooks = set;
        self
    }

    pub(super) const fn proto(mut self, p: u8) -> Self {
        self.proto = Some(p);
        self
    }
}
