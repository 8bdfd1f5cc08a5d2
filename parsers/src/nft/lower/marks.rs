//! Arithmetic on marks (`meta mark set meta mark & 0xff | 0x10`).

use super::super::syntax::{BinaryOp, Expr, ExprKind};
use super::constant;
use hylint_model::Action;

/// Which mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    /// The packet's.
    Packet,
    /// The connection's.
    Connection,
}

impl Which {
    /// The mark that an expression is.
    pub(super) fn of(expr: &Expr<'_>) -> Option<Self> {
        match &expr.kind {
            ExprKind::Meta(key) if key == "mark" => Some(Self::Packet),
            ExprKind::Ct { key, dir: None } if key == "mark" => Some(Self::Connection),
            _ => None,
        }
    }

    /// It becomes one that is not known.
    pub(super) const fn lost(self) -> Action {
        Action::LoseMark {
            connection: matches!(self, Self::Connection),
        }
    }

    /// `self set value`.
    pub(super) fn set(self, value: &Expr<'_>) -> Action {
        let Some(bits) = Bits::of(value) else {
            return self.lost();
        };
        match (self, bits.from) {
            (Self::Packet, None) => Action::SetMark {
                value: bits.flip,
                mask: u32::MAX,
            },
            (Self::Connection, None) => Action::SetConnMark {
                value: bits.flip,
                mask: u32::MAX,
            },
            (Self::Packet, Some(Self::Packet)) => Action::SetMark {
                value: bits.flip,
                mask: !bits.keep,
            },
            (Self::Connection, Some(Self::Connection)) => Action::SetConnMark {
                value: bits.flip,
                mask: !bits.keep,
            },
            (Self::Packet, Some(Self::Connection)) if bits.flip == 0 => Action::RestoreMark {
                nfmask: u32::MAX,
                ctmask: bits.keep,
            },
            (Self::Connection, Some(Self::Packet)) if bits.flip == 0 => Action::SaveMark {
                nfmask: bits.keep,
                ctmask: u32::MAX,
            },
            _ => self.lost(),
        }
    }
}

/// `(from & keep) ^ flip`.
#[derive(Clone, Copy)]
struct Bits {
    from: Option<Which>,
    keep: u32,
    flip: u32,
}

impl Bits {
    fn of(expr: &Expr<'_>) -> Option<Self> {
        if let Some(number) = constant::number(expr) {
            return Some(Self {
                from: None,
                keep: 0,
                flip: number,
            });
        }
        if let Some(which) = Which::of(expr) {
            return Some(Self {
                from: Some(which),
                keep: u32::MAX,
                flip: 0,
            });
        }
        let ExprKind::Binary(b) = &expr.kind else {
            return None;
        };
        let (inner, n) = match constant::number(&b.right) {
            Some(n) => (Self::of(&b.left)?, n),
            None => (Self::of(&b.right)?, constant::number(&b.left)?),
        };
        Some(match b.op {
            BinaryOp::And => Self {
                keep: inner.keep & n,
                flip: inner.flip & n,
                ..inner
            },
            BinaryOp::Or => Self {
                keep: inner.keep & !n,
                flip: (inner.flip & !n) | n,
                ..inner
            },
            BinaryOp::Xor => Self {
                flip: inner.flip ^ n,
                ..inner
            },
            BinaryOp::ShiftLeft | BinaryOp::ShiftRight => return None,
        })
    }
}
