//! A list that is gathered piece by piece, some of which may be missing.

use crate::gate::evidence::Measured;

/// So many pieces that are missing are named; of more, how many there are.
const NAMED: usize = 5;

/// A list that is gathered piece by piece. Whether all of it was seen follows from the pieces.
#[derive(Clone, Debug)]
pub struct Gathering<T> {
    items: Vec<T>,
    gaps: Vec<Measured<()>>,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self { items: Vec::new(), gaps: Vec::new() }
    }
}

impl<T> Gathering<T> {
    /// Something that was seen.
    pub fn saw(&mut self, item: T) {
        self.items.push(item);
    }

    /// Something that was not, or not completely; the reason is a fragment that names the piece. A [`Measured::Seen`] is no
    /// gap and says nothing here.
    pub fn missed(&mut self, gap: Measured<()>) {
        if gap.gap().is_some() {
            self.gaps.push(gap);
        }
    }

    /// What came together: seen completely without gaps; where nothing came, the reason that all gaps share.
    pub fn finish(self) -> Measured<Vec<T>> {
        let Some(first) = self.gaps.first() else { return Measured::Seen(self.items) };
        let why = named(&self.gaps);
        let alike = self.gaps.iter().all(|gap| std::mem::discriminant(gap) == std::mem::discriminant(first));
        match (first, alike) {
            (Measured::Stale { .. }, true) => Measured::Stale { seen: self.items, why },
            _ if !self.items.is_empty() => Measured::Partial { seen: self.items, why },
            (Measured::Forbidden(_), true) => Measured::Forbidden(why),
            (Measured::Unreachable(_), true) => Measured::Unreachable(why),
            (Measured::Absent(_), true) => Measured::Absent(why),
            _ => Measured::NotMeasured(why),
        }
    }
}

/// The reasons without the words for their kind, where all are of one kind.
fn named(gaps: &[Measured<()>]) -> String {
    let mut reasons: Vec<&str> = gaps.iter().map(reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let more = reasons.len().saturating_sub(NAMED);
    reasons.truncate(NAMED);
    match (reasons.join("; "), more) {
        (text, 0) => text,
        (text, more) => format!("{text}; and {more} more"),
    }
}

fn reason(gap: &Measured<()>) -> &str {
    match gap {
        Measured::Seen(()) => "",
        Measured::Partial { why, .. }
        | Measured::Stale { why, .. }
        | Measured::Restarted { why, .. }
        | Measured::Forbidden(why)
        | Measured::Unreachable(why)
        | Measured::Absent(why)
        | Measured::NotMeasured(why)
        | Measured::Omitted(why) => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(items: &[u8], gaps: Vec<Measured<()>>) -> Measured<Vec<u8>> {
        let mut gathering = Gathering::default();
        for item in items {
            gathering.saw(*item);
        }
        for gap in gaps {
            gathering.missed(gap);
        }
        gathering.finish()
    }

    #[test]
    fn what_comes_together_is_no_more_than_its_pieces() {
        let why = |text: &str| text.to_owned();
        let stale = |text: &str| Measured::Stale { seen: (), why: why(text) };
        assert_eq!(finish(&[1, 2], vec![]), Measured::Seen(vec![1, 2]));
        assert_eq!(finish(&[], vec![Measured::Seen(())]), Measured::Seen(vec![]));
        assert_eq!(
            finish(&[1], vec![Measured::Forbidden(why("b")), Measured::Absent(why("a"))]),
            Measured::Partial { seen: vec![1], why: why("a; b") }
        );
        assert_eq!(
            finish(&[1], vec![stale("a"), stale("a")]),
            Measured::Stale { seen: vec![1], why: why("a") },
            "each once"
        );
        assert_eq!(
            finish(&[1], vec![stale("a"), Measured::NotMeasured(why("b"))]),
            Measured::Partial { seen: vec![1], why: why("a; b") }
        );
        assert_eq!(finish(&[], vec![Measured::Forbidden(why("a"))]), Measured::Forbidden(why("a")));
        assert_eq!(finish(&[], vec![Measured::Absent(why("a"))]), Measured::Absent(why("a")));
        assert_eq!(finish(&[], vec![Measured::Unreachable(why("a"))]), Measured::Unreachable(why("a")));
        assert_eq!(
            finish(&[], vec![Measured::Absent(why("a")), Measured::Forbidden(why("b"))]),
            Measured::NotMeasured(why("a; b"))
        );
    }

    #[test]
    fn of_many_gaps_a_few_are_named() {
        let gaps = (0..5_000).map(|node| Measured::NotMeasured(format!("nobody looked at node-{node:04}"))).collect();
        let Measured::NotMeasured(why) = finish(&[], gaps) else { panic!("nothing was seen") };
        assert!(why.starts_with("nobody looked at node-0000; ") && why.ends_with("node-0004; and 4995 more"), "{why}");
    }
}
