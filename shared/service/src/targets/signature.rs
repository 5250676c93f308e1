//! Standard Webhooks: who receives a request proves by its signature that we have sent it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// What requests are signed with. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Reads `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// What is wrong about it, without a character of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let wrong = "must be whsec_ and 24 to 64 bytes in base64";
        let text = text.trim().strip_prefix("whsec_").ok_or(wrong)?;
        let bytes = STANDARD.decode(text).map_err(|_| wrong)?;
        (24..=64)
            .contains(&bytes.len())
            .then_some(Self(bytes))
            .ok_or(wrong)
    }

    fn sign(&self, text: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("a key of any length will do")
        };
        mac.update(text.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

/// Returns the value of `webhook-signature`: a signature by each key, so that a receiver with either secret accepts it.
#[must_use]
pub fn signature(keys: &[SigningKey], id: &str, timestamp: i64, body: &str) -> String {
    let text = format!("{id}.{timestamp}.{body}");
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(&text)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_signature_is_the_one_that_verifiers_compute() {
        let key = SigningKey::parse(SECRET).unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_keys_make_two_signatures() {
        let other = format!("whsec_{}", STANDARD.encode([7; 24]));
        let keys = [SECRET, other.as_str()].map(|text| SigningKey::parse(text).unwrap());
        let both = signature(&keys, "a", 1, "{}");
        let each = keys
            .each_ref()
            .map(|key| signature(std::slice::from_ref(key), "a", 1, "{}"));
        assert_eq!(both, each.join(" "));
    }

    #[test]
    fn a_secret_of_another_form_is_refused_and_none_is_shown() {
        for bad in [
            "",
            "whsec_",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_c2hvcnQ=",
            "whsec_!!!!",
        ] {
            assert!(SigningKey::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", SigningKey::parse(SECRET)), "Ok(SigningKey)");
    }
}
