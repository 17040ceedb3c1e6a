//! Generated objects and requests: few hosts and few paths, so that routers meet.
//!
//! A world names its namespaces `NS0`, `NS1`, … and its origins by number, as ports: [`super::world`] puts in what a stage
//! has. So a world can be kept as a file.

use homelab_core::route::Request;
use serde_json::{Value, json};

/// Numbers that look random and are the same for the same seed, on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const NAMESPACES: [&str; 3] = ["NS0", "NS1", "NS2"];
const PATHS: [&str; 18] = [
    "/",
    "/",
    "/",
    "/a",
    "/ab",
    "/a/",
    "/a/b",
    "/api",
    "/api/v1",
    "/px",
    "/public",
    "/public/secret",
    "/A",
    "/a b",
    "/x.y",
    "/\u{fc}",
    "/a%2Fb",
    "/a-b_c~d",
];
const PATTERNS: [&str; 12] = [
    "^/a",
    "^/api/v[0-9]+",
    "b$",
    "^/(public|px)(/|$)",
    "[[:alpha:]]{3,}",
    "(?i)^/A",
    r"^/\w+$",
    "^/$",
    "x\\.y",
    "",
    "^/[^a]",
    r"^/.*\d",
];
const TRAPS: [&str; 6] = ["(", "a**", "[z", r"\pL", "a{,2}", "[a&&b]"];
const MIDDLEWARES: [&str; 7] = [
    "NS0-plain@kubernetescrd",
    "NS1-plain@kubernetescrd",
    "NS0-chain@kubernetescrd",
    "NS0-missing@kubernetescrd",
    "NS0-broken-chain@kubernetescrd",
    "plain",
    "NS0-dotted-name@kubernetescrd",
];

/// A set of objects with routes.
pub(crate) struct World {
    /// The objects, with placeholders.
    pub(crate) objects: Vec<Value>,
    /// What is asked of them.
    pub(crate) requests: Vec<Request>,
}

/// The world of a seed, with about `objects` objects and that many requests.
pub(crate) fn world(seed: u64, objects: usize, requests: usize) -> World {
    let mut maker = Maker { dice: Dice::new(seed), seed, origin: 0 };
    let mut all = middlewares();
    for number in 0..objects {
        all.push(if maker.dice.one_in(2) { maker.ingress(number) } else { maker.ingress_route(number) });
    }
    World { objects: all, requests: (0..requests).map(|_| maker.request()).collect() }
}

fn middlewares() -> Vec<Value> {
    let made = |namespace: &str, name: &str, spec: Value| {
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
            "metadata": {"namespace": namespace, "name": name}, "spec": spec,
        })
    };
    let plain = json!({"headers": {"customRequestHeaders": {"X-Seen": "yes"}}});
    vec![
        made("NS0", "plain", plain.clone()),
        made("NS1", "plain", plain.clone()),
        made("NS0", "dotted.name", plain),
        made(
            "NS0",
            "chain",
            json!({"chain": {"middlewares": [{"name": "plain"}, {"name": "plain", "namespace": "NS1"}]}}),
        ),
        made("NS0", "broken-chain", json!({"chain": {"middlewares": [{"name": "plain"}, {"name": "gone"}]}})),
    ]
}

struct Maker {
    dice: Dice,
    seed: u64,
    origin: usize,
}

impl Maker {
    fn next_origin(&mut self) -> usize {
        self.origin += 1;
        self.origin
    }

    fn host(&mut self) -> String {
        let label = self.dice.pick(&["a", "a", "a", "b", "c.a"]);
        format!("{label}.w{}.example.net", self.seed)
    }

    /// A priority near the lengths of rules, so that ties and narrow wins are common.
    fn priority(&mut self) -> i64 {
        match self.dice.below(10) {
            0 => 0,
            1 => -5,
            2 => i64::MAX - 1000,
            3 => 1000,
            _ => 30 + i64::try_from(self.dice.below(30)).unwrap(),
        }
    }

    fn metadata(&mut self, kind: &str, number: usize) -> Value {
        // Names that some pairs of namespace and name share once they are joined.
        let name = match self.dice.below(12) {
            0 => format!("{kind}{}.x", self.seed),
            1 => format!("{kind}{}-x", self.seed),
            _ => format!("{kind}{}-{number}", self.seed),
        };
        json!({"namespace": self.dice.pick(&NAMESPACES), "name": format!("{name}-{number}").replace(".x-", "-x-")})
    }

    fn ingress(&mut self, number: usize) -> Value {
        let mut metadata = self.metadata("i", number);
        let mut annotations = json!({"kubernetes.io/ingress.class": self.class()});
        let mut put = |name: &str, value: String| {
            annotations[format!("traefik.ingress.kubernetes.io/router.{name}")] = json!(value);
        };
        if self.dice.one_in(3) {
            put("priority", self.priority().to_string());
        }
        if self.dice.one_in(4) {
            put(
                self.dice.pick(&["entrypoints", "entryPoints"]),
                self.dice.pick(&["web", "other", "web, other", "gone", "gone,web"]).to_owned(),
            );
        }
        if self.dice.one_in(4) {
            let (first, second) = (self.dice.pick(&MIDDLEWARES), self.dice.pick(&MIDDLEWARES[..3]));
            put("middlewares", if self.dice.one_in(3) { format!("{first}, {second}") } else { first.to_owned() });
        }
        if self.dice.one_in(5) {
            put("pathmatcher", self.dice.pick(&["Path", "PathPrefix", "PathRegexp", "pathprefix", "Nope"]).to_owned());
        }
        if self.dice.one_in(12) {
            put("rulesyntax", self.dice.pick(&["v2", "v3", "v4"]).to_owned());
        }
        if self.dice.one_in(12) {
            put("tls", self.dice.pick(&["true", "false"]).to_owned());
        }
        if self.dice.one_in(25) {
            put(self.dice.pick(&["priorty", "priority"]), "high".to_owned());
        }
        metadata["annotations"] = annotations;
        let count = 1 + self.dice.below(2);
        let rules: Vec<Value> = (0..count).map(|_| self.rule()).collect();
        let mut spec = json!({"rules": rules});
        if self.dice.one_in(15) {
            spec["defaultBackend"] = self.backend();
        }
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec})
    }

    fn class(&mut self) -> &'static str {
        if self.dice.one_in(15) { "another" } else { "CLASS" }
    }

    fn rule(&mut self) -> Value {
        let count = 1 + self.dice.below(3);
        let paths: Vec<Value> = (0..count).map(|_| self.path()).collect();
        let mut rule = json!({"http": {"paths": paths}});
        match self.dice.below(10) {
            0 => {}
            1 => rule["host"] = json!(format!("*.w{}.example.net", self.seed)),
            _ => rule["host"] = json!(self.host()),
        }
        rule
    }

    fn path(&mut self) -> Value {
        let mut path = json!({"pathType": self.dice.pick(&["Prefix", "Prefix", "Exact", "ImplementationSpecific"]), "backend": self.backend()});
        if path["pathType"] == "ImplementationSpecific" && self.dice.one_in(6) {
            return path;
        }
        path["path"] = json!(self.dice.pick(&PATHS));
        path
    }

    fn backend(&mut self) -> Value {
        json!({"service": {"name": "origins", "port": {"number": self.next_origin()}}})
    }

    fn ingress_route(&mut self, number: usize) -> Value {
        let mut metadata = self.metadata("r", number);
        metadata["annotations"] = json!({"kubernetes.io/ingress.class": self.class()});
        let count = 1 + self.dice.below(3);
        let routes: Vec<Value> = (0..count).map(|_| self.route()).collect();
        let mut spec = json!({"routes": routes});
        if self.dice.one_in(4) {
            spec["entryPoints"] = match self.dice.below(4) {
                0 => json!(["other"]),
                1 => json!(["gone"]),
                2 => json!(["gone", "web"]),
                _ => json!(["web"]),
            };
        }
        if self.dice.one_in(15) {
            spec["tls"] = json!({});
        }
        json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": metadata, "spec": spec})
    }

    fn route(&mut self) -> Value {
        let mut text = self.expression(3);
        if !self.dice.one_in(5) {
            // Most have a host, as people write them.
            text = format!("Host(`{}`) && ({text})", self.host());
        }
        if self.dice.one_in(40) {
            text.push_str(self.dice.pick(&[" &&", ")", "\n&& Path(`/`)", "\n", " & Path(`/`)"]));
        }
        let mut route = json!({
            "kind": "Rule", "match": text,
            "services": [{"name": "origins", "port": self.next_origin()}],
        });
        if self.dice.one_in(3) {
            route["priority"] = json!(self.priority());
        }
        if self.dice.one_in(12) {
            route["syntax"] = json!(self.dice.pick(&["v2", "v3"]));
            if self.dice.one_in(2) {
                route["match"] = json!(self.of_version_2());
            }
        }
        if self.dice.one_in(5) {
            route["middlewares"] = match self.dice.below(5) {
                0 => json!([{"name": "chain", "namespace": "NS0"}]),
                1 => json!([{"name": "missing"}]),
                2 => json!([{"name": "NS0-plain@kubernetescrd"}]),
                3 => json!([{"name": "broken-chain", "namespace": "NS0"}]),
                _ => json!([{"name": "plain", "namespace": "NS1"}]),
            };
        }
        route
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 || self.dice.one_in(2) {
            return self.matcher();
        }
        let (left, right) = (self.expression(depth - 1), self.expression(depth - 1));
        match self.dice.below(6) {
            0 => format!("!({left})"),
            1 => format!("!({left} && {right})"),
            2 | 3 => format!("({left} || {right})"),
            4 => format!("{left}\t&&\n{right}"),
            _ => format!("{left} && {right}"),
        }
    }

    fn matcher(&mut self) -> String {
        let no = if self.dice.one_in(6) { "!" } else { "" };
        let path = self.dice.pick(&PATHS);
        let pattern = if self.dice.one_in(20) { self.dice.pick(&TRAPS) } else { self.dice.pick(&PATTERNS) };
        let text = match self.dice.below(22) {
            0..=4 => format!("PathPrefix(`{path}`)"),
            5..=7 => format!("Path(`{path}`)"),
            8 | 9 => format!("PathRegexp(`{pattern}`)"),
            10 => format!("Host(`{}`)", self.host().to_uppercase()),
            11 => format!("HostRegexp(`^[a-c]\\.w{}\\.example\\.net$`)", self.seed),
            12 => format!("HostRegexp(`{}`)", self.dice.pick(&["^$", "^a", "^$", "^c\\.", "net$"])),
            13 => format!("Method(`{}`)", self.dice.pick(&["GET", "post", "HEAD", "Foo"])),
            14 => format!("Header(`x-one`, `{}`)", self.dice.pick(&["1", "2"])),
            15 => format!("HeaderRegexp(`X-One`, `{}`)", self.dice.pick(&["^[0-9]$", "2", "x|1"])),
            16 => self
                .dice
                .pick(&["Query(`q`, `1`)", "Query(`q`)", "QueryRegexp(`q`, `^[12]$`)", "QueryRegexp(`r`)"])
                .to_owned(),
            17 => format!(
                "ClientIP(`{}`)",
                self.dice.pick(&[
                    "127.0.0.1",
                    "127.0.0.0/8",
                    "192.0.2.0/24",
                    "::/0",
                    "::1",
                    "::ffff:127.0.0.0/104",
                    "0.0.0.0/0"
                ])
            ),
            18 => format!("pathprefix(\"{path}\")"),
            19 => format!("PATH(`{path}`,)"),
            20 => format!("Host(`{}.`)", self.host()),
            _ => self
                .dice
                .pick(&[
                    "Path(`x`)",
                    "Host(`h\u{fc}`)",
                    "Query(``)",
                    "Header(`a`)",
                    "HeadersRegexp(`a`, `b`)",
                    "Header(`Host`, `x`)",
                    "ClientIP(`x`)",
                ])
                .to_owned(),
        };
        format!("{no}{text}")
    }

    /// A rule in the words of version 2, of which some are beyond the model.
    fn of_version_2(&mut self) -> String {
        let (host, other, path) = (self.host(), self.host(), self.dice.pick(&PATHS));
        let rest = match self.dice.below(7) {
            0 => format!("Path(`{path}`, `/b`)"),
            1 => format!("PathPrefix(`/b`, `{path}`)"),
            2 => "Method(`get`, `HEAD`)".to_owned(),
            3 => "Path(`/{name:[a-z]+}`)".to_owned(),
            4 => "Headers(`X-One`, `1`)".to_owned(),
            5 => "Headers(`X-One`)".to_owned(),
            _ => "!Query(`q=1`)".to_owned(),
        };
        format!("HostHeader(`{host}`, `{other}`) && {rest}")
    }

    fn request(&mut self) -> Request {
        let host = match self.dice.below(12) {
            0 => self.host().to_uppercase(),
            1 => format!("{}:8080", self.host()),
            2 => format!("{}.", self.host()),
            3 => format!("nobody.w{}.example.net", self.seed),
            4 => "elsewhere.example.org".to_owned(),
            _ => self.host(),
        };
        let path = self.dice.pick(&PATHS).replace(' ', "%20").replace('\u{fc}', "%C3%BC");
        let mut target = match self.dice.below(14) {
            0 => format!("{path}x"),
            1 => format!("{path}/"),
            2 => format!("/{path}"),
            3 => format!("{path}/../px"),
            4 => format!("{path}/./b"),
            5 => format!("{path}/%2e%2e/a"),
            6 => format!("{path}%2fb"),
            7 => path.replace('a', "%61"),
            8 => format!("{path}/b//c/"),
            9 => format!("{path}^\"|"),
            10 => format!("{path}/v1"),
            _ => path,
        };
        if self.dice.one_in(60) {
            target.push_str(self.dice.pick(&["%zz", "#x", "%"]));
        }
        if self.dice.one_in(4) {
            target.push_str(self.dice.pick(&["?q=1", "?q", "?q=3&q=2", "?r=&q=1", "?a;q=1", "?%71=1", "?q=%zz"]));
        }
        let mut request = Request::get(&host, &target);
        self.dice.pick(&["GET", "GET", "GET", "POST", "HEAD", "FOO", "get"]).clone_into(&mut request.method);
        if self.dice.one_in(3) {
            let value = self.dice.pick(&["1", "2", "3", " 1 "]);
            request.headers.push((self.dice.pick(&["X-One", "x-one"]).to_owned(), value.to_owned()));
            if self.dice.one_in(3) {
                request.headers.push(("X-One".to_owned(), "2".to_owned()));
            }
        }
        request.client = std::net::Ipv4Addr::LOCALHOST.into();
        "web".clone_into(&mut request.entrypoint);
        request.tls = Some(false);
        request
    }
}
