//! What is asked of a rule when all its words are read.

use super::extra;
use super::spec::{hook, table};
use super::state::{By, Call, Refusal, Res, Walk, refuse};
use crate::iptables::builtin::TableName;

impl Walk<'_, '_> {
    pub(super) fn finish(&mut self) -> Res {
        if self.passed {
            return Ok(());
        }
        for i in 0..self.calls.len() {
            let Some(call) = self.calls.get(i).copied() else {
                continue;
            };
            extra::at_end(self, i, &call)?;
            options_go_together(&call)?;
        }
        let mut one_side = self.one_side.take();
        for i in 0..self.calls.len() {
            let Some(call) = self.calls.get(i).copied() else {
                continue;
            };
            match self
                .placed(&call)
                .and_then(|()| extra::in_kernel(self, i, &call))
            {
                Err(r) if r.by == By::Both => return Err(r),
                Err(r) => one_side = one_side.or(Some(r)),
                Ok(()) => {}
            }
        }
        match one_side {
            Some(r) => Err(r),
            None => Ok(()),
        }
    }

    /// Table, chain and protocol.
    fn placed(&self, call: &Call) -> Res {
        let (ext, span) = (call.ext, call.span);
        let flag = if call.target { "-j" } else { "-m" };
        let what = || format!("`{flag} {}`", ext.name);
        let table = match self.set.table {
            TableName::Raw => table::RAW,
            TableName::Mangle => table::MANGLE,
            TableName::Nat => table::NAT,
            TableName::Filter => table::FILTER,
            TableName::Security => table::SECURITY,
        };
        if ext.tables & table == 0 {
            return refuse(
                span,
                format!(
                    "{} does not go with the {} table",
                    what(),
                    self.set.table.as_str()
                ),
            );
        }
        if self.set.hooks & !ext.hooks & hook::ANY != 0 {
            return refuse(
                span,
                format!(
                    "{} does not go with the chain {}, or one that leads there",
                    what(),
                    self.set.chain
                ),
            );
        }
        if let Some(wanted) = ext.proto
            && !matches!(self.proto, Some((Some(p), false)) if p == wanted)
            && !matches!(self.proto, Some((None, _)))
        {
            let native = matches!(ext.name, "tcp" | "udp")
                && matches!(self.proto, Some((Some(p), true)) if p == wanted);
            return Err(Refusal {
                span,
                why: format!("{} needs `-p` with its protocol", what()).into(),
                by: if native { By::Legacy } else { By::Both },
            });
        }
        Ok(())
    }
}

/// What must be there, what excludes something else, and what needs it.
fn options_go_together(call: &Call) -> Res {
    let used = |id: u8| call.used & (1 << id) != 0;
    for o in call.ext.opts {
        let name = o.name;
        if o.must && !used(o.id) {
            return refuse(call.span, format!("`--{name}` is missing"));
        }
        if !used(o.id) {
            continue;
        }
        for other in call.ext.opts {
            let bit = 1 << other.id;
            if o.needs & bit != 0 && !used(other.id) {
                return refuse(call.span, format!("`--{name}` needs `--{}`", other.name));
            }
            if o.not_with & bit != 0 && used(other.id) {
                return refuse(call.span, format!("`--{name}` excludes `--{}`", other.name));
            }
        }
    }
    Ok(())
}
