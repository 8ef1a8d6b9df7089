//! rust-embed by axum-embed, as its documentation has it: `rust-embed ADDRESS:PORT`.

use std::{env, io};

use axum::Router;
use axum_embed::ServeEmbed;
use rust_embed::RustEmbed;

#[derive(RustEmbed, Clone)]
#[folder = "../target/site/twins"]
struct Assets;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).expect("ADDRESS:PORT");
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().nest_service("/", ServeEmbed::<Assets>::new())).await
}
