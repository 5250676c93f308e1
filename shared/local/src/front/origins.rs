//! The web pages that may use the stack: its own, and pages of the origins in `ALLOWED_ORIGINS`. Any other page could post
//! into the stack from the developer's browser.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HOST, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, StatusCode};

use super::{Request, Response, answer};

const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The origins of pages.
#[derive(Debug)]
pub(super) struct Origins {
    own: Vec<String>,
    allowed: Vec<String>,
}

impl Origins {
    pub(super) fn new(port: u16, allowed: &[String]) -> Self {
        let own = NAMES.map(|name| format!("http://{name}:{port}"));
        Self {
            own: own.to_vec(),
            allowed: allowed.to_vec(),
        }
    }

    /// Returns the refusal of a request that a page elsewhere made, or that came under a name that is not this machine's.
    pub(super) fn refusal(&self, request: &Request) -> Option<Response> {
        let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
        self.refused(header(ORIGIN), header(HOST))
            .map(|words| answer::message(StatusCode::FORBIDDEN, &words))
    }

    fn refused(&self, origin: Option<&[u8]>, host: Option<&[u8]>) -> Option<String> {
        let is = |known: &String, text: &[u8]| known.as_bytes().eq_ignore_ascii_case(text);
        let mut known = self.own.iter().chain(&self.allowed);
        if let Some(origin) = origin.filter(|origin| !known.any(|known| is(known, origin))) {
            let origin = String::from_utf8_lossy(origin);
            return Some(format!(
                "the page at {origin} may not use this stack: name it in ALLOWED_ORIGINS"
            ));
        }
        let host = String::from_utf8_lossy(host?).to_ascii_lowercase();
        let name = host.rsplit_once(':').map_or(&*host, |(name, _)| name);
        let is_allowed = |origin: &String| origin.ends_with(&format!("://{host}"));
        let is_ours = NAMES.contains(&name) || NAMES.contains(&&*host);
        if is_ours || self.allowed.iter().any(is_allowed) {
            return None;
        }
        Some(format!(
            "{host} is no name of this machine: use 127.0.0.1 or localhost"
        ))
    }

    /// Answers a browser that asks before it sends.
    pub(super) fn preflight(&self, request: &Request) -> Option<Response> {
        let asks =
            request.method() == Method::OPTIONS && self.is_allowed(request.headers().get(ORIGIN));
        if !asks {
            return None;
        }
        let mut answer = Response::default();
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let headers = [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET,POST"),
            (
                ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization,content-type,x-station-id",
            ),
            (ACCESS_CONTROL_MAX_AGE, "300"),
        ];
        for (name, value) in headers {
            answer
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        self.allow(request.headers().get(ORIGIN).cloned(), &mut answer);
        Some(answer)
    }

    /// Lets a page of an allowed origin read the answer.
    pub(super) fn allow(&self, origin: Option<HeaderValue>, answer: &mut Response) {
        if let Some(origin) = origin.filter(|origin| self.is_allowed(Some(origin))) {
            let headers = answer.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
    }

    fn is_allowed(&self, origin: Option<&HeaderValue>) -> bool {
        origin.is_some_and(|origin| self.allowed.iter().any(|known| origin == known.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(origin: Option<&str>, host: &str) -> bool {
        let origins = Origins::new(9000, &["https://panel.example".to_owned()]);
        let refused = origins.refused(origin.map(str::as_bytes), Some(host.as_bytes()));
        refused.is_some()
    }

    #[test]
    fn a_page_elsewhere_is_refused() {
        for origin in [
            "https://evil.example",
            "http://localhost:3000",
            "null",
            "http://127.0.0.1:90",
        ] {
            assert!(is_refused(Some(origin), "127.0.0.1:9000"), "{origin}");
        }
    }

    #[test]
    fn the_stacks_own_page_an_allowed_one_and_no_page_are_served() {
        let served = [
            None,
            Some("http://localhost:9000"),
            Some("http://127.0.0.1:9000"),
            Some("https://panel.example"),
        ];
        for origin in served {
            assert!(!is_refused(origin, "localhost:9000"), "{origin:?}");
        }
    }

    #[test]
    fn a_name_that_somebody_points_at_this_machine_is_refused() {
        assert!(is_refused(None, "evil.example:9000"));
        assert!(!is_refused(None, "panel.example"));
        assert!(!is_refused(None, "[::1]:9000"));
    }
}
