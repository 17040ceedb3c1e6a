//! One page that stands alone: no script, no font, no picture from elsewhere, and readable on a phone.

use std::fmt::{self, Write};

use super::escaped::{Escaped, Prose};
use super::{NOTES, Nightly, SECTIONS, few, grouped, section};
use crate::gate::report::{Coverage, CoverageState, GateFinding};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--ok:#1a7f37;--bad:#c62828;--hold:#9a6700;--blind:#6e40c9}\
@media(prefers-color-scheme:dark){:root{--ok:#3fb950;--bad:#f85149;--hold:#d29922;--blind:#a371f7}}\
*{box-sizing:border-box}\
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:52rem;padding:1rem;overflow-wrap:anywhere}\
h1{font-size:1.35rem;line-height:1.3;margin:.2rem 0 1rem;padding:.8rem 1rem;border-left:.4rem solid var(--state);\
background:var(--soft)}\
h2{font-size:1.1rem;margin:1.6rem 0 .5rem}\
.no_known_blockers,.no_upgrade_needed,.upgraded{--state:var(--ok)}.blocked{--state:var(--bad)}\
.held,.in_progress{--state:var(--hold)}.unknown,.stale{--state:var(--blind)}\
article{border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem;margin:.5rem 0}\
article h3{font-size:1rem;line-height:1.35;margin:0 0 .3rem}article p{margin:.25rem 0}\
code{font:.9em ui-monospace,monospace;background:var(--soft);padding:0 .25em;border-radius:.2em}\
small{opacity:.75}ol,ul{padding-left:1.4rem;margin:.3rem 0}li{margin:.3rem 0}\
summary{cursor:pointer;padding:.3rem 0}summary h2{display:inline}\
dl{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.3rem .8rem;margin:0}\
dt{font-weight:600}dd{margin:0}.do{border-left:.2rem solid var(--line);padding-left:.6rem}.not_measured{color:var(--blind)}.off{opacity:.7}\
@media(max-width:30rem){dl{display:block}dd{margin:0 0 .6rem}}";

/// So many objects of one finding are in its text; more fold out.
const NAMED: usize = 6;

/// The report of a night as a page.
pub fn html(nightly: &Nightly) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(nightly, &mut out);
    out
}

fn write(nightly: &Nightly, out: &mut String) -> fmt::Result {
    let report = &nightly.report;
    let title = Escaped(&nightly.headline);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1 class=\"{}\">{title}</h1>\n",
        nightly.state.name()
    )?;
    opening(nightly, out)?;
    for heading in SECTIONS {
        let groups = grouped(report.findings.iter().filter(|found| section(found) == heading));
        if groups.is_empty() {
            continue;
        }
        // Notes ask for nothing, and are often many.
        let (before, after) =
            if heading == NOTES { ("<details>\n<summary>", "</summary>\n") } else { ("<section>\n", "\n") };
        write!(out, "{before}<h2>{}</h2>{after}", Escaped(heading))?;
        for (found, objects) in groups {
            article(found, &objects, out)?;
        }
        out.push_str(if heading == NOTES { "</details>\n" } else { "</section>\n" });
    }
    if !report.plan.is_empty() {
        out.push_str("<section>\n<h2>Plan</h2>\n<ol>\n");
        for step in &report.plan {
            writeln!(out, "<li>{}</li>", Prose(&step.what))?;
        }
        out.push_str("</ol>\n</section>\n");
    }
    checks(&report.coverage, out)?;
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// Which checks saw everything is one line; what they did not see is told of each.
fn checks(coverage: &[Coverage], out: &mut String) -> fmt::Result {
    out.push_str("<section>\n<h2>Checks</h2>\n");
    for (state, title) in [
        (CoverageState::Measured, "Measured"),
        (CoverageState::NotMeasured, "Not measured"),
        (CoverageState::Off, "Off"),
    ] {
        let names: Vec<&str> = coverage.iter().filter(|seen| seen.state == state).map(|seen| seen.check).collect();
        if !names.is_empty() {
            writeln!(out, "<p class=\"{}\">{title}: {}</p>", state.name(), Escaped(&names.join(", ")))?;
        }
    }
    let told = coverage.iter().filter_map(|seen| Some((seen, seen.unseen()?)));
    let told: Vec<(&Coverage, String)> = told.collect();
    if !told.is_empty() {
        out.push_str("<dl>\n");
        for (seen, detail) in told {
            writeln!(out, "<dt>{}</dt><dd>{}</dd>", Escaped(seen.check), Prose(&detail))?;
        }
        out.push_str("</dl>\n");
    }
    out.push_str("</section>\n");
    Ok(())
}

/// What the headline has no room for.
fn opening(nightly: &Nightly, out: &mut String) -> fmt::Result {
    let report = &nightly.report;
    if !nightly.remark.is_empty() {
        writeln!(out, "<p>{}</p>", Escaped(&nightly.remark))?;
    }
    if report.hops.len() > 1 {
        write!(out, "<p>Hops: {}.", Escaped(&report.hops.join(", ")))?;
        if let Some(hop) = report.first_blocked_hop {
            write!(out, " The first that is blocked: {hop}.")?;
        }
        out.push_str("</p>\n");
    }
    if let Some(day) = report.as_of {
        writeln!(out, "<p><small>As of {day}.</small></p>")?;
    }
    Ok(())
}

fn article(found: &GateFinding, objects: &[&str], out: &mut String) -> fmt::Result {
    let finding = &found.finding;
    let is_note = section(found) == NOTES;
    let listed = if found.decides || found.waived.is_some() || is_note { "" } else { " <small>(listed only)</small>" };
    writeln!(
        out,
        "<article>\n<h3><code>{}</code> {}{listed}</h3>\n<p><strong>{}</strong>: {}</p>",
        finding.code.id,
        Escaped(&finding.summary),
        Escaped(&few(objects, NAMED)),
        Prose(&finding.observed)
    )?;
    for (part, class) in [(&finding.expected, ""), (&finding.clears, " class=\"do\"")] {
        if !part.is_empty() {
            writeln!(out, "<p{class}>{}</p>", Prose(part))?;
        }
    }
    if objects.len() > NAMED + 1 {
        writeln!(out, "<details>\n<summary>All {}</summary>\n<ul>", objects.len())?;
        for object in objects {
            writeln!(out, "<li>{}</li>", Escaped(object))?;
        }
        out.push_str("</ul>\n</details>\n");
    }
    if let Some(waived) = &found.waived {
        let (owner, reason) = (Escaped(&waived.owner), Escaped(&waived.reason));
        writeln!(out, "<p>Waived by {owner} until {}: {reason}</p>", waived.expires)?;
    }
    if !finding.source.is_empty() {
        let day = if found.checked_on.is_empty() { String::new() } else { format!(", read on {}", found.checked_on) };
        writeln!(out, "<p><small>Source: {}{day}</small></p>", Escaped(&finding.source))?;
    }
    out.push_str("</article>\n");
    Ok(())
}
