//! Where a cluster stands follows from what runs, and old evidence says nothing.

use super::*;
use crate::exit::Exit;
use crate::gate::Verdict;

const EVERYWHERE: (&str, &str) = ("1.35.4", "1.36.2");

#[test]
fn a_night_is_one_line() {
    let worker = |version: &str| format!("\"name\": \"worker-1\",\n        \"kubelet\": {{\"seen\": \"{version}\"}}");
    let (arrived, waits) = (worker("1.36.2"), worker("1.35.4"));
    for (changes, state, line, exit) in [
        (vec![], State::NoKnownBlockers, "No known blockers: 1.35.4 to 1.36.2", Exit::Clean),
        (vec![EVERYWHERE], State::NoUpgradeNeeded, "No upgrade needed: 1.36.2 runs everywhere", Exit::Clean),
        (
            vec![("containerd://2.3.1", "containerd://2.1.5")],
            State::Blocked,
            "BLOCKED (action needed): 1.35.4 to 1.36.2",
            Exit::Act,
        ),
        (vec![("photos:2.4.1", "kyverno/kyverno:v1.18.1")], State::Held, "HELD: 1.35.4 to 1.36.2", Exit::Held),
        (
            vec![("\"rules\": 212", "\"rules\": 0")],
            State::Unknown,
            "UNKNOWN (not everything could be measured): 1.35.4 to 1.36.2",
            Exit::Incomplete,
        ),
        (
            vec![EVERYWHERE, (&arrived, &waits)],
            State::InProgress,
            "IN PROGRESS: 6 of 7 components run 1.36.2, the oldest 1.35.4",
            Exit::Clean,
        ),
        (
            vec![("2026-11-21", "2026-11-19")],
            State::Stale,
            "STALE: the evidence is of 2026-11-19, and nothing is known of the time since",
            Exit::Incomplete,
        ),
    ] {
        let nightly = judged(&changed(&changes), &request());
        assert_eq!((nightly.state, nightly.headline.as_str(), nightly.exit()), (state, line, exit), "{nightly:#?}");
        assert!(summary(&nightly).starts_with(&format!("{line}\n")));
        assert!(html(&nightly).contains(&format!("<h1 class=\"{}\">{line}</h1>", state.name())));
        assert_eq!(slack(&nightly)["text"], line);
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
    }
}

#[test]
fn an_upgrade_of_the_night_is_seen_against_the_night_before() {
    let (before, now) = (changed(&[("2026-11-21", "2026-11-20")]), changed(&[EVERYWHERE]));
    let request = request();
    let told = |before| Nightly::new(judge(&now, &request), &now, &request, before, true);
    let upgraded = told(Some(&before));
    assert_eq!((upgraded.state, upgraded.headline.as_str()), (State::Upgraded, "UPGRADED: 1.35.4 to 1.36.2"));
    assert_eq!(told(Some(&now)).state, State::NoUpgradeNeeded);
    assert_eq!(told(None).state, State::NoUpgradeNeeded);
}

#[test]
fn where_the_target_runs_findings_are_still_told_and_still_decide() {
    let unquiet = changed(&[EVERYWHERE, ("\"ready_for_seconds\": 864000", "\"ready_for_seconds\": 60")]);
    let nightly = judged(&unquiet, &request());
    assert_eq!((nightly.state, nightly.exit()), (State::NoUpgradeNeeded, Exit::Act));
    assert_eq!(nightly.remark, "The gate itself says: blocked (action needed).");
    assert!(summary(&nightly).contains("HL4203"));
}

#[test]
fn what_did_not_show_its_version_has_not_arrived() {
    for hidden in [
        ("\"kubelet\": {\"seen\": \"1.36.2\"}", "\"kubelet\": {\"not_measured\": \"it says nothing\"}"),
        ("\"nodes\": {\n    \"seen\": [", "\"nodes\": {\n    \"partial\": {\"why\": \"one page\", \"seen\": ["),
    ] {
        let mut text = healthy().replace(EVERYWHERE.0, EVERYWHERE.1);
        assert!(text.contains(hidden.0), "{}", hidden.0);
        text = text.replacen(hidden.0, hidden.1, 1);
        if hidden.1.contains("partial") {
            text = text.replacen("  \"proxies\"", "  \"proxies_\"", 1);
            text = text.replacen("    ]\n  },\n  \"proxies_\"", "    ]}\n  },\n  \"proxies\"", 1);
        }
        let nightly = judged(&Evidence::from_json(&text).unwrap(), &request());
        assert_eq!(nightly.state, State::Unknown, "{}", nightly.headline);
    }
}

#[test]
fn old_evidence_is_no_good_news() {
    let evidence = changed(&[("2026-11-21", "2026-11-20")]);
    let told = |today: &str, recorded| {
        let request = Request { today: Some(today.parse().unwrap()), ..request() };
        Nightly::new(judge(&evidence, &request), &evidence, &request, None, recorded)
    };
    assert_eq!(told("2026-11-21", true).state, State::NoKnownBlockers, "of last night");
    let stale = told("2026-11-22", true);
    assert_eq!((stale.state, stale.report.verdict), (State::Stale, Verdict::NoKnownBlockers));
    assert_eq!(stale.exit(), Exit::Incomplete);
    assert_eq!(told("2026-11-22", false).state, State::NoKnownBlockers, "a live look is never old");
    let undated = changed(&[("  \"captured_on\": \"2026-11-21\",\n", "")]);
    let nightly = judged(&undated, &request());
    assert_eq!((nightly.state, nightly.exit()), (State::Stale, Exit::Incomplete));
}

#[test]
fn gauges_are_definite() {
    let mut nightly = judged(&changed(&[]), &request());
    let mut tell = |state, verdict, blocked, held| {
        nightly.state = state;
        nightly.report.verdict = verdict;
        let page = gauges(&nightly).to_string();
        assert!(page.contains(&format!("\nk8s_upgrade_blocked {blocked}\n")), "{state:?} {verdict:?}: {page}");
        assert!(page.ends_with(&format!("\nk8s_upgrade_held {held}\n")), "{state:?} {verdict:?}: {page}");
    };
    tell(State::NoKnownBlockers, Verdict::NoKnownBlockers, 0, 0);
    tell(State::Blocked, Verdict::Blocked, 1, 0);
    tell(State::Held, Verdict::Held, 0, 1);
    tell(State::Unknown, Verdict::Unknown, 1, 0);
    tell(State::InProgress, Verdict::Held, 0, 1);
    // Old evidence is an error of the gate, whatever it says.
    tell(State::Stale, Verdict::NoKnownBlockers, 1, 0);
    tell(State::Stale, Verdict::Held, 1, 0);
    // Nothing is to be upgraded, so that nothing is blocked.
    tell(State::Upgraded, Verdict::Blocked, 0, 0);
    tell(State::NoUpgradeNeeded, Verdict::Unknown, 0, 0);
}
