//! The rows themselves: the one file to edit when an add-on, a runtime or etcd has released something.
//!
//! A row without a source or without the day on which it was read does not compile. Rows age: see [`super::MAX_AGE_DAYS`].

use std::borrow::Cow;

use super::fact::{Fact, Kind};
use crate::gate::day::Day;
use crate::gate::version::Minor;

/// Where and when a row was read.
type Read = (&'static str, &'static str);

/// `min..=max` of Kubernetes 1.x; 0 for no end.
const fn range(
    subject: &'static str,
    floor: &'static str,
    (min, max): (u32, u32),
    kind: Kind,
    (from, ends): (&'static str, &'static str),
    (source, checked_on): Read,
) -> Fact {
    assert!(!subject.is_empty() && !floor.is_empty(), "a row names a subject and a version");
    assert!(!source.is_empty(), "a row says where it was read");
    assert!(Day::is_day(checked_on), "a row says on which day it was read");
    Fact {
        subject: Cow::Borrowed(subject),
        floor: Cow::Borrowed(floor),
        kubernetes_min: if min == 0 { None } else { Some(Minor::of(min)) },
        kubernetes_max: if max == 0 { None } else { Some(Minor::of(max)) },
        kind,
        upgrade_from: if from.is_empty() { None } else { Some(Cow::Borrowed(from)) },
        ends: if ends.is_empty() { None } else { Some(Cow::Borrowed(ends)) },
        source: Cow::Borrowed(source),
        checked_on: Some(Cow::Borrowed(checked_on)),
    }
}

/// Outside of the range its makers did not test it.
const fn tested(
    subject: &'static str,
    floor: &'static str,
    kubernetes: (u32, u32),
    from: &'static str,
    read: Read,
) -> Fact {
    range(subject, floor, kubernetes, Kind::Untested, (from, ""), read)
}

/// Outside of the range it does not work.
const fn refuses(
    subject: &'static str,
    floor: &'static str,
    kubernetes: (u32, u32),
    from: &'static str,
    read: Read,
) -> Fact {
    range(subject, floor, kubernetes, Kind::Refuses, (from, ""), read)
}

/// The line gets no more fixes after that day.
const fn ends(subject: &'static str, floor: &'static str, day: &'static str, read: Read) -> Fact {
    assert!(Day::is_day(day), "an end of life is a day");
    range(subject, floor, (0, 0), Kind::Eol, ("", day), read)
}

const ESO: Read = ("External Secrets Operator, docs/introduction/stability-support.md", "2026-08-08");
const ESO_BEFORE: Read = ("External Secrets Operator, docs/introduction/stability-support.md", "2026-11-21");
const KYVERNO: Read = ("Kyverno's compatibility matrix, as endoflife.date has it", "2026-11-20");
const CALICO: Read = ("Calico's documentation, system requirements", "2026-11-20");
const CALICO_BEFORE: Read = ("Calico's documentation, system requirements, as a matrix in use has it", "2026-06-19");
const GPU: Read = ("NVIDIA GPU Operator's platform support, as a matrix in use has it", "2026-06-19");
const CONTAINERD: Read = ("containerd.io, releases.md, Kubernetes support", "2026-11-20");
const CONTAINERD_END: Read = ("containerd.io, releases.md, support horizon", "2026-11-20");
const CRI: Read = ("KEP-4033 as moved by kubernetes/enhancements#6087", "2026-11-20");
const CRIO: Read = ("CRI-O 1.37's README: its minor follows that of Kubernetes, with the n-2 skew", "2026-11-21");
const ETCD: Read = ("etcd's upgrade guides", "2026-11-20");
const KUBEADM_ETCD: Read = ("kubeadm 1.33 to 1.37, cmd/kubeadm/app/constants/constants.go", "2026-11-21");
const CGROUP: Read = ("KEP-5573: failCgroupV1 is true by default", "2026-11-20");
const KERNEL: Read = ("k8s.io/system-validators 1.9.1 to 1.12.1, as kubeadm 1.33 to 1.37 use it", "2026-11-21");

/// Every row, by subject.
pub(super) static ROWS: &[Fact] = &[
    tested("calico", "3.26", (0, 28), "", CALICO_BEFORE),
    tested("calico", "3.27", (0, 29), "", CALICO_BEFORE),
    tested("calico", "3.28", (0, 30), "", CALICO_BEFORE),
    tested("calico", "3.29", (0, 32), "", CALICO_BEFORE),
    tested("calico", "3.30", (0, 35), "", CALICO_BEFORE),
    tested("calico", "3.31", (32, 35), "", CALICO),
    tested("calico", "3.32", (34, 36), "", CALICO),
    // From one of the two releases before alone.
    tested("calico", "3.33", (35, 37), "3.31", CALICO),
    refuses("cgroup", "1", (0, 34), "", CGROUP),
    refuses("cgroup", "2", (0, 0), "", CGROUP),
    refuses("containerd", "1.0", (0, 37), "", CRI),
    refuses("containerd", "2.0", (0, 0), "", CRI),
    // Its table names for 1.35 and 1.36 what it recommends; what it leaves out is taken to end before.
    tested("containerd", "1.7", (0, 34), "", CONTAINERD),
    tested("containerd", "1.7.28", (0, 35), "", CONTAINERD),
    tested("containerd", "2.0", (0, 34), "1.7", CONTAINERD),
    tested("containerd", "2.1", (0, 34), "2.0", CONTAINERD),
    tested("containerd", "2.1.5", (0, 35), "2.0", CONTAINERD),
    tested("containerd", "2.2", (0, 36), "2.1", CONTAINERD),
    tested("containerd", "2.3", (0, 36), "2.2", CONTAINERD),
    ends("containerd", "1.7", "2026-09-30", CONTAINERD_END),
    ends("containerd", "2.0", "2027-03-31", CONTAINERD_END),
    ends("containerd", "2.1", "2026-07-31", CONTAINERD_END),
    ends("containerd", "2.2", "2026-11-06", CONTAINERD_END),
    ends("containerd", "2.3", "2028-04-30", CONTAINERD_END),
    tested("cri-o", "1.33", (31, 33), "", CRIO),
    tested("cri-o", "1.34", (32, 34), "", CRIO),
    tested("cri-o", "1.35", (33, 35), "", CRIO),
    tested("cri-o", "1.36", (34, 36), "", CRIO),
    tested("cri-o", "1.37", (35, 37), "", CRIO),
    // From which version etcd allows the step to its next minor.
    refuses("etcd", "3.5", (0, 0), "", ETCD),
    refuses("etcd", "3.6", (0, 0), "3.5.26", ETCD),
    refuses("etcd", "3.7", (0, 0), "3.6.11", ETCD),
    // What kubeadm of these releases brings along.
    refuses("etcd of kubeadm", "3.5", (0, 33), "", KUBEADM_ETCD),
    refuses("etcd of kubeadm", "3.6", (34, 36), "", KUBEADM_ETCD),
    refuses("etcd of kubeadm", "3.7", (37, 37), "", KUBEADM_ETCD),
    tested("external-secrets", "0.10", (19, 31), "", ESO_BEFORE),
    tested("external-secrets", "0.11", (19, 31), "", ESO_BEFORE),
    tested("external-secrets", "0.12", (19, 31), "", ESO_BEFORE),
    // "Upgrade version by version", until 1.0.
    tested("external-secrets", "0.13", (19, 31), "0.12", ESO_BEFORE),
    tested("external-secrets", "0.14", (32, 32), "0.13", ESO_BEFORE),
    tested("external-secrets", "0.15", (32, 32), "0.14", ESO_BEFORE),
    tested("external-secrets", "0.16", (32, 32), "0.15", ESO_BEFORE),
    tested("external-secrets", "0.17", (33, 33), "0.16", ESO_BEFORE),
    tested("external-secrets", "0.18", (33, 33), "0.17", ESO_BEFORE),
    tested("external-secrets", "0.19", (33, 33), "0.18", ESO_BEFORE),
    tested("external-secrets", "0.20", (34, 34), "0.19", ESO_BEFORE),
    tested("external-secrets", "1.0", (34, 34), "0.20", ESO_BEFORE),
    tested("external-secrets", "2.0", (34, 35), "1.0", ESO),
    tested("external-secrets", "2.7", (35, 35), "2.0", ESO),
    tested("external-secrets", "2.8", (35, 36), "2.0", ESO),
    tested("external-secrets", "2.9", (36, 36), "2.0", ESO),
    tested("gpu-operator", "25.10", (0, 35), "", GPU),
    // To the next major version alone.
    tested("gpu-operator", "26.3", (0, 36), "25.10", GPU),
    tested("kernel", "4.19", (0, 33), "", KERNEL),
    tested("kernel", "5.4", (0, 0), "", KERNEL),
    tested("kernel", "5.5", (0, 33), "", KERNEL),
    tested("kernel", "5.10", (0, 0), "", KERNEL),
    tested("kernel", "5.11", (0, 33), "", KERNEL),
    tested("kernel", "5.15", (0, 0), "", KERNEL),
    tested("kernel", "5.16", (0, 33), "", KERNEL),
    tested("kernel", "6.0", (0, 0), "", KERNEL),
    tested("kyverno", "1.16", (31, 34), "", KYVERNO),
    tested("kyverno", "1.17", (32, 35), "", KYVERNO),
    tested("kyverno", "1.18", (33, 35), "", KYVERNO),
    tested("kyverno", "1.19", (33, 35), "", KYVERNO),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// In the table, which is made while it is compiled, this is an error of the build.
    #[test]
    #[should_panic(expected = "a row says where it was read")]
    fn a_row_without_a_source_is_not_built() {
        let _ = tested("calico", "9.9", (36, 37), "", ("", "2026-11-21"));
    }

    #[test]
    #[should_panic(expected = "a row says on which day it was read")]
    fn a_row_without_a_day_is_not_built() {
        let _ = refuses("calico", "9.9", (36, 37), "", ("a page", ""));
    }

    #[test]
    #[should_panic(expected = "an end of life is a day")]
    fn an_end_without_a_day_is_not_built() {
        let _ = ends("calico", "9.9", "soon", ("a page", "2026-11-21"));
    }
}
