//! Numbers and bits.

use super::super::syntax::{BinaryOp, Expr, ExprKind};
use crate::iptables::names as common;
use hylint_space::TcpFlags;

/// A number.
pub(super) fn number(value: &Expr<'_>) -> Option<u32> {
    match &value.kind {
        ExprKind::Binary(b) => {
            let (left, right) = (number(&b.left)?, number(&b.right)?);
            Some(match b.op {
                BinaryOp::Or => left | right,
                BinaryOp::And => left & right,
                BinaryOp::Xor => left ^ right,
                BinaryOp::ShiftLeft => left.checked_shl(right)?,
                BinaryOp::ShiftRight => left.checked_shr(right)?,
            })
        }
        _ => common::number(value.symbol()?),
    }
}

/// TCP flags as the bits of their byte: `syn`, `fin | syn`, `0x12`.
pub(super) fn flags(value: &Expr<'_>) -> Option<u8> {
    match &value.kind {
        ExprKind::Binary(b) if b.op == BinaryOp::Or => Some(flags(&b.left)? | flags(&b.right)?),
        ExprKind::List(parts) => parts.iter().try_fold(0, |all, p| Some(all | flags(p)?)),
        _ => {
            let text = value.symbol()?;
            match text {
                "ecn" | "ece" => Some(64),
                "cwr" => Some(128),
                text => TcpFlags::parse(text)
                    .filter(|_| {
                        !text.eq_ignore_ascii_case("all") && !text.eq_ignore_ascii_case("none")
                    })
                    .map(|f| f.0)
                    .or_else(|| common::number(text).and_then(|n| u8::try_from(n).ok())),
            }
        }
    }
}
