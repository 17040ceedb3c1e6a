//! Addresses and networks, as `ClientIP` takes them.

use std::fmt;
use std::net::IpAddr;

use super::Truth;

/// An address, or all addresses of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    text: String,
    range: Option<Range>,
}

/// Addresses of one family, as numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Whether these are of version 4.
    pub(super) four: bool,
    pub(super) first: u128,
    pub(super) last: u128,
}

/// A text that is neither an address nor a network: a router with it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANetwork;

impl Network {
    /// Reads `192.0.2.7`, `192.0.2.0/24` or the same of version 6.
    pub fn new(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (four, number, bits) = number(address);
        let bits_of_text = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 = match length {
            None => bits,
            // Go takes no signs and no needless zeros are worth refusing here.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotANetwork)?
            }
            Some(_) => return Err(NotANetwork),
        };
        if length > bits_of_text {
            return Err(NotANetwork);
        }
        let range = if text.contains('/') && four && !address.is_ipv4() {
            // A network over addresses of version 4 written as version 6: left to Traefik.
            None
        } else {
            let wild = bits - length;
            let mask = if wild == 0 { 0 } else { u128::MAX >> (128 - wild) };
            Some(Range { four, first: number & !mask, last: number | mask })
        };
        Ok(Self { text: text.to_owned(), range })
    }

    /// Whether that address is one of them.
    pub fn contains(&self, address: IpAddr) -> Truth {
        let Some(range) = self.range else { return Truth::Unknown };
        let (four, number, _) = number(address);
        (range.four == four && (range.first..=range.last).contains(&number)).into()
    }

    /// Its addresses; `None` where they cannot be told.
    pub(super) fn range(&self) -> Option<Range> {
        self.range
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether it is of version 4 (also when written as version 6), its number, and how many bits that has.
fn number(address: IpAddr) -> (bool, u128, u32) {
    match address.to_canonical() {
        IpAddr::V4(four) => (true, u32::from(four).into(), 32),
        IpAddr::V6(six) => (false, six.into(), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_their_networks() {
        let table = [
            ("192.0.2.0/24", "192.0.2.255", Truth::Yes),
            ("192.0.2.9/24", "192.0.2.1", Truth::Yes),
            ("192.0.2.0/24", "192.0.3.0", Truth::No),
            ("192.0.2.7", "192.0.2.7", Truth::Yes),
            ("192.0.2.7", "::ffff:192.0.2.7", Truth::Yes),
            ("0.0.0.0/0", "198.51.100.1", Truth::Yes),
            ("::/0", "198.51.100.1", Truth::No),
            ("::/0", "2001:db8::1", Truth::Yes),
            ("2001:db8::/32", "2001:db8:ffff::", Truth::Yes),
            ("::ffff:192.0.2.0/120", "192.0.2.7", Truth::Unknown),
        ];
        for (network, address, expected) in table {
            let address = address.parse().unwrap();
            assert_eq!(Network::new(network).unwrap().contains(address), expected, "{address} in {network}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in
            ["", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "x", "2001:db8::/129", "192.0.2.0/8/8"]
        {
            assert_eq!(Network::new(text), Err(NotANetwork), "{text}");
        }
    }
}
