//! Settings as a file: recorded before an upgrade, read after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Settings, settings};
use crate::gate::day::Day;
use crate::gate::evidence::{Evidence, EvidenceError, Measured};

/// Name and version of the form of a record.
const FORM: &str = "homelab/settings/v1";

/// Settings that were recorded, to be compared with those of a later day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// `homelab/settings/v1`.
    pub form: String,
    /// The day on which they were captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_on: Option<Day>,
    /// The settings by whose they are and by path.
    pub settings: Settings,
    /// What could not be seen, or not completely, as fragments. A record with gaps proves what it has and no more.
    #[serde(default)]
    pub gaps: Vec<String>,
}

/// Text that is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not of the form at all.
    #[error("is no record of settings: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is neither a record nor evidence of this version.
    #[error("is of the form {found:?}; a record of settings is {FORM:?}")]
    OtherForm {
        /// What it says it is.
        found: String,
    },
}

impl Record {
    /// The settings that evidence shows.
    pub fn of(evidence: &Evidence) -> Self {
        let gaps = super::sources(evidence).into_iter();
        let gaps = gaps.filter_map(|(gap, what)| gap.map(|gap| format!("{what}: {gap}"))).collect();
        Self { form: FORM.to_owned(), captured_on: evidence.captured_on, settings: settings(evidence), gaps }
    }

    fn measured(self) -> Measured<Settings> {
        match (self.gaps.join("; "), self.settings.is_empty()) {
            (why, _) if why.is_empty() => Measured::Seen(self.settings),
            (why, true) => Measured::NotMeasured(why),
            (why, false) => Measured::Partial { seen: self.settings, why },
        }
    }
}

/// The settings in a record, or in evidence that was captured then.
pub fn recorded_settings(text: &str) -> Result<Measured<Settings>, RecordError> {
    // The form is looked at first: of another one, any other complaint would mislead.
    let raw: serde_json::Value = serde_json::from_str(text)?;
    match raw.get("form").and_then(serde_json::Value::as_str) {
        Some(FORM) | None => Ok(serde_json::from_value::<Record>(raw)?.measured()),
        Some(_) => match Evidence::from_json(text) {
            Ok(evidence) => Ok(Record::of(&evidence).measured()),
            Err(EvidenceError::OtherForm { found }) => Err(RecordError::OtherForm { found }),
            Err(EvidenceError::Malformed(error)) => Err(error.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::evidence::KubeletConfig;

    fn evidence() -> Evidence {
        let settings = [("maxPods".to_owned(), "250".to_owned())].into();
        let kubelet = KubeletConfig { node: "cp-1".to_owned(), settings, flags: Measured::default() };
        Evidence {
            kubelets: Measured::Seen(vec![kubelet]),
            static_pods: Measured::Seen(Vec::new()),
            kubeadm: Measured::Forbidden("configmaps is forbidden".to_owned()),
            ..Evidence::blind("in a test")
        }
    }

    #[test]
    fn a_record_says_what_it_lacks() {
        let record = Record::of(&evidence());
        assert_eq!(record.gaps, ["kubeadm's configuration: forbidden: configmaps is forbidden"]);
        let read = recorded_settings(&serde_json::to_string(&record).unwrap()).unwrap();
        let why = "kubeadm's configuration: forbidden: configmaps is forbidden".to_owned();
        assert_eq!(read, Measured::Partial { seen: record.settings, why });
        let of_evidence = recorded_settings(&serde_json::to_string(&evidence()).unwrap()).unwrap();
        assert_eq!(of_evidence, read, "evidence of before is as good as a record");
        let nothing = Record::of(&Evidence::blind("in a test")).measured();
        assert!(matches!(nothing, Measured::NotMeasured(_)), "{nothing:?}");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for (text, said) in [
            ("", "is no record of settings"),
            ("{}", "is no record of settings"),
            ("{\"form\": \"homelab/evidence/v1\", \"nodes\": 1}", "is no record of settings"),
            ("{\"form\": \"homelab/host/v1\"}", "is of the form \"homelab/host/v1\""),
        ] {
            let error = recorded_settings(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
