//! `HL2xxx`: secrets.

codes! {
    /// The resource names nothing to fetch.
    NOTHING_TO_SYNC = "HL2001", Error, Act,
        "nothing to sync",
        "Add a `data` block or a `data_from` block.";
    /// A duration is not in the form that Go reads, such as `15m` or `1h30m`.
    BAD_DURATION = "HL2002", Error, Act,
        "not a duration",
        "Write a number with a unit, such as `15m`, `1h30m` or `0s`.";
    /// A name is no valid name of a Kubernetes object or of a key of a Secret.
    MALFORMED = "HL2003", Error, Act,
        "not a valid name",
        "Correct the value.";
    /// Arguments exclude each other or only make sense together.
    CONTRADICTION = "HL2004", Error, Act,
        "arguments contradict each other",
        "Keep one of them.";
    /// The cluster does not know ExternalSecrets: External Secrets Operator is not installed, or not yet.
    NO_CRD = "HL2101", Error, Act,
        "ExternalSecrets are not installed in the cluster",
        "Install External Secrets Operator before this resource is applied.";
    /// The store that the ExternalSecret names does not exist: it would never become ready.
    DANGLING_STORE = "HL2102", Error, Act,
        "the secret store does not exist",
        "Create the store first, or correct its name and kind.";
    /// A Secret of the target name exists and belongs to somebody else: it would be overwritten.
    FOREIGN_SECRET = "HL2103", Error, Act,
        "the target secret belongs to somebody else",
        "Choose another `target` name, or remove the Secret.";
    /// The Secret is not there yet. While planning its values are unknown; in apply it is waited for.
    SECRET_ABSENT = "HL2201", Warning, Unmeasured,
        "the secret is not there yet",
        "Take it by `handle` of the resource that makes it, or let it depend on that: then an apply waits for it. Else an apply \
         ends with \"unknown values\".";
    /// The Secret did not come within the time that was allowed.
    SECRET_TIMEOUT = "HL2202", Error, Act,
        "the secret did not come in time",
        "Look at the status of the resource that makes the Secret, or raise `timeout`.";
    /// A mount, a path or a key is not one that a store of secrets can have.
    KV_ADDRESS = "HL2301", Error, Act,
        "not a place in the store",
        "Write the mount and the path as `vault kv` does, without slashes at their ends.";
    /// The path begins with `data/`, as the API has it; `vault kv` and this provider add that themselves.
    KV_API_PATH = "HL2302", Warning, Act,
        "the path looks like one of the API",
        "Leave `data/` out, unless the document is really called so.";
    /// The newest version of the document was deleted and may be restored. What would be written on top of it would lack all
    /// that it held.
    KV_DELETED = "HL2303", Error, Act,
        "the document was deleted",
        "Restore it (`vault kv undelete`), or remove it with its history (`vault kv metadata delete`).";
    /// The engine keeps no versions, so it cannot check that nobody else has written since the document was read.
    KV_NOT_VERSIONED = "HL2304", Error, Act,
        "the engine keeps no versions",
        "Use an engine of version 2, or turn on its versions (`vault kv enable-versioning`).";
    /// Nothing is mounted there, or it is no engine of keys and values.
    KV_NO_ENGINE = "HL2305", Error, Act,
        "no engine of keys and values is mounted there",
        "Correct `mount`; `vault secrets list` shows what is mounted.";
    /// Another key of the document holds a number that the store itself gives back rounded. Writing the document would store
    /// the rounded one.
    KV_FRAGILE = "HL2306", Error, Act,
        "another key would be changed",
        "Store that number as text.";
    /// Others changed the document between each read and the write after it.
    KV_CONTENDED = "HL2307", Error, Act,
        "others keep changing the document",
        "Run again; if it stays so, find out who writes to the document that often.";
    /// The key of a resource that is to be created is there already.
    KV_TAKEN_OVER = "HL2308", Warning, Act,
        "the key is there already",
        "Import it if its value is to stay; else the apply gives it the declared one, as a new version of the document.";
    /// An imported key has another value than the declared one. Nothing was written: an import never writes.
    KV_DIFFERS = "HL2309", Warning, Act,
        "the imported key has another value",
        "Raise `value_wo_version` to write the declared value.";
    /// The document, or one of its keys, is not in the store yet. While planning, the values are unknown.
    KV_ABSENT = "HL2310", Warning, Unmeasured,
        "the document is not there yet",
        "Take it by `handle` of the resource that makes it, so that it is opened after it is there.";
    /// The document, or one of its keys, is not in the store, although the run is past planning.
    KV_MISSING = "HL2311", Error, Act,
        "the document is not there",
        "Correct mount, path and version, or make the document first.";
    /// The store has no such key: the Secret would never come. With a `vault` block in the provider this is seen while planning,
    /// by the names of the keys alone.
    MISSING_KEY = "HL2401", Error, Act,
        "the store has no such key",
        "Put it into the store, or correct `key`.";
    /// The key is in the store, and has no such property: the Secret would never come.
    MISSING_PROPERTY = "HL2402", Error, Act,
        "the key has no such property",
        "Put it into the store, or correct `property`.";
    /// The newest version of the key, or the one that is declared, was deleted or destroyed in the store.
    DELETED_KEY = "HL2403", Error, Act,
        "the key was deleted in the store",
        "Restore it (`vault kv undelete`), write a new version, or declare another `version`.";
    /// Nothing is mounted where the store looks, or an engine of another kind is.
    WRONG_MOUNT = "HL2404", Error, Act,
        "the store looks at the wrong mount",
        "Correct `path` of the store, or `key`. `vault secrets list` shows the mounts.";
    /// Our identity could not look at a key. The operator has an identity of its own, and may well be allowed to.
    PREFLIGHT_UNSEEN = "HL2405", Warning, Unmeasured,
        "a key of the store was not checked",
        "Let the provider's `vault` identity read it, or set `preflight = \"off\"` for what it must not see.";
    /// The store is there, and the operator says that it does not work: nothing is fetched from it.
    STORE_NOT_VALID = "HL2406", Error, Act,
        "the secret store is not valid",
        "Repair the store: address, mount, credentials. The operator's own words say what it met.";
    /// The operator could not do what is declared; its own words say why.
    SYNC_FAILED = "HL2407", Error, Act,
        "the operator failed to sync the secret",
        "Repair what the operator names, and apply again.";
    /// The operator neither finished nor failed within the time that was allowed.
    SYNC_TIMEOUT = "HL2408", Error, Act,
        "the secret was not synced in time",
        "Look at the operator, or raise `timeouts`.";
    /// The operator says that the secret is not in step with the store. It is a warning of each refresh, so that it is not
    /// found weeks later.
    SECRET_NOT_READY = "HL2409", Warning, Act,
        "the secret is not in step with the store",
        "Repair what the operator names.";
    /// Running pods use the Secret that is about to go.
    SECRET_IN_USE = "HL2410", Error, Act,
        "running pods use the secret",
        "Stop them, keep the Secret, or set `force_destroy = true` and apply that first.";
    /// A workload reads the Secret only at start and nothing restarts it when the Secret changes.
    NO_RELOAD = "HL2411", Warning, Act,
        "nothing restarts a workload when the secret changes",
        "Annotate the workload: `secret.reloader.stakater.com/reload`, or `reloader.stakater.com/search: \"true\"`.";
    /// A template that the operator's engine would refuse.
    BAD_TEMPLATE = "HL2412", Error, Act,
        "the template does not parse",
        "Correct the template.";
    /// The Secret is immutable: what is declared now can never get into it.
    SECRET_IMMUTABLE = "HL2413", Error, Act,
        "the secret is immutable",
        "Declare another `target` name, or delete the Secret.";
    /// The operator fetches only once: what is declared now does not get into the Secret that is there.
    FETCHED_ONCE = "HL2414", Warning, Act,
        "the operator does not fetch again",
        "Delete the Secret, or set `refresh_interval` (and `refresh_policy`) so that it fetches again.";
    /// An ExternalSecret is not ready: the Secret keeps its last value, or was never made.
    NOT_READY = "HL2501", Error, Act,
        "the secret is not synced",
        "Do what the operator's message says; `homelab secrets sync` has it try again.";
    /// An ExternalSecret says that it is ready, but the operator has not refreshed it for longer than its interval, or not
    /// since its declaration changed.
    NOT_REFRESHED = "HL2502", Warning, Act,
        "the operator does not refresh the secret",
        "Look at the operator: it is stopped, or cannot keep up.";
    /// A store is not ready: nothing that fetches from it is refreshed.
    STORE_NOT_READY = "HL2503", Error, Act,
        "the secret store is not ready",
        "Do what the operator's message says.";
    /// A definition says that objects may still be stored in an old version. Once that version is gone from the definition,
    /// its update is refused.
    OLD_STORED = "HL2504", Warning, Act,
        "objects may be stored in an old version of the API",
        "Write every object once in the new version, then take the old one out of `status.storedVersions`.";
    /// Whoever wrote an object last did so in an old version of the API, and will be refused when that is not served.
    OLD_DECLARED = "HL2505", Warning, Act,
        "the object is declared in an old version of the API",
        "Declare it in the newest version that the cluster serves; homelab_external_secret does by itself.";
    /// The operator owns the interval of an ExternalSecret in a spelling that its declaration does not have: the next
    /// server-side apply of whoever declares it is refused.
    CONFLICT_TO_COME = "HL2506", Warning, Act,
        "the next apply will conflict with the operator",
        "Write the interval as the operator does, or take the object over with homelab_external_secret.";
    /// The operator owns the interval of an ExternalSecret, which is that of the default: whether the declaration has one too
    /// cannot be seen.
    CONFLICT_POSSIBLE = "HL2507", Note, Note,
        "the next apply may conflict with the operator",
        "Write the interval as the operator does, or leave it out.";
    /// A workload reads a value that changes by itself only when it starts, and nothing restarts it then.
    READS_AT_START = "HL2508", Warning, Act,
        "a rotated secret is read only at start",
        "Annotate the workload for Reloader, or mount the Secret as a volume and read it again.";
    /// A workload reads a Secret only when it starts: when somebody changes the value, it has to be restarted by hand.
    CHANGES_UNSEEN = "HL2509", Note, Note,
        "a change of the secret needs a restart",
        "Annotate the workload for Reloader, or restart it after each change.";
    /// Workloads ask Reloader for a restart when a rotated secret changes, and no Reloader was seen in the cluster.
    NO_RELOADER = "HL2510", Warning, Act,
        "no Reloader runs",
        "Install Reloader, or mount those Secrets as volumes.";
    /// Nothing that was looked at names the Secret. Custom resources and programs that ask the API are not looked at.
    UNUSED = "HL2511", Note, Note,
        "nothing reads the secret",
        "Remove the ExternalSecret if nothing asks the API for the Secret.";
    /// A value that changes by itself is fetched once: it is wrong from the next rotation on.
    ROTATES_AND_FETCHED_ONCE = "HL2512", Warning, Act,
        "a rotated secret is fetched only once",
        "Give it a refresh interval that is shorter than the rotation.";
    /// Several ExternalSecrets own one Secret, and write over each other.
    SHARED_TARGET = "HL2513", Error, Act,
        "several ExternalSecrets own one secret",
        "Let each write a Secret of its own, or all but one use `creationPolicy: Merge`.";
    /// A store uses a provider that the operator drops on the way.
    REMOVED_PROVIDER = "HL2514", Error, Act,
        "the store uses a provider that goes away",
        "Move its values to another provider before that hop.";
    /// The address of a store cannot be used: the controller would never reach it.
    BAD_SERVER = "HL2601", Error, Act,
        "not an address of a store",
        "Write it with its scheme and without a path, such as `http://vault.vault.svc:8200`.";
    /// A store says in no way, or in more than one, how the controller logs in. Of several the controller takes one by an order of
    /// its own.
    STORE_LOGIN = "HL2602", Error, Act,
        "a store needs exactly one way to log in",
        "Keep one block in `auth`.";
    /// Something that has to be public is not: it would be readable by whoever may read the store.
    STORE_SECRET = "HL2603", Error, Act,
        "a secret does not belong into a store",
        "Put it into a Secret and refer to that.";
    /// What a store refers to (a Secret, a `ConfigMap`, a service account) does not exist: the controller could not log in.
    STORE_DANGLING = "HL2604", Error, Act,
        "what the store refers to does not exist",
        "Create it first, or correct its name.";
    /// The controller looked at the store as it was written, and says that it cannot be used.
    STORE_REFUSED = "HL2605", Error, Act,
        "the controller does not accept the store",
        "Correct what the controller's message names; the next apply looks again.";
    /// No controller has looked at the store in the time that was allowed.
    STORE_TIMEOUT = "HL2606", Error, Act,
        "nobody has looked at the store",
        "See whether the controller of External Secrets Operator runs and is responsible for this store (`controller`).";
    /// The controller accepted the store before, and has said nothing since it was changed: it counts neither as accepted nor as
    /// refused.
    STORE_UNCONFIRMED = "HL2607", Warning, Unmeasured,
        "the controller has not confirmed the store",
        "See whether the controller of External Secrets Operator runs and may write Events.";
    /// Something still names the store: it would never be synced again.
    STORE_IN_USE = "HL2608", Error, Act,
        "the store is still in use",
        "Remove or change what names it. To rename the store, set `create_before_destroy`. `force_destroy` destroys it all the same.";
    /// The cluster could not be asked: it counts neither as found nor as missing.
    NOT_CHECKED = "HL2901", Warning, Unmeasured,
        "references were not checked",
        "Let the provider reach the cluster at plan.";
}
