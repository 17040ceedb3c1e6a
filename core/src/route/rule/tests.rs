use proptest::prelude::*;

use super::*;

#[test]
fn the_priority_of_a_rule_is_its_length() {
    let table = [
        ("Path(`/px`)", 11),
        ("PathPrefix(`/`)", 15),
        ("Host(`g.example.net`) && Path(`/px`)", 36),
        ("Host(`g.example.net`) && PathPrefix(`/`)", 40),
        ("Host(\"a\") || (Host(`b`) && !Path(`/x`))", 39),
        ("HostRegexp(`^[a-z]+\\.example\\.net$`)", 36),
        ("Query(`a`, `b`)||Query(`c`)", 27),
        ("host(`a`)", 9),
        ("PATHPREFIX(`/`) && Pathprefix(`/`)", 34),
        ("Host(`a`,)", 10),
        ("Host(`a`) ||\n  Host(`b`)\n", 25),
        ("PathPrefix(`/b\u{fc}cher`)", 22),
    ];
    for (rule, expected) in table {
        assert_eq!(priority(rule), Ok(expected), "{rule}");
    }
}

#[test]
fn what_is_no_rule_is_refused_where_it_stops_to_be_one() {
    let table = [
        ("", 0),
        ("Host", 4),
        ("Host()", 5),
        ("Host(`a`", 8),
        ("Host(`a)", 5),
        ("Host(`a`, `b`)", 13),
        ("Header(`a`)", 10),
        ("Hosts(`a`)", 0),
        ("hOST(`a`)", 0),
        ("Host(`a`) &&", 12),
        ("Host(`a`) & Path(`/`)", 10),
        ("(Host(`a`)", 10),
        ("Host(`a`))", 9),
        ("Host(a)", 5),
    ];
    for (rule, at) in table {
        assert_eq!(priority(rule).map_err(|error| error.at), Err(at), "{rule}");
    }
    let deep = format!("{}Host(`a`){}", "(".repeat(5000), ")".repeat(5000));
    assert!(priority(&deep).is_err());
}

proptest! {
    #[test]
    fn rendered_rules_are_rules(host in "[a-z]{1,9}\\.example\\.net", path in "/[a-z0-9/_.-]{0,20}", exact: bool) {
        let rule = of_path(&host, &path, exact);
        prop_assert_eq!(priority(&rule), Ok(length(&rule)));
    }

    #[test]
    fn no_text_panics(text in "[HostPah(`\"\\\\ü,)&|! ]{0,40}") {
        let _ = priority(&text);
    }
}
