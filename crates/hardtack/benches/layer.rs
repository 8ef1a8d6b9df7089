//! The cost of the layer for an app's own requests: nanoseconds each, beside the app alone.
//!
//!     cargo bench -p hardtack --bench layer
//!
//! The app is a service that answers at once. Rounds of it alone, behind the layer, and behind the
//! guard and the layer take turns; what they add is the difference of each round to the round of
//! the app alone beside it. In axum, whose router boxes what a layer makes, it is that and the box.

use std::{
    convert::Infallible,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

use axum::Router;
use hardtack::{CdnGuard, Options};
use http::{Request, Response};
use tower::{Layer, Service, service_fn};

include!("../tests/demo/mod.rs");

type Empty = http_body_util::Empty<bytes::Bytes>;

const ROUNDS: usize = 41;
const REQUESTS: u32 = 100_000;
/// A page, one with a longer path, a request with a query, and one below the prefix.
const TARGETS: [&str; 4] =
    ["/", "/account/orders/2026/11/000017", "/search?q=biscuit&page=2", "/static/nothing/there.js"];

fn main() {
    let assets = demo().open_with(Options::default()).expect("the sample opens");
    let guard = CdnGuard::new(assets.bundle(), ["the secret of the CDN"]).expect("long enough");
    let app = service_fn(|request: Request<Empty>| async move {
        black_box(&request);
        Ok::<_, Infallible>(Response::new(()))
    });
    let mut layered = assets.layer().layer(app);
    let mut guarded = guard.layer(assets.layer().layer(app));
    let mut router = Router::new().fallback(|| async {}).into_service();
    let mut layered_router =
        Router::new().fallback(|| async {}).layer(assets.layer()).into_service();
    for target in TARGETS {
        let (mut layer, mut guard, mut axum) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let alone = nanoseconds(&mut app.clone(), target);
            layer.push(nanoseconds(&mut layered, target) - alone);
            guard.push(nanoseconds(&mut guarded, target) - alone);
            let alone = nanoseconds(&mut router, target);
            axum.push(nanoseconds(&mut layered_router, target) - alone);
        }
        println!("{target}");
        report("layer", layer);
        report("guard and layer", guard);
        report("layer in axum", axum);
    }
}

/// The time of a request, in nanoseconds.
fn nanoseconds<S: Service<Request<Empty>>>(service: &mut S, target: &'static str) -> f64 {
    let start = Instant::now();
    for _ in 0..REQUESTS {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = http::Uri::from_static(target);
        let response = pin!(service.call(black_box(request)));
        let Poll::Ready(response) = response.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("the app answers at once");
        };
        black_box(response.is_ok());
    }
    start.elapsed().as_nanos() as f64 / f64::from(REQUESTS)
}

fn report(what: &str, mut added: Vec<f64>) {
    added.sort_by(f64::total_cmp);
    println!("  {what:<16} adds {:5.0} ns at least, {:5.0} ns median", added[0], added[ROUNDS / 2]);
}
