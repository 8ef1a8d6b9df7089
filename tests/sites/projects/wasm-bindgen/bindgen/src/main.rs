//! The command `wasm-bindgen`, as far as it is needed here: bindgen INPUT.wasm OUTPUT {web|no-modules}

use std::env;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [input, output, target] = &arguments[..] else { panic!("three arguments") };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(input).typescript(false).omit_default_module_path(false);
    match target.as_str() {
        "web" => bindgen.web(true).expect("a target"),
        _ => bindgen.no_modules(true).expect("a target"),
    };
    bindgen.generate(output).expect("written");
}
