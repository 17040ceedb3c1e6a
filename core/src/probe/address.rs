//! Which addresses a probe may talk to without being told so.
//!
//! A target list is data, often of another team. Without a guard it turns whoever runs the plan, mostly a CI runner inside
//! the network, into a way to ask its metadata service or its neighbours. The guard looks at the address that is
//! connected to, because a name may resolve to something else each time it is asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is special about an address, as a word for a message; `None` for one of the public Internet.
///
/// Addresses that embed an IPv4 address (mapped, NAT64, 6to4) are what that address is. Source: the IANA special-purpose
/// address registries for IPv4 and IPv6.
pub fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let octets = address.octets();
    match octets {
        [0, ..] => Some("unspecified"),
        [127, ..] => Some("loopback"),
        [10, ..] | [192, 168, ..] => Some("private"),
        [172, second, ..] if (16..=31).contains(&second) => Some("private"),
        [169, 254, ..] => Some("link-local"),
        [100, second, ..] if (64..=127).contains(&second) => Some("carrier-grade NAT"),
        [192, 0, 0, _] | [192, 88, 99, _] => Some("reserved"),
        // A cloud's own service for its machines, although the address is of the public Internet: Azure.
        [168, 63, 129, 16] => Some("metadata"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some("documentation"),
        [198, 18 | 19, ..] => Some("benchmark"),
        [first, ..] if (224..=239).contains(&first) => Some("multicast"),
        [first, ..] if first >= 240 => Some("reserved"),
        _ => None,
    }
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("loopback"),
        // ::ffff:a.b.c.d, ::a.b.c.d (long deprecated), ::ffff:0:a.b.c.d (of RFC 2765), 64:ff9b::a.b.c.d, 2002:a.b.c.d::
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => special_v4(embedded(high, low)),
        [0x64, 0xff9b, 1, ..] => Some("private"),
        [0x100, 0, 0, 0 | 1, ..] => Some("discard"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("documentation"),
        // Teredo among them, which embeds an address in a form that nobody should connect to.
        [0x2001, 0..=0x1ff, ..] | [0x5f00, ..] => Some("reserved"),
        [first, ..] if first & 0xfe00 == 0xfc00 => Some("private"),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some("link-local"),
        [first, ..] if first & 0xffc0 == 0xfec0 => Some("private"),
        [first, ..] if first & 0xff00 == 0xff00 => Some("multicast"),
        _ => None,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_have_their_word() {
        let table = [
            ("127.0.0.1", Some("loopback")),
            ("127.255.255.254", Some("loopback")),
            ("0.0.0.0", Some("unspecified")),
            ("10.1.2.3", Some("private")),
            ("172.15.0.1", None),
            ("172.16.0.1", Some("private")),
            ("172.31.255.255", Some("private")),
            ("172.32.0.1", None),
            ("192.168.0.1", Some("private")),
            ("192.167.0.1", None),
            ("169.254.169.254", Some("link-local")),
            ("100.63.0.1", None),
            ("100.64.0.1", Some("carrier-grade NAT")),
            ("198.18.0.1", Some("benchmark")),
            ("192.0.2.1", Some("documentation")),
            ("224.0.0.1", Some("multicast")),
            ("255.255.255.255", Some("reserved")),
            ("9.9.9.9", None),
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("::ffff:127.0.0.1", Some("loopback")),
            ("::ffff:9.9.9.9", None),
            ("::127.0.0.1", Some("loopback")),
            ("64:ff9b::169.254.169.254", Some("link-local")),
            ("64:ff9b::9.9.9.9", None),
            ("64:ff9b:1::1", Some("private")),
            ("2002:7f00:1::", Some("loopback")),
            ("2002:0909:0909::", None),
            ("::ffff:0:169.254.169.254", Some("link-local")),
            ("::ffff:100.100.100.200", Some("carrier-grade NAT")),
            ("100.100.100.200", Some("carrier-grade NAT")),
            ("168.63.129.16", Some("metadata")),
            ("168.63.129.17", None),
            ("192.0.0.192", Some("reserved")),
            ("192.88.99.1", Some("reserved")),
            ("fd00:ec2::254", Some("private")),
            ("100:0:0:1::1", Some("discard")),
            ("2001:0:7f00:1::1", Some("reserved")),
            ("5f00::1", Some("reserved")),
            ("fc00::1", Some("private")),
            ("fd12:3456::1", Some("private")),
            ("fe80::1", Some("link-local")),
            ("fec0::1", Some("private")),
            ("ff02::1", Some("multicast")),
            ("2001:db8::1", Some("documentation")),
            ("2620:fe::fe", None),
        ];
        for (address, word) in table {
            assert_eq!(special(address.parse().unwrap()), word, "{address}");
        }
    }
}
