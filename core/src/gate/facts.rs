//! Facts about releases: which API is gone from which version on, what each version of an add-on, a runtime or etcd
//! supports, which flags and feature gates are gone; each with its source and the day on which it was read.
//!
//! Every row names where it comes from; a row without source or day does not compile. A target beyond
//! [`REVIEWED_THROUGH`] is not judged as passed: nobody has looked at what that release removes. Rows past their age say
//! nothing any more: what they would have decided is `unknown`.

mod apis;
mod fact;
mod flags;
mod rows;

pub use apis::{REMOVED_APIS, REVIEWED_THROUGH, RemovedApi};
pub use fact::{Fact, FactError, Facts, Kind, MAX_AGE_DAYS, verify};
pub(super) use flags::{GATES, GATES_REVIEWED_FROM, KUBEADM_FLAGS, KUBEADM_FORMS, REMOVED_FLAGS, generated_by_kubeadm};
