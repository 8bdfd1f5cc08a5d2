//! What a rule of the Windows firewall means, whatever the form that it is exported in.
//!
//! Each form states its rules field by field ([`stated::Stated`]), in the words of netsh; [`build`] makes rules of the model
//! of them, [`collection`] an export. Words of every language of Windows are in [`vocab`].

pub(crate) mod addresses;
pub(crate) mod build;
pub(crate) mod clauses;
pub(crate) mod collection;
pub(crate) mod dash;
pub(crate) mod form;
pub(crate) mod narrow;
pub(crate) mod parts;
pub(crate) mod ports;
pub(crate) mod proxy;
pub(crate) mod same;
pub(crate) mod security;
pub(crate) mod stated;
pub(crate) mod tell;
pub(crate) mod values;
pub(crate) mod vocab;
pub(crate) mod words;
