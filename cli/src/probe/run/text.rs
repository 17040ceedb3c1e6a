//! The report for people: a line for each door, and all that is known of what is wrong.

use std::collections::BTreeMap;

use homelab_core::probe::in_form;

use super::{Answer, PathAnswer, ProbeAnswer, WORST_FIRST};
use crate::output::{Text, findings_text, line};

/// Requests of a door that are not ok and are named one by one; the JSON form has all.
const NAMED: usize = 5;

impl Text for Answer {
    fn text(&self, out: &mut String) {
        if self.interrupted {
            line!(out, "unknown: it was interrupted, and not everything was asked\n");
        }
        for probe in &self.probes {
            line!(out, "{} {}", probe.verdict, probe.name);
            for door in doors(probe) {
                door_text(&door, out);
            }
        }
        if !self.findings.is_empty() {
            out.push('\n');
            findings_text(&self.findings, out);
        }
    }
}

/// The requests of each door, in order. Labels of several hosts may be alike, so a door is a label on a host.
fn doors(probe: &ProbeAnswer) -> Vec<Vec<&PathAnswer>> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut doors: Vec<Vec<&PathAnswer>> = Vec::new();
    for result in &probe.results {
        let place = *places.entry((&result.label, host(&result.url))).or_insert(doors.len());
        match doors.get_mut(place) {
            Some(door) => door.push(result),
            None => doors.push(vec![result]),
        }
    }
    doors
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

fn door_text(door: &[&PathAnswer], out: &mut String) {
    let Some(first) = door.first() else { return };
    let verdict = WORST_FIRST.into_iter().find(|verdict| door.iter().any(|result| result.verdict == *verdict));
    let bad: Vec<&&PathAnswer> = door.iter().filter(|result| result.verdict != "ok").collect();
    let requests = match (bad.len(), door.len()) {
        (0, 1) => "1 request".to_owned(),
        (0, all) => format!("{all} requests"),
        (bad, all) => format!("{bad} of {all} requests are not ok"),
    };
    line!(out, "  {:8} {:6} {} ({requests})", verdict.unwrap_or("unknown"), first.expect, first.url);
    for result in bad.iter().take(NAMED) {
        let system = if result.system.is_empty() { String::new() } else { format!(" ({})", result.system) };
        let PathAnswer { method, url, observed, share, verdict, .. } = result;
        line!(out, "           {verdict}: {method} {url}{} is {observed}{system}, {share}", in_form(&result.with));
    }
    if bad.len() > NAMED {
        line!(out, "           and {} more", bad.len() - NAMED);
    }
}
