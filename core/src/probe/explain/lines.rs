//! The lines of signatures in words, and which of them an answer meets.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::signature::{Mark, Weighed, system_name, weigh};
use super::super::{Answer, Url};

/// A rule of a signature that an answer meets in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Near {
    /// Whose wall.
    pub system: String,
    /// Which form.
    pub form: String,
    /// The lines that the answer meets.
    pub has: Vec<String>,
    /// The lines that it does not meet.
    pub lacks: Vec<String>,
}

/// What an answer has of the form, and what it has not.
pub(super) fn lines(weighed: &Weighed) -> (Vec<String>, Vec<String>) {
    let pick = |wanted: bool| {
        let picked = weighed.rule.all.iter().zip(&weighed.on).filter(move |(_, on)| **on == wanted);
        picked.map(|(mark, _)| words(mark)).collect()
    };
    (pick(true), pick(false))
}

/// The forms that an answer nearly has: all but one line, and among those that it has one that few others have.
pub(super) fn near(answer: &Answer, asked: &Url) -> Vec<Near> {
    let nearly = weigh(answer, asked).filter(|weighed| {
        let telling = weighed.rule.all.iter().zip(&weighed.on).any(|(mark, on)| *on && is_telling(mark));
        telling && weighed.on.iter().filter(|on| !**on).count() == 1
    });
    let one = |weighed: Weighed| {
        let (has, lacks) = lines(&weighed);
        Near {
            system: system_name(weighed.signature.system).to_owned(),
            form: weighed.rule.name.to_owned(),
            has,
            lacks,
        }
    };
    nearly.map(one).collect()
}

/// Whether a line says something of one system rather than of any answer.
fn is_telling(mark: &Mark) -> bool {
    match mark {
        Mark::Status(_) | Mark::Redirect | Mark::Located => false,
        Mark::LocationQuery(key) => *key != "client_id",
        Mark::HeaderHolds(name, _) => *name != "content-type",
        _ => true,
    }
}

/// A line, as a noun phrase.
fn words(mark: &Mark) -> String {
    match mark {
        Mark::Status(any) => {
            let any: Vec<String> = any.iter().map(ToString::to_string).collect();
            format!("status {}", any.join(" or "))
        }
        Mark::Redirect => "a redirect".to_owned(),
        Mark::Located => "a Location".to_owned(),
        Mark::LocationHostEnd(end) => format!("a host in Location that ends in {end}"),
        Mark::LocationPath(part) => format!("{part} in the path of Location"),
        Mark::LocationPathEnd(end) => format!("a path of Location that ends in {end}"),
        Mark::LocationQuery(key) => format!("{key} in the query of Location"),
        Mark::LocationQueryHolds(key, part) => format!("{key} in the query of Location with {part}"),
        Mark::Header(name) => format!("a header {name}"),
        Mark::HeaderIs(name, value) => format!("a header {name}: {value}"),
        Mark::HeaderHolds(name, part) => format!("a header {name} with {part}"),
        Mark::Cookie(start) => format!("a cookie named {start}…"),
        Mark::CookieEnd(end) => format!("a cookie named …{end}"),
        Mark::Challenge(scheme) => format!("a challenge of the scheme {scheme}"),
        Mark::Body(part) => format!("{part} in the body"),
        Mark::BodyIs(text) => format!("the body {text:?}"),
    }
}
