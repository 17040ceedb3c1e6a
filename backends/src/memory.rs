//! What is left of this process after a crash: nothing.
//!
//! A core file is the whole memory, with every secret that went through it, and it lies wherever the process was started: in
//! the folder of the configuration. So the limit of core files is taken down to zero, for this process and for the
//! credential helpers that it starts. Crash handlers that the kernel pipes to (systemd-coredump, apport) are told the limit
//! and keep nothing either. Another way would be to be "not dumpable" at all; that also shuts out debuggers and the
//! process's own user from `/proc`, which helps nobody who may read its files anyway.

/// Has the system write no core file of this process and of what it starts. Call it before the first secret is read.
///
/// # Errors
///
/// The system's own, where the limit cannot be lowered; there is no such limit outside of Unix, where this does nothing.
pub fn leave_no_core_file() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    Ok(())
}
