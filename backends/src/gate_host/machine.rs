//! Control groups, disks, and whether the machine waits for a reboot.

use homelab_core::gate::{Measured, newest_kernel};

use super::files::{Root, unread};

/// Version of the control groups: a file at their root is there in version 2 alone.
pub(super) fn cgroup(root: &Root) -> Measured<u8> {
    let folder = "/sys/fs/cgroup";
    match root.names(folder) {
        Ok(names) if names.iter().any(|name| name == "cgroup.controllers") => Measured::Seen(2),
        Ok(names) if names.iter().any(|name| name == "memory" || name == "cpu") => Measured::Seen(1),
        Ok(_) => Measured::NotMeasured(format!("{folder}: no control groups are mounted there")),
        Err(error) => unread(folder, &error),
    }
}

/// Folders that an upgrade writes to: images, logs, etcd, the kubelet's own. Each may be a file system by itself.
const WRITTEN: [&str; 8] = [
    "/",
    "/var",
    "/var/log",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/rancher",
];

/// Share in use of the fullest of the file systems that an upgrade writes to.
#[cfg(unix)]
pub(super) fn disk_used_percent(root: &Root) -> Measured<u8> {
    let mut fullest = None;
    for folder in WRITTEN {
        match rustix::fs::statvfs(root.at(folder)) {
            Ok(told) => fullest = fullest.max(percent(told.f_blocks, told.f_bfree, told.f_bavail)),
            // What is not there is not written to.
            Err(rustix::io::Errno::NOENT) if folder != "/" => {}
            Err(error) => return unread(folder, &std::io::Error::from(error)),
        }
    }
    fullest.map_or_else(|| Measured::NotMeasured("/: its file system tells no size".to_owned()), Measured::Seen)
}

/// Share in use of the fullest of the file systems that an upgrade writes to.
#[cfg(not(unix))]
pub(super) fn disk_used_percent(_root: &Root) -> Measured<u8> {
    Measured::NotMeasured("file systems are looked at on Unix alone".to_owned())
}

/// As `df` has it: of what is there for users, and rounded up. Nothing for a file system without a size.
#[cfg(unix)]
fn percent(blocks: u64, free: u64, available: u64) -> Option<u8> {
    let used = blocks.saturating_sub(free);
    let all = used.saturating_add(available);
    if all == 0 {
        return None;
    }
    u8::try_from((u128::from(used) * 100).div_ceil(u128::from(all))).ok()
}

/// Whether it waits for a reboot: it says so, or a newer kernel is installed than the one that runs.
pub(super) fn reboot_pending(root: &Root) -> Measured<bool> {
    for flag in ["/run/reboot-required", "/var/run/reboot-required"] {
        if std::fs::symlink_metadata(root.at(flag)).is_ok() {
            return Measured::Seen(true);
        }
    }
    let release = "/proc/sys/kernel/osrelease";
    let running = match root.text(release) {
        Ok(text) => text.trim().to_owned(),
        Err(error) => return unread(release, &error),
    };
    let folder = "/lib/modules";
    let mut installed = match root.names(folder) {
        Ok(names) => names,
        Err(error) => return unread(folder, &error),
    };
    // What is left of a kernel that was removed has no list of modules.
    installed.retain(|kernel| std::fs::metadata(root.at(folder).join(kernel).join("modules.dep")).is_ok());
    if newest_kernel(&running, installed.iter().map(String::as_str)).is_some() {
        return Measured::Seen(true);
    }
    if installed.contains(&running) {
        return Measured::Seen(false);
    }
    // Some systems remove a kernel while it runs; others never had its modules in the first place.
    if installed.is_empty() {
        return Measured::NotMeasured(format!("{folder}: no kernel is installed there, so that none can be newer"));
    }
    Measured::Seen(true)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn disks_are_counted_as_df_does() {
        for (blocks, free, available, used) in [
            (100, 50, 50, Some(50)),
            (100, 50, 45, Some(53)),
            (1000, 1, 0, Some(100)),
            (1000, 999, 999, Some(1)),
            (1000, 1000, 1000, Some(0)),
            (0, 0, 0, None),
            (u64::MAX, 0, 0, Some(100)),
        ] {
            assert_eq!(percent(blocks, free, available), used, "{blocks} {free} {available}");
        }
    }
}
