//! Until when an invocation may begin more work, and when the work it has begun must be over.

use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::Context;
use task_engine::Deadline;

use crate::variables::AWS_LAMBDA_FUNCTION_TIMEOUT;
use crate::{ConfigurationError, Environment, FromEnvironment};

/// The time that an invocation reserves for a chunk it has begun: the default bound of a unit of work. Of a short
/// invocation it is a third.
const RESERVE: Duration = Duration::from_secs(20);
/// The time that is kept for the answer and for ending a slow statement; of a short invocation, an eighth.
const ANSWER: Duration = Duration::from_secs(2);

/// How long the function may run, for a runtime that does not say when an invocation ends (or names a
/// moment in 1970). `AWS_LAMBDA_FUNCTION_TIMEOUT`, in seconds, as Lambda's own emulator takes it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FunctionTimeout(Option<Duration>);

impl FromEnvironment for FunctionTimeout {
    fn from_environment(environment: &Environment) -> Result<Self, ConfigurationError> {
        let seconds = environment.seconds(AWS_LAMBDA_FUNCTION_TIMEOUT, 1..=900)?;
        Ok(Self(Some(seconds).filter(|seconds| !seconds.is_zero())))
    }
}

/// Returns the deadline of an invocation that begins now: from then on it begins nothing more.
pub(crate) fn of(context: &Context, timeout: FunctionTimeout) -> Deadline {
    left(context, timeout).map_or_else(Deadline::default, |left| {
        Deadline::at(Instant::now() + left.saturating_sub(RESERVE.min(left / 3)))
    })
}

/// Returns the deadline of an invocation whose pieces of work each take up to `longest`: some part of the time before, so that
/// invocations that began together do not end together, and somebody always takes what arrives. A runtime that does not say when
/// it ends leaves time for one of them.
pub(crate) fn before(context: &Context, timeout: FunctionTimeout, longest: Duration) -> Deadline {
    let left = left(context, timeout).map_or(longest, |left| left.saturating_sub(longest));
    let part = 0.4 + 0.6 * fastrand::f64();
    Deadline::at(Instant::now() + left.mul_f64(part))
}

/// Computes when all units of work of an invocation end. The time after that is for the answer.
pub(crate) fn end(context: &Context, timeout: FunctionTimeout) -> Option<Instant> {
    let left = left(context, timeout)?;
    Some(Instant::now() + left.saturating_sub(ANSWER.min(left / 8)))
}

/// Returns the time until the invocation is cut off.
fn left(context: &Context, timeout: FunctionTimeout) -> Option<Duration> {
    let cut_off = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
    cut_off.duration_since(SystemTime::now()).ok().or(timeout.0)
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

    fn ending_in(seconds: u64) -> Context {
        let cut_off = SystemTime::now() + Duration::from_secs(seconds);
        let cut_off = cut_off.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut context = Context::default();
        context.deadline = u64::try_from(cut_off.as_millis()).unwrap();
        context
    }

    #[test]
    fn a_chunk_that_is_begun_has_twenty_seconds_and_of_a_short_invocation_a_third() {
        for (seconds, begins_until) in [(60, 40), (6, 4)] {
            let deadline = of(&ending_in(seconds), FunctionTimeout::default());
            let at = |seconds| Deadline::at(Instant::now() + Duration::from_secs(seconds));
            assert!(deadline <= at(begins_until) && deadline > at(begins_until - 1));
        }
    }

    #[test]
    fn units_of_work_end_two_seconds_before_the_function_does_and_in_a_short_one_an_eighth() {
        for (seconds, milliseconds) in [(25, 23_000), (2, 1_750)] {
            let end = end(&ending_in(seconds), FunctionTimeout::default()).unwrap();
            let left = end.saturating_duration_since(Instant::now());
            let expected = Duration::from_millis(milliseconds);
            let slack = Duration::from_millis(500);
            assert!(left <= expected && left + slack > expected, "{left:?}");
        }
        assert_eq!(end(&Context::default(), FunctionTimeout::default()), None);
    }
}
