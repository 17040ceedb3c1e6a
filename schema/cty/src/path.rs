//! Where in a value something is.

use std::fmt;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// An attribute or block of an object, by name.
    Attribute(String),
    /// An element of a map, or a block of a map of blocks, by key.
    Key(String),
    /// An element of a list, by index from 0.
    Index(i64),
}

/// A path into a value, from its root; empty means the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The value itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// An attribute of the root.
    pub fn attr(name: &str) -> Self {
        Self::root().then_attr(name)
    }

    /// This path, then an attribute.
    #[must_use]
    pub fn then_attr(&self, name: &str) -> Self {
        self.then(Step::Attribute(name.to_owned()))
    }

    /// This path, then a map key.
    #[must_use]
    pub fn then_key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// This path, then a list index.
    #[must_use]
    pub fn then_index(&self, index: usize) -> Self {
        self.then(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// This path, then `step`.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    /// As a person would write it in HCL: `carve_out["share"].paths[0]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
