//! The server against scripted authors: pure tables first, then whole RPCs.

#![expect(clippy::needless_pass_by_value, reason = "tables read better without a & before every row")]
#![expect(clippy::unnecessary_wraps, reason = "requests and answers hold their values in options")]

mod adopting;
mod applying;
mod extras;
mod fixture;
mod planning;
mod reading;
mod replacing;
