//! The list of rules.

/// A rule that an answer must keep.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// A short name, `call.subject`.
    pub id: &'static str,
    /// The rule, as a sentence.
    pub text: &'static str,
    /// Whether core enforces it; the others are ours.
    pub core: bool,
}

const fn core(id: &'static str, text: &'static str) -> Rule {
    Rule { id, text, core: true }
}

const fn ours(id: &'static str, text: &'static str) -> Rule {
    Rule { id, text, core: false }
}

macro_rules! rules {
    ($($name:ident = $rule:expr;)*) => {
        $(pub(super) static $name: Rule = $rule;)*
        /// Every rule.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    TYPE = core("any.type", "An answer is of the type that the schema implies.");
    WRITE_ONLY = core("any.write_only", "A write-only attribute is null in every answer.");
    PLAN_PRESENCE = core("plan.presence", "An object or block is planned exactly where the configuration has one.");
    PLAN_CONFIGURED = core(
        "plan.configured",
        "The planned value of a configured attribute is the configured one, or the prior one where both are not null."
    );
    PLAN_NOT_COMPUTED = core("plan.not_computed", "What the user left out and the provider does not compute is null.");
    PLAN_DYNAMIC_BLOCK = core("plan.dynamic_block", "A block that is unknown in the configuration is passed through.");
    PLAN_BLOCK_UNKNOWN = core("plan.block_unknown", "A block is not unknown itself; its attributes may be.");
    PLAN_BLOCK_NULL = core("plan.block_null", "A collection of blocks is empty where there are none, not null.");
    PLAN_BLOCK_COUNT = core("plan.block_count", "As many blocks are planned as are configured.");
    PLAN_BLOCK_KEY = core("plan.block_key", "The planned blocks have the labels of the configured ones.");
    PLAN_SET_COUNT = ours("plan.set_count", "No more blocks of a set are planned than are configured.");
    PLAN_REPLACE = core("plan.replace", "A path that requires replacement exists in the prior or the planned object.");
    PLAN_DESTROY = core("plan.destroy", "The plan of a destroy is null.");
    KNOWN = core("any.known", "Everything is known: only plans may hold unknown values.");
    PRESENT = core("any.present", "The answer is an object, not null.");
    APPLY_DELETED = core("apply.deleted", "After a delete without an error the object is null.");
    KEPT_PRESENCE = core("kept.presence", "What was planned to be there is there, and nothing else is.");
    KEPT_VALUE = core("kept.value", "A value that was known in the plan stays as it was.");
    KEPT_PROMISE = core("kept.promise", "A value that was unknown in the plan keeps what the plan said of it.");
    KEPT_TYPE = core("kept.type", "A value whose type was known in the plan is of that type.");
    KEPT_ELEMENTS = core("kept.elements", "Lists and maps keep their elements; sets never gain any.");
    KEPT_BLOCKS = core("kept.blocks", "Lists and maps of blocks keep their blocks; sets of them never gain any.");
    REPLAN_ACTION = core("replan.action", "The plan during apply is the same action; an update may become none.");
    READ_BLOCK_NULL = core("read.block_null", "A collection of blocks is empty where there are none, not null.");
    IDENTITY = ours("identity.complete", "An identity is never null, and never without any value.");
    IDENTITY_KEPT = ours("identity.kept", "An identity that is complete never changes.");
}
