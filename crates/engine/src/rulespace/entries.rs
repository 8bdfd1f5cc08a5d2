//! What an index is made of.

use super::bounds::Item;
use super::index::{Index, each_piece};
use super::kinds::Kinds;
use super::summary::Takes;
use super::tree::Tree;
use hylint_model::{Action, Rule};
use hylint_space::PacketBox;

/// Boxes under the numbers of what they belong to. A number may have several.
#[derive(Debug)]
pub struct Entries {
    v4: Vec<Item<u32>>,
    v6: Vec<Item<u128>>,
    /// Ranks of jumps that are entered by what they lead to.
    jumps: Vec<u32>,
    /// Boxes that chains take and that may still be entered by themselves.
    spare: usize,
}

impl Entries {
    /// For a list of so many rules.
    #[must_use]
    pub fn new(rules: usize) -> Self {
        Self {
            v4: Vec::with_capacity(rules),
            v6: Vec::new(),
            jumps: Vec::new(),
            spare: rules,
        }
    }

    /// Enters a rule by its rank, after those of lower ranks, as what it is and, if it takes packets, as [`Kinds::SURE`].
    pub fn rule(&mut self, rank: u32, kinds: Kinds, rule: &Rule, takes: &Takes) {
        let sure = match rule.action {
            Action::Allow => Kinds::SURE_ALLOW,
            Action::Deny => Kinds::SURE_DENY,
            _ => Kinds::SURE_OTHER,
        };
        if kinds == Kinds::IDLE_JUMP {
            self.jumps.push(rank);
        }
        let plain = match takes {
            Takes::Nothing => kinds,
            // What a chain takes is little of what is sent there. It is entered by itself where that are not too many boxes.
            Takes::Boxes(taken) if taken.len() <= self.spare => {
                self.spare -= taken.len();
                for b in taken {
                    self.space(rank, sure, b);
                }
                kinds
            }
            Takes::Own | Takes::Boxes(_) => kinds.or(sure),
        };
        for clause in &rule.clauses {
            // What has conditions takes nothing for sure.
            let kinds = if clause.conditions.is_empty() {
                plain
            } else {
                kinds
            };
            self.space(rank, kinds, &clause.space);
        }
    }

    /// Enters a box.
    pub fn space(&mut self, id: u32, kinds: Kinds, b: &PacketBox) {
        each_piece(b, kinds, &b.src.v4, &b.dst.v4, |bounds| {
            self.v4.push(Item { bounds, id })
        });
        each_piece(b, kinds, &b.src.v6, &b.dst.v6, |bounds| {
            self.v6.push(Item { bounds, id })
        });
    }

    /// The index of what was entered.
    #[must_use]
    pub fn index(self) -> Index {
        self.built(false)
    }

    /// The same where it is always asked for denies alone or for others alone.
    #[must_use]
    pub fn index_apart(self) -> Index {
        self.built(true)
    }

    fn built(self, apart: bool) -> Index {
        Index {
            v4: Tree::new(self.v4, apart),
            v6: Tree::new(self.v6, apart),
            jumps: self.jumps,
        }
    }
}

impl Index {
    /// Of boxes under the numbers of what they belong to, of any kind; a number may have several.
    pub fn new<'b>(boxes: impl Iterator<Item = (u32, &'b PacketBox)>) -> Self {
        let mut entries = Entries::new(0);
        for (id, b) in boxes {
            entries.space(id, Kinds::ALL, b);
        }
        entries.index()
    }
}
