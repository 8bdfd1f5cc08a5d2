//! What is done with exports: checked, traced, looked into, drafted from.

pub mod focus;
pub mod init;
pub mod inspect;
pub mod run;
pub mod suppress;
pub mod trace;
