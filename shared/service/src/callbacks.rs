//! Callbacks: signed requests that tell a business of the ends of its tasks, each at least once.

mod announce;
mod declare;
mod deliver;
mod list;

pub use task_store::callbacks::Try;
use task_store::callbacks::{self, CallbackName};
use task_store::{Connection, Database};

use crate::error::{Error, Result};

pub use announce::{Swept, announce_due};
pub use declare::{CallbackRequest, CallbackView, set};
pub use deliver::{deliver, next, tell};
pub(crate) use list::Tries;
pub use list::{DeliveryView, ListRequest, Listed, Resend, Resent, list, resend};

/// Refuses a callback that is not declared.
///
/// # Errors
/// `PARAM_INVALID`.
pub(crate) async fn check(database: &Database, name: Option<&CallbackName>) -> Result<()> {
    match name {
        None => Ok(()),
        Some(name) => {
            let check = async |c: &mut _| check_named(c, name.as_str()).await;
            database.read(check).await
        }
    }
}

/// Checks the same on a connection of the caller's.
pub(crate) async fn check_named(connection: &mut Connection, name: &str) -> Result<()> {
    let found = callbacks::find(connection, name).await?;
    found.map(|_| ()).ok_or_else(|| undeclared(name))
}

/// Makes the refusal `PARAM_INVALID` of a callback that is not declared.
pub(crate) fn undeclared(name: &str) -> Error {
    let wrong =
        format!("names {name:?}, which is not declared: declare it with /task/callback/set");
    Error::invalid("callback", &wrong)
}
