//! The messages of one request: a chunk's name, its station as the group, and the trace of the call that sends it.

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::MessageSystemAttributeNameForSends::AwsTraceHeader as TraceHeader;
use aws_sdk_sqs::types::{MessageSystemAttributeValue, SendMessageBatchRequestEntry};
use task_engine::ChunkMessage;
use task_store::chunks::ChunkKey;
use task_store::outbox::Announcement;

/// The messages of a request, and the chunks of which none can be built: these count as unsent.
pub(super) fn entries<E: std::fmt::Display>(
    part: &[&Announcement],
    build: impl Fn(usize, &Announcement) -> Result<SendMessageBatchRequestEntry, E>,
) -> (Vec<SendMessageBatchRequestEntry>, Vec<ChunkKey>) {
    let (mut entries, mut unsent) = (Vec::with_capacity(part.len()), Vec::new());
    for (at, due) in part.iter().enumerate() {
        match build(at, due) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                tracing::error!(task.id = due.key.task.get(), %error, "a message cannot be built");
                unsent.push(due.key);
            }
        }
    }
    (entries, unsent)
}

/// One message; its id is its place in the request.
pub(super) fn entry(
    at: usize,
    due: &Announcement,
    trace: Option<&MessageSystemAttributeValue>,
) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(ChunkMessage::new(due.key).body())
        .message_group_id(group(due.station.as_str()));
    let entry = match trace {
        Some(trace) => entry.message_system_attributes(TraceHeader, trace.clone()),
        None => entry,
    };
    entry.build()
}

/// The trace of the current invocation, for the worker to go on with.
pub(super) fn trace_header(header: Option<String>) -> Option<MessageSystemAttributeValue> {
    let header = header.filter(|header| !header.is_empty())?;
    let value = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(header);
    value.build().ok()
}

/// A message group id holds ASCII only: a station's name as it is, or as the hex of its bytes.
fn group(station: &str) -> String {
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
    use task_store::{StationId, TaskId};

    fn due(chunk: u32) -> Announcement {
        Announcement {
            key: ChunkKey {
                task: TaskId::parse("7").unwrap(),
                run: 1,
                chunk,
            },
            station: StationId::parse("T1").unwrap(),
            job: "order_import".to_owned(),
        }
    }

    #[test]
    fn a_message_that_cannot_be_built_is_unsent_and_the_others_are_sent_under_their_places() {
        let part = [due(0), due(1), due(2)];
        let part: Vec<_> = part.iter().collect();
        let (entries, unsent) = entries(&part, |at, due| match at {
            1 => Err("no body".to_owned()),
            _ => entry(at, due, None).map_err(|error| error.to_string()),
        });
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!((ids, unsent), (vec!["0", "2"], vec![part[1].key]));
    }

    #[test]
    fn a_message_carries_the_trace_of_the_call_that_sent_it_if_there_is_one() {
        let due = due(0);
        let header = "Root=1-6a1f0c00-0123456789abcdef01234567;Sampled=1";
        let trace = trace_header(Some(header.to_owned()));
        let traced = entry(0, &due, trace.as_ref()).unwrap();
        let attributes = traced.message_system_attributes.unwrap();
        assert_eq!(attributes[&TraceHeader].string_value(), Some(header));
        assert_eq!(attributes[&TraceHeader].data_type(), "String");
        let untraced = entry(0, &due, trace_header(None).as_ref()).unwrap();
        assert_eq!(untraced.message_system_attributes, None);
    }

    #[test]
    fn a_message_group_is_ascii_and_one_per_station() {
        assert_eq!(group("T1"), "T1");
        assert_eq!(group("站"), "e7ab99");
    }
}
