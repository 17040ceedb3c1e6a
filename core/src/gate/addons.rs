//! Do the add-ons that run support every release on the way.
//!
//! # Forces
//!
//! - What runs is in the images of running pods, not in a manifest: every container of every pod is looked at, in every
//!   namespace on its own, since a cluster may have several installs.
//! - A range has two ends. An add-on that is too new for the target breaks as surely as one that is too old.
//! - A version is read in full or not at all, and a roll-out that has not ended has no version: both are `unknown`, as is
//!   a version that is newer than what is known.
//! - Within one release line nothing that is judged here changes: a patch is not held up by ceilings, nor by an image that
//!   only a ceiling would need.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::checks::CheckName;
use super::evidence::Pod;
use super::facts::{Fact, Kind};
use super::image::{AppVersion, Image};
use super::judge::{Case, Check, Found};
use super::ranges::{Bridge, Standing, bridge, stand};
use super::report::Tier;
use super::version::Minor;
use crate::finding::Finding;
use crate::finding::gate::{
    ADDON_CEILING, ADDON_EOL, ADDON_FLOOR, ADDON_NO_BRIDGE, ADDON_OLD, HELD, PIN_EXPIRED, PINNED, UNDATED_FACTS,
};

mod declared;

pub(super) use declared::known;
pub use declared::{Addon, Pin};

/// One install of an add-on: the versions that its running pods show, and the images that show none.
#[derive(Debug, Default)]
pub(super) struct Install {
    pub(super) versions: BTreeSet<AppVersion>,
    unread: BTreeSet<String>,
}

/// Installs by add-on and namespace.
pub(super) type Installs<'a> = BTreeMap<(&'a str, &'a str), Install>;

/// Finds every install of these add-ons among pods.
pub(super) fn installs<'a>(addons: &'a [Addon], pods: &'a [Pod]) -> Installs<'a> {
    // Few images run in many pods, and each needs to be taken apart once.
    let mut by_image: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
    for pod in pods {
        for image in pod.images.values() {
            by_image.entry(image).or_default().push(pod);
        }
    }
    let patterns: Vec<Option<Regex>> = addons.iter().map(Addon::pattern).collect();
    let mut installs = Installs::new();
    for (reference, pods) in &by_image {
        let image = Image::of(reference);
        let matches = |(addon, pattern): &(&Addon, &Option<Regex>)| {
            addon.has_image(&image) || pattern.as_ref().is_some_and(|pattern| pattern.is_match(reference))
        };
        for (addon, _) in addons.iter().zip(&patterns).filter(matches) {
            for pod in pods.iter().filter(|pod| addon.is_in(pod)) {
                let install = installs.entry((&addon.name, &pod.namespace)).or_default();
                match image.version() {
                    Ok(version) => {
                        install.versions.insert(version);
                    }
                    Err(why) => {
                        install.unread.insert(format!("image {reference:?}: {why}"));
                    }
                }
            }
        }
    }
    installs
}

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Addons);
    pins(&mut check, case);
    let addons = known(&case.request.addons);
    let Some(pods) = check.look_at_some(&case.evidence.pods, "the images of running pods") else { return check };
    let installs = installs(&addons, pods);
    for addon in addons.iter().filter(|addon| addon.required && !case.is_patch()) {
        if !installs.keys().any(|(name, _)| *name == addon.name) {
            check.not_seen(&format!("add-on {}", addon.name), "no running pod has one of its images");
        }
    }
    for ((name, namespace), install) in &installs {
        judge(&mut check, case, (name, namespace), install);
    }
    check
}

/// Pins are judged where what they hold runs; what is past its day is said in any case.
fn pins(check: &mut Check, case: &Case<'_>) {
    for pin in &case.request.pins {
        match (pin.expires, case.today) {
            (Some(expires), Some(today)) if expires < today => {
                let observed = format!("It held until {expires}: {}", sentence(&pin.reason));
                let finding = Finding::new(PIN_EXPIRED, format!("add-on {}", pin.addon), observed);
                check.found(Found::from(finding).tier(Tier::Declared));
            }
            (Some(_), None) => check.not_seen(&format!("the pin of {}", pin.addon), "nobody said what day it is"),
            _ => {}
        }
    }
}

fn judge(check: &mut Check, case: &Case<'_>, (name, namespace): (&str, &str), install: &Install) {
    let object = format!("add-on {name} in {namespace}");
    let facts = &case.request.facts;
    if !case.is_patch() {
        for unread in &install.unread {
            check.not_seen(&object, unread);
        }
        if install.versions.len() > 1 {
            let versions: Vec<String> = install.versions.iter().map(ToString::to_string).collect();
            let reason = format!("its pods run {}: the roll-out has not ended", versions.join(" and "));
            check.not_seen(&object, &reason);
        }
    }
    let (Some(version), 1) = (install.versions.first(), install.versions.len()) else { return };
    let (tested, refused) = (facts.of(name, Kind::Untested), facts.of(name, Kind::Refuses));
    if tested.is_empty() && refused.is_empty() {
        return check.not_seen(&object, "nothing is known about it; give rows in `facts`");
    }
    for rows in [tested, refused].into_iter().filter(|rows| !rows.is_empty()) {
        range(check, case, (name, &object), version, &rows);
    }
    end_of_life(check, case, &object, version, &facts.of(name, Kind::Eol));
}

fn range(check: &mut Check, case: &Case<'_>, (name, object): (&str, &str), version: &AppVersion, rows: &[&Fact]) {
    let standing = stand(rows, version, &case.stops);
    if case.is_patch() && !matches!(standing, Standing::Below(..)) {
        return;
    }
    match standing {
        Standing::NoFacts => {}
        Standing::Newer(last) => {
            check.not_seen(object, &format!("{version} is newer than what is known, which reaches to {}", last.floor));
        }
        Standing::Older(first) => {
            let finding = Finding::new(ADDON_OLD, object, format!("It runs {version}."))
                .expected(format!("The oldest version that is known is {}.", first.floor))
                .clears(format!("Upgrade it to {} or newer.", first.floor));
            check.found(Found::from(finding).by(first));
        }
        Standing::Fits(row) => ages(check, case, object, row),
        Standing::Below(row, stop) => {
            ages(check, case, object, row);
            let finding = Finding::new(ADDON_FLOOR, object, format!("It runs {version}."))
                .expected(format!("{} {} {}.", name, row.floor, range_of(row)))
                .clears(format!("Go back to a version of {name} that supports {stop}."));
            check.found(Found::from(finding).by(row).at(stop));
        }
        Standing::Above(..) => every_stop(check, case, (name, object), version, rows),
    }
}

/// Walks the stops: what has to be done for the first may not do for the next, and upstream may not have what the last
/// one needs.
fn every_stop(check: &mut Check, case: &Case<'_>, (name, object): (&str, &str), runs: &AppVersion, rows: &[&Fact]) {
    let mut version = runs.clone();
    let mut stops = case.stops.as_slice();
    while let Standing::Above(row, stop) = stand(rows, &version, stops) {
        let observed =
            if version == *runs { format!("It runs {version}.") } else { format!("It would run {version} by then.") };
        let finding = Finding::new(ADDON_CEILING, object, observed).expected(format!(
            "{} {} {}.",
            name,
            row.floor,
            range_of(row)
        ));
        let (found, next) = above(check, case, (name, object), &version, (row, stop, rows), finding);
        check.found(found);
        let Some(next) = next else { return };
        version = next;
        stops = stops.split_at(stops.partition_point(|other| *other <= stop)).1;
    }
}

/// The finding for an add-on whose ceiling is below a stop, and the version to which it would be brought for that.
fn above(
    check: &mut Check,
    case: &Case<'_>,
    (name, object): (&str, &str),
    version: &AppVersion,
    (row, stop, rows): (&Fact, Minor, &[&Fact]),
    finding: Finding,
) -> (Found, Option<AppVersion>) {
    let pin = case.request.pins.iter().find(|pin| pin.addon == name && pin.holds(case.today));
    if let Some(pin) = pin {
        let until = pin.expires.map_or_else(String::new, |day| format!(" until {day}"));
        let finding = Finding::new(PINNED, object, finding.observed)
            .expected(finding.expected)
            .clears(format!("Pinned{until}: {}", sentence(&pin.reason)));
        return (Found::from(finding).by(row).at(stop), None);
    }
    ages(check, case, object, row);
    let (finding, next) = match bridge(rows, version, before(case, stop), stop) {
        Bridge::Steps { way, tested } => {
            let names: Vec<&str> = way.iter().map(|row| row.floor.as_ref()).collect();
            let goal = names.last().copied().unwrap_or_default();
            let through = match names.len() {
                0 | 1 => String::new(),
                count => format!(", by way of {}", names[..count - 1].join(", ")),
            };
            let untested =
                if tested { "" } else { " Not all of these were tested with the release that runs meanwhile." };
            let finding = finding.clears(format!("Upgrade {name} to {goal} or newer{through}.{untested}"));
            (finding, way.last().map(|row| row.floor_version()))
        }
        Bridge::Together(other) => {
            let range = range_of(other);
            let expected = format!("{} {} {range}, and no version supports both sides.", finding.expected, other.floor);
            let clears = format!("Upgrade {name} to {} together with Kubernetes.", other.floor);
            let finding = Finding::new(ADDON_NO_BRIDGE, object, finding.observed).expected(expected).clears(clears);
            (finding, Some(other.floor_version()))
        }
        Bridge::Nothing => {
            // That nobody has released it yet is known only as well as the newest row is.
            if let Some(newest) = rows.iter().max_by_key(|row| row.checked()).filter(|newest| **newest != row) {
                ages(check, case, object, newest);
            }
            let clears = format!("Wait for a release of {name} that supports {stop}; none is known.");
            (Finding::new(HELD, object, finding.observed).expected(finding.expected).clears(clears), None)
        }
    };
    (Found::from(finding).by(row).at(stop), next)
}

/// The release line that runs while an add-on is brought to `stop`.
fn before(case: &Case<'_>, stop: Minor) -> Option<Minor> {
    let current = case.current()?;
    let earlier = case.stops.iter().copied().filter(|other| *other < stop).max();
    Some(earlier.unwrap_or(current))
}

/// A row past its age, or one without a day, or nobody to say what day it is.
fn ages(check: &mut Check, case: &Case<'_>, object: &str, row: &Fact) {
    match (row.checked(), case.today) {
        (None, _) => {
            let observed = format!("What is known about {} has no day.", row.subject);
            check.found(Found::from(Finding::new(UNDATED_FACTS, object, observed)).by(row).tier(Tier::Declared));
        }
        (Some(_), None) => check.not_seen("the age of the facts", "nobody said what day it is"),
        (Some(_), Some(today)) if row.is_aged(today) => check.aged(object, row),
        (Some(_), Some(_)) => {}
    }
}

fn end_of_life(check: &mut Check, case: &Case<'_>, object: &str, version: &AppVersion, rows: &[&Fact]) {
    if let Some((row, day)) = ended(rows, version, case) {
        let finding = Finding::new(ADDON_EOL, object, format!("It runs {version}."))
            .expected(format!("{} {} gets no more fixes since {day}.", row.subject, row.floor));
        check.found(Found::from(finding).by(row));
    }
}

/// The row that says that the line of `version` has ended, and its last day.
pub(super) fn ended<'f>(rows: &[&'f Fact], version: &AppVersion, case: &Case<'_>) -> Option<(&'f Fact, String)> {
    let row = rows.iter().rev().find(|row| row.floor_version() <= *version)?;
    let day: super::day::Day = row.ends.as_ref()?.parse().ok()?;
    (day < case.today?).then(|| (*row, day.to_string()))
}

/// `supports Kubernetes 1.34 to 1.36`.
pub(super) fn range_of(row: &Fact) -> String {
    match (row.kubernetes_min, row.kubernetes_max) {
        (Some(min), Some(max)) if min == max => format!("supports Kubernetes {min} alone"),
        (Some(min), Some(max)) => format!("supports Kubernetes {min} to {max}"),
        (Some(min), None) => format!("supports Kubernetes {min} and newer"),
        (None, Some(max)) => format!("supports Kubernetes up to {max}"),
        (None, None) => "supports every Kubernetes".to_owned(),
    }
}

/// Text of a user as a sentence.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
