//! `HL4xxx`: may the cluster be upgraded.

codes! {
    /// The target is older than what runs.
    DOWNGRADE = "HL4001", Error, Act,
        "the target is older than the cluster",
        "Choose a newer target.";
    /// The path to the target skips a minor version, which Kubernetes does not support.
    SKIPPED_MINOR = "HL4002", Error, Act,
        "the path skips a minor version",
        "Go through every minor version on the way.";
    /// A component is further from the API server than the version skew policy allows.
    SKEW = "HL4003", Error, Act,
        "a component is too old or too new for the target",
        "Bring the component to a version within the allowed skew first.";
    /// An API that the target no longer serves is still in use.
    REMOVED_API = "HL4004", Error, Act,
        "an API that is removed in the target is in use",
        "Move the objects and their writers to the newer API version.";
    /// Only a release of somebody else's opens the way: no released version supports the target yet.
    HELD = "HL4005", Warning, Held,
        "held until upstream moves",
        "Wait for the named release.";
    /// Objects of a custom resource may still be stored in a version that is no longer served: the next writer of the definition drops it, and they can no longer be read.
    CRD_STORED_VERSION = "HL4011", Error, Act,
        "objects may be stored in a version that is not served",
        "Rewrite every object in the stored version that is served, then remove the old one from `status.storedVersions`.";
    /// The running version of an add-on does not support a release on the way, and a released version does.
    ADDON_CEILING = "HL4101", Error, Act,
        "an add-on does not support the target",
        "Upgrade the add-on first.";
    /// The running version of an add-on needs a newer Kubernetes than the target.
    ADDON_FLOOR = "HL4102", Error, Act,
        "an add-on needs a newer Kubernetes than the target",
        "Go back to a version of the add-on that supports the target, or choose a newer target.";
    /// The running version of an add-on is older than everything that is known about it.
    ADDON_OLD = "HL4103", Error, Act,
        "an add-on is older than the facts about it",
        "Upgrade the add-on to a version that is known to support the target.";
    /// A version of an add-on supports the target, but none supports both sides of the hop: in between it runs outside of what was tested, whichever moves first.
    ADDON_NO_BRIDGE = "HL4104", Error, Act,
        "no version of an add-on supports both sides of the hop",
        "Plan for the add-on to be upgraded within the same maintenance window as Kubernetes.";
    /// We hold an add-on at its version ourselves, and that version does not support the target.
    PINNED = "HL4105", Warning, Held,
        "held by a pin of ours",
        "Lift the pin once its reason is gone.";
    /// The running version of an add-on gets no more fixes.
    ADDON_EOL = "HL4106", Note, Note,
        "an add-on gets no more fixes",
        "Plan its upgrade.";
    /// A node is not ready: what it runs cannot be moved there, and what is moved away may not fit elsewhere.
    NODE_NOT_READY = "HL4201", Error, Act,
        "a node is not ready",
        "Bring the node back, or remove it from the cluster.";
    /// A node is short of memory, disk or process ids, or its network is not there.
    NODE_PRESSURE = "HL4202", Error, Act,
        "a node is under pressure",
        "Relieve the node first.";
    /// A node changed between ready and not ready a moment ago: an upgrade on top of that hides what caused it.
    NODE_UNQUIET = "HL4203", Error, Act,
        "a node was not quiet for long enough",
        "Wait until every node has been ready for a while.";
    /// A node is cordoned: often the rest of a drain that did not end.
    NODE_CORDONED = "HL4204", Note, Note,
        "a node is cordoned",
        "Uncordon it, unless that is meant.";
    /// The kubelet of the target does not work with what the node runs.
    RUNTIME_REFUSED = "HL4211", Error, Act,
        "the kubelet of the target does not work with this node",
        "Upgrade what the finding names on every node first.";
    /// The makers of what the node runs did not test it with the target.
    RUNTIME_UNTESTED = "HL4212", Warning, Act,
        "what the node runs was not tested with the target",
        "Upgrade what the finding names, or waive the finding with a reason.";
    /// What the node runs gets no more fixes.
    RUNTIME_EOL = "HL4213", Note, Note,
        "what the node runs gets no more fixes",
        "Plan its upgrade.";
    /// A node's disk is nearly full: images of the new version do not fit, and the kubelet evicts and deletes.
    DISK_FULL = "HL4221", Error, Act,
        "a node's disk is nearly full",
        "Free space on the node.";
    /// A node waits for a reboot, which may come in the middle of the upgrade.
    REBOOT_PENDING = "HL4222", Warning, Act,
        "a node waits for a reboot",
        "Reboot the node first.";
    /// A component is given a flag that the target does not know: it does not start.
    REMOVED_FLAG = "HL4301", Error, Act,
        "a flag is gone in the target",
        "Remove the flag where it is set, and in kubeadm's configuration.";
    /// A component is given a feature gate that the target does not know: it does not start.
    REMOVED_GATE = "HL4302", Error, Act,
        "a feature gate is gone in the target",
        "Remove the gate where it is set, and in kubeadm's configuration.";
    /// kubeadm writes the static pods anew from its own configuration, which does not have what runs now: the upgrade succeeds and takes it away.
    REGENERATED = "HL4303", Error, Act,
        "the upgrade would write a component's configuration anew, without what runs now",
        "Put what runs now into kubeadm's configuration, and look at `kubeadm upgrade diff`.";
    /// The kubelet starts every file of its folder: a backup in it is a second copy of the component, or stands in place of
    /// the manifest, whose changes then never come into force.
    DUPLICATE_STATIC_POD = "HL4304", Error, Act,
        "a component is started from two files",
        "Move the extra file out of the folder of static pods.";
    /// A certificate ends soon, or has ended: a component that is restarted with it does not come up.
    CERTIFICATE_ENDS = "HL4305", Error, Act,
        "a certificate of the cluster ends soon",
        "Renew the certificate and restart what uses it.";
    /// A setting that was recorded before is gone or another now.
    SETTING_LOST = "HL4306", Error, Act,
        "a setting did not survive",
        "Set it again where it is kept, so that the next upgrade keeps it.";
    /// kubeadm of the target does not read the form in which its configuration is stored.
    KUBEADM_FORM = "HL4307", Error, Act,
        "kubeadm of the target does not read its configuration",
        "Run `kubeadm config migrate` and store the result.";
    /// etcd cannot go from its version to the one that the target brings along.
    ETCD_PATH = "HL4401", Error, Act,
        "etcd cannot go to the version of the target in one step",
        "Bring etcd to the named version first.";
    /// etcd is slow: requests and leases time out when the upgrade adds its load.
    ETCD_SLOW = "HL4402", Error, Act,
        "etcd is slow",
        "Find what shares its disk, or move it to a faster one.";
    /// etcd is near its quota; when it is reached, nothing can be written.
    ETCD_FULL = "HL4403", Error, Act,
        "etcd is near its quota",
        "Compact and defragment it, or raise the quota.";
    /// There is no fresh and complete snapshot of etcd to go back to.
    ETCD_SNAPSHOT = "HL4404", Error, Act,
        "there is no good snapshot of etcd",
        "Take a snapshot and verify it.";
    /// A member of etcd is not healthy: an upgrade restarts them one by one, and the next would cost the majority.
    ETCD_MEMBER = "HL4405", Error, Act,
        "a member of etcd is not healthy",
        "Bring the member back first.";
    /// A disruption budget has no room: the drain waits for ever, or somebody deletes the pods against it.
    BUDGET_BLOCKS = "HL4501", Error, Act,
        "a disruption budget has no room",
        "Add a replica, or loosen the budget for the time of the upgrade.";
    /// A workload has one replica: it is away while its node is drained.
    SINGLE_REPLICA = "HL4502", Note, Note,
        "a workload has a single replica",
        "Nothing, where being away for a moment is fine.";
    /// A pod may run on no other node: while its node is drained it stays pending.
    NOWHERE_TO_GO = "HL4503", Warning, Act,
        "a pod has nowhere to go",
        "Let it run elsewhere, or waive the finding with a reason.";
    /// A pod keeps data on its node: draining loses it, or stops for it.
    LOCAL_VOLUME = "HL4504", Note, Note,
        "a pod keeps data on its node",
        "Drain with `--delete-emptydir-data` where losing it is fine.";
    /// A pod that no controller made: a drain deletes it for good, or stops for it.
    BARE_POD = "HL4505", Warning, Act,
        "a pod has no controller",
        "Put it under a controller, or delete it.";
    /// A webhook that requests must pass has nobody to answer: what it watches can no longer be written.
    WEBHOOK_DEAD = "HL4601", Error, Act,
        "a webhook fails closed and nobody answers",
        "Bring its service back, or let it fail open.";
    /// Nobody converts between versions of a custom resource: its objects cannot be read in another than the stored one.
    CONVERTER_DEAD = "HL4602", Error, Act,
        "nobody converts a custom resource",
        "Bring the converting service back.";
    /// An aggregated API does not answer: discovery, and with it every garbage collection and namespace deletion, hangs on it.
    AGGREGATED_API_DEAD = "HL4603", Error, Act,
        "an aggregated API does not answer",
        "Bring its service back, or remove the APIService.";
    /// A critical alert fires: what is wrong now is not to be mixed with an upgrade.
    ALERT_FIRING = "HL4701", Error, Act,
        "a critical alert fires",
        "Clear the alert, or put it on the list of those that do not matter here.";
    /// Somebody stopped upgrades on purpose.
    KILL_SWITCH = "HL4702", Warning, Held,
        "upgrades are switched off",
        "Remove the switch once its reason is gone.";
    /// A critical alert is about something that was never there: nobody publishes its metric, so that its silence says
    /// nothing. That is as it should be for software that is not in use, and a mistake in a name else.
    ALERT_BLIND = "HL4703", Note, Note,
        "a critical alert can never fire",
        "Mend the rule or the scrape, or put the alert on the list of those that do not matter here.";
    /// A waiver is past its day: what it covered counts again.
    WAIVER_EXPIRED = "HL4801", Warning, Act,
        "a waiver has expired",
        "Clear what it covered, or renew it with a reason.";
    /// A waiver is for something that cannot be waived: waiving it would not make it start.
    WAIVER_REFUSED = "HL4802", Error, Act,
        "this cannot be waived",
        "Remove the waiver, and clear the finding.";
    /// A waiver covers nothing that was found.
    WAIVER_UNUSED = "HL4803", Note, Note,
        "a waiver covers nothing",
        "Remove the waiver.";
    /// A pin is past its day, and holds no longer.
    PIN_EXPIRED = "HL4804", Warning, Act,
        "a pin has expired",
        "Upgrade the add-on, or renew the pin with a reason.";
    /// Rows of a matrix have no day on which they were checked, so that nobody can tell when they are too old.
    UNDATED_FACTS = "HL4805", Note, Note,
        "facts without a day",
        "Write `Last refreshed YYYY-MM-DD` into the matrix, or give the rows as facts with source and day.";
    /// Something that the verdict needs could not be measured.
    NOT_MEASURED = "HL4901", Warning, Unmeasured,
        "not measured",
        "Let the gate see it, or hand in evidence.";
    /// What the verdict rests on was last checked too long ago.
    FACTS_AGED = "HL4902", Warning, Unmeasured,
        "the facts are too old",
        "Use a newer version of homelab, or give a newer row in `facts`.";
}
