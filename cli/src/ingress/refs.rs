//! `homelab ingress refs`: who names a middleware, before somebody removes it.

use homelab_backends::objects::Kind;
use homelab_backends::references::{KINDS, Scan, scan};
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::ingress::references::{PROVIDER, Referrer, joined};
use homelab_core::names;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::IngressRefs;
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text, line};

/// What `ingress refs` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The name by which Traefik knows the middleware, without its provider.
    middleware: String,
    /// The Middleware objects that it stands for: none where the name is dangling.
    objects: Vec<Named>,
    /// Who names it, sorted.
    referrers: Vec<Referrer>,
    /// The kinds of objects that were looked at.
    seen: Vec<Seen>,
    /// The kinds that could not be looked at: whether they hold references is not known.
    unseen: Vec<Unseen>,
}

/// A Middleware object.
#[derive(Debug, Serialize, JsonSchema)]
struct Named {
    /// Its namespace.
    namespace: String,
    /// Its name.
    name: String,
}

/// A kind that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
struct Seen {
    /// The kind, with its group where it is not one of Kubernetes itself.
    kind: String,
    /// How many objects of it there are; null where the cluster does not know the kind.
    objects: Option<usize>,
}

/// A kind that could not be looked at.
#[derive(Debug, Serialize, JsonSchema)]
struct Unseen {
    /// The kind, with its group where it is not one of Kubernetes itself.
    kind: String,
    /// Why, in the words of whoever refused.
    why: String,
}

pub(crate) fn run(options: &IngressRefs, printer: &Printer) -> Result<Exit, Failure> {
    let middleware = middleware_of(&options.middleware)?;
    let cluster = Configuration::of(options.dir.as_deref())?.cluster()?;
    let look = scan(&cluster, &KINDS, &middleware);
    let found = configuration::runtime()?.block_on(printer.waiting("listing routes", look));
    let answer = Answer::of(middleware, found);
    let exit = answer.verdict();
    printer.report(&Answer { exit: exit.code(), ..answer })?;
    Ok(exit)
}

/// The joined name, however it was typed: `<namespace>/<name>`, `<namespace>-<name>`, or that with its provider.
fn middleware_of(text: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::new(format!("{text:?} is no name of a middleware"))
            .hint("write it as <namespace>/<name>, or as <namespace>-<name> as routes have it")
    };
    let name = text.strip_suffix(PROVIDER).unwrap_or(text);
    if let Some((_, provider)) = name.split_once('@') {
        return Err(Failure::new(format!("{text:?} is a middleware of the provider {provider:?}: it is no object"))
            .hint("only Middleware objects of the cluster can be looked for"));
    }
    match name.split_once('/') {
        Some((namespace, name)) if names::is_label(namespace) && names::is_object(name) => Ok(joined(namespace, name)),
        None if names::is_object(name) && name.contains('-') => Ok(name.to_owned()),
        _ => Err(wrong()),
    }
}

impl Answer {
    fn of(middleware: String, scan: Scan) -> Self {
        let name = |kind: Kind| kind.to_string();
        Self {
            version: 1,
            exit: Exit::Clean.code(),
            middleware,
            objects: scan.named.into_iter().map(|(namespace, name)| Named { namespace, name }).collect(),
            referrers: scan.referrers,
            seen: scan.seen.into_iter().map(|(kind, objects)| Seen { kind: name(kind), objects }).collect(),
            unseen: scan
                .unseen
                .into_iter()
                .map(|(kind, error)| Unseen { kind: name(kind), why: format!("failed to {error}") })
                .collect(),
        }
    }

    /// A reference is something to act on; "nobody" is said only where everything was seen.
    fn verdict(&self) -> Exit {
        let referenced = self.referrers.iter().map(|_| Class::Act);
        Exit::of(referenced.chain(self.unseen.iter().map(|_| Class::Unmeasured)), Order::Usual)
    }
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        let what = match self.referrers.len() {
            0 if self.unseen.is_empty() => "nothing refers to it".to_owned(),
            0 => "no reference was seen, and not everything could be looked at".to_owned(),
            1 => "1 reference".to_owned(),
            several => format!("{several} references"),
        };
        line!(out, "{}: {what}", self.middleware);
        if self.objects.is_empty() && !self.unseen.iter().any(|unseen| unseen.kind.starts_with("Middleware.")) {
            line!(out, "  there is no Middleware of that name");
        }
        for Named { namespace, name } in &self.objects {
            line!(out, "  stands for Middleware {namespace}/{name}");
        }
        for referrer in &self.referrers {
            line!(out, "  {}: {referrer}", referrer.means);
        }
        let seen = |seen: &Seen| match seen.objects {
            Some(count) => format!("{count} {}", seen.kind),
            None => format!("{} (not installed)", seen.kind),
        };
        line!(out, "looked at: {}", self.seen.iter().map(seen).collect::<Vec<_>>().join(", "));
        for Unseen { kind, why } in &self.unseen {
            line!(out, "not looked at: {kind}: {why}");
        }
        line!(out, "never seen here: middlewares in Traefik's own arguments (entry points) and in its files");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_middleware_may_be_named_as_objects_or_as_routes_have_it() {
        for text in
            ["traefik/rate-limit", "traefik-rate-limit", "traefik-rate-limit@kubernetescrd", "traefik/rate.limit"]
        {
            assert_eq!(middleware_of(text).ok().as_deref(), Some("traefik-rate-limit"), "{text}");
        }
        for text in ["", "traefik", "a/b/c", "Traefik/x", "x@file", "/x", "a b"] {
            assert!(middleware_of(text).is_err(), "{text}");
        }
    }
}
