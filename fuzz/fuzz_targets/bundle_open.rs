//! Damaged bundles are errors: no panic, no wild read.
#![no_main]

use hardtack_bundle::{Action, Bundle};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(hardtack_fuzz::site_bytes);

// The input is edits of a sound bundle: two bytes of offset, one of value. A bundle whose header
// was changed does not open, since its digest is checked; so the header is left alone in half
// of the cases.
fuzz_target!(|edits: &[u8]| {
    let mut bytes = SOUND.clone();
    let behind_header = size_of::<hardtack_bundle::layout::Header>();
    let spare = if edits.first().is_some_and(|first| first % 2 == 0) { behind_header } else { 0 };
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]]));
        let at = spare + at % (bytes.len() - spare);
        bytes[at] = edit[2];
    }
    walk(&bytes);
    walk(edits);
});

fn walk(bytes: &[u8]) {
    let Ok(bundle) = Bundle::open(bytes) else { return };
    bundle.verify().ok();
    for asset in bundle.assets().flatten() {
        asset.representations().flatten().for_each(|one| assert!(one.body.len() <= bytes.len()));
    }
    for route in bundle.routes().flatten() {
        route.fields().for_each(|field| drop(field));
        bundle.route(route.path.as_bytes()).ok();
        if let Action::Serve(asset) = route.action {
            asset.identity().ok();
        }
    }
    for (route, captures) in bundle.matching(b"/p/a/b/c").flatten() {
        route.fields().for_each(|field| drop(field));
        if let Action::Redirect { location, .. } = route.action {
            captures.location(location);
        }
    }
    bundle.not_found().ok();
    bundle.fallback().ok();
}
