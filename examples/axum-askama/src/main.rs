//! A small app of several pages: axum, askama's templates, and its static files baked in.
//!
//! ```text
//! cargo run -p axum-askama                                          as it is shipped
//! HARDTACK_LIVE=examples/axum-askama/assets cargo run -p axum-askama   while you work on the assets
//! HARDTACK_STATIC_HOST=https://cdn.example cargo run -p axum-askama    behind a CDN
//! ```

use std::{env, io::Write};

use askama::Template;
use axum::{
    Form, Router,
    extract::{Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use hardtack::{Assets, CdnGuard, Destination, Preload, asset};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_http::{compression::CompressionLayer, trace::TraceLayer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let assets = hardtack::embed!().open()?;
    let listen = env::var("LISTEN").unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("{assets}\nlistening  http://{}/", listener.local_addr()?);
    std::io::stdout().flush()?;
    axum::serve(listener, app(assets)?).await?;
    Ok(())
}

/// Each layer is around those above it: the last one sees a request first.
fn app(assets: Assets) -> anyhow::Result<Router> {
    let app = Router::new()
        .route("/", get(home))
        .route("/order", get(order_form).post(order))
        .route("/thanks", get(thanks))
        .with_state(assets.clone())
        // Pages have a session, and are compressed.
        .layer(middleware::from_fn(session))
        .layer(CompressionLayer::new())
        // Assets have neither: they are for everybody, and were compressed by the bake.
        .layer(assets.layer());
    let app = match CdnGuard::from_environment(assets.bundle())? {
        Some(guard) => app.layer(guard),
        None => app,
    };
    Ok(app.layer(TraceLayer::new_for_http()))
}

/// Stands for the sessions of a real app: a visitor without a cookie gets one.
async fn session(request: Request, next: Next) -> Response {
    let is_new = !request.headers().contains_key(header::COOKIE);
    let mut response = next.run(request).await;
    if is_new {
        let cookie = HeaderValue::from_static("visitor=1; HttpOnly; SameSite=Lax");
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

struct Biscuit {
    name: &'static str,
    pence: u32,
    praise: &'static str,
}

const BISCUITS: &[Biscuit] = &[
    Biscuit { name: "Hardtack", pence: 5, praise: "flour, water, salt; keeps for years" },
    Biscuit { name: "Rusk", pence: 12, praise: "baked twice" },
    Biscuit { name: "Lebkuchen", pence: 80, praise: "honey, and seven spices" },
];

#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    biscuit: String,
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    assets: Assets,
    biscuits: &'static [Biscuit],
}

#[derive(Template)]
#[template(path = "order.html")]
struct OrderForm {
    assets: Assets,
    biscuits: &'static [Biscuit],
    order: Order,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct Thanks {
    assets: Assets,
    order: Order,
}

async fn home(State(assets): State<Assets>) -> Response {
    page(StatusCode::OK, &Home { assets, biscuits: BISCUITS })
}

async fn order_form(State(assets): State<Assets>, Query(order): Query<Order>) -> Response {
    page(StatusCode::OK, &OrderForm { assets, biscuits: BISCUITS, order, error: None })
}

async fn order(State(assets): State<Assets>, Form(order): Form<Order>) -> Response {
    let error = match BISCUITS.iter().find(|biscuit| biscuit.name == order.biscuit) {
        None => Some("We do not bake that."),
        Some(_) if !(1..=1000).contains(&order.count) => Some("Order 1 to 1000."),
        Some(biscuit) => {
            let to = format!("/thanks?biscuit={}&count={}", biscuit.name, order.count);
            return Redirect::to(&to).into_response();
        }
    };
    let form = OrderForm { assets, biscuits: BISCUITS, order, error };
    page(StatusCode::UNPROCESSABLE_ENTITY, &form)
}

async fn thanks(State(assets): State<Assets>, Query(order): Query<Order>) -> Response {
    page(StatusCode::OK, &Thanks { assets, order })
}

/// A page, and what the browser can fetch before it has read it.
fn page(status: StatusCode, template: &impl Template) -> Response {
    let preloads = [
        asset!("css/app.css").preload(Destination::Style),
        asset!("fonts/stamp.woff2").preload(Destination::Font),
    ];
    let headers = [(header::LINK, Preload::link_header(&preloads))];
    match template.render() {
        Ok(html) => (status, headers, Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
