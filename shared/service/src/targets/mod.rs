//! Targets: the URLs of businesses that are called with a signed request. Every rule about where a call may go is here.

mod address;
mod caller;
mod client;
mod host;
mod hosts;
mod resolver;
mod secrets;
mod signature;
mod url;

pub(crate) use caller::Envelope;
pub use caller::{LONGEST_CALL, TargetCaller};
pub use client::{ANSWER_TIME, Answer, MOST_BYTES, Outcome, Refusal, SignedRequest, TargetClient};
pub use host::Host;
pub use hosts::{BlockedAddress, TargetHosts};
pub use secrets::{Keys, SecretName, SecretSource, Secrets};
pub use signature::{SigningKey, signature};
pub use url::TargetUrl;
