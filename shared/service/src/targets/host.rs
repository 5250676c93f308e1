//! The host of a URL: a name, or an address in its usual form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host as a URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name that is looked up.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// Reads the host of a URL; `None`: it is neither a plain name nor an address in its usual form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        is_name(text).then(|| Self::Name(text.to_owned()))
    }

    pub(super) const fn is_loopback(&self) -> bool {
        matches!(self, Self::Address(address) if address.is_loopback())
    }
}

/// Tells whether a text is a host name of lower-case letters, digits and hyphens, with two labels at least. The last one is no
/// number, in no notation: `127.1`, `0x7f.1` and `2130706433` are addresses to a system's resolver.
pub(super) fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = text.rsplit_once('.') else {
        return false;
    };
    text.len() <= 253
        && text.split('.').all(is_label)
        && last.starts_with(|c: char| c.is_ascii_lowercase())
}
