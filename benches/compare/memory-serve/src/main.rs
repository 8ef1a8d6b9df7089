//! memory-serve in axum, as its documentation has it: `memory-serve ADDRESS:PORT`.

use std::{env, io};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).expect("ADDRESS:PORT");
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, memory_serve::load!().into_router()).await
}
