//! `homelab ingress lint`: what is wrong with the routes of a whole cluster, whoever owns them.

use homelab_core::exit::{Class, Exit, Order};
use homelab_core::finding::{Finding, Severity};
use homelab_core::route::judge_all;
use schemars::JsonSchema;
use serde::Serialize;

use super::scene::{Scene, Seen, Unseen, coverage_text};
use crate::args::IngressLint;
use crate::output::{Failure, Printer, Text, findings_text, line};

/// What `ingress lint` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// How many routers were judged.
    routers: usize,
    /// What was found, the worst first.
    findings: Vec<Finding>,
    /// The kinds of objects that were looked at.
    seen: Vec<Seen>,
    /// The kinds that could not be looked at: what they would have shown is not known.
    unseen: Vec<Unseen>,
}

pub(crate) fn run(options: &IngressLint, printer: &Printer) -> Result<Exit, Failure> {
    let scene = Scene::of(&options.scene, true, printer)?;
    let mut findings = judge_all(&scene.routers, &scene.guards);
    findings.extend(scene.certificates.iter().cloned());
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.code.id, finding.object.clone());
        key(one).cmp(&key(other))
    });
    let class = |finding: &Finding| match finding.severity {
        Severity::Note => Class::Note,
        _ => finding.code.class,
    };
    let exit = Exit::of(findings.iter().map(class).chain(scene.gaps()), Order::Usual);
    let routers = scene.routers.len();
    printer.report(&Answer {
        version: 1,
        exit: exit.code(),
        routers,
        findings,
        seen: scene.seen,
        unseen: scene.unseen,
    })?;
    Ok(exit)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        match self.findings.len() {
            0 if self.unseen.is_empty() => line!(out, "ok: {} routers, nothing found", self.routers),
            0 => line!(out, "unknown: {} routers, nothing found, and not everything could be looked at", self.routers),
            count => line!(out, "{} routers, {count} findings", self.routers),
        }
        findings_text(&self.findings, out);
        coverage_text(&self.seen, &self.unseen, out);
    }
}
