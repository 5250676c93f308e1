//! The URL of a target: an https URL in one plain form, so that what is checked is what is called.

use http::Uri;
use http::uri::Scheme;

use super::host::Host;
use super::hosts::TargetHosts;

/// The most bytes of a URL.
const MAX: usize = 1_000;

/// The URL of a target, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetUrl {
    uri: Uri,
    host: Host,
}

impl TargetUrl {
    /// Checks a URL against the rules and the allow-list.
    ///
    /// # Errors
    /// What is wrong about it, to continue a sentence.
    pub fn parse(text: &str, hosts: &TargetHosts) -> Result<Self, String> {
        let url = Self::read(text)?;
        let shown = url.uri.host().unwrap_or_default();
        if !hosts.allow(&url.host) {
            return Err(format!(
                "has the host {shown}, which TARGET_HOSTS of this deployment does not name"
            ));
        }
        if let Host::Address(address) = url.host {
            hosts
                .check(address)
                .map_err(|blocked| blocked.to_string())?;
        }
        Ok(url)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.len() > MAX {
            return Err(format!(
                "has {} bytes, at most {MAX} are allowed",
                text.len()
            ));
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !"\\#<>\"^`{|}".contains(c);
        let uri = text
            .parse::<Uri>()
            .ok()
            .filter(|_| text.chars().all(is_plain));
        let uri =
            uri.ok_or("must be a URL https://host/path of printable ASCII without a fragment")?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        if authority.contains('@') {
            return Err(
                "must hold neither user nor password: requests are signed with the secret"
                    .to_owned(),
            );
        }
        let host = uri.host().unwrap_or_default();
        let is_whole = authority == host || uri.port_u16().is_some_and(|port| port > 0);
        let host = Host::parse(host).filter(|_| is_whole).ok_or(
            "must have a host name in lower case with a dot, or an address in its usual form, and a port from 1 to 65535",
        )?;
        let scheme = uri.scheme();
        if scheme == Some(&Scheme::HTTPS) || (scheme == Some(&Scheme::HTTP) && host.is_loopback()) {
            return Ok(Self { uri, host });
        }
        Err("must begin with https:// (http:// is for a loopback address alone)".to_owned())
    }

    /// Returns the URL as it is called.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    #[cfg(test)]
    pub(super) fn set_uri(&mut self, uri: Uri) {
        self.uri = uri;
    }

    /// Returns the host, an address where the URL names one.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts() -> TargetHosts {
        TargetHosts::parse("api.example.com,*.partner.example,127.0.0.1,::1,0.0.0.0/0").unwrap()
    }

    #[test]
    fn a_plain_https_url_of_an_allowed_host_is_taken() {
        for url in [
            "https://api.example.com",
            "https://api.example.com/hooks?a=b%20c",
            "https://api.example.com:8443/",
            "https://x.partner.example/a/b",
            "http://127.0.0.1:9999/run",
            "http://[::1]:9999/run",
            "https://8.8.8.8/",
        ] {
            assert!(TargetUrl::parse(url, &hosts()).is_ok(), "{url}");
        }
    }

    /// Each form of an attack, and a word of its refusal.
    const REFUSED: [(&str, &str); 30] = [
        ("http://api.example.com/", "https://"),
        ("ftp://api.example.com/", "https://"),
        ("//api.example.com/", ""),
        ("/hooks", "host name"),
        ("", "URL"),
        ("https://", "URL"),
        ("https://api.example.com@evil.example/", "user"),
        ("https://u:p@api.example.com/", "user"),
        ("https://api.example.com#@evil.example/", "URL"),
        ("https://api.example.com\\@evil.example/", "URL"),
        ("https://api.example.com:0/", "port"),
        ("https://api.example.com:99999/", ""),
        ("https://API.example.com/", "lower case"),
        ("https://api.example.com./", "host name"),
        ("https://other.example.com/", "TARGET_HOSTS"),
        ("https://localhost/", "host name"),
        ("https://2130706433/", "host name"),
        ("https://127.1/", "host name"),
        ("https://0177.0.0.1/", "host name"),
        ("https://0x7f.0.0.1/", "host name"),
        ("https://0x7f000001/", "host name"),
        ("https://a.0x7f/", "host name"),
        ("https://169.254.169.254/latest/meta-data", "link-local"),
        ("https://0.0.0.0/", "unspecified"),
        ("https://[::ffff:127.0.0.1]/", "TARGET_HOSTS"),
        ("https://[::]/", "TARGET_HOSTS"),
        ("https://[fe80::1%25eth0]/", ""),
        ("https://api.example.com/a b", "URL"),
        ("https://api.example.com/\r\nhost: x", "URL"),
        ("https://ⓐpi.example.com/", "URL"),
    ];

    #[test]
    fn every_other_form_is_refused_with_its_reason() {
        for (url, word) in REFUSED {
            let refusal = TargetUrl::parse(url, &hosts()).unwrap_err();
            assert!(refusal.contains(word), "{url}: {refusal}");
            assert!(!refusal.contains("u:p"), "{refusal}");
        }
        let long = format!("https://api.example.com/{}", "a".repeat(MAX));
        assert!(TargetUrl::parse(&long, &hosts()).is_err());
    }

    proptest! {
        #[test]
        fn the_host_that_is_checked_is_the_host_that_is_called(text in "https?://[a-z0-9.@:\\[\\]/#?%\\\\-]{0,40}") {
            if let Ok(url) = TargetUrl::parse(&text, &hosts()) {
                let after = text.split_once("//").map_or("", |(_, after)| after);
                let authority = after.split(['/', '?']).next().unwrap_or_default();
                let host = url.uri().host().unwrap_or_default();
                prop_assert!(authority == host || authority.starts_with(&format!("{host}:")), "{}", text);
                prop_assert!(!text.contains('@') || after.find('@') > after.find(['/', '?']));
            }
        }

        #[test]
        fn a_number_is_an_address_in_its_usual_form_or_no_host(bits in any::<u32>()) {
            let [a, b, c, d] = std::net::Ipv4Addr::from_bits(bits).octets();
            for text in [format!("{bits}"), format!("{bits:#x}"), format!("{a}.{b}.{}", u32::from(c) << 8 | u32::from(d)), format!("0{a:o}.{b}.{c}.0{d:o}")] {
                prop_assert_eq!(Host::parse(&text), None);
            }
        }
    }
}
