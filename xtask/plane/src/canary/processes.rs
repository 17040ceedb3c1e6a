//! What everybody on the machine can see of running processes: their command lines; and what their owner can: environments.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Result;
use crate::process::wait_for;

/// What was seen, each once.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Of every process of the machine.
    pub command_lines: BTreeSet<String>,
    /// Of the watched process and everything below it.
    pub environments: BTreeSet<String>,
    /// Those below it.
    ids: BTreeSet<u32>,
}

/// Looks again and again until it is stopped.
#[derive(Debug)]
pub struct Sampler {
    seen: Arc<Mutex<Seen>>,
    ended: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Sampler {
    /// Watches the process `root` and what it starts.
    pub fn start(root: u32) -> Self {
        let (seen, ended) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (into, end) = (Arc::clone(&seen), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                look(root, &mut lock(&into));
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { seen, ended, thread }
    }

    /// Waits until the process has been seen below the root.
    ///
    /// # Errors
    ///
    /// If it is not seen within a minute.
    pub fn until_seen(&self, id: u32) -> Result<()> {
        wait_for("a look at the process", Duration::from_mins(1), || {
            Ok(if lock(&self.seen).ids.contains(&id) { Ok(()) } else { Err(format!("{id} was not seen")) })
        })
    }

    /// Ends it; what was seen.
    pub fn stop(self) -> Seen {
        self.ended.store(true, Ordering::SeqCst);
        // Where it ended before its time, what it saw until then counts.
        let _ = self.thread.join();
        lock(&self.seen).clone()
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(root: u32, seen: &mut Seen) {
    let parents = parents();
    for id in parents.keys() {
        seen.command_lines.extend(words(*id, "cmdline"));
        if *id == root || is_below(*id, root, &parents) {
            seen.environments.extend(words(*id, "environ"));
            seen.ids.insert(*id);
        }
    }
}

/// A list of words of a process; none where it is gone.
fn words(id: u32, file: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{id}/{file}")).ok()?;
    let text = String::from_utf8_lossy(&bytes).replace('\0', "\n");
    (!text.is_empty()).then_some(text)
}

/// The parent of each process.
pub fn parents() -> BTreeMap<u32, u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name of the program, in parentheses, may hold anything.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    ids.filter_map(|id| Some((id, parent(&id)?))).collect()
}

/// Whether the process is below `root`.
pub fn is_below(mut id: u32, root: u32, parents: &BTreeMap<u32, u32>) -> bool {
    while let Some(&parent) = parents.get(&id) {
        if parent == root {
            return true;
        }
        id = parent;
    }
    false
}
