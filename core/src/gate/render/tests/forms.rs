//! Every form has everything, stands alone and is taken by whoever reads it.

use super::*;
use crate::exit;

#[test]
fn everything_is_in_every_form() {
    let nightly = nightly();
    let report = &nightly.report;
    let slack = as_text(&slack(&nightly));
    let (text, summary, html) = (text(report), summary(&nightly), html(&nightly));
    let (sarif, junit) = (as_text(&sarif(report, "0.1.0")), junit(report));
    for heading in SECTIONS {
        assert!(html.contains(&format!("<h2>{heading}</h2>")), "{heading}: {html}");
        assert!(slack.contains(&format!("*{heading}*")), "{heading}: {slack}");
        assert!(summary.contains(&format!("\n\n{heading}\n")), "{heading}: {summary}");
    }
    for found in &report.findings {
        let id = found.finding.code.id;
        for form in [&text, &summary, &html, &slack, &sarif, &junit] {
            assert!(form.contains(id), "{id} is not in {form}");
        }
    }
    for check in CheckName::ALL.map(CheckName::name) {
        assert!(text.contains(&format!("\n  {check} ")) && html.contains(check));
        assert!(junit.contains(&format!("name=\"{check}\"")), "{junit}");
    }
    assert!(text.contains("waived by ops until 2026-12-31: green in the lab"), "{text}");
    assert!(summary.contains("Waived by ops until 2026-12-31: green in the lab"), "{summary}");
    assert!(text.contains("plan:\n  1. ") && summary.contains("\nPlan\n  1. "), "{text}{summary}");
    assert!(html.contains("As of 2026-11-21."));
    assert!(html.contains("<dt>alerts</dt><dd>"), "what a check did not see is told of it: {html}");
    assert!(!html.contains("<dt>path</dt>"), "that a check saw everything is one word");
}

#[test]
fn names_from_the_cluster_are_no_markup() {
    let nightly = nightly();
    let html = html(&nightly);
    assert!(html.contains("alert &lt;!here&gt; &amp; &quot;others&quot;"), "{html}");
    let junit = junit(&nightly.report);
    assert!(junit.contains("&lt;!here&gt; &amp; &quot;others&quot;"), "{junit}");
    assert!(!html.contains("<!here>") && !junit.contains("<!here>"));
    let slack = as_text(&slack(&nightly));
    assert!(slack.contains("alert &lt;!here&gt; &amp;") && !slack.contains("<!here>"), "{slack}");
    // XML has no place for it, not even as a reference.
    assert_eq!(escaped::Prose("run `a<b` & `").to_string(), "run `a&lt;b` &amp; `");
    assert_eq!(escaped::Prose("run `a<b`.").to_string(), "run <code>a&lt;b</code>.");
    assert_eq!(escaped::Escaped("a\u{1b}b\u{0}<").to_string(), "a\u{fffd}b\u{fffd}&lt;");
}

/// Every element that is opened is closed, in order.
fn is_balanced(markup: &str) {
    let mut open = Vec::new();
    for tag in markup.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.split([' ', '\n']).next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            None if ["!doctype", "meta", "?xml"].contains(&name) || tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_page_stands_alone() {
    for nightly in [nightly(), crowded()] {
        let html = html(&nightly);
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
        for outside in ["http://", "https://", "<script", "<link", "@import", "url(", "<img", "<iframe", " on", "href"]
        {
            let at = html.split("<body>").next().unwrap().find(outside).or_else(|| {
                // In the text of the page a word may begin like that.
                html.find(outside).filter(|_| outside != " on")
            });
            assert_eq!(at, None, "{outside}");
        }
        is_balanced(&html);
    }
}

/// What a browser needs to show a page on a phone without moving it sideways; that it does is looked at in one.
#[test]
fn the_page_is_for_phones() {
    let html = html(&crowded());
    assert!(html.contains("name=\"viewport\" content=\"width=device-width, initial-scale=1\""));
    assert!(html.contains("overflow-wrap:anywhere"), "long names break");
    assert!(html.contains("box-sizing:border-box"));
    assert!(html.contains("@media(max-width:30rem){dl{display:block}"), "checks go under each other");
    assert!(html.contains("color-scheme:light dark"), "no white page at night");
    for fixed in ["<table", "<pre", "nowrap", "min-width", "px;width", "width:100vw"] {
        assert!(!html.contains(fixed), "{fixed} makes a page wider than a phone");
    }
    assert!(html.contains("<summary>All 501</summary>"), "many objects fold out");
    assert!(html.contains("<li>nöde 499</li>"), "all of them");
}

#[test]
fn slack_takes_the_message() {
    let slack = slack(&crowded());
    let blocks = slack["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "{}", blocks.len());
    for block in blocks {
        let text = block["text"]["text"].as_str().or_else(|| block["elements"][0]["text"].as_str()).unwrap();
        let longest = if block["type"] == "header" { 150 } else { 3000 };
        assert!(text.chars().count() <= longest, "{text}");
    }
    let text = as_text(&slack);
    assert!(text.contains(" others: "), "objects that have no room are counted");
    assert!(text.contains("… and ") && text.contains(" more\""), "findings that have no room are counted");
    assert_eq!(super::super::slack::cut("äöü", 2), "ä…");
}

#[test]
fn sarif_has_a_result_for_each_finding_and_a_rule_for_each_code() {
    let report = nightly().report;
    let sarif = sarif(&report, "0.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for (result, found) in results.iter().zip(&report.findings) {
        assert!(rules.contains(&result["ruleId"].as_str().unwrap()));
        assert_eq!(result["suppressions"].is_array(), found.waived.is_some(), "{result:#}");
        let is_quiet = result["level"] == "note";
        assert_eq!(is_quiet, !found.decides, "{result:#}");
        assert_eq!(result["properties"]["check"], found.check);
    }
}

#[test]
fn junit_fails_for_what_is_to_be_acted_on_alone() {
    let report = nightly().report;
    let junit = junit(&report);
    is_balanced(&junit);
    let case = |name: &str| {
        let at = junit.find(&format!("name=\"{name}\">")).unwrap_or_else(|| panic!("{name}: {junit}"));
        junit[at..].split("</testcase>").next().unwrap().to_owned()
    };
    assert!(case("alerts").contains("<error message=\"HL4901"), "{}", case("alerts"));
    assert!(case("addons").contains("<failure message=\"HL4101"), "{}", case("addons"));
    assert!(!case("runtime").contains("<failure"), "what is waived does not fail: {}", case("runtime"));
    assert!(junit.contains("tests=\"17\" failures=\"1\" errors=\"1\" skipped=\"0\""), "{junit}");

    let mut held = report;
    held.findings.retain(|found| found.class == crate::gate::Class::Waiting);
    let junit = super::super::junit(&held);
    assert!(junit.contains("failures=\"0\" errors=\"0\" skipped=\"1\""), "what is held is quiet: {junit}");
}

#[test]
fn every_finding_names_its_check_but_those_about_waivers() {
    for found in nightly().report.findings {
        let is_of_a_check = CheckName::by_name(found.check).is_some();
        assert!(is_of_a_check, "{found:?}");
    }
    let mut request = request();
    request.waivers = vec![crate::gate::Waiver {
        code: "HL4212".to_owned(),
        object: "nothing".to_owned(),
        owner: "ops".to_owned(),
        reason: "long ago".to_owned(),
        expires: "2026-12-31".parse().unwrap(),
    }];
    let report = judge(&changed(&[]), &request);
    assert_eq!(report.findings[0].finding.code.class, exit::Class::Note);
    assert_eq!(report.findings[0].check, "");
    assert!(junit(&report).contains("name=\"waivers\""));
}
