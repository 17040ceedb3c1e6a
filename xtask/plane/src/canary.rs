//! Random secrets, and a search for them in everything that a run leaves behind.
//!
//! # Forces
//!
//! A secret leaks in more forms than its own bytes: in base64 within a longer text, as a list of numbers, as its hash. And it leaks
//! where nobody looks: in the arguments and the environment of a child that lives for a moment. So each secret has all of its
//! forms, processes are looked at again and again while they run, and what was looked at is counted: a search that saw nothing
//! finds nothing.

mod processes;
mod search;

pub use self::processes::{Sampler, Seen, is_below, parents};
pub use self::search::{Canary, Search};
