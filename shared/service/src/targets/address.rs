//! Where an address leads: to the public internet, or to a place inside that only the allow-list opens, or nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A kind of address, with the words a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On the public internet.
    Public,
    /// Inside: reached only where the allow-list names the address.
    Inside(&'static str),
    /// Reached in no case: metadata services answer there, or nobody does.
    Never(&'static str),
}

use Place::{Inside, Never, Public};

/// IPv4 networks that are not public: address, length, kind.
const V4: [(Ipv4Addr, u32, Place); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, Never("unspecified")),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Inside("private")),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Inside("shared")),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Inside("loopback")),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Never("link-local")),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Inside("private")),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Never("reserved")),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Inside("documentation")),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Never("reserved")),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Inside("private")),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Inside("benchmark")),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Inside("documentation")),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Inside("documentation")),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Never("multicast")),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Never("reserved")),
];

/// IPv6 networks, the first that fits counts. What is in none of them is reserved.
const V6: [(Ipv6Addr, u32, Place); 13] = [
    (Ipv6Addr::UNSPECIFIED, 128, Never("unspecified")),
    (Ipv6Addr::LOCALHOST, 128, Inside("loopback")),
    (network([0, 0, 0, 0, 0, 0xffff]), 96, Never("IPv4-mapped")),
    (network([0xfd00, 0xec2, 0, 0, 0, 0]), 32, Never("metadata")),
    (network([0xfc00, 0, 0, 0, 0, 0]), 7, Inside("private")),
    (network([0xfe80, 0, 0, 0, 0, 0]), 10, Never("link-local")),
    (network([0xff00, 0, 0, 0, 0, 0]), 8, Never("multicast")),
    (network([0x2001, 0, 0, 0, 0, 0]), 23, Never("reserved")),
    (
        network([0x2001, 0xdb8, 0, 0, 0, 0]),
        32,
        Inside("documentation"),
    ),
    (network([0x2002, 0, 0, 0, 0, 0]), 16, Never("6to4")),
    (
        network([0x3fff, 0, 0, 0, 0, 0]),
        20,
        Inside("documentation"),
    ),
    (network([0x2000, 0, 0, 0, 0, 0]), 3, Public),
    (Ipv6Addr::UNSPECIFIED, 0, Never("reserved")),
];

/// The prefix under which a NAT64 shows IPv4 addresses.
const NAT64: (Ipv6Addr, u32) = (network([0x64, 0xff9b, 0, 0, 0, 0]), 96);

const fn network(first: [u16; 6]) -> Ipv6Addr {
    Ipv6Addr::new(
        first[0], first[1], first[2], first[3], first[4], first[5], 0, 0,
    )
}

impl Place {
    /// Tells where an address leads.
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let found = V4.iter().find(|(base, length, _)| {
            let base = IpAddr::V4(*base);
            Network {
                base,
                length: *length,
            }
            .contains(IpAddr::V4(address))
        });
        found.map_or(Public, |(.., place)| *place)
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let within = |base: Ipv6Addr, length| {
            let base = IpAddr::V6(base);
            Network { base, length }.contains(IpAddr::V6(address))
        };
        if within(NAT64.0, NAT64.1) {
            let [.., a, b, c, d] = address.octets();
            return Self::of_v4(Ipv4Addr::new(a, b, c, d));
        }
        let found = V6.iter().find(|(base, length, _)| within(*base, *length));
        found.map_or(Never("reserved"), |(.., place)| *place)
    }
}

/// A network: the addresses whose first bits are those of `base`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    base: IpAddr,
    length: u32,
}

impl Network {
    /// Reads an address, or `address/length`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (base, length) = match text.split_once('/') {
            None => (text, None),
            Some((base, length)) => (base, Some(length.parse().ok()?)),
        };
        let base: IpAddr = base.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(most);
        (length <= most).then_some(Self { base, length })
    }

    /// Tells whether an address is one of the network's.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        let differing = match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let bits = base.to_bits() ^ address.to_bits();
                bits.checked_shr(32 - self.length).unwrap_or(0) != 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let bits = base.to_bits() ^ address.to_bits();
                bits.checked_shr(128 - self.length).unwrap_or(0) != 0
            }
            _ => true,
        };
        !differing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every form of the specification, and what it is.
    const CASES: [(&str, Place); 33] = [
        ("1.1.1.1", Public),
        ("9.255.255.255", Public),
        ("11.0.0.0", Public),
        ("172.15.255.255", Public),
        ("172.32.0.0", Public),
        ("0.0.0.0", Never("unspecified")),
        ("0.1.2.3", Never("unspecified")),
        ("10.0.0.1", Inside("private")),
        ("172.16.0.1", Inside("private")),
        ("172.31.255.255", Inside("private")),
        ("192.168.1.1", Inside("private")),
        ("100.64.0.1", Inside("shared")),
        ("127.0.0.1", Inside("loopback")),
        ("127.255.255.254", Inside("loopback")),
        ("169.254.169.254", Never("link-local")),
        ("169.254.170.2", Never("link-local")),
        ("192.0.0.192", Never("reserved")),
        ("198.19.255.255", Inside("benchmark")),
        ("224.0.0.1", Never("multicast")),
        ("255.255.255.255", Never("reserved")),
        ("2606:4700::1111", Public),
        ("::", Never("unspecified")),
        ("::1", Inside("loopback")),
        ("::ffff:127.0.0.1", Never("IPv4-mapped")),
        ("::ffff:1.1.1.1", Never("IPv4-mapped")),
        ("::7f00:1", Never("reserved")),
        ("64:ff9b::a9fe:a9fe", Never("link-local")),
        ("64:ff9b::101:101", Public),
        ("fd00:ec2::254", Never("metadata")),
        ("fc00::1", Inside("private")),
        ("fe80::1", Never("link-local")),
        ("2002:7f00:1::", Never("6to4")),
        ("2001:0:7f00:1::", Never("reserved")),
    ];

    #[test]
    fn every_kind_of_address_is_known() {
        for (text, place) in CASES {
            assert_eq!(Place::of(text.parse().unwrap()), place, "{text}");
        }
    }

    #[test]
    fn a_network_is_an_address_with_the_number_of_its_bits() {
        let holds = |network, address: &str| {
            Network::parse(network)
                .is_some_and(|network| network.contains(address.parse().unwrap()))
        };
        assert!(holds("10.0.0.0/8", "10.9.8.7") && !holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(holds("fd00::/8", "fd12::1") && !holds("::1", "::2"));
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "010.0.0.1",
            "10.0.0.0/",
            "a",
            "::/129",
        ] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_address_of_a_private_network_is_never_public(low in any::<u32>()) {
            for (base, length) in [(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16), (0x7f00_0000, 8), (0xa9fe_0000, 16)] {
                let address = Ipv4Addr::from_bits(base | (low & (u32::MAX >> length)));
                prop_assert_ne!(Place::of(address.into()), Public);
                prop_assert_ne!(Place::of(address.to_ipv6_mapped().into()), Public);
                let [a, b, c, d] = address.octets().map(u16::from);
                let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
                prop_assert_ne!(Place::of(nat64.into()), Public);
            }
        }

        #[test]
        fn an_ipv6_address_outside_global_unicast_is_never_public(bits in any::<u128>()) {
            let address = Ipv6Addr::from_bits(bits);
            let [a, b, ..] = address.segments();
            prop_assume!(a >> 13 != 1 && (a, b) != (0x64, 0xff9b));
            prop_assert_ne!(Place::of(address.into()), Public);
        }
    }
}
