//! `TARGET_HOSTS`: which hosts may be called.

use std::net::IpAddr;

use super::address::{Network, Place};
use super::host::{Host, is_name};

/// The allow-list of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetHosts {
    names: Vec<String>,
    /// `.example.com` for `*.example.com`.
    suffixes: Vec<String>,
    networks: Vec<Network>,
}

/// Why an address is not connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its host has the {kind} address {address}, to which no connection is made")]
pub struct BlockedAddress {
    address: IpAddr,
    kind: &'static str,
}

impl TargetHosts {
    /// Reads `api.example.com,*.partner.example,10.1.0.0/16`: names, all names below a name, addresses and networks.
    ///
    /// # Errors
    /// The first entry that is none of them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut hosts = Self::default();
        for entry in text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            let name = entry.to_ascii_lowercase();
            if let Some(network) = Network::parse(&name) {
                hosts.networks.push(network);
            } else if let Some(below) = name.strip_prefix("*.").filter(|below| is_name(below)) {
                hosts.suffixes.push(format!(".{below}"));
            } else if is_name(&name) {
                hosts.names.push(name);
            } else {
                return Err(wrong(entry));
            }
        }
        Ok(hosts)
    }

    /// Tells whether a host may be called, as far as its name goes.
    #[must_use]
    pub fn allow(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => self.name(*address),
            Host::Name(name) => {
                self.names.contains(name) || self.suffixes.iter().any(|end| name.ends_with(end))
            }
        }
    }

    /// Checks an address before it is connected to.
    ///
    /// # Errors
    /// It is not public, and the allow-list does not name it; or it is one of those that are never reached.
    pub fn check(&self, address: IpAddr) -> Result<(), BlockedAddress> {
        match Place::of(address) {
            Place::Public => Ok(()),
            Place::Inside(_) if self.name(address) => Ok(()),
            Place::Inside(kind) | Place::Never(kind) => Err(BlockedAddress { address, kind }),
        }
    }

    fn name(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(address))
    }
}

fn wrong(entry: &str) -> String {
    format!("holds {entry:?}: each entry is a host name, *.name, an address or address/bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &str, host: &str) -> bool {
        TargetHosts::parse(list)
            .unwrap()
            .allow(&Host::parse(host).unwrap())
    }

    #[test]
    fn a_host_is_allowed_by_its_name_by_the_name_above_it_or_by_its_network() {
        let list = "api.example.com, *.partner.example, 10.1.0.0/16, 127.0.0.1";
        for host in [
            "api.example.com",
            "a.partner.example",
            "a.b.partner.example",
            "10.1.2.3",
            "127.0.0.1",
        ] {
            assert!(allows(list, host), "{host}");
        }
        for host in [
            "example.com",
            "xapi.example.com",
            "partner.example",
            "evilpartner.example",
            "10.2.0.1",
            "127.0.0.2",
        ] {
            assert!(!allows(list, host), "{host}");
        }
        assert!(
            !allows("", "api.example.com"),
            "an empty list allows nobody"
        );
    }

    #[test]
    fn a_bad_entry_is_named() {
        for bad in [
            "https://a.example",
            "a.example:443",
            "*",
            "*.com",
            "*example.com",
            "a b",
            "10.0.0.0/40",
            "u@a.example",
            "2130706433",
        ] {
            let error = TargetHosts::parse(bad).unwrap_err();
            assert!(error.contains(bad), "{error}");
        }
    }

    #[test]
    fn an_address_inside_is_reached_only_where_the_list_names_it_and_metadata_never() {
        let check = |list: &str, address: &str| {
            TargetHosts::parse(list)
                .unwrap()
                .check(address.parse().unwrap())
                .is_ok()
        };
        assert!(check("", "1.1.1.1"));
        assert!(!check("api.example.com", "10.1.2.3"));
        assert!(check("10.0.0.0/8", "10.1.2.3"));
        assert!(!check("0.0.0.0/0,::/0", "169.254.169.254"));
        assert!(!check("0.0.0.0/0,::/0", "fd00:ec2::254"));
        assert!(!check("0.0.0.0/0,::/0", "::ffff:10.0.0.1"));
        assert!(!check("0.0.0.0/0", "0.0.0.0"));
    }
}
