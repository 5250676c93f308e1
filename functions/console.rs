//! `GET /console`, `GET /console/{file+}`: the page for station staff and operators.

use task_lambda::ConsoleSettings;
use task_lambda::http::{Call, Reply, StaticFile, get};

fn main() -> Result<(), task_lambda::Error> {
    get(handle)
}

async fn handle(settings: &ConsoleSettings, call: Call) -> task_service::Result<Reply> {
    let name = call.path().strip_prefix("/console").unwrap_or_default();
    let name = name.strip_prefix('/').unwrap_or(name);
    if name == "config.json" {
        let document = settings.document(env!("CARGO_PKG_VERSION")).to_string();
        return Ok(Reply::document("application/json; charset=utf-8", document));
    }
    let Some(file) = task_console::file(name) else {
        return Ok(Reply::no_file());
    };
    let file = StaticFile {
        content_type: file.content_type(),
        entity_tag: file.entity_tag,
        gzip: file.gzip,
        is_hashed: file.is_hashed(),
        policy: settings.policy(),
    };
    Reply::file(&call, &file)
}
