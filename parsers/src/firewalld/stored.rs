//! Direct rules that run and those that are stored: what runs is judged, and a difference is told.

use super::own::{Direct, DirectKind, Own};
use super::shown::Lists;
use hylint_model::{Problem, ProblemKind};
use std::collections::BTreeSet;

impl Direct {
    fn lists(&self) -> Option<Lists> {
        match self.kind {
            DirectKind::Rule { .. } => Some(Lists::Rules),
            DirectKind::Passthrough => Some(Lists::Passthroughs),
            DirectKind::Chain { .. } => None,
        }
    }

    fn says(&self) -> String {
        format!("{} {:?} {}", self.ipv, self.kind, self.args)
    }
}

/// Leaves what runs, where it is shown, and each chain and rule once.
pub(super) fn unify(own: &mut Own) {
    for lists in [Lists::Rules, Lists::Passthroughs] {
        if own.direct_shown.both(lists) {
            only_running(own, lists);
        }
    }
    let running: BTreeSet<String> = own
        .direct
        .iter()
        .filter(|d| !d.permanent)
        .map(Direct::says)
        .collect();
    let before = own.direct.iter().filter(|d| d.lists().is_some()).count();
    own.direct
        .retain(|d| !d.permanent || !running.contains(&d.says()));
    let left = own.direct.iter().filter(|d| d.lists().is_some()).count();
    own.rules = own.rules.saturating_sub(before - left);
}

fn only_running(own: &mut Own, lists: Lists) {
    let of = |permanent: bool| {
        let all = own.direct.iter();
        all.filter(move |d| d.lists() == Some(lists) && d.permanent == permanent)
    };
    let says = |permanent: bool| of(permanent).map(Direct::says).collect::<BTreeSet<_>>();
    let (running, stored) = (says(false), says(true));
    let apart = of(true).find(|d| !running.contains(&d.says()));
    let apart = apart.or_else(|| of(false).find(|d| !stored.contains(&d.says())));
    let count = of(true).count();
    if let Some(d) = apart {
        let message = "other direct rules run than are stored: what runs is judged, and a reload brings what is stored";
        let problem = Problem::new(ProblemKind::Incomplete, d.span, message);
        own.problems.push(
            problem.help("run `firewall-cmd --runtime-to-permanent`, or `firewall-cmd --reload`"),
        );
    }
    own.direct
        .retain(|d| d.lists() != Some(lists) || !d.permanent);
    own.rules = own.rules.saturating_sub(count);
}
