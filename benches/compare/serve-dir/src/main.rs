//! tower-http's `ServeDir` in axum, as its documentation has it: `serve-dir ADDRESS:PORT FOLDER`.

use std::{env, io};

use axum::Router;
use tower_http::services::ServeDir;

#[tokio::main]
async fn main() -> io::Result<()> {
    let [address, folder] =
        [1, 2].map(|place| env::args().nth(place).expect("ADDRESS:PORT FOLDER"));
    let files = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().fallback_service(files)).await
}
