//! An operator who takes up again what a 410 has stopped; and time that passes quickly.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Executor as _, Row as _};

use super::targets::post;
use crate::stage::Stage;

/// Deliveries that are put off are due now. A try that is under way, or has died, keeps its time.
const HASTEN_CALLBACKS: &str = "UPDATE tbl_work w JOIN tbl_callback_delivery d ON d.task_id = w.task_id AND d.no = w.part \
     SET w.turn = 0, w.ready_at = NOW(3), w.due_at = NOW(3) WHERE w.kind = 3 AND d.state = 0 AND d.tries = w.attempt AND w.attempt > 0";
/// Lost messages are sent again without their wait.
const HASTEN_RUNS: &str = "UPDATE tbl_work SET due_at = NOW(3) WHERE kind = 2 AND state = 0 AND queue IN \
     (SELECT name FROM tbl_task_queue WHERE mode = 'push')";

/// Does what an operator does about targets that answered 410, and hastens time.
pub(super) struct Keeper {
    pub(super) stage: Arc<Stage>,
    pub(super) http: reqwest::Client,
}

impl Keeper {
    pub(super) async fn keep(self) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // The database may be away just now.
            if let Ok(mut owner) = self.stage.owner().await {
                let _ = self.once(&mut owner).await;
            }
        }
    }

    async fn once(&self, owner: &mut MySqlConnection) -> sqlx::Result<()> {
        owner.execute(HASTEN_CALLBACKS).await?;
        owner.execute(HASTEN_RUNS).await?;
        let paused = "SELECT name FROM tbl_task_queue WHERE paused = 1 AND mode = 'push'";
        for row in owner.fetch_all(paused).await? {
            let on = json!({"queue": name(&row)?, "paused": false});
            self.post("/task/queue/set", &on).await;
        }
        let held = "SELECT c.name FROM tbl_callback c WHERE c.disabled_at IS NOT NULL \
            OR EXISTS (SELECT 1 FROM tbl_callback_delivery d WHERE d.callback = c.name AND d.state = 3)";
        for row in owner.fetch_all(held).await? {
            let name = name(&row)?;
            let on = json!({"name": name, "enabled": true});
            self.post("/task/callback/set", &on).await;
            let again = json!({"name": name, "state": "held_back"});
            self.post("/task/callback/resend", &again).await;
        }
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) {
        post(&self.http, &self.stage, path, body).await;
    }
}

/// The first column, a text whichever type the server calls it.
fn name(row: &MySqlRow) -> sqlx::Result<String> {
    row.try_get_unchecked(0)
}
