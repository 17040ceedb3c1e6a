//! An author of a resource whose schema is known at run time only.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Mutex;

use async_trait::async_trait;
use homelab_cty::testing::{Generator, Random};
use homelab_cty::{
    Attribute, Block, Mode, ModelError, NestedBlock, Nesting, Path, Refinement, Schema, Step, Type, Value,
};
use homelab_plugin::erased::{DynProvider, DynResource};
use homelab_plugin::{
    ConfigureRequest, Context, Create, Delete, Diagnostics, Import, Plan, PlanRequest, Private, Read, ReadRequest,
    State, Update,
};

use crate::configs::{anything, became};

pub(crate) const NAME: &str = "test_thing";

/// How an author behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Plans follow from what they may follow from; the world is as it was left.
    Good,
    /// Every answer is a random one of the right type, and now and then none.
    Wild,
}

/// A provider without a block of its own.
pub(crate) struct Nothing;

#[async_trait]
impl DynProvider for Nothing {
    fn schema(&self) -> Schema {
        Schema::default()
    }

    async fn configure(&self, _cx: &Context, _request: ConfigureRequest<Value>, _diagnostics: &mut Diagnostics) {}
}

/// The author, and the world that it acts on: one object.
pub(crate) struct Author {
    block: Block,
    manners: Manners,
    seed: u64,
    moods: Mutex<Random>,
    world: Mutex<Option<Value>>,
}

impl Author {
    pub(crate) fn new(block: Block, manners: Manners, seed: u64) -> Self {
        Self { block, manners, seed, moods: Mutex::new(Random::new(seed)), world: Mutex::new(None) }
    }

    fn one_in(&self, times: usize) -> bool {
        self.moods.lock().unwrap().one_in(times)
    }

    /// Values that depend on nothing but the seed, the place and what is hashed with it.
    fn generator(&self, path: &Path, salt: impl Hash) -> Generator {
        let mut hasher = DefaultHasher::new();
        (self.seed, path, salt).hash(&mut hasher);
        let mut generator = Generator::new(hasher.finish());
        generator.unknown = false;
        generator
    }

    /// Any object of the schema at all.
    fn anything(&self) -> Value {
        let mut generator = Generator::new(self.moods.lock().unwrap().bits());
        generator.unknown = generator.random.one_in(4);
        anything(&mut generator, &self.block)
    }

    fn act(&self, planned: &Value, config: &Value, private: &Private) -> Option<State<Value>> {
        let model = match self.manners {
            Manners::Good => self.done(&self.block, planned, config, &Path::root()),
            Manners::Wild if self.one_in(30) => return None,
            Manners::Wild if self.one_in(2) => self.done(&self.block, planned, config, &Path::root()),
            Manners::Wild => self.anything(),
        };
        *self.world.lock().unwrap() = Some(model.clone());
        let mut private = private.clone();
        private.set("made", &true);
        Some(State { model, private })
    }

    /// Plans a computed attribute that the user left out: one of the things that authors do, always the same at one
    /// place. What follows from the configuration is unknown until that is known.
    fn plan_attribute(&self, attribute: &Attribute, planned: &Value, config: &Value, path: &Path) -> Value {
        let computed = attribute.mode.is_computed() && planned.is_unknown();
        if !computed {
            return planned.clone();
        }
        // Only what the user left out is the author's to fill; which that is in the elements of a set, nothing tells as
        // long as what the user wrote in them is not known.
        if path.0.contains(&Step::Key(IN_SET.to_owned())) && !config.is_wholly_known() {
            return planned.clone();
        }
        let mut generator = self.generator(path, "plan");
        match generator.random.below(5) {
            1 => generator.value(&attribute.ty),
            // Of a value of open type nothing can be said: it would be forgotten on the way.
            2 if attribute.ty == Type::Dynamic => Value::UNKNOWN,
            2 => Value::refined(Refinement { null: Some(false), ..Refinement::default() }),
            3 if config.is_wholly_known() => self.generator(path, config).value(&attribute.ty),
            4 => Value::Null,
            _ => Value::UNKNOWN,
        }
    }

    /// Nothing may follow from a write-only value: the next plan may not have it.
    fn plan_block(&self, block: &Block, planned: &Value, config: &Value, path: &Path) -> Value {
        let config = each(block, config, path, &|attribute, value, _| {
            if attribute.write_only { Value::Null } else { value.clone() }
        });
        each(block, planned, path, &|attribute, value, path| self.plan_attribute(attribute, value, &config, path))
    }

    /// The plan with anything in it changed, whoever had to say on it. The same at every call, or core would rightly
    /// complain of a plan that changed; and elements of sets, which have no names, are left as they are.
    fn mangled(&self, block: &Block, planned: &Value, path: &Path) -> Value {
        let Value::Map(members) = planned else { return planned.clone() };
        let member = |(name, value): (&String, &Value)| {
            let path = path.then_attr(name);
            let mut generator = self.generator(&path, "mangled");
            let changed = match (block.attributes.get(name), block.blocks.get(name)) {
                (Some(attribute), _) if generator.random.one_in(2) => generator.value(&attribute.ty),
                (_, Some(nested)) => self.mangled_blocks(nested, value, &path, &mut generator),
                _ => value.clone(),
            };
            (name.clone(), changed)
        };
        Value::Map(members.iter().map(member).collect())
    }

    fn mangled_blocks(&self, nested: &NestedBlock, value: &Value, path: &Path, generator: &mut Generator) -> Value {
        let block = &nested.block;
        match (nested.nesting, value) {
            (Nesting::Set, value) => value.clone(),
            (_, Value::List(elements)) => {
                let mangled = |(index, it)| self.mangled(block, it, &path.then_index(index));
                let mut elements: Vec<_> = elements.iter().enumerate().map(mangled).collect();
                match generator.random.below(4) {
                    0 => elements.push(anything(generator, block)),
                    1 => drop(elements.pop()),
                    _ => {}
                }
                Value::List(elements)
            }
            (Nesting::Map, Value::Map(members)) => {
                let mangled =
                    |(key, it): (&String, &Value)| (key.clone(), self.mangled(block, it, &path.then_key(key)));
                let mut members: BTreeMap<_, _> = members.iter().map(mangled).collect();
                match generator.random.below(4) {
                    0 => drop(members.insert("more".into(), anything(generator, block))),
                    1 => drop(members.pop_first()),
                    _ => {}
                }
                Value::Map(members)
            }
            (_, Value::Null | Value::Map(_)) if generator.random.one_in(6) => Value::Null,
            (_, Value::Null) if generator.random.one_in(6) => anything(generator, block),
            (_, one) => self.mangled(block, one, path),
        }
    }

    /// The plan with everything known.
    fn done(&self, block: &Block, planned: &Value, config: &Value, path: &Path) -> Value {
        each(block, planned, path, &|attribute, value, path| match value {
            _ if attribute.write_only => Value::Null,
            Value::Unknown(known) if attribute.mode != Mode::Required => {
                let any = Refinement::default();
                let mut generator = self.generator(path, (config, "done"));
                became(&mut generator, &attribute.ty, known.as_deref().unwrap_or(&any), false)
            }
            value => value.clone(),
        })
    }
}

/// Stands in a path for any element of a set.
const IN_SET: &str = "*";

/// Changes every attribute of a block. Elements of sets share a path.
fn each(block: &Block, value: &Value, path: &Path, change: &dyn Fn(&Attribute, &Value, &Path) -> Value) -> Value {
    let Value::Map(members) = value else { return value.clone() };
    let member = |(name, value): (&String, &Value)| {
        let path = path.then_attr(name);
        let changed = match (block.attributes.get(name), block.blocks.get(name)) {
            (Some(attribute), _) => change(attribute, value, &path),
            (_, Some(nested)) => match value {
                Value::List(elements) => {
                    let elements = elements.iter().enumerate();
                    Value::List(
                        elements.map(|(index, it)| each(&nested.block, it, &path.then_index(index), change)).collect(),
                    )
                }
                Value::Set(elements) => {
                    let path = path.then_key(IN_SET);
                    Value::set(elements.iter().map(|it| each(&nested.block, it, &path, change)))
                }
                Value::Map(members) if nested.nesting == Nesting::Map => {
                    let member = |(key, it): (&String, &Value)| {
                        (key.clone(), each(&nested.block, it, &path.then_key(key), change))
                    };
                    Value::Map(members.iter().map(member).collect())
                }
                one => each(&nested.block, one, &path, change),
            },
            _ => value.clone(),
        };
        (name.clone(), changed)
    };
    Value::Map(members.iter().map(member).collect())
}

#[async_trait]
impl DynResource for Author {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> Schema {
        Schema { version: 0, block: self.block.clone() }
    }

    fn identity_block(&self) -> Block {
        let mut block = Block::default();
        block.attributes.insert("name".into(), Attribute::new(Type::String, Mode::Required));
        block
    }

    fn identity(&self, _state: &Value) -> Result<Value, ModelError> {
        Ok(Value::map([("name", Value::from(self.seed.to_string().as_str()))]))
    }

    async fn plan(
        &self,
        _cx: &Context,
        request: PlanRequest<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan<Value>> {
        let planned = match self.manners {
            Manners::Good => self.plan_block(&self.block, &request.planned, request.config, &Path::root()),
            Manners::Wild if self.one_in(40) => {
                diagnostics.error(Path::root(), "No", "");
                return None;
            }
            Manners::Wild => self.mangled(&self.block, &request.planned, &Path::root()),
        };
        Some(Plan::new(planned, request.private))
    }

    async fn create(
        &self,
        _cx: &Context,
        request: Create<'_, Value>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        self.act(request.planned, request.config, request.private)
    }

    async fn read(
        &self,
        _cx: &Context,
        request: ReadRequest<'_, Value>,
        _diagnostics: &mut Diagnostics,
    ) -> Read<Value> {
        let private = request.private.clone();
        if self.manners == Manners::Wild && self.one_in(2) {
            if self.one_in(4) {
                return Read::Gone;
            }
            return Read::State(State { model: self.anything(), private });
        }
        if self.one_in(3) {
            return Read::Unchanged;
        }
        let Some(world) = self.world.lock().unwrap().clone() else { return Read::Gone };
        // The world spells in its own way.
        let model = each(&self.block, &world, &Path::root(), &|attribute, value, _| match value {
            Value::String(text) if attribute.same.is_some() => Value::string(text.to_ascii_uppercase()),
            value => value.clone(),
        });
        Read::State(State { model, private })
    }

    async fn update(
        &self,
        _cx: &Context,
        request: Update<'_, Value>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        self.act(request.planned, request.config, request.private)
    }

    async fn delete(
        &self,
        _cx: &Context,
        request: Delete<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        if self.manners == Manners::Wild && self.one_in(8) {
            diagnostics.error(Path::root(), "Still in use", "");
            return Some(State { model: self.anything(), private: request.private.clone() });
        }
        *self.world.lock().unwrap() = None;
        None
    }

    async fn import(
        &self,
        _cx: &Context,
        _request: Import<Value>,
        _diagnostics: &mut Diagnostics,
    ) -> Option<State<Value>> {
        let model = match self.manners {
            Manners::Good => self.world.lock().unwrap().clone()?,
            Manners::Wild => self.anything(),
        };
        Some(State { model, private: Private::new() })
    }
}
