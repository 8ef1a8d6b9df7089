//! A Vite front end and its axum back end, in one binary.
//!
//! ```text
//! (cd frontend && npm install && npm run build)    makes frontend/dist
//! cargo run                                        bakes it, and serves both
//! ```
//!
//! While you work on the front end, `cargo run` serves the back end, and `npm run dev` the front
//! end, with hot module replacement; it hands requests below /api/ on.

use std::{env, io::Write};

use axum::{Router, routing::get};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let assets = hardtack::embed!().open()?;
    let app = Router::new()
        .route("/api/greeting", get(|| async { "Ahoy from the back end" }))
        .fallback_service(assets.service());
    let listen = env::var("LISTEN").unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("{assets}\nlistening  http://{}/", listener.local_addr()?);
    std::io::stdout().flush()?;
    axum::serve(listener, app).await?;
    Ok(())
}
