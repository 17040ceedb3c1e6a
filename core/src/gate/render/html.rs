//! One page that stands alone: no script, no font, no picture from elsewhere, and readable on a phone.

use std::fmt::{self, Write};

use super::{SECTIONS, grouped, headline, section};
use crate::gate::report::{CoverageState, GateFinding, Report, Verdict};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--ok:#1a7f37;--bad:#c62828;--hold:#9a6700;--blind:#6e40c9}\
*{box-sizing:border-box}\
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:52rem;padding:1rem;overflow-wrap:anywhere}\
h1{font-size:1.35rem;line-height:1.3;margin:.2rem 0 1rem;padding:.8rem 1rem;border-left:.4rem solid;background:var(--soft)}\
h2{font-size:1.1rem;margin:1.6rem 0 .5rem}\
.no_known_blockers{border-color:var(--ok)}.blocked{border-color:var(--bad)}\
.held{border-color:var(--hold)}.unknown{border-color:var(--blind)}\
article{border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem;margin:.5rem 0}\
article h3{font-size:1rem;margin:0 0 .3rem}article p{margin:.25rem 0}\
code{font:.9em ui-monospace,monospace;background:var(--soft);padding:0 .25em;border-radius:.2em}\
small{opacity:.75}ol{padding-left:1.4rem}li{margin:.3rem 0}\
dl{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.3rem .8rem;margin:0}\
dt{font-weight:600}dd{margin:0}\
@media(max-width:30rem){dl{display:block}dd{margin:0 0 .6rem}}";

/// The report as a page.
pub fn html(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(report, &mut out);
    out
}

fn write(report: &Report, out: &mut String) -> fmt::Result {
    let title = Escaped(&headline(report)).to_string();
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1 class=\"{}\">{title}</h1>\n",
        report.verdict.name()
    )?;
    facts(report, out)?;
    let groups = grouped(&report.findings);
    for heading in SECTIONS {
        let mut of_it = groups.iter().filter(|(found, _)| section(found) == heading).peekable();
        if of_it.peek().is_some() {
            writeln!(out, "<section>\n<h2>{}</h2>", Escaped(heading))?;
            for (found, objects) in of_it {
                article(found, objects, out)?;
            }
            out.push_str("</section>\n");
        }
    }
    if !report.plan.is_empty() {
        out.push_str("<section>\n<h2>Plan</h2>\n<ol>\n");
        for step in &report.plan {
            writeln!(out, "<li>{}</li>", Escaped(&step.what))?;
        }
        out.push_str("</ol>\n</section>\n");
    }
    out.push_str("<section>\n<h2>Checks</h2>\n<dl>\n");
    for coverage in &report.coverage {
        let state = match coverage.state {
            CoverageState::Measured => "measured",
            CoverageState::NotMeasured => "not measured",
            CoverageState::Off => "off",
        };
        let (check, detail) = (Escaped(coverage.check), Escaped(&coverage.detail));
        writeln!(out, "<dt>{check}</dt><dd>{state}: {detail}</dd>")?;
    }
    out.push_str("</dl>\n</section>\n</main>\n</body>\n</html>\n");
    Ok(())
}

/// What the headline has no room for.
fn facts(report: &Report, out: &mut String) -> fmt::Result {
    if let Some(day) = report.as_of {
        writeln!(out, "<p><small>As of {day}.</small></p>")?;
    }
    if report.hops.len() > 1 {
        write!(out, "<p>Hops: {}.", Escaped(&report.hops.join(", ")))?;
        if let Some(hop) = report.first_blocked_hop {
            write!(out, " The first that is blocked: {hop}.")?;
        }
        out.push_str("</p>\n");
    }
    if report.verdict == Verdict::NoKnownBlockers {
        out.push_str("<p>Nothing is known that stands in the way. That is not the same as safe.</p>\n");
    }
    Ok(())
}

fn article(found: &GateFinding, objects: &[&str], out: &mut String) -> fmt::Result {
    let finding = &found.finding;
    let listed = if found.decides { "" } else { " <small>(listed only)</small>" };
    writeln!(
        out,
        "<article>\n<h3><code>{}</code> {}{listed}</h3>\n<p><strong>{}</strong>: {}</p>",
        finding.code.id,
        Escaped(&finding.summary),
        Escaped(&objects.join(", ")),
        Escaped(&finding.observed)
    )?;
    for part in [&finding.expected, &finding.clears].into_iter().filter(|part| !part.is_empty()) {
        writeln!(out, "<p>{}</p>", Escaped(part))?;
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

/// Text in which nothing is markup: names come from the cluster, and anybody may name a pod.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
