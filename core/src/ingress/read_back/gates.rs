//! What is in front of a door, read back from its chain.

use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, Ingress, RateLimit, ScaleToZero};

use super::super::chain::{Own, ReadLimiter};
use super::super::own::{self, Does, Wish};
use super::super::words::Words;
use super::Reader;
use super::view::View;

/// The arguments that decide a chain. Those that a carve-out shares with the app are the app's, and only read there.
pub(super) struct Gates {
    auth: Attr<Auth>,
    anti_ai: Attr<bool>,
    groups: Attr<Vec<String>>,
    rate_limit: Attr<RateLimit>,
    local_only: Attr<bool>,
    policy: Attr<String>,
    body: Attr<String>,
    wake: Attr<ScaleToZero>,
    extras: Attr<Vec<String>>,
    /// What a carve-out has where it says nothing: rate limit and groups of the app.
    inherited: Option<(ReadLimiter, Option<Vec<String>>)>,
}

impl Gates {
    /// Those of the app itself, as they were before.
    pub(super) fn of_resource(model: &Ingress) -> Self {
        Self {
            auth: model.auth,
            anti_ai: model.anti_ai_scraping,
            groups: model.allowed_groups.clone(),
            rate_limit: model.rate_limit.clone(),
            local_only: model.local_only,
            policy: model.content_security_policy.clone(),
            body: model.max_body_size.clone(),
            wake: model.scale_to_zero.clone(),
            extras: model.extra_middlewares.clone(),
            inherited: None,
        }
    }

    /// Those of a carve-out, as they were before, of an app that was read already.
    pub(super) fn of_carve_out(carve_out: &CarveOut, app: &Ingress) -> Self {
        let limiter = match own::wish(&app.rate_limit) {
            Attr::Known(Wish::Own(..)) => ReadLimiter::Own(1),
            Attr::Known(Wish::Off) => ReadLimiter::Off,
            _ => ReadLimiter::Site,
        };
        Self {
            auth: carve_out.auth,
            anti_ai: carve_out.anti_ai_scraping,
            groups: carve_out.allowed_groups.clone(),
            rate_limit: carve_out.rate_limit.clone(),
            inherited: Some((limiter, app.allowed_groups.known().cloned())),
            ..Self::of_resource(app)
        }
    }

    pub(super) fn write_to(self, model: &mut Ingress) {
        model.auth = self.auth;
        model.anti_ai_scraping = self.anti_ai;
        model.allowed_groups = self.groups;
        model.rate_limit = self.rate_limit;
        model.local_only = self.local_only;
        model.content_security_policy = self.policy;
        model.max_body_size = self.body;
        model.scale_to_zero = self.wake;
        model.extra_middlewares = self.extras;
    }

    pub(super) fn write_to_carve_out(self, carve_out: &mut CarveOut) {
        carve_out.auth = self.auth;
        carve_out.anti_ai_scraping = self.anti_ai;
        carve_out.allowed_groups = self.groups;
        carve_out.rate_limit = self.rate_limit;
    }

    /// What the chain of this object amounts to. A chain that the prior words render keeps them; one that no words of this
    /// site render keeps them too, and shows by its hash.
    pub(super) fn read(mut self, reader: &Reader<'_>, view: &View<'_>, words: &Words) -> Self {
        let object = view.object_name();
        let is_as_declared = reader
            .spec
            .as_ref()
            .is_some_and(|spec| spec.doors.iter().any(|door| door.object == object && door.chain == view.members));
        if is_as_declared {
            // `app` and `none` render one chain: which it is, the object says.
            let said = view.said_auth().filter(|said| said.is_open() && self.auth.known().is_some_and(|a| a.is_open()));
            self.auth = said.map_or(self.auth, Attr::Known);
        } else {
            self.of_chain(reader, view, words);
        }
        if let Attr::Known(block) = &mut self.rate_limit
            && let Some(Does::RateLimit { average, burst }) = reader.does(&own::rate_limit(object))
            && !(block.average.is_null() && block.burst.is_null())
        {
            (block.average, block.burst) = (Attr::Known(average), Attr::Known(burst));
        }
        self
    }

    fn of_chain(&mut self, reader: &Reader<'_>, view: &View<'_>, words: &Words) {
        let reference = |middleware: String| own::reference(reader.namespace, &middleware);
        let object = view.object_name();
        let mut limiters = vec![reference(own::rate_limit(object))];
        limiters.extend((object != reader.name).then(|| reference(own::rate_limit(reader.name))));
        let own = Own { limiters, csp: reference(own::policy(reader.name)), body: reference(own::body(reader.name)) };
        let hinted = Words {
            scale_to_zero: self
                .wake
                .known()
                .and_then(|wake| wake.middleware.known().cloned())
                .or(words.scale_to_zero.clone()),
            allowed_groups: words.allowed_groups.clone().or(self.inherited.clone().and_then(|(_, groups)| groups)),
            ..words.clone()
        };
        let Some(reading) = view.chain(reader.site, &own, &hinted) else {
            if self.auth.is_null() {
                // An import of a chain that is none of this site's: the declaration will say.
                self.auth = Attr::Known(Auth::Required);
            }
            return;
        };
        self.auth = Attr::Known(reading.auth);
        self.anti_ai = reading.anti_ai.map_or(self.anti_ai, Attr::Known);
        let inherits_groups = self.inherited.as_ref().is_some_and(|(_, groups)| {
            words.allowed_groups.is_none() && (reading.auth != Auth::Required || *groups == reading.groups)
        });
        self.groups = if inherits_groups { Attr::Null } else { reading.groups.clone().into() };
        self.rate_limit = self.limit(&reading.limiter, words);
        self.local_only = Attr::Known(reading.local_only);
        keep(&mut self.policy, reading.csp, "");
        keep(&mut self.body, reading.body, "0");
        self.wake = reading.wake.map(|middleware| ScaleToZero { middleware: Attr::Known(middleware) }).into();
        let none_declared = reading.extras.is_empty() && self.extras.is_null();
        self.extras = if none_declared { Attr::Null } else { Attr::Known(reading.extras) };
    }

    fn limit(&self, found: &ReadLimiter, words: &Words) -> Attr<RateLimit> {
        let usual = self.inherited.as_ref().map_or(&ReadLimiter::Site, |(limiter, _)| limiter);
        let plain = |enabled| RateLimit { enabled: Attr::Known(enabled), ..RateLimit::default() };
        match found {
            ReadLimiter::Own(0) => {
                // The numbers are on the Middleware; what is not there any more keeps the prior ones.
                let prior = self.rate_limit.known().cloned().unwrap_or_default();
                let number = |prior: Attr<i64>| prior.or(Attr::Known(0));
                let (average, burst) = (number(prior.average), number(prior.burst));
                Attr::Known(RateLimit { enabled: Attr::Known(true), average, burst })
            }
            found if found == usual => words.rate_limit.map(plain).into(),
            ReadLimiter::Site => Attr::Known(plain(words.rate_limit.unwrap_or(true))),
            ReadLimiter::Off => Attr::Known(plain(false)),
            // The app's own, although the app has none: the app's object was changed as well, and shows it.
            ReadLimiter::Own(_) => Attr::Null,
        }
    }
}

/// An own middleware is in the chain or not; what it says is read from the Middleware, unless that is gone.
fn keep(text: &mut Attr<String>, is_there: bool, gone: &str) {
    match (is_there, text.is_null()) {
        (false, _) => *text = Attr::Null,
        (true, true) => *text = Attr::Known(gone.to_owned()),
        (true, false) => {}
    }
}
