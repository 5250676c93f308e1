//! An HTTP answer, and the checks of every envelope.

use serde_json::Value;

/// One answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
    /// The envelope; `null` when the body is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let header = response.headers().get("content-type");
        let content_type = header
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self {
            status,
            content_type,
            text,
            body,
        }
    }

    /// The data of a success.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        let success = (self.status, &self.body["code"], &self.body["msg"]);
        assert_eq!(success, (200, &0.into(), &"ok".into()), "{}", self.text);
        &self.body["data"]
    }

    /// The sentence of a refusal with this machine word.
    #[track_caller]
    pub(crate) fn refusal(&self, word: &str) -> &str {
        let refusal = (self.status, &self.body["code"], &self.body["error"]);
        assert_eq!(refusal, (200, &1.into(), &word.into()), "{}", self.text);
        self.body["msg"].as_str().unwrap()
    }

    /// The body as it came, but for the request's id.
    pub(crate) fn without_request_id(&self) -> String {
        let id = self.body["request_id"].as_str().unwrap();
        assert!(!id.is_empty(), "{}", self.text);
        self.text.replace(id, "")
    }
}
