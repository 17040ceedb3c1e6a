//! The backends against the real servers of the test plane: one program, so that there is one plane.

mod admission;
mod apply;
mod delete;
mod errors;
mod fields;
mod pinned;
mod reads;
mod support;
mod vault;
mod versions;
