//! What happens to one object.

use homelab_cty::testing::Generator;
use homelab_cty::{Block, Path, Value};
use homelab_plugin::Server;
use homelab_plugin::oracle::Action;

use crate::author::{Author, Manners, Nothing};
use crate::configs::{changed, config, resolved};
use crate::core::{Core, Stored, Trouble};
use crate::schemas;

/// Which answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Validate,
    Plan,
    Replan,
    DestroyPlan,
    Apply,
    Delete,
    Upgrade,
    Read,
    Import,
    Identity,
}

/// Stands between the server and the oracle.
pub(crate) trait Tamper {
    /// May change an answered value.
    fn value(&mut self, _what: What, _block: &Block, _value: &mut Value) {}
    /// May change the paths that a plan replaces for.
    fn replace(&mut self, _updating: bool, _replace: &mut Vec<Path>) {}
    /// May change an identity.
    fn identity(&mut self, _known_before: bool, _identity: &mut Value) {}
    /// May change what the plan during apply does.
    fn action(&mut self, _action: &mut Action) {}
}

/// Changes nothing.
pub(crate) struct Untouched;

impl Tamper for Untouched {}

/// What happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) lives: u64,
    pub(crate) calls: u64,
    pub(crate) creates: u64,
    pub(crate) updates: u64,
    pub(crate) replaces: u64,
    /// Plans of a configuration with unknown parts.
    pub(crate) unknown: u64,
    /// Plans that were no change, as they had to be.
    pub(crate) quiet: u64,
    /// Lives that ended with an error of the provider.
    pub(crate) refused: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.lives += other.lives;
        self.calls += other.calls;
        self.creates += other.creates;
        self.updates += other.updates;
        self.replaces += other.replaces;
        self.unknown += other.unknown;
        self.quiet += other.quiet;
        self.refused += other.refused;
    }
}

/// One object of one schema, from its creation to its end.
pub(crate) struct Life {
    generator: Generator,
    block: Block,
    server: Server,
    manners: Manners,
}

impl Life {
    pub(crate) fn new(seed: u64, manners: Manners) -> Self {
        let mut generator = Generator::new(seed);
        let block = schemas::block(&mut generator);
        let author = Author::new(block.clone(), manners, seed);
        let server = Server::of_dyn(Box::new(Nothing)).dyn_resource(Box::new(author));
        Self { generator, block, server, manners }
    }

    /// Lives it. An error is an illegal answer; refusals of a wild author just end it.
    pub(crate) async fn live(mut self, tamper: &mut dyn Tamper) -> Result<Counts, Trouble> {
        let (server, block) =
            (std::mem::replace(&mut self.server, Server::of_dyn(Box::new(Nothing))), self.block.clone());
        let counts = Counts { lives: 1, ..Counts::default() };
        let mut core = Core { server: &server, ty: block.ty(), block: &block, tamper, counts };
        match self.events(&mut core).await {
            Err(Trouble::Refused(_)) if self.manners == Manners::Wild => core.counts.refused += 1,
            Err(trouble) => return Err(trouble),
            Ok(()) => {}
        }
        Ok(core.counts)
    }

    async fn events(&mut self, core: &mut Core<'_>) -> Result<(), Trouble> {
        let wanted = self.wanted(None);
        let (mut config, mut stored) = self.step(core, None, &wanted).await?;
        let further = *self.generator.random.pick(&[0, 0, 0, 0, 0, 0, 1, 1, 2]);
        for _ in 0..further {
            let wanted = self.wanted(Some(&config));
            (config, stored) = self.step(core, stored, &wanted).await?;
        }
        if stored.is_some() && self.generator.random.one_in(12) {
            let imported = core.import().await?;
            let read = core.read(&imported).await?;
            (_, stored) = self.step(core, read, &config).await?;
        }
        let Some(stored) = stored else { return Ok(()) };
        let planned = core.plan(Some(&stored), &Value::Null).await?;
        match core.apply(Some(&stored), &planned, &Value::Null).await? {
            None => Ok(()),
            Some(_) => Err(Trouble::Illegal("a delete leaves something".into())),
        }
    }

    /// The next configuration; mostly with unknown parts.
    fn wanted(&mut self, before: Option<&Value>) -> Value {
        self.generator.unknown = !self.generator.random.one_in(4);
        match before {
            None => config(&mut self.generator, &self.block),
            Some(before) => changed(&mut self.generator, &self.block, before),
        }
    }

    /// One apply with all that is around it: from a configuration to an object that is as configured; or, in a wild world,
    /// to one that is gone again.
    async fn step(
        &mut self,
        core: &mut Core<'_>,
        prior: Option<Stored>,
        wanted: &Value,
    ) -> Result<(Value, Option<Stored>), Trouble> {
        core.validate(wanted).await?;
        let mut planned = core.plan(prior.as_ref(), wanted).await?;
        core.counts.unknown += u64::from(!wanted.is_wholly_known());
        let mut prior = prior;
        if planned.action == Action::Replace {
            // Core removes the object first, or last, and plans a creation in either case.
            core.counts.replaces += 1;
            if let Some(old) = prior.take() {
                let gone = core.plan(Some(&old), &Value::Null).await?;
                core.apply(Some(&old), &gone, &Value::Null).await?;
            }
            planned = core.plan(None, wanted).await?;
        }
        let mut partly = wanted.clone();
        if self.generator.random.one_in(3) {
            partly = resolved(&mut self.generator, &self.block, wanted, true);
            planned = core.replan(&planned, prior.as_ref(), &partly).await?;
        }
        let config = resolved(&mut self.generator, &self.block, &partly, false);
        core.validate(&config).await?;
        planned = core.replan(&planned, prior.as_ref(), &config).await?;
        let stored = match (planned.action, prior) {
            (Action::None, Some(prior)) => prior,
            (_, prior) => {
                core.counts.creates += u64::from(prior.is_none());
                core.counts.updates += u64::from(prior.is_some());
                let applied = core.apply(prior.as_ref(), &planned, &config).await?;
                applied.ok_or_else(|| Trouble::Illegal("nothing is there after an apply".into()))?
            }
        };
        let stored = core.reloaded(&stored).await?;
        let Some(read) = core.read(&stored).await? else {
            return match self.manners {
                Manners::Good => Err(Trouble::Illegal("what was made is gone".into())),
                Manners::Wild => Ok((config, None)),
            };
        };
        let again = core.plan(Some(&read), &config).await?;
        if self.manners == Manners::Good {
            if read.value != stored.value || read.private != stored.private {
                return Err(Trouble::Illegal(format!("stored {stored:?} and read {read:?}")));
            }
            if again.action != Action::None {
                return Err(Trouble::Illegal(format!("never at rest: {again:?} for {config:?} after {read:?}")));
            }
            core.counts.quiet += 1;
        }
        Ok((config, Some(read)))
    }
}
