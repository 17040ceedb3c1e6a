//! Yes, no, or not to be told: what can be said without guessing.

/// What is known about a question whose answer may depend on something that was not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It cannot be told; whoever asks must assume the worse.
    Unknown,
}

impl Truth {
    /// Both. A clear no decides, whatever the other is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// One of them. A clear yes decides, whatever the other is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// The opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a method reads better in chains, and nobody writes `!truth`")]
    pub fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Any of them: no where there are none.
    pub fn any(all: impl IntoIterator<Item = Self>) -> Self {
        let mut seen = Self::No;
        for one in all {
            seen = seen.or(one);
            if seen == Self::Yes {
                break;
            }
        }
        seen
    }
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}
