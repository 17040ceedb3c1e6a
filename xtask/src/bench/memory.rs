//! The greatest memory of the providers that a command starts, as the kernel accounts it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A watch over the descendants of one process.
pub(super) struct Watch {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Watch {
    /// Watches every provider below the process `parent`.
    pub(super) fn start(parent: u32) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            let mut peak = 0;
            // The kernel keeps the high-water mark itself, so a coarse step only misses what grows in a process's last
            // moments.
            while !until.load(Ordering::Relaxed) {
                peak = peak.max(greatest(parent));
                std::thread::sleep(Duration::from_millis(10));
            }
            peak
        });
        Self { ended, thread }
    }

    /// Ends the watch: the greatest resident memory that was seen, in KiB.
    pub(super) fn stop(self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or(0)
    }
}

fn greatest(parent: u32) -> u64 {
    let parents: BTreeMap<u32, u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|id| Some((id, field(id, "PPid:")?.try_into().ok()?)))
        .collect();
    parents
        .keys()
        .filter(|id| below(**id, parent, &parents) && is_provider(**id))
        .filter_map(|id| field(*id, "VmHWM:"))
        .max()
        .unwrap_or(0)
}

/// Whether the process runs a provider: between fork and exec a child still shows its parent's program and memory.
fn is_provider(id: u32) -> bool {
    let program = fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
    program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("terraform-provider-"))
}

fn below(mut id: u32, parent: u32, parents: &BTreeMap<u32, u32>) -> bool {
    while let Some(&next) = parents.get(&id) {
        if next == parent {
            return true;
        }
        id = next;
    }
    false
}

/// The processor time that a process has used until now, to a hundredth of a second.
pub(super) fn processor(id: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks * 10))
}

/// A number out of `/proc/<id>/status`; sizes are in KiB.
pub(super) fn field(id: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
