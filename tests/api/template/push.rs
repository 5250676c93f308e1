//! Who wakes what calls targets.

use yaml_rust2::Yaml;

use super::permissions::WAKES_PUSH;
use super::{Template, text};

#[test]
fn what_can_end_a_task_or_make_one_due_wakes_who_calls_its_target_and_nothing_else_does() {
    let ends = [
        "async-task-callback-resend",
        "async-task-close",
        "async-task-retry",
        "batch-dead-letter",
        "batch-sweeper",
        "housekeeper",
        "order-batch-amend",
        "order-batch-submit",
        "order-batch-worker",
        "sku-batch-price",
        "sku-price-worker",
        "task-add",
        "task-callback-resend",
        "task-fail",
        "task-finish",
        "task-push",
        "task-retry",
    ];
    let template = Template::read();
    for function in template.functions() {
        let role = text(&function.properties["Role"]).map(|arn| arn.replace(".Arn", ""));
        let managed = role.map(|role| template.resource(&role)["ManagedPolicyArns"].clone());
        let policies = &function.properties["Policies"];
        let mut given = [policies.as_vec(), managed.as_ref().and_then(Yaml::as_vec)]
            .into_iter()
            .flatten()
            .flatten();
        let may = given.any(|policy| policy.as_str() == Some(WAKES_PUSH));
        let knows = function.environment("PUSH_QUEUE_URL").is_some();
        let expected = ends.contains(&function.binary.as_str());
        assert_eq!((may, knows), (expected, expected), "{}", function.binary);
    }
}
