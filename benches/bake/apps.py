"""An app of its own: how long its first build takes, and how many crates it compiles."""

import os
import pathlib
import shutil
import subprocess

import sections
import trees
from measure import run

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ASSETS = 100
TOKIO = 'tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }'
SERVE = """
#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, APP).await
}
"""

# name: (dependencies, build dependencies, build.rs, src/main.rs), each as its own documentation has it.
APPS = {
    "Hardtack": (
        [f'hardtack = {{ path = "{REPOSITORY}/crates/hardtack" }}', 'axum = "0.8"', TOKIO],
        [f'hardtack-build = {{ path = "{REPOSITORY}/crates/hardtack-build" }}'],
        "fn main() -> std::process::ExitCode { hardtack_build::build_script() }",
        SERVE.replace("APP", 'axum::Router::new().layer(hardtack::embed!().open().expect("a sound bundle").layer())'),
    ),
    "rust-embed, axum-embed": (
        ['rust-embed = "8"', 'axum-embed = "0.1"', 'axum = "0.7"', TOKIO],
        [],
        "",
        '#[derive(rust_embed::RustEmbed, Clone)]\n#[folder = "assets"]\nstruct Assets;\n'
        + SERVE.replace("APP", 'axum::Router::new().nest_service("/", axum_embed::ServeEmbed::<Assets>::new())'),
    ),
    "memory-serve": (
        ['memory-serve = "2"', 'axum = "0.8"', TOKIO],
        ['memory-serve = "2"'],
        'fn main() { memory_serve::load_directory("assets"); }',
        SERVE.replace("APP", "memory_serve::load!().into_router()"),
    ),
}


def compare(folder):
    rows = [first_build(folder / name.split(",")[0], *app, name) for name, app in APPS.items()]
    explanation = (
        f"An app in axum with {ASSETS} small assets, `cargo build --release` from nothing, in Cargo's own profile; the crates were "
        "downloaded before. Hardtack's build script reads, rewrites and checks formats, for which it compiles their parsers; "
        "memory-serve's compresses; rust-embed embeds what is there."
    )
    head = ["", "first build, s", "CPU s", "after a change of a style sheet, s", "crates", "program, MB"]
    return f"{explanation}\n\n{sections.table(head, rows)}"


def first_build(project, dependencies, build_dependencies, build_script, program, name):
    (project / "src").mkdir(parents=True)
    trees.make(project / "assets", ASSETS)
    (project / "src" / "main.rs").write_text(program)
    if build_script:
        (project / "build.rs").write_text(build_script)
    (project / "Cargo.toml").write_text("\n".join([
        *("[workspace]", "[package]", 'name = "app"', 'version = "0.0.0"', 'edition = "2024"'),
        *("[dependencies]", *dependencies, "[build-dependencies]", *build_dependencies, ""),
    ]))
    environment = {**os.environ, "CARGO_TARGET_DIR": str(project / "target"), "HARDTACK_CACHE": str(project / "cache")}
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=project, check=True)
    first = run(["cargo", "build", "--release", "--quiet"], environment, project)
    with next((project / "assets").rglob("*.css")).open("a") as file:
        file.write(".more { margin: 0 }\n")
    again = run(["cargo", "build", "--release", "--quiet"], environment, project)
    size = (project / "target" / "release" / "app").stat().st_size
    shutil.rmtree(project / "target")
    return [name, f"{first.seconds:.0f}", f"{first.cpu_seconds:.0f}", f"{again.seconds:.1f}", crates(project), f"{size / 1e6:.1f}"]


def crates(project):
    tree = ["cargo", "tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]
    lines = subprocess.check_output(tree, cwd=project, text=True).splitlines()
    return len({line.removesuffix(" (*)") for line in lines if line}) - 1
