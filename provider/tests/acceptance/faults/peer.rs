//! Which process holds the other end of a connection of this machine.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// The process that is connected from `peer`, of those that we may look at.
pub(super) fn process_of(peer: SocketAddr) -> io::Result<String> {
    let table = fs::read_to_string("/proc/net/tcp")?;
    let inode = inode_of(peer, &table);
    let socket =
        format!("socket:[{}]", inode.ok_or_else(|| io::Error::new(ErrorKind::NotFound, "no such connection"))?);
    // Also `self` is in there.
    let is_number = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.parse::<u32>().is_ok());
    for process in fs::read_dir("/proc")?.flatten().filter(|entry| is_number(&entry.file_name())) {
        let holds = |file: fs::DirEntry| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == socket.as_str());
        if fs::read_dir(process.path().join("fd")).is_ok_and(|files| files.flatten().any(holds)) {
            return Ok(process.file_name().to_string_lossy().into_owned());
        }
    }
    Err(io::Error::new(ErrorKind::NotFound, "nobody holds the connection"))
}

/// The inode of the socket with that local address, in the kernel's table.
fn inode_of(address: SocketAddr, table: &str) -> Option<&str> {
    let SocketAddr::V4(address) = address else { return None };
    // The bytes of the address as a number of this machine.
    let wanted = format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port());
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.into_iter().find(|row| row.get(1) == Some(&&*wanted)).and_then(|row| row.get(9).copied())
}

#[test]
fn the_other_end_of_a_connection_is_found() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (_server, peer) = listener.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(process_of(peer).unwrap(), std::process::id().to_string());
}
