//! A world on a stage: put there, asked, compared; and made smaller where the two disagree.

use std::time::Duration;

use homelab_core::route::{Outcome, Request, Router, winner};
use homelab_plane::process::wait_for;
use serde_json::{Value, json};

use super::stage::Stage;

/// How often a world is made smaller in search of what the disagreement needs.
const ATTEMPTS: usize = 20;

/// How long an entry point may go by what was before.
pub(super) const TAKEN_OVER: Duration = Duration::from_secs(15);

/// What a comparison of one world came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Routers whose rule, priority and status were the same.
    pub(crate) routers: usize,
    /// Requests with one possible answer, which Traefik gave.
    pub(crate) clear: usize,
    /// Those among them that no router takes.
    pub(crate) unserved: usize,
    /// Requests between routers of equal priority, of which Traefik took one.
    pub(crate) ties: usize,
    /// Requests that the model leaves open, with an answer that it allows.
    pub(crate) open: usize,
}

impl Tally {
    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            routers: self.routers + other.routers,
            clear: self.clear + other.clear,
            unserved: self.unserved + other.unserved,
            ties: self.ties + other.ties,
            open: self.open + other.open,
        }
    }
}

/// Puts what a stage has into the placeholders of a world's objects.
pub(crate) fn staged(stage: &Stage, objects: &[Value]) -> Vec<Value> {
    let mut text = Value::from(objects.to_vec()).to_string().replace("CLASS", &stage.settings.class);
    for (number, namespace) in stage.namespaces().iter().enumerate() {
        text = text.replace(&format!("NS{number}"), namespace);
    }
    let mut all: Value = serde_json::from_str(&text).unwrap();
    put_ports(stage, &mut all);
    match all {
        Value::Array(all) => all,
        other => vec![other],
    }
}

/// Origins are numbered from one, as ports are.
fn put_ports(stage: &Stage, value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| put_ports(stage, one)),
        Value::Object(all) => {
            for (name, inside) in all {
                match inside.as_u64() {
                    Some(number) if name == "port" || name == "number" => {
                        *inside = json!(stage.port(usize::try_from(number).unwrap() - 1));
                    }
                    _ => put_ports(stage, inside),
                }
            }
        }
        _ => {}
    }
}

/// Plays a world: every router and every answer is as the model says, or the error says which is not.
pub(crate) fn play(stage: &mut Stage, objects: &[Value], requests: &[Request]) -> Result<Tally, String> {
    let objects = stage.replace_all(&staged(stage, objects));
    let routers = stage.model(&objects);
    stage.until_taken(&routers)?;
    let mut tally = Tally { routers: routers.len(), ..Tally::default() };
    for request in requests {
        let outcome = winner(&routers, request);
        // Traefik's API shows what it has taken over a moment before all its entry points go by it.
        wait_for("the model's answer", TAKEN_OVER, || Ok(agree(stage, &routers, request, &outcome)))
            .map_err(|error| error.to_string())?;
        match outcome {
            Outcome::Tie(_) => tally.ties += 1,
            Outcome::CannotTell(_) => tally.open += 1,
            Outcome::One(_) => tally.clear += 1,
            Outcome::None | Outcome::Refused => {
                tally.clear += 1;
                tally.unserved += 1;
            }
        }
    }
    Ok(tally)
}

fn agree(stage: &mut Stage, routers: &[Router], request: &Request, outcome: &Outcome) -> Result<(), String> {
    let answer = stage.send(request);
    let position = answer.origin.and_then(|origin| {
        let port = format!("origins:{}", stage.port(origin));
        routers.iter().position(|router| router.services.contains(&port))
    });
    let same = match (answer.status, outcome) {
        (400, Outcome::Refused) => true,
        (404, outcome) if answer.origin.is_none() => outcome.allows(None),
        (200, outcome) if position.is_some() => outcome.allows(position),
        _ => false,
    };
    if same {
        return Ok(());
    }
    let named = |position: usize| format!("{} ({:?})", routers[position].rule_text, routers[position].priority);
    let given = position.map_or_else(|| format!("{answer:?}"), named);
    let wanted: Vec<String> = match outcome {
        Outcome::One(one) => vec![named(*one)],
        Outcome::Tie(all) | Outcome::CannotTell(all) => all.iter().map(|one| named(*one)).collect(),
        Outcome::None | Outcome::Refused => Vec::new(),
    };
    Err(format!("{request:?}\n  Traefik: {given}\n  model: {outcome:?} {wanted:#?}"))
}

/// The smallest world found in which the disagreement persists, as a case to be kept.
pub(crate) fn shrunk(stage: &mut Stage, objects: &[Value], requests: &[Request]) -> String {
    let mut objects = objects.to_vec();
    let mut requests = requests.to_vec();
    // One request is enough where one is at fault.
    for request in &requests {
        if play(stage, &objects, std::slice::from_ref(request)).is_err() {
            requests = vec![request.clone()];
            break;
        }
    }
    let mut attempts = 0;
    let mut size = objects.len().div_ceil(2);
    while size > 0 && attempts < ATTEMPTS {
        let mut at = 0;
        while at < objects.len() && attempts < ATTEMPTS {
            let end = (at + size).min(objects.len());
            let fewer: Vec<Value> = [&objects[..at], &objects[end..]].concat();
            attempts += 1;
            if play(stage, &fewer, &requests).is_err() { objects = fewer } else { at = end }
        }
        size /= 2;
    }
    let error = play(stage, &objects, &requests).err().unwrap_or_default();
    let requests: Vec<Value> = requests
        .iter()
        .map(|request| {
            json!({"method": request.method, "host": request.host, "target": request.target, "headers": request.headers})
        })
        .collect();
    format!("{error}\nkept as a case:\n{:#}", json!({"objects": objects, "requests": requests}))
}
