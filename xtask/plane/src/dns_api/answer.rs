//! Which request means what, and who may ask it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::wire::Request;
use super::zone::Refusal;
use super::{Armed, Fault, Shared, State};

/// An answer; none at all where the status is 0.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string(), headers: Vec::new() }
    }

    fn refused(refusal: &Refusal) -> Self {
        Self::json(refusal.status, &refusal.body())
    }
}

pub(super) fn answer(shared: &Shared, request: &Request) -> Answer {
    let mut state = shared.state();
    if let Some(wait) = throttled(&mut state) {
        return too_many(wait);
    }
    if let Err(refusal) = authenticate(&shared.token, request) {
        return Answer::refused(&refusal);
    }
    let (fault, meanwhile) = match armed(&mut state) {
        Some(armed) => (Some(armed.fault), Some(armed.meanwhile)),
        None if request.method == "GET" || state.faults.is_empty() => (None, None),
        None => (Some(state.faults.remove(0)), None),
    };
    let is_done = !matches!(fault, Some(Fault::Busy | Fault::Before | Fault::CutBefore));
    let answer = is_done.then(|| route(&mut state, request));
    drop(state);
    if let Some(meanwhile) = meanwhile {
        meanwhile();
    }
    match fault {
        Some(Fault::Busy) => too_many(Duration::from_secs(1)),
        Some(Fault::Before | Fault::After) => {
            let errors = json!([{"code": 10002, "message": "Internal error"}]);
            Answer::json(500, &json!({"success": false, "errors": errors, "result": null}))
        }
        Some(Fault::CutBefore | Fault::Cut) => Answer { status: 0, body: String::new(), headers: Vec::new() },
        Some(Fault::Garbage) => {
            Answer { status: 200, body: "<html>one moment, please</html>".to_owned(), headers: Vec::new() }
        }
        None => match answer {
            Some(Ok(body)) => Answer::json(200, &body),
            Some(Err(refusal)) => Answer::refused(&refusal),
            None => Answer { status: 0, body: String::new(), headers: Vec::new() },
        },
    }
}

/// The fault of this request, where one was chosen for it.
fn armed(state: &mut State) -> Option<Armed> {
    let armed = state.armed.as_mut()?;
    if armed.ahead == 0 {
        return state.armed.take();
    }
    armed.ahead -= 1;
    None
}

fn too_many(wait: Duration) -> Answer {
    let refusal = Refusal::new(429, 971, "Please wait and consider throttling your request speed");
    let mut answer = Answer::refused(&refusal);
    answer.headers.push(("Retry-After", wait.as_millis().div_ceil(1000).to_string()));
    answer
}

/// How long the client has to wait, where it has to.
fn throttled(state: &mut State) -> Option<Duration> {
    if state.throttle > 0 {
        state.throttle -= 1;
        return Some(state.retry_after);
    }
    let limit = state.limit?;
    let now = Instant::now();
    state.recent.retain(|at| now.duration_since(*at) < limit.window);
    let is_blocked = state.blocked_until.is_some_and(|until| now < until);
    if is_blocked || state.recent.len() >= limit.requests {
        state.blocked_until = Some(now + limit.block);
        return Some(limit.block);
    }
    state.recent.push(now);
    None
}

fn authenticate(token: &str, request: &Request) -> Result<(), Refusal> {
    let Some(header) = request.header("authorization") else {
        return Err(Refusal::new(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers"));
    };
    let Some(given) = header.strip_prefix("Bearer ") else {
        let mut refusal = Refusal::new(400, 6003, "Invalid request headers");
        refusal.chain.push((6111, "Invalid format for Authorization header".to_owned()));
        return Err(refusal);
    };
    if given == token { Ok(()) } else { Err(Refusal::new(403, 9109, "Invalid access token")) }
}

fn route(state: &mut State, request: &Request) -> Result<Value, Refusal> {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let query = pairs(query)?;
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let none_of = |allowed: &[&str]| match query.iter().find(|(name, _)| !allowed.contains(&name.as_str())) {
        Some((name, _)) => Err(Refusal::new(400, 1003, &format!("Unknown query parameter {name:?}."))),
        None => Ok(()),
    };
    let allowed = |is: bool| if is { Ok(()) } else { Err(Refusal::new(403, 10000, "Authentication error")) };
    let permissions = state.permissions;
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["user", "tokens", "verify"]) => {
            none_of(&[])?;
            Ok(success(&json!({"id": "fedcba9876543210fedcba9876543210", "status": "active"})))
        }
        ("GET", ["zones"]) => {
            none_of(&["name", "page", "per_page"])?;
            allowed(permissions.zone_read)?;
            let named = query.iter().find(|(name, _)| name == "name").map(|(_, value)| value.as_str());
            let zones: Vec<Value> =
                if named.is_none_or(|named| named == state.zone.name) { vec![zone(state)] } else { Vec::new() };
            paged(&zones, &query, 50)
        }
        (method, ["zones", id, rest @ ..]) => {
            if id.len() != 32 || !id.chars().all(|c| c.is_ascii_hexdigit()) {
                let words = format!("Could not route to {path}, perhaps your object identifier is invalid?");
                return Err(Refusal::new(404, 7003, &words));
            }
            // Whether a zone exists is nobody's business who may not see it.
            allowed(*id == state.zone.id)?;
            match (method, rest) {
                ("GET", []) => {
                    none_of(&[])?;
                    allowed(permissions.zone_read)?;
                    Ok(success(&zone(state)))
                }
                ("GET", ["dns_records"]) => {
                    none_of(&["name.exact", "page", "per_page"])?;
                    allowed(permissions.dns_read)?;
                    list(state, &query)
                }
                ("POST", ["dns_records"]) => {
                    allowed(permissions.dns_edit)?;
                    let body = body(request)?;
                    state.zone.post(&body).map(|made| success(&made))
                }
                ("POST", ["dns_records", "batch"]) => {
                    allowed(permissions.dns_edit)?;
                    let body = body(request)?;
                    state.zone.batch(&body).map(|done| success(&done))
                }
                _ => Err(no_route(path)),
            }
        }
        _ => Err(no_route(path)),
    }
}

fn no_route(path: &str) -> Refusal {
    let mut refusal = Refusal::new(404, 7000, "No route for that URI");
    refusal.chain.push((7003, format!("Could not route to {path}")));
    refusal
}

fn zone(state: &State) -> Value {
    json!({"id": state.zone.id, "name": state.zone.name, "status": "active", "paused": false})
}

fn list(state: &mut State, query: &[(String, String)]) -> Result<Value, Refusal> {
    let exact = query.iter().find(|(name, _)| name == "name.exact").map(|(_, value)| value.as_str());
    let listed = state.zone.listed();
    let records: Vec<Value> =
        listed.into_iter().filter(|record| exact.is_none_or(|exact| record["name"] == exact)).collect();
    let answer = paged(&records, query, state.page_limit)?;
    let is_last = answer["result_info"]["page"].as_u64() >= answer["result_info"]["total_pages"].as_u64();
    if is_last {
        state.zone.count_listing();
    }
    Ok(answer)
}

/// One page. A `per_page` above `limit` is cut to it, as proxies do; one that is no number of records is refused.
fn paged(all: &[Value], query: &[(String, String)], limit: usize) -> Result<Value, Refusal> {
    let number = |wanted: &str, default: usize, largest: usize| {
        let Some((_, text)) = query.iter().find(|(name, _)| name == wanted) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| (1..=largest).contains(number));
        number.ok_or_else(|| Refusal::new(400, 1003, &format!("Invalid or missing {wanted}.")))
    };
    let page = number("page", 1, 1_000_000)?;
    let per_page = number("per_page", 100, 5_000_000)?.min(limit);
    let shown: Vec<&Value> = all.iter().skip((page - 1) * per_page).take(per_page).collect();
    let mut answer = success(&json!(shown));
    answer["result_info"] = json!({
        "page": page, "per_page": per_page, "count": shown.len(), "total_count": all.len(),
        "total_pages": all.len().div_ceil(per_page),
    });
    Ok(answer)
}

fn success(result: &Value) -> Value {
    json!({"result": result, "success": true, "errors": [], "messages": []})
}

fn body(request: &Request) -> Result<Value, Refusal> {
    let kind = request.header("content-type").unwrap_or_default();
    if kind != "application/json" {
        return Err(Refusal::new(415, 6007, &format!("Content-Type must be application/json, and is {kind:?}.")));
    }
    serde_json::from_slice(&request.body).map_err(|_| Refusal::new(400, 9207, "Request body is invalid."))
}

fn pairs(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        Some((name.to_owned(), decoded(value)?))
    };
    parts.map(|part| pair(part).ok_or_else(|| Refusal::new(400, 1003, "The query is malformed."))).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let byte = u8::from_str_radix(after.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        write!(out, "{}", char::from(byte)).ok()?;
        rest = &after[2..];
    }
    out.push_str(rest);
    Some(out)
}
