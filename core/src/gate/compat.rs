//! `addon-compat.json`, the matrix of the gate that people run today, read as it is.
//!
//! Its rows have a floor and a highest Kubernetes and nothing else: no source, no day, no lower end. They are taken at their
//! word, in place of what is compiled in about the same add-ons. What cannot be read is an error that names the row: a
//! matrix that is half understood passes things.

use std::collections::BTreeSet;
use std::fmt;

use regex::Regex;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::addons::{Addon, Pin};
use super::facts::{Fact, Facts, Kind};
use super::image::AppVersion;
use super::version::Minor;
use super::{Day, Request};

const SOURCE: &str = "addon-compat.json";

/// A matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compat {
    /// Its add-ons.
    pub addons: Vec<Addon>,
    /// Those that it pins.
    pub pins: Vec<Pin>,
    /// Its rows as facts.
    pub rows: Vec<Fact>,
}

/// A matrix that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct CompatError {
    /// Which part, such as `addons[2] (kyverno), max_k8s`.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
}

fn wrong(place: impl Into<String>, why: impl Into<String>) -> CompatError {
    CompatError { place: place.into(), why: why.into() }
}

/// JSON in which no name is twice in one object: of two rows that a reader sees, a parser would keep one.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Once;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
                let mut seen = serde_json::Map::new();
                while let Some((name, Once(value))) = map.next_entry::<String, Once>()? {
                    if seen.insert(name.clone(), value).is_some() {
                        return Err(A::Error::custom(format!("{name:?} is there twice")));
                    }
                }
                Ok(Once(Value::Object(seen)))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Once, A::Error> {
                let mut values = Vec::new();
                while let Some(Once(value)) = list.next_element()? {
                    values.push(value);
                }
                Ok(Once(Value::Array(values)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Once, E> {
                Ok(Once(Value::from(text)))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Once, E> {
                Ok(Once(Value::from(value)))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Once, E> {
                Ok(Once(Value::from(value)))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Once, E> {
                Ok(Once(Value::from(value)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Once, E> {
                Ok(Once(Value::from(value)))
            }

            fn visit_unit<E: Error>(self) -> Result<Once, E> {
                Ok(Once(Value::Null))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Compat {
    /// What is known when its rows stand in place of the compiled-in ones about the same subjects.
    pub fn facts(self) -> Facts {
        Facts::compiled().replacing(self.rows)
    }

    /// Reads a matrix.
    pub fn from_json(text: &str) -> Result<Self, CompatError> {
        let Once(json) =
            serde_json::from_str(text).map_err(|error| wrong(SOURCE, format!("it is no JSON: {error}")))?;
        let addons = json["addons"].as_array().ok_or_else(|| wrong(SOURCE, "it has no list `addons`"))?;
        let refreshed = refreshed(json["_comment"].as_str().unwrap_or_default());
        let mut compat = Self::default();
        let mut names = BTreeSet::new();
        for (index, addon) in addons.iter().enumerate() {
            let name = text_of(addon, "name").ok_or_else(|| wrong(format!("addons[{index}]"), "it has no `name`"))?;
            let place = format!("addons[{index}] ({name})");
            if !names.insert(name.clone()) {
                return Err(wrong(place, "an add-on of that name is there already"));
            }
            compat.addon(&place, &name, addon, refreshed)?;
        }
        compat.rows.extend(containerd(&json["containerd_min"], refreshed)?);
        Ok(compat)
    }

    fn addon(&mut self, place: &str, name: &str, addon: &Value, day: Option<Day>) -> Result<(), CompatError> {
        let pattern = text_of(addon, "image_re").ok_or_else(|| wrong(place, "it has no `image_re`"))?;
        Regex::new(&pattern).map_err(|error| wrong(format!("{place}, image_re"), error.to_string()))?;
        let workload = text_of(addon, "kind").zip(text_of(addon, "resource"));
        let namespace = text_of(addon, "namespace");
        let required = true;
        let pattern = Some(pattern);
        self.addons.push(Addon { name: name.to_owned(), images: Vec::new(), pattern, namespace, workload, required });
        let max = addon["max_k8s"].as_object().ok_or_else(|| wrong(place, "it has no `max_k8s`"))?;
        if max.is_empty() {
            return Err(wrong(format!("{place}, max_k8s"), "it has no row"));
        }
        let mut rows: Vec<Fact> = Vec::new();
        for (floor, highest) in max {
            let place = format!("{place}, max_k8s {floor:?}");
            let version = AppVersion::floor(floor).ok_or_else(|| wrong(&*place, "it is no version such as 3.30"))?;
            let highest = highest.as_str().and_then(|text| text.parse().ok());
            let highest: Minor = highest.ok_or_else(|| wrong(&*place, "its value is no release line such as 1.36"))?;
            if let Some(other) = rows.iter().find(|row| row.floor_version() == version) {
                return Err(wrong(
                    &*place,
                    format!("it overlaps with {:?}: both begin at the same version", other.floor),
                ));
            }
            rows.push(row(name, floor, Some(highest), Kind::Untested, day));
        }
        self.rows.extend(rows);
        match (&addon["pinned"], text_of(addon, "pin_reason")) {
            (Value::Bool(true), reason) => {
                let reason = reason.unwrap_or_else(|| "the matrix gives no reason".to_owned());
                self.pins.push(Pin { addon: name.to_owned(), reason, expires: None });
            }
            (Value::Bool(false) | Value::Null, _) => {}
            (_, _) => return Err(wrong(format!("{place}, pinned"), "it is neither true nor false")),
        }
        Ok(())
    }

    /// Puts the matrix into a request: what the user declares besides stands over it.
    #[must_use]
    pub fn apply(self, mut request: Request) -> Request {
        request.facts = std::mem::take(&mut request.facts).replacing(self.rows);
        let is_new = |declared: &[Addon], name: &str| !declared.iter().any(|addon| addon.name == name);
        for addon in self.addons {
            if is_new(&request.addons, &addon.name) {
                request.addons.push(addon);
            }
        }
        for pin in self.pins {
            if !request.pins.iter().any(|declared| declared.addon == pin.addon) {
                request.pins.push(pin);
            }
        }
        request
    }
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The day after the words "last refreshed", which is where such a matrix has it.
fn refreshed(comment: &str) -> Option<Day> {
    let after = comment.to_ascii_lowercase().split_once("refreshed").map(|(_, after)| after.to_owned())?;
    after.split(|c: char| !c.is_ascii_digit() && c != '-').find_map(|word| word.parse().ok())
}

fn row(subject: &str, floor: &str, max: Option<Minor>, kind: Kind, day: Option<Day>) -> Fact {
    Fact {
        subject: subject.to_owned().into(),
        floor: floor.to_owned().into(),
        kubernetes_min: None,
        kubernetes_max: max,
        kind,
        upgrade_from: None,
        ends: None,
        source: SOURCE.into(),
        checked_on: day.map(|day| day.to_string().into()),
    }
}

/// `{"1.37": "2.0"}`: from that release line on, containerd has to be that new. A floor holds for later lines too, where the
/// older gate forgot it.
fn containerd(json: &Value, day: Option<Day>) -> Result<Vec<Fact>, CompatError> {
    let Some(floors) = json.as_object() else {
        let fine = json.is_null();
        return if fine { Ok(Vec::new()) } else { Err(wrong("containerd_min", "it is no object")) };
    };
    let mut lines: Vec<(Minor, &str, AppVersion)> = Vec::new();
    for (line, floor) in floors {
        let place = format!("containerd_min {line:?}");
        let line = line.parse().map_err(|_| wrong(&*place, "it is no release line such as 1.37"))?;
        let text = floor.as_str().unwrap_or_default();
        let floor = AppVersion::floor(text).ok_or_else(|| wrong(&*place, "its value is no version such as 2.0"))?;
        lines.push((line, text, floor));
    }
    lines.sort();
    let mut rows = Vec::new();
    let mut begins = "0";
    for (line, text, floor) in &lines {
        if AppVersion::floor(begins).is_some_and(|begun| begun >= *floor) {
            let place = format!("containerd_min \"{line}\"");
            return Err(wrong(place, format!("it is not above {begins}, which an earlier line asks for")));
        }
        let last = Minor { major: line.major, minor: line.minor.saturating_sub(1) };
        rows.push(row("containerd", begins, Some(last), Kind::Refuses, day));
        begins = text;
    }
    if !rows.is_empty() {
        rows.push(row("containerd", begins, None, Kind::Refuses, day));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
