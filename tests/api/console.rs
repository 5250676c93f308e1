//! `/console`: the page, its files and its configuration, as the function serves them.

use std::fs;

use reqwest::Response;
use serde_json::json;
use task_local::project_root;

use crate::support::{Api, with_api, with_own_api};

async fn got(api: &Api, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = api.request("GET", path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// The texts in quotes of the page that name a file of it.
fn named(page: &str) -> Vec<String> {
    let texts = page.split('"').filter(|text| text.starts_with("/console/"));
    texts.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_and_every_file_it_names_are_served() {
    with_api(async |api| {
        let page = got(api, "/console", &[]).await;
        assert_eq!(page.status(), 200);
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
        let text = page.text().await.unwrap();
        let built = fs::read_to_string(project_root().join("console/dist/index.html")).unwrap();
        assert_eq!(text, built);
        for file in named(&text) {
            let file = got(api, &file, &[]).await;
            assert_eq!(
                (file.status(), header(&file, "cache-control")),
                (
                    200.try_into().unwrap(),
                    "public, max-age=31536000, immutable"
                )
            );
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_in_the_page_is_inline_so_that_its_strict_policy_holds() {
    with_api(async |api| {
        let page = got(api, "/console", &[]).await;
        let policy = header(&page, "content-security-policy").to_owned();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self';",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff");
        assert_eq!(header(&page, "referrer-policy"), "no-referrer");
        let text = page.text().await.unwrap();
        for inline in ["<style", " style=", "<script>", "javascript:", " onload="] {
            assert!(!text.contains(inline), "{inline}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_page_is_asked_for_again_and_not_sent_again() {
    with_api(async |api| {
        let page = got(api, "/console", &[("accept-encoding", "gzip")]).await;
        assert_eq!(
            (
                header(&page, "cache-control"),
                header(&page, "content-encoding")
            ),
            ("no-cache", "gzip")
        );
        let tag = header(&page, "etag").to_owned();
        let again = got(api, "/console", &[("if-none-match", &tag)]).await;
        assert_eq!(again.status(), 304);
        assert_eq!(again.text().await.unwrap(), "");
        let other = got(api, "/console", &[("if-none-match", "\"other\"")]).await;
        assert_eq!(other.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_file_of_the_page_is_not_found() {
    with_api(async |api| {
        for path in [
            "x",
            "assets",
            "assets/",
            "tasks/7",
            "..%2f..%2fCargo.toml",
            "%2e%2e/Cargo.toml",
            "index.html/x",
            "/etc/passwd",
            "console/index.html",
        ] {
            let answer = got(api, &format!("/console/{path}"), &[]).await;
            assert_eq!(answer.status(), 404, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_page_learns_how_people_sign_in() {
    with_api(async |api| {
        let local = api.get("/console/config.json").await;
        assert_eq!(
            (
                &local.body["local"],
                &local.body["operator"],
                &local.body["sign_in"]
            ),
            (&json!(true), &json!(true), &json!(null))
        );
    })
    .await;
    let deployed = |config: task_local::StackConfig| {
        let config = config
            .with("STATION_SOURCE", "claim")
            .with("CONSOLE_ISSUER", "https://id.example.com/")
            .with("MAX_ORDERS", "700");
        config
            .with("CONSOLE_CLIENT_ID", "panel")
            .with("CONSOLE_CONNECT", "https://token.example.com")
    };
    with_own_api(deployed, async |api| {
        let config = api.get("/console/config.json").await.body;
        let told = ["local", "operator", "max_orders"].map(|name| &config[name]);
        assert_eq!(told, [&json!(false), &json!(false), &json!(700)]);
        let expected = json!({"issuer": "https://id.example.com/", "client_id": "panel", "scopes": "openid profile"});
        assert_eq!(config["sign_in"], expected);
        let page = got(api, "/console", &[]).await;
        let hosts = "connect-src 'self' https://id.example.com https://token.example.com;";
        assert!(header(&page, "content-security-policy").contains(hosts));
    })
    .await;
}
