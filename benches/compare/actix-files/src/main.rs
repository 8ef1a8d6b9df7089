//! actix-files, as its documentation has it: `actix-files ADDRESS:PORT THREADS FOLDER`.

use std::{env, io};

use actix_files::Files;
use actix_web::{App, HttpServer};

#[actix_web::main]
async fn main() -> io::Result<()> {
    let [address, threads, folder] =
        [1, 2, 3].map(|place| env::args().nth(place).expect("ADDRESS:PORT THREADS FOLDER"));
    HttpServer::new(move || App::new().service(Files::new("/", &folder).try_compressed()))
        .workers(threads.parse().expect("a number of threads"))
        .bind(address)?
        .run()
        .await
}
