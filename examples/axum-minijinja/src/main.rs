//! One page: axum, minijinja's templates, and its static files baked in, nested under a prefix.
//!
//! ```text
//! cargo run -p axum-minijinja
//! ```

use std::{env, io::Write, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use hardtack::Assets;
use minijinja::{Environment, context};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let assets = hardtack::embed!().open()?;
    let listen = env::var("LISTEN").unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("{assets}\nlistening  http://{}/", listener.local_addr()?);
    std::io::stdout().flush()?;
    axum::serve(listener, app(&assets)?).await?;
    Ok(())
}

fn app(assets: &Assets) -> anyhow::Result<Router> {
    let mut templates = Environment::new();
    templates.add_template("page.html", include_str!("../templates/page.html"))?;
    assets.add_to_minijinja(&mut templates);
    Ok(Router::new()
        .route("/", get(page))
        .with_state(Arc::new(templates))
        .nest_service("/static", assets.service().nested()))
}

async fn page(State(templates): State<Arc<Environment<'static>>>) -> Response {
    let template = templates.get_template("page.html");
    match template.and_then(|page| page.render(context! { title => "Biscuits & tea" })) {
        Ok(html) => Html(html).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}
