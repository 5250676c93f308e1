//! AWS's signature, version 4, of a POST to the root.

use std::fmt::Write as _;

use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Who signs: the role of the function, as Lambda puts it into the environment.
#[derive(Clone)]
pub struct Credentials<'t> {
    /// `AWS_ACCESS_KEY_ID`.
    pub key: &'t str,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: &'t str,
    /// `AWS_SESSION_TOKEN`.
    pub token: Option<&'t str>,
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Adds date, session token and signature to the headers of a request; `scope` is region and service.
pub(super) fn authorize<'h>(
    credentials: &Credentials<'_>,
    (region, service): (&str, &str),
    now: Timestamp,
    headers: &[(&'h str, &str)],
    body: &str,
) -> Vec<(&'h str, String)> {
    let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = now.strftime("%Y%m%d").to_string();
    let mut headers: Vec<(&str, String)> = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    headers.push(("x-amz-date", time.clone()));
    headers.extend(
        credentials
            .token
            .map(|token| ("x-amz-security-token", token.to_owned())),
    );
    headers.sort_unstable_by_key(|(name, _)| *name);
    let names = headers
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(";");
    let line = |text: String, (name, value): &(&str, String)| text + name + ":" + value + "\n";
    let lines = headers.iter().fold(String::new(), line);
    let request = format!(
        "POST\n/\n\n{lines}\n{names}\n{}",
        hex(&Sha256::digest(body))
    );
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(request))
    );
    let first = format!("AWS4{}", credentials.secret).into_bytes();
    let parts = [day.as_str(), region, service, "aws4_request", &text];
    let signature = hex(&parts.iter().fold(first, |key, part| keyed(&key, part)));
    let key = credentials.key;
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    );
    headers.push(("authorization", value));
    headers
}

/// Returns the HMAC of a text by a key.
fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("a key of any length will do")
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "post-vanilla" of AWS's published test suite for signers.
    #[test]
    fn a_signature_is_the_one_aws_computes() {
        let credentials = Credentials {
            key: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token: None,
        };
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        let headers = [("host", "example.amazonaws.com")];
        let signed = authorize(&credentials, ("us-east-1", "service"), now, &headers, "");
        let (_, value) = signed.last().unwrap();
        let signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        assert!(
            value.ends_with(&format!(
                "SignedHeaders=host;x-amz-date, Signature={signature}"
            )),
            "{value}"
        );
        assert!(!format!("{credentials:?}").contains("wJalr"));
    }
}
