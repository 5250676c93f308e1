//! The messages of one request: a chunk's or a task's name, its station as the group, and the trace of the call that sends it.

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::MessageSystemAttributeNameForSends::AwsTraceHeader as TraceHeader;
use aws_sdk_sqs::types::{MessageSystemAttributeValue, SendMessageBatchRequestEntry};
use task_store::StationId;

/// A message to a queue.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) body: String,
    /// By which a queue groups messages.
    pub(super) station: StationId,
    /// Seconds until anybody gets it.
    pub(super) delay: u32,
}

/// Builds the messages of a request; answers the places of messages that cannot be built: these count as unsent.
pub(super) fn entries<E: std::fmt::Display>(
    part: &[usize],
    build: impl Fn(usize) -> Result<SendMessageBatchRequestEntry, E>,
) -> (Vec<SendMessageBatchRequestEntry>, Vec<usize>) {
    let (mut entries, mut unsent) = (Vec::with_capacity(part.len()), Vec::new());
    for place in part {
        match build(*place) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                tracing::error!(%error, "a message cannot be built");
                unsent.push(*place);
            }
        }
    }
    (entries, unsent)
}

/// Builds a message of a request; its id is its place.
pub(super) fn entry(
    place: usize,
    message: &Message,
    trace: Option<&MessageSystemAttributeValue>,
) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let delay = i32::try_from(message.delay).ok().filter(|delay| *delay > 0);
    let entry = SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_body(&message.body)
        .message_group_id(group(message.station.as_str()))
        .set_delay_seconds(delay);
    let entry = match trace {
        Some(trace) => entry.message_system_attributes(TraceHeader, trace.clone()),
        None => entry,
    };
    entry.build()
}

/// Returns the trace of the current invocation, for the worker to go on with.
pub(super) fn trace_header(header: Option<String>) -> Option<MessageSystemAttributeValue> {
    let header = header.filter(|header| !header.is_empty())?;
    let value = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(header);
    value.build().ok()
}

/// Returns the message group of a station: its name, or the hex of its bytes where the name is not ASCII, which a group must be.
pub(crate) fn group(station: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic();
    if station.chars().all(plain) {
        return station.to_owned();
    }
    station
        .bytes()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(delay: u32) -> Message {
        Message {
            body: "{}".to_owned(),
            station: StationId::parse("T1").unwrap(),
            delay,
        }
    }

    #[test]
    fn a_message_that_cannot_be_built_is_unsent_and_the_others_are_sent_under_their_places() {
        let (entries, unsent) = entries(&[3, 4, 5], |place| match place {
            4 => Err("no body".to_owned()),
            _ => entry(place, &message(0), None).map_err(|error| error.to_string()),
        });
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!((ids, unsent), (vec!["3", "5"], vec![4]));
    }

    #[test]
    fn a_message_is_delayed_only_if_it_says_so() {
        let delays = [0, 9].map(|delay| entry(0, &message(delay), None).unwrap().delay_seconds);
        assert_eq!(delays, [None, Some(9)]);
    }

    #[test]
    fn a_message_carries_the_trace_of_the_call_that_sent_it_if_there_is_one() {
        let message = message(0);
        let header = "Root=1-6a1f0c00-0123456789abcdef01234567;Sampled=1";
        let trace = trace_header(Some(header.to_owned()));
        let traced = entry(0, &message, trace.as_ref()).unwrap();
        let attributes = traced.message_system_attributes.unwrap();
        assert_eq!(attributes[&TraceHeader].string_value(), Some(header));
        assert_eq!(attributes[&TraceHeader].data_type(), "String");
        let untraced = entry(0, &message, trace_header(None).as_ref()).unwrap();
        assert_eq!(untraced.message_system_attributes, None);
    }

    #[test]
    fn a_message_group_is_ascii_and_one_per_station() {
        assert_eq!(group("T1"), "T1");
        assert_eq!(group("站"), "e7ab99");
    }
}
