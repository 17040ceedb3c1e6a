//! Add-ons and pins as they are declared.

use regex::Regex;

use crate::gate::day::Day;
use crate::gate::evidence::Pod;
use crate::gate::image::Image;

/// An add-on and how to tell its pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addon {
    /// Its name, which is the subject of its facts.
    pub name: String,
    /// Names of its images within a registry, such as `external-secrets/external-secrets`; mirrors may put folders before.
    pub images: Vec<String>,
    /// A regular expression that the whole reference may match instead, as the older matrix has it.
    pub pattern: Option<String>,
    /// The only namespace that counts; absent for all.
    pub namespace: Option<String>,
    /// The only workload that counts, kind and name; absent for all.
    pub workload: Option<(String, String)>,
    /// Whether it must be there: not to find it is then `unknown`.
    pub required: bool,
}

impl Addon {
    /// Its pattern, ready for use. One that cannot be read matches nothing; who takes it in has refused it before.
    pub(super) fn pattern(&self) -> Option<Regex> {
        Regex::new(self.pattern.as_ref()?).ok()
    }

    /// Whether that is one of its images.
    pub(super) fn has_image(&self, image: &Image<'_>) -> bool {
        self.images.iter().any(|name| image.is(name))
    }

    /// Whether a pod is where it counts.
    pub(super) fn is_in(&self, pod: &Pod) -> bool {
        let namespace = self.namespace.as_ref().is_none_or(|namespace| *namespace == pod.namespace);
        let workload = self.workload.as_ref().is_none_or(|(kind, name)| {
            pod.workload().is_some_and(|(of, called)| of.eq_ignore_ascii_case(kind) && called == name)
        });
        namespace && workload
    }
}

/// An add-on that we hold at its version ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The add-on.
    pub addon: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds; absent only in a matrix of the older form.
    pub expires: Option<Day>,
}

impl Pin {
    /// Whether it holds on that day. Without a day only a pin without an end does.
    pub(in crate::gate) fn holds(&self, today: Option<Day>) -> bool {
        match (self.expires, today) {
            (None, _) => true,
            (Some(expires), Some(today)) => today <= expires,
            (Some(_), None) => false,
        }
    }
}

/// The add-ons that are looked for by themselves, by the names of their images.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("calico", &["calico/node", "calico/kube-controllers", "calico/typha"]),
    ("external-secrets", &["external-secrets/external-secrets"]),
    ("gpu-operator", &["nvidia/gpu-operator"]),
    (
        "kyverno",
        &[
            "kyverno/kyverno",
            "kyverno/background-controller",
            "kyverno/cleanup-controller",
            "kyverno/reports-controller",
        ],
    ),
];

/// Declared add-ons, and those that are looked for by themselves and not declared.
pub(in crate::gate) fn known(declared: &[Addon]) -> Vec<Addon> {
    let mut addons = declared.to_vec();
    for (name, images) in BUILT_IN {
        if !declared.iter().any(|addon| addon.name == *name) {
            let images = images.iter().map(|image| (*image).to_owned()).collect();
            addons.push(Addon { name: (*name).to_owned(), images, ..Addon::default() });
        }
    }
    addons
}
