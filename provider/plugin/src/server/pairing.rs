//! Which element of one set of blocks is which of another.
//!
//! Core does not correlate them either: it asks whether some partner fits. A first fit may take the partner that another
//! element needs, so partners are exchanged until as many as possible have one (augmenting paths).

use homelab_cty::{Block, Nesting, Value};

/// For each of `left`, the index of its own partner in `right`, where it has one.
pub(super) fn pair(left: &[Value], right: &[Value], fits: impl Fn(&Value, &Value) -> bool) -> Vec<Option<usize>> {
    let candidates: Vec<Vec<usize>> = left
        .iter()
        .map(|left| (0..right.len()).filter(|&index| right.get(index).is_some_and(|right| fits(left, right))).collect())
        .collect();
    let mut owners: Vec<Option<usize>> = vec![None; right.len()];
    for seeker in 0..left.len() {
        let mut tried = vec![false; right.len()];
        seek(seeker, &candidates, &mut owners, &mut tried);
    }
    let mut pairs = vec![None; left.len()];
    for (index, owner) in owners.iter().enumerate() {
        if let Some(pair) = owner.and_then(|owner| pairs.get_mut(owner)) {
            *pair = Some(index);
        }
    }
    pairs
}

/// [`pair`], and where no own partner is left, one that is another's too: two elements may have become one.
pub(super) fn pair_or_share(
    left: &[Value],
    right: &[Value],
    fits: impl Fn(&Value, &Value) -> bool,
) -> Vec<Option<usize>> {
    let pairs = pair(left, right, &fits);
    let shared = |left: &Value| right.iter().position(|right| fits(left, right));
    left.iter().zip(pairs).map(|(left, pair)| pair.or_else(|| shared(left))).collect()
}

fn seek(seeker: usize, candidates: &[Vec<usize>], owners: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for &index in candidates.get(seeker).map_or(&[][..], Vec::as_slice) {
        match tried.get_mut(index) {
            Some(tried) if !*tried => *tried = true,
            _ => continue,
        }
        let free = match owners.get(index).copied().flatten() {
            None => true,
            Some(owner) => seek(owner, candidates, owners, tried),
        };
        if free && let Some(owner) = owners.get_mut(index) {
            *owner = Some(seeker);
            return true;
        }
    }
    false
}

/// For each block of the user, the index of the author's answer to it, where there is one.
///
/// Answers that repeat all that the user wrote come before those of typed authors, who see what is unknown in part as
/// wholly unknown. What the author filled in may have made one answer of two, which then answers both blocks.
pub(super) fn answers(block: &Block, config: &[Value], authored: &[Value]) -> Vec<Option<usize>> {
    let mut pairs = pair(config, authored, |config, authored| stands(block, config, authored, true));
    let mut taken = vec![false; authored.len()];
    for index in pairs.iter().flatten() {
        if let Some(taken) = taken.get_mut(*index) {
            *taken = true;
        }
    }
    for (config, pair) in config.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
        let fits = |index: &usize| authored.get(*index).is_some_and(|authored| holds(block, config, authored));
        let free = |index: &usize| taken.get(*index).is_some_and(|taken| !taken);
        let all = 0..authored.len();
        *pair = all.clone().filter(free).find(fits).or_else(|| all.clone().find(fits));
        if let Some(taken) = pair.and_then(|index| taken.get_mut(index)) {
            *taken = true;
        }
    }
    pairs
}

/// Whether `answer` can be the answer to the block `config`: everything the user wrote stands in it.
pub(super) fn holds(block: &Block, config: &Value, answer: &Value) -> bool {
    stands(block, config, answer, false)
}

fn stands(block: &Block, config: &Value, answer: &Value, exactly: bool) -> bool {
    let attributes = block.attributes.iter().all(|(name, attribute)| {
        let (config, answer) = (config.member(name), answer.member(name));
        attribute.write_only || config.is_null() && attribute.mode.is_computed() || {
            // A typed author sees and answers a value that is unknown in part as wholly unknown.
            config == answer || !exactly && answer.is_unknown() && !config.is_wholly_known()
        }
    });
    attributes
        && block.blocks.iter().all(|(name, nested)| {
            let (config, answer) = (config.member(name), answer.member(name));
            let stands = |config: &Value, answer: &Value| stands(&nested.block, config, answer, exactly);
            match (nested.nesting, config, answer) {
                (Nesting::Single, Value::Map(_), Value::Map(_)) => stands(config, answer),
                (Nesting::List, Value::List(config), Value::List(answer)) => {
                    config.len() == answer.len()
                        && config.iter().zip(answer).all(|(config, answer)| stands(config, answer))
                }
                (Nesting::Set, Value::Set(config), Value::Set(answer)) => {
                    config.len() == answer.len() && pair(config, answer, stands).iter().all(Option::is_some)
                }
                (Nesting::Map, Value::Map(config), Value::Map(answer)) => {
                    config.len() == answer.len()
                        && config
                            .iter()
                            .all(|(key, config)| answer.get(key).is_some_and(|answer| stands(config, answer)))
                }
                _ => config == answer,
            }
        })
}

/// Whether the value that is `known` now can be what `planned` was to become: equal wherever `planned` is known.
pub(super) fn becomes(planned: &Value, known: &Value) -> bool {
    if planned == known {
        return true;
    }
    match (planned, known) {
        (Value::Unknown(refinement), known) => refinement.as_ref().is_none_or(|refinement| {
            // Bounds of numbers and lengths are left to core: nothing here promises any.
            !(refinement.null == Some(false) && known.is_null())
                && match (&refinement.string_prefix, known.as_str()) {
                    (Some(prefix), Some(text)) => text.starts_with(prefix.as_str()),
                    _ => true,
                }
        }),
        (Value::List(planned), Value::List(known)) => {
            planned.len() == known.len() && planned.iter().zip(known).all(|(planned, known)| becomes(planned, known))
        }
        (Value::Set(planned), Value::Set(known)) => {
            // Each known element was planned, and each planned one is there, though several may have become one.
            pair(known, planned, |known, planned| becomes(planned, known)).iter().all(Option::is_some)
                && planned.iter().all(|planned| known.iter().any(|known| becomes(planned, known)))
        }
        (Value::Map(planned), Value::Map(known)) => {
            planned.len() == known.len()
                && planned.iter().all(|(key, planned)| known.get(key).is_some_and(|known| becomes(planned, known)))
        }
        (Value::Dynamic(ty, planned), Value::Dynamic(known_ty, known)) => {
            (planned.is_unknown() || ty == known_ty) && becomes(planned, known)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_are_exchanged_so_that_all_find_one() {
        let numbers = |numbers: &[i64]| numbers.iter().map(|&number| Value::from(number)).collect::<Vec<_>>();
        // 1 fits both, 2 only the first: a first fit would leave 2 alone.
        let fits = |left: &Value, right: &Value| *left == Value::from(1) || *right == Value::from(10);
        assert_eq!(pair(&numbers(&[1, 2]), &numbers(&[10, 20]), fits), [Some(1), Some(0)]);
        assert_eq!(pair(&numbers(&[2, 2]), &numbers(&[10, 20]), fits).iter().flatten().count(), 1);
    }

    #[test]
    fn an_unknown_becomes_what_its_refinement_allows() {
        let refined = |refinement| Value::Unknown(Some(Box::new(refinement)));
        let never_null = refined(homelab_cty::Refinement { null: Some(false), ..Default::default() });
        assert!(becomes(&Value::UNKNOWN, &Value::Null));
        assert!(!becomes(&never_null, &Value::Null));
        let prefixed = refined(homelab_cty::Refinement { string_prefix: Some("web-".into()), ..Default::default() });
        assert!(becomes(&prefixed, &"web-1".into()));
        assert!(!becomes(&prefixed, &"db-1".into()));
        // A set may shrink when its unknown elements turn out to be equal to others.
        let planned = Value::set([Value::UNKNOWN, "a".into()]);
        assert!(becomes(&planned, &Value::set(["a".into()])));
        assert!(!becomes(&planned, &Value::set(["b".into(), "c".into()])));
        assert!(!becomes(&planned, &Value::set([])));
    }
}
