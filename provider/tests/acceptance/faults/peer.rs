//! Which process holds the other end of a connection of this machine.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};

/// The process at the other end of `stream`, of those that we may look at.
pub(super) fn process_of(stream: &TcpStream) -> io::Result<String> {
    let (theirs, ours) = (stream.peer_addr()?, stream.local_addr()?);
    let holders = holders_of(&format!("socket:[{}]", inode_between(theirs, ours)?))?;
    first_of(&holders, parent_of).ok_or_else(|| io::Error::new(ErrorKind::NotFound, "nobody holds the connection"))
}

/// The inode of the socket at `local` that is connected to `remote`.
fn inode_between(local: SocketAddr, remote: SocketAddr) -> io::Result<String> {
    // The kernel writes its table in several pieces: a row can be missed while others come and go.
    for _ in 0..10 {
        if let Some(inode) = inode_of(local, remote, &fs::read_to_string("/proc/net/tcp")?) {
            return Ok(inode);
        }
    }
    Err(io::Error::new(ErrorKind::NotFound, "no such connection"))
}

/// The one of the processes that none of the others started. A program that a process is about to start
/// holds, until then, what the process holds, and its number may be lower.
fn first_of(processes: &[String], parent_of: impl Fn(&str) -> Option<String>) -> Option<String> {
    processes.iter().find(|process| parent_of(process).is_some_and(|parent| !processes.contains(&parent))).cloned()
}

/// The processes that have `file` open.
fn holders_of(file: &str) -> io::Result<Vec<String>> {
    // Also `self` is in there.
    let is_number = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
    let is_it = |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|to| to.as_os_str() == file);
    let processes = fs::read_dir("/proc")?.flatten().filter(|entry| is_number(&entry.file_name()));
    let holders = processes.filter(|entry| {
        fs::read_dir(entry.path().join("fd")).is_ok_and(|mut files| files.any(|entry| entry.is_ok_and(is_it)))
    });
    Ok(holders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

/// The process that started `process`.
fn parent_of(process: &str) -> Option<String> {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name stands in brackets and may hold spaces and brackets of its own; the state is between it and the parent.
    line.rsplit_once(')')?.1.split_whitespace().nth(1).map(str::to_owned)
}

/// The inode of that socket in the kernel's table. Both addresses count: a
/// port is used again for another remote while what is left of an earlier connection still waits.
fn inode_of(local: SocketAddr, remote: SocketAddr, table: &str) -> Option<String> {
    let (local, remote) = (written(local)?, written(remote)?);
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let mut ours = rows.filter(|row| row.get(1..3) == Some(&[&*local, &*remote]));
    ours.next().and_then(|row| row.get(9).map(|inode| (*inode).to_owned()))
}

/// An address as the kernel's table writes it: its bytes as a number of this machine.
fn written(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(address) = address else { return None };
    Some(format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port()))
}

#[test]
fn the_other_end_of_a_connection_is_found() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_eq!(process_of(&server).unwrap(), std::process::id().to_string());
}

/// Seen in CI: the kernel gave a port to a connection of the test that an ended connection to another
/// address still had, and that one, which nobody holds, was found.
#[test]
fn a_port_that_an_ended_connection_still_has_is_not_taken_for_the_connection() {
    let ports = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        0: 0100007F:9C40 0100007F:1F90 06 00000000:00000000 03:00001770 00000000     0        0 0 3 ffff\n\
        1: 0100007F:1F91 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 71 1 ffff\n\
        2: 0100007F:9C40 0100007F:1F91 01 00000000:00000000 00:00000000 00000000     0        0 72 1 ffff\n";
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(inode_of(at(0x9C40), at(0x1F91), ports).as_deref(), Some("72"));
    assert_eq!(inode_of(at(0x9C40), at(0x1F92), ports), None);
}

#[test]
fn a_program_that_is_being_started_is_not_taken_for_its_process() {
    let parent = |process: &str| Some(if process == "31" { "900" } else { "12" }.to_owned());
    assert_eq!(first_of(&["31".to_owned(), "900".to_owned()], parent).as_deref(), Some("900"));
    let of_this = parent_of(&std::process::id().to_string());
    assert_eq!(of_this, Some(std::os::unix::process::parent_id().to_string()));
}
