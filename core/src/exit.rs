//! Exit codes: one contract for every verb of the CLI, and for whoever calls it from CI.
//!
//! A refusal, a gap in what could be measured and a wait for upstream are different things to a caller, so each has a
//! code of its own, and none of them is the code of a crash. Code 1 is left to usage and internal errors alone, which
//! is why clap's own 2 is mapped to it. The order in which a mix of findings decides differs between the gate and
//! everything else; both orders live here, and nowhere else.

use std::fmt;

use serde::Serialize;

/// What a finding asks of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Worth knowing; changes no exit code.
    Note,
    /// Something to act on here.
    Act,
    /// Something could not be measured: neither passed nor failed.
    Unmeasured,
    /// Nothing to act on here: only upstream, or a pin that is lifted, clears it.
    Held,
}

/// How a process of ours ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Measured completely, nothing wrong.
    Clean = 0,
    /// Wrong usage, or an error of ours.
    Failure = 1,
    /// Something to act on.
    Act = 2,
    /// Something could not be measured.
    Incomplete = 3,
    /// Nothing to act on now; only upstream or a lifted pin clears it.
    Held = 4,
}

/// Which class decides when several are present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// For every verb but the gate: something to act on is said first, then a gap.
    Usual,
    /// For the gate: a gap is never quiet, and a hold wins over what could be acted on, since acting would not open
    /// the way yet.
    Gate,
}

impl Exit {
    /// Every exit code, in order of its number.
    pub const ALL: [Self; 5] = [Self::Clean, Self::Failure, Self::Act, Self::Incomplete, Self::Held];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, as one line of documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Clean => "measured completely, nothing wrong",
            Self::Failure => "wrong usage, or an internal error",
            Self::Act => "something to act on",
            Self::Incomplete => "incomplete: something could not be measured",
            Self::Held => "held: nothing to act on now, only upstream or a lifted pin clears it",
        }
    }

    /// The exit code of a run with findings of these classes.
    pub fn of(classes: impl IntoIterator<Item = Class>, order: Order) -> Self {
        classes.into_iter().map(Self::from).max_by_key(|exit| exit.weight(order)).unwrap_or(Self::Clean)
    }

    /// The exit code of several runs taken together: a failure of ours outweighs every finding.
    pub fn worst(exits: impl IntoIterator<Item = Self>, order: Order) -> Self {
        exits.into_iter().max_by_key(|exit| exit.weight(order)).unwrap_or(Self::Clean)
    }

    fn weight(self, order: Order) -> u8 {
        match (self, order) {
            (Self::Clean, _) => 0,
            (Self::Held, Order::Usual) | (Self::Act, Order::Gate) => 1,
            (Self::Incomplete, Order::Usual) | (Self::Held, Order::Gate) => 2,
            (Self::Act, Order::Usual) | (Self::Incomplete, Order::Gate) => 3,
            (Self::Failure, _) => 4,
        }
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Note => Self::Clean,
            Class::Act => Self::Act,
            Class::Unmeasured => Self::Incomplete,
            Class::Held => Self::Held,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_ends_by_the_order_of_the_verb() {
        use Class::{Act, Held, Note, Unmeasured};
        let table: [(&[Class], Exit, Exit); 8] = [
            (&[], Exit::Clean, Exit::Clean),
            (&[Note], Exit::Clean, Exit::Clean),
            (&[Note, Act], Exit::Act, Exit::Act),
            (&[Held], Exit::Held, Exit::Held),
            (&[Act, Unmeasured], Exit::Act, Exit::Incomplete),
            (&[Held, Act], Exit::Act, Exit::Held),
            (&[Unmeasured, Held], Exit::Incomplete, Exit::Incomplete),
            (&[Act, Held, Unmeasured], Exit::Act, Exit::Incomplete),
        ];
        for (classes, usual, gate) in table {
            assert_eq!(Exit::of(classes.iter().copied(), Order::Usual), usual, "{classes:?}");
            assert_eq!(Exit::of(classes.iter().copied(), Order::Gate), gate, "{classes:?}");
        }
    }

    #[test]
    fn a_failure_of_ours_outweighs_everything() {
        for order in [Order::Usual, Order::Gate] {
            assert_eq!(Exit::worst(Exit::ALL, order), Exit::Failure);
        }
    }
}
