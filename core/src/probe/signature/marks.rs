//! What a mark is, and how an answer is searched for it.

use homelab_schema::carveout_probe::WallSystem;

use super::{Proves, Rule, SIGNATURES, Signature};
use crate::probe::observe::harmless;
use crate::probe::{Answer, Url};

/// One thing about an answer. Names of headers and cookies, and parts of bodies, are meant as they are written here;
/// headers are compared in lower case.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// One of these statuses.
    Status(&'static [u16]),
    /// A redirect with a `Location`: 301, 302, 303, 307 or 308.
    Redirect,
    /// A `Location`, whatever the status.
    Located,
    /// The host of the `Location` ends so.
    LocationHostEnd(&'static str),
    /// The path of the `Location` holds this.
    LocationPath(&'static str),
    /// The path of the `Location` ends so; a trailing slash is ignored.
    LocationPathEnd(&'static str),
    /// The query of the `Location` has this key.
    LocationQuery(&'static str),
    /// The query of the `Location` has this key, and its decoded value holds this.
    LocationQueryHolds(&'static str, &'static str),
    /// A header is there.
    Header(&'static str),
    /// A header has this value.
    HeaderIs(&'static str, &'static str),
    /// A header whose value holds this.
    HeaderHolds(&'static str, &'static str),
    /// `Set-Cookie` of a cookie whose name starts so.
    Cookie(&'static str),
    /// `Set-Cookie` of a cookie whose name ends so.
    CookieEnd(&'static str),
    /// `WWW-Authenticate` with this scheme.
    Challenge(&'static str),
    /// The body holds this.
    Body(&'static str),
    /// The body is this, but for white space around it.
    BodyIs(&'static str),
}

/// A form of a wall that an answer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Whose wall, where it has a name.
    pub system: Option<WallSystem>,
    /// Which form, as a noun phrase.
    pub form: &'static str,
    /// What it proves.
    pub proves: Proves,
    /// The host where it signs people in, where the answer tells.
    pub issuer: Option<String>,
    /// The client at the issuer, where the answer tells.
    pub client_id: Option<String>,
}

/// A `Location`, taken apart.
struct Location {
    host: String,
    path: String,
    query: Vec<(String, String)>,
}

/// Every form of every wall that `answer` to a request for `asked` has.
pub fn recognise(answer: &Answer, asked: &Url) -> Vec<Recognised> {
    let location = answer.header("location").map(|text| Location::parse(text, asked));
    let mut found = Vec::new();
    for signature in SIGNATURES {
        for rule in signature.rules {
            if rule.all.iter().all(|mark| mark.is_on(answer, location.as_ref())) {
                // A page of the gate's own is in the house; who sends people out of it names where.
                let named = |location: &&Location| rule.leads_to_issuer || location.leaves(asked);
                let issuer = location.as_ref().filter(named).map(Location::issuer);
                let client_id = location.as_ref().filter(|_| rule.leads_to_issuer).and_then(Location::client_id);
                found.push(Recognised {
                    system: Some(signature.system),
                    form: rule.name,
                    proves: rule.proves,
                    issuer,
                    client_id,
                });
            }
        }
    }
    found
}

/// A rule, and which of its marks an answer has.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// Whose rule.
    pub signature: &'static Signature,
    /// The rule.
    pub rule: &'static Rule,
    /// Mark by mark, in the order of the rule.
    pub on: Vec<bool>,
}

/// Every rule of every signature against `answer` to a request for `asked`, in their order: for who wants to see how close
/// it came.
pub fn weigh(answer: &Answer, asked: &Url) -> impl Iterator<Item = Weighed> {
    let location = answer.header("location").map(|text| Location::parse(text, asked));
    SIGNATURES.iter().flat_map(|signature| signature.rules.iter().map(move |rule| (signature, rule))).map(
        move |(signature, rule)| {
            let on = rule.all.iter().map(|mark| mark.is_on(answer, location.as_ref())).collect();
            Weighed { signature, rule, on }
        },
    )
}

/// A redirect that the user's own pattern says is the gate's.
pub fn by_location(system: Option<WallSystem>, location: &str, asked: &Url) -> Recognised {
    let location = Location::parse(location, asked);
    Recognised {
        system,
        form: "redirect that matches location_regex",
        proves: Proves::Gate,
        client_id: location.client_id(),
        issuer: Some(location.issuer()),
    }
}

impl Mark {
    fn is_on(self, answer: &Answer, location: Option<&Location>) -> bool {
        let located = |test: &dyn Fn(&Location) -> bool| location.is_some_and(test);
        match self {
            Self::Status(any) => any.contains(&answer.status),
            Self::Redirect => answer.redirect().is_some(),
            Self::Located => location.is_some(),
            Self::LocationHostEnd(end) => located(&|location| location.host.ends_with(end)),
            Self::LocationPath(part) => located(&|location| location.path.contains(part)),
            Self::LocationPathEnd(end) => located(&|location| location.path.trim_end_matches('/').ends_with(end)),
            Self::LocationQuery(key) => located(&|location| location.value(key).is_some()),
            Self::LocationQueryHolds(key, part) => {
                located(&|location| location.value(key).is_some_and(|value| value.contains(part)))
            }
            Self::Header(name) => answer.header(name).is_some(),
            Self::HeaderIs(name, value) => answer.headers(name).any(|found| found.trim().eq_ignore_ascii_case(value)),
            Self::HeaderHolds(name, part) => answer.headers(name).any(|found| found.contains(part)),
            Self::Cookie(start) => answer.cookies().any(|name| name.starts_with(start)),
            Self::CookieEnd(end) => answer.cookies().any(|name| name.ends_with(end)),
            Self::Challenge(scheme) => answer.headers("www-authenticate").any(|value| challenges(value, scheme)),
            Self::Body(part) => answer.body_holds(part),
            Self::BodyIs(text) => answer.body.trim_ascii() == text.as_bytes(),
        }
    }
}

/// Whether a `WWW-Authenticate` value has a challenge of `scheme` (in lower case): the first word, or the first word after
/// a comma. A parameter (`realm="a, basic b"`) never passes for one, since its quotes are skipped.
fn challenges(value: &str, scheme: &str) -> bool {
    let mut quoted = false;
    let bare: String = value
        .chars()
        .filter(|character| {
            quoted ^= *character == '"';
            !quoted
        })
        .collect();
    bare.split(',').any(|part| part.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(scheme)))
}

impl Location {
    /// Takes `text` apart, against the URL that was asked for.
    fn parse(text: &str, asked: &Url) -> Self {
        let text = text.trim();
        let text = text.split('#').next().unwrap_or_default();
        let absolute = text.split_once("://").map(|(_, rest)| rest).or_else(|| text.strip_prefix("//"));
        let (host, target) = match absolute {
            // `://` in a query is no authority.
            Some(rest) if !text.starts_with(['/', '?']) || text.starts_with("//") => {
                let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                let authority = authority.rsplit('@').next().unwrap_or_default();
                let host = super::super::url::split_authority(authority).map_or(authority, |(host, _)| host);
                (host.to_ascii_lowercase(), target)
            }
            _ => (asked.host().to_owned(), text),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decode(key), decode(value)))
            .collect();
        Self { host, path: path.to_owned(), query }
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn client_id(&self) -> Option<String> {
        self.value("client_id").map(harmless)
    }

    fn issuer(&self) -> String {
        harmless(&self.host)
    }

    /// Whether it is of another domain than `asked`, as far as two labels tell.
    fn leaves(&self, asked: &Url) -> bool {
        let domain = |host: &str| {
            let mut labels = host.rsplit('.').filter(|label| !label.is_empty());
            (labels.next().map(str::to_owned), labels.next().map(str::to_owned))
        };
        let is_address = |host: &str| host.parse::<std::net::IpAddr>().is_ok();
        let (here, there) = (asked.host(), self.host.as_str());
        if is_address(here) || is_address(there) { here != there } else { domain(here) != domain(there) }
    }
}

/// Undoes `%xx` and `+`; a broken escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = match byte {
            b'%' => text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        if let Some(escaped) = escaped {
            decoded.push(escaped);
            at += 3;
        } else {
            decoded.push(if byte == b'+' { b' ' } else { byte });
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_taken_apart() {
        let asked = Url::parse("https://photos.example.net/share").unwrap();
        let table = [
            ("https://auth.example.net/a?b=c", "auth.example.net", "/a"),
            ("https://AUTH.example.net:8443", "auth.example.net", ""),
            ("//auth.example.net/a", "auth.example.net", "/a"),
            ("/login?next=https://evil.example.net/x", "photos.example.net", "/login"),
            ("?next=https://evil.example.net/x", "photos.example.net", ""),
            ("login", "photos.example.net", "login"),
            ("https://user@auth.example.net/a#f", "auth.example.net", "/a"),
            ("https://[2001:db8::1]:8443/a", "2001:db8::1", "/a"),
        ];
        for (text, host, path) in table {
            let location = Location::parse(text, &asked);
            assert_eq!((location.host.as_str(), location.path.as_str()), (host, path), "{text}");
        }
        let location = Location::parse("/x?redirect_uri=https%3A%2F%2Fa%2Fb&c+d=%zz%4", &asked);
        assert_eq!(location.value("redirect_uri"), Some("https://a/b"));
        assert_eq!(location.value("c d"), Some("%zz%4"));
    }

    #[test]
    fn challenges_are_words_not_parameters() {
        assert!(challenges("Basic realm=\"x\"", "basic"));
        assert!(challenges("Bearer realm=\"a, b\", basic realm=\"x\"", "basic"));
        assert!(!challenges("Bearer realm=\"a, Basic b\"", "basic"));
        assert!(!challenges("Negotiate", "basic"));
    }
}
