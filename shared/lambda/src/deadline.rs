//! Until when an invocation may begin more work.

use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::Context;
use task_service::batch::Deadline;

use crate::{ConfigurationError, Environment, FromEnvironment};

/// What an invocation keeps in reserve for the work it has begun; of a short one, a quarter.
const RESERVE: Duration = Duration::from_secs(5);

/// How long the function may run, for a runtime that does not say when an invocation ends (`cargo lambda watch` names a
/// moment in 1970). `AWS_LAMBDA_FUNCTION_TIMEOUT`, in seconds, as Lambda's own emulator takes it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FunctionTimeout(Option<Duration>);

impl FromEnvironment for FunctionTimeout {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        const VARIABLE: &str = "AWS_LAMBDA_FUNCTION_TIMEOUT";
        let seconds = environment.seconds(VARIABLE, 1..=900, 0)?;
        Ok(Self(Some(seconds).filter(|seconds| !seconds.is_zero())))
    }
}

/// The deadline of an invocation that begins now.
pub(crate) fn of(context: &Context, timeout: FunctionTimeout) -> Deadline {
    let cut_off = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
    let left = cut_off.duration_since(SystemTime::now()).ok();
    left.or(timeout.0).map_or_else(Deadline::default, |left| {
        Deadline::at(Instant::now() + left.saturating_sub(RESERVE.min(left / 4)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(deadline: u64, timeout: &str) -> (bool, bool) {
        let mut context = Context::default();
        context.deadline = deadline;
        let timeout = Environment::from([("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout)]);
        let deadline = of(
            &context,
            FunctionTimeout::from_environment(&timeout).unwrap(),
        );
        (deadline == Deadline::default(), deadline.has_passed())
    }

    #[test]
    fn a_runtime_that_does_not_say_when_an_invocation_ends_sets_no_deadline() {
        assert_eq!(passed(0, ""), (true, false));
        assert_eq!(passed(600_000, ""), (true, false));
    }

    #[test]
    fn the_functions_own_timeout_counts_where_the_runtime_does_not_say() {
        assert_eq!(passed(600_000, "60"), (false, false));
    }

    #[test]
    fn a_quarter_of_a_short_invocation_is_kept_in_reserve() {
        let soon = SystemTime::now() + Duration::from_secs(8);
        let soon = soon.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(
            passed(u64::try_from(soon.as_millis()).unwrap(), ""),
            (false, false)
        );
    }
}
