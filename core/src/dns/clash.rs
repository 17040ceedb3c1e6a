//! A clash in words.

use homelab_schema::provider::CheckLevel;

use super::Record;
use super::changes::Clash;
use super::wanted::place;
use crate::finding::{Finding, Severity, ingress as codes};

/// When a clash is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// While a create is planned.
    PlanOfCreate,
    /// While a change is planned.
    PlanOfUpdate,
    /// While nothing of the resource changes: an error would block the plan that repairs it.
    PlanOfNothing,
    /// In an apply, before the first write.
    Apply,
}

/// How bad a clash is; `None` is not looked for. In an apply it always is an error: nothing of somebody else's is
/// overwritten, whatever a plan may say about it.
pub fn severity(clash: &Clash, moment: Moment, level: Option<CheckLevel>) -> Option<Severity> {
    match (moment, level) {
        (Moment::Apply, _) => Some(Severity::Error),
        (_, Some(CheckLevel::Off)) => None,
        (Moment::PlanOfNothing, _) | (_, Some(CheckLevel::Warn)) => Some(Severity::Warning),
        // The record of another resource may go in the same run: that is how a host moves from one to another.
        (Moment::PlanOfCreate, None) if clash.owner.is_some() => Some(Severity::Warning),
        _ => Some(Severity::Error),
    }
}

/// The finding for a clash of a resource with these hosts, at the host that it is about.
pub fn finding(clash: &Clash, wanted: &[Record], hosts: &[String]) -> Finding {
    let found = &clash.found;
    let whose = match &clash.owner {
        Some(owner) => format!("it belongs to the resource {owner}"),
        None if !clash.can_overwrite => "it gives the name to other name servers".to_owned(),
        None => "it carries no mark of ours".to_owned(),
    };
    let wishes: Vec<String> = wanted
        .iter()
        .filter(|record| record.name == found.name)
        .map(|record| format!("{} {}", record.kind, record.content))
        .collect();
    let clears = match &clash.owner {
        Some(_) => {
            "One host has one resource: remove it there first, or set dns_overwrite = true to take the record over."
        }
        None if !clash.can_overwrite => {
            "Choose another host, or set dns to \"none\" and make the record where the name is kept."
        }
        None => "Remove the record, choose another host, or set dns_overwrite = true to take it over.",
    };
    let index = hosts.iter().position(|host| host.eq_ignore_ascii_case(&found.name)).unwrap_or_default();
    Finding::new(codes::DNS_CLASH, found.name.clone(), format!("The zone has {found}, and {whose}."))
        .summary(format!("a DNS record of {} is in the way", found.name))
        .expected(if wishes.is_empty() { String::new() } else { format!("Wanted: {}.", wishes.join(", ")) })
        .clears(clears)
        .at(place(index))
}

#[cfg(test)]
mod tests {
    use super::super::{Found, Kind};
    use super::*;

    fn clash(owner: Option<&str>, can_overwrite: bool) -> Clash {
        let found = Found {
            id: "1".to_owned(),
            name: "www.example.net".to_owned(),
            kind: "A".to_owned(),
            content: "198.51.100.7".to_owned(),
            proxied: false,
            ttl: 300,
            comment: String::new(),
        };
        Clash { found, owner: owner.map(str::to_owned), can_overwrite }
    }

    #[test]
    fn it_names_the_record_its_owner_and_the_host_that_it_is_about() {
        let hosts = ["example.net".to_owned(), "www.example.net".to_owned()];
        let wanted = [Record {
            name: hosts[1].clone(),
            kind: Kind::Cname,
            content: "t.cfargotunnel.com".to_owned(),
            proxied: true,
        }];
        let of_nobody = finding(&clash(None, true), &wanted, &hosts);
        assert_eq!(of_nobody.path.to_string(), "host_aliases[0]");
        assert_eq!(of_nobody.observed, "The zone has www.example.net A 198.51.100.7, and it carries no mark of ours.");
        assert_eq!(of_nobody.expected, "Wanted: CNAME t.cfargotunnel.com.");
        assert!(of_nobody.clears.contains("dns_overwrite"));
        let of_another = finding(&clash(Some("homelab_ingress a/b"), true), &wanted, &hosts);
        assert!(of_another.observed.contains("homelab_ingress a/b"));
        assert!(!finding(&clash(None, false), &wanted, &hosts).clears.contains("dns_overwrite"));
    }

    #[test]
    fn it_is_as_bad_as_the_moment_and_the_checks_say() {
        use CheckLevel::{Error, Off, Warn};
        let levels = [None, Some(Error), Some(Warn), Some(Off)];
        let (error, warning) = (Some(Severity::Error), Some(Severity::Warning));
        for (owner, moment, expected) in [
            (None, Moment::PlanOfCreate, [error, error, warning, None]),
            (Some("x"), Moment::PlanOfCreate, [warning, error, warning, None]),
            (Some("x"), Moment::PlanOfUpdate, [error, error, warning, None]),
            (None, Moment::PlanOfNothing, [warning, warning, warning, None]),
            (Some("x"), Moment::Apply, [error, error, error, error]),
        ] {
            let seen = levels.map(|level| severity(&clash(owner, true), moment, level));
            assert_eq!(seen, expected, "{owner:?} {moment:?}");
        }
    }
}
