//! The prober as a process of its own would run it: what the environment of that process must not change.

mod ambient;
