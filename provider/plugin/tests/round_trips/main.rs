//! The provider service against core's rules, over generated schemas, authors, configurations and worlds.
//!
//! Each *life* is what core does with one object: validate, plan with parts unknown, plan again with more known, apply,
//! store, upgrade, read, plan again (which must be no change), change it, import it, destroy it. Every answer goes before
//! the oracle. The RPCs are called on the generated trait of the service, with real messages, in this process.
//!
//! Most of the authors are good; the others answer anything at all, which the server must make legal or refuse. And
//! because a judge that never says no is none, a third group of lives is tampered with between server and oracle.

mod author;
mod configs;
mod core;
mod life;
mod schemas;
mod tampering;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::author::Manners;
use crate::life::{Counts, Life, Untouched};

/// A hundred thousand lives together: each is a round trip of validate, plan, apply, read, second plan and destroy, and
/// some are several.
const GOOD_LIVES: u64 = 75_000;
const WILD_LIVES: u64 = 25_000;

/// Lives one after another on every processor.
fn lives(manners: Manners, count: u64) -> Counts {
    let next = AtomicU64::new(0);
    let worker = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut counts = Counts::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return counts;
            }
            let lived = runtime.block_on(Life::new(seed, manners).live(&mut Untouched));
            counts += lived.unwrap_or_else(|trouble| panic!("{manners:?}, seed {seed}: {trouble}"));
        }
    };
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(worker)).collect();
        let mut counts = Counts::default();
        for worker in workers {
            counts += worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        counts
    })
}

#[test]
fn no_life_of_a_good_author_meets_an_illegal_answer() {
    let counts = lives(Manners::Good, GOOD_LIVES);
    println!("{counts:?}");
    assert_eq!((counts.lives, counts.refused), (GOOD_LIVES, 0), "{counts:?}");
    // They must have been full ones.
    assert!(
        counts.calls > counts.lives * 10 && counts.creates >= counts.lives && counts.quiet > counts.lives,
        "{counts:?}"
    );
    assert!(counts.updates > counts.lives / 8 && counts.replaces > counts.lives / 20, "{counts:?}");
    assert!(counts.unknown > counts.lives / 2, "{counts:?}");
}

#[test]
fn whatever_an_author_answers_the_server_answers_legally_or_refuses() {
    let counts = lives(Manners::Wild, WILD_LIVES);
    println!("{counts:?}");
    assert_eq!(counts.lives, WILD_LIVES);
    // Both must have happened often.
    assert!(counts.refused > counts.lives / 20 && counts.refused < counts.lives / 2, "{counts:?}");
    assert!(counts.creates > counts.lives / 2, "{counts:?}");
}
