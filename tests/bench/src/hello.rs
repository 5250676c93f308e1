//! A function that does nothing, as the ecosystem's own crate makes one.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(hello)).await
}

async fn hello(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::new(Body::from(r#"{"code":0,"msg":"ok"}"#)))
}
