//! The mark that our records carry in their comment.
//!
//! `homelab:<creation> <owner>`: the same two things as on the objects of a cluster. The owner keeps two resources from
//! sharing a name; the creation lets the second half of a replacement see that the first has taken the record over.
//!
//! A comment holds 100 characters in the smallest plan, and owners may be longer. Then the owner is cut and a hash of the
//! whole stands before it, so that two long owners are still told apart.

use serde_json::Value;

use crate::hash::hash;

const PREFIX: &str = "homelab:";
/// What every plan of the provider allows.
const LIMIT: usize = 100;
const CREATION: usize = 16;

/// Whose a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The owner, in the form of [`Mark::text`]: perhaps cut.
    owner: String,
    creation: String,
}

impl Mark {
    /// The mark of an owner (`homelab_ingress photos/photos`, with its stack before it) and one creation of it, 16
    /// hexadecimal digits.
    pub fn new(owner: &str, creation: &str) -> Self {
        Self { owner: fitted(owner), creation: creation.to_owned() }
    }

    /// The mark in a comment; `None` where there is none, also where somebody begins a comment of his own like one.
    pub fn of(comment: &str) -> Option<Self> {
        let (creation, owner) = comment.strip_prefix(PREFIX)?.split_once(' ')?;
        let is_creation = creation.len() == CREATION && creation.chars().all(|c| c.is_ascii_hexdigit());
        (is_creation && !owner.is_empty()).then(|| Self { owner: owner.to_owned(), creation: creation.to_owned() })
    }

    /// The comment; at most 100 characters.
    pub fn text(&self) -> String {
        format!("{PREFIX}{} {}", self.creation, self.owner)
    }

    /// Whether both are of one owner, in whichever creations.
    pub fn has_owner_of(&self, other: &Self) -> bool {
        self.owner == other.owner
    }

    /// Whether it is of that creation.
    pub fn is_of(&self, creation: &str) -> bool {
        self.creation == creation
    }

    /// The owner, for messages.
    pub fn owner(&self) -> &str {
        &self.owner
    }
}

fn fitted(owner: &str) -> String {
    let room = LIMIT - PREFIX.len() - CREATION - 1;
    if owner.chars().count() <= room {
        return owner.to_owned();
    }
    let digest = hash(&Value::from(owner));
    let rest: String = owner.chars().take(room - digest.len() - 2).collect();
    // No owner of full length begins so: names have no `~`.
    format!("~{digest} {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = "0123456789abcdef";

    #[test]
    fn a_mark_is_read_back_from_its_comment() {
        let mark = Mark::new("homelab_ingress photos/photos", CREATED);
        assert_eq!(mark.text(), "homelab:0123456789abcdef homelab_ingress photos/photos");
        assert_eq!(Mark::of(&mark.text()), Some(mark));
    }

    #[test]
    fn comments_of_people_are_no_marks() {
        for comment in ["", "homelab", "homelab: nas", "homelab:0123 x", "homelab:0123456789abcdef ", "my homelab:a b"]
        {
            assert_eq!(Mark::of(comment), None, "{comment:?}");
        }
    }

    #[test]
    fn long_owners_fit_and_are_told_apart() {
        let long = |end: &str| format!("homelab_ingress {}/{}{end}", "n".repeat(63), "a".repeat(200));
        let (one, other) = (Mark::new(&long("1"), CREATED), Mark::new(&long("2"), CREATED));
        assert!(!one.has_owner_of(&other));
        assert!(one.has_owner_of(&Mark::new(&long("1"), "fedcba9876543210")));
        for mark in [one, other] {
            assert_eq!(mark.text().chars().count(), 100);
            assert_eq!(Mark::of(&mark.text()), Some(mark));
        }
        let wide = Mark::new(&"ü".repeat(300), CREATED);
        assert_eq!(wide.text().chars().count(), 100, "counted in characters");
    }
}
