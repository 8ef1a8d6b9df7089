use wasm_bindgen::prelude::*;

#[wasm_bindgen]
pub fn double(count: u32) -> String {
    format!("doubled: {}", count * 2)
}
