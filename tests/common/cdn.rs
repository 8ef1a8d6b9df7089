//! A stand-in for a CDN: a small cache in front of a running server, which has one fault or none.

use std::{
    collections::HashMap,
    convert::Infallible,
    io::{Read, Write},
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http_body_util::{BodyExt, Empty, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    body::{Bytes, Incoming},
    client,
    header::{self, HeaderName, HeaderValue},
    server,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

use super::tls::Certificate;

/// The paths that the CDN passes on.
pub const PREFIX: &str = "/static/";
/// The secret that it sends.
pub const SECRET: &str = "the secret of this stand-in";
const SECRET_FIELD: &str = "x-origin-verify";

/// A fault of a CDN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    AddsDisposition,
    AddsMediaType,
    AddsRobotsTag,
    AddsVaryAll,
    /// As an origin: whatever secret comes, it is taken for the CDN's.
    AdmitsAnySecret,
    AnswersNotFoundWith200,
    CachesNotFound,
    ChangesContent,
    DropsContentEncoding,
    DropsContentTypeOptions,
    DropsCors,
    DropsEntityTags,
    DropsVary,
    /// As an origin: a redirect has the secret that came.
    EchoesSecret,
    FailsAtFirst,
    FollowsRedirects,
    GivesDeltasToAll,
    HasNoAge,
    IgnoresConditions,
    IgnoresDictionaries,
    IgnoresRanges,
    IgnoresVary,
    /// By HTTP/2; by HTTP/1.1 the library drops it.
    HasContentOfHead,
    /// The length of HEAD is that of the content that it does not have.
    HasNoLengthOfHead,
    /// Plain paths are those of the server at that address.
    KeepsOldRelease(SocketAddr),
    NeverCaches,
    Recompresses,
    RefusesHead,
    RefusesPictures,
    RewritesCacheControl,
    SaysComeBackInAnHour,
    SaysNotModifiedAlways,
    SetsCookies,
    ServesWholeSite,
    /// No fault: other spaces, quotes and case.
    SpellsMediaTypes,
    SpeaksHttp10,
    StripsAcceptEncoding,
    TakesOtherRanges,
    Truncates,
    WeakensEntityTags,
    WeakensEntityTagsOfHits,
}

/// A running stand-in. It ends when this goes.
pub struct Cdn {
    pub address: SocketAddr,
    _running: oneshot::Sender<()>,
}

impl Cdn {
    pub fn before(origin: SocketAddr, fault: Fault) -> Self {
        Self::start(origin, fault, None)
    }

    /// One that speaks TLS, and those protocols.
    pub fn with_tls(origin: SocketAddr, certificate: &Certificate, protocols: &[&str]) -> Self {
        Self::before_with_tls(origin, Fault::None, certificate, protocols)
    }

    pub fn before_with_tls(
        origin: SocketAddr,
        fault: Fault,
        certificate: &Certificate,
        protocols: &[&str],
    ) -> Self {
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("a key");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().expect("there are some");
        let builder = builder.with_no_client_auth();
        let config = builder.with_single_cert(vec![certificate.der.clone()], key);
        let mut config = config.expect("they go together");
        config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_owned()).collect();
        Self::start(origin, fault, Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn start(origin: SocketAddr, fault: Fault, tls: Option<TlsAcceptor>) -> Self {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let cache = Arc::new(Cache { origin, fault, kept: Mutex::default() });
        let (running, ended) = oneshot::channel();
        thread::spawn(move || {
            runtime.spawn(accept(listener, cache, tls));
            runtime.block_on(ended).ok();
        });
        Self { address, _running: running }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn accept(listener: TcpListener, cache: Arc<Cache>, tls: Option<TlsAcceptor>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (cache, tls) = (Arc::clone(&cache), tls.clone());
        tokio::spawn(async move {
            let Some(tls) = tls else { return serve(tcp, false, cache).await };
            let Ok(stream) = tls.accept(tcp).await else { return };
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            serve(stream, is_http2, cache).await;
        });
    }
}

async fn serve<S>(stream: S, is_http2: bool, cache: Arc<Cache>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let cache = Arc::clone(&cache);
        async move { Ok::<_, Infallible>(cache.answer(request).await) }
    });
    let io = TokioIo::new(stream);
    // The end of a connection is no error of a test.
    if is_http2 {
        server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(io, service)
            .await
            .ok();
    } else {
        server::conn::http1::Builder::new().serve_connection(io, service).await.ok();
    }
}

type Answer = Response<Full<Bytes>>;

struct Cache {
    origin: SocketAddr,
    fault: Fault,
    kept: Mutex<HashMap<String, (Answer, Instant)>>,
}

impl Cache {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let answer = self.answer_get(&request).await;
        if *request.method() != Method::HEAD {
            return answer;
        }
        match self.fault {
            Fault::HasContentOfHead => answer,
            Fault::RefusesHead => status(StatusCode::METHOD_NOT_ALLOWED),
            fault => without_content(answer, fault).await,
        }
    }

    async fn answer_get(&self, request: &Request<Incoming>) -> Answer {
        let path = request.uri().path().to_owned();
        if self.fault == Fault::AdmitsAnySecret && !request.headers().contains_key(SECRET_FIELD) {
            return status(StatusCode::FORBIDDEN);
        }
        if !path.starts_with(PREFIX) && self.fault != Fault::ServesWholeSite {
            return status(StatusCode::FORBIDDEN);
        }
        let key = self.key(&path, request.headers());
        if let Some(kept) = key.as_ref().and_then(|key| self.hit(key)) {
            return self.deliver(kept, "hit");
        }
        let answer = self.spoil(&path, self.fetch(&path, request.headers()).await).await;
        if let Some(key) = key.filter(|_| self.keeps(&answer)) {
            self.kept.lock().unwrap().insert(key, (answer.clone(), Instant::now()));
        }
        self.deliver(answer, "miss")
    }

    /// The request fields that keep objects apart. Conditions and ranges are the origin's.
    fn key(&self, path: &str, fields: &HeaderMap) -> Option<String> {
        if fields.contains_key(header::RANGE) || fields.contains_key(header::IF_NONE_MATCH) {
            return None;
        }
        let value = |name: &str| {
            let value = fields.get(name).map(|it| it.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        Some(match self.fault {
            Fault::IgnoresVary => path.to_owned(),
            Fault::GivesDeltasToAll => format!("{path} {}", value("accept-encoding")),
            _ => format!("{path} {} {}", value("accept-encoding"), value("available-dictionary")),
        })
    }

    fn hit(&self, key: &str) -> Option<Answer> {
        let kept = self.kept.lock().unwrap();
        let (answer, since) = kept.get(key)?;
        let mut answer = answer.clone();
        if self.fault != Fault::HasNoAge {
            answer.headers_mut().insert(header::AGE, since.elapsed().as_secs().into());
        }
        if self.fault == Fault::WeakensEntityTagsOfHits {
            weaken(answer.headers_mut());
        }
        Some(answer)
    }

    fn keeps(&self, answer: &Answer) -> bool {
        match answer.status() {
            StatusCode::OK => self.fault != Fault::NeverCaches,
            StatusCode::NOT_FOUND => self.fault == Fault::CachesNotFound,
            _ => false,
        }
    }

    fn deliver(&self, mut answer: Answer, word: &'static str) -> Answer {
        let headers = answer.headers_mut();
        headers.insert("x-cache", HeaderValue::from_static(word));
        let mut add = |name: HeaderName, value| {
            headers.append(name, HeaderValue::from_static(value));
        };
        match self.fault {
            Fault::AddsDisposition => add(header::CONTENT_DISPOSITION, "attachment"),
            Fault::AddsMediaType => add(header::CONTENT_TYPE, "application/octet-stream"),
            Fault::AddsRobotsTag => add(HeaderName::from_static("x-robots-tag"), "noindex"),
            Fault::AddsVaryAll => add(header::VARY, "*"),
            Fault::SetsCookies => add(header::SET_COOKIE, "to=1"),
            Fault::RewritesCacheControl => {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=14400"));
            }
            Fault::SpellsMediaTypes => spell(headers),
            _ => {}
        }
        if self.fault == Fault::SpeaksHttp10 {
            *answer.version_mut() = Version::HTTP_10;
        }
        answer
    }

    async fn fetch(&self, path: &str, fields: &HeaderMap) -> Answer {
        let mut fields = fields.clone();
        let mut origin = self.origin;
        match self.fault {
            Fault::StripsAcceptEncoding => drop(fields.remove(header::ACCEPT_ENCODING)),
            Fault::IgnoresRanges => drop(fields.remove(header::RANGE)),
            Fault::IgnoresConditions => drop(fields.remove(header::IF_NONE_MATCH)),
            Fault::IgnoresDictionaries => drop(fields.remove("available-dictionary")),
            Fault::TakesOtherRanges if fields.contains_key(header::RANGE) => {
                fields.insert(header::RANGE, HeaderValue::from_static("bytes=0-9"));
            }
            Fault::SaysNotModifiedAlways if fields.contains_key(header::IF_NONE_MATCH) => {
                return status(StatusCode::NOT_MODIFIED);
            }
            Fault::RefusesPictures if path.ends_with(".svg") => {
                return status(StatusCode::FORBIDDEN);
            }
            Fault::SaysComeBackInAnHour => {
                let mut answer = status(StatusCode::SERVICE_UNAVAILABLE);
                answer.headers_mut().insert(header::RETRY_AFTER, 3600.into());
                return answer;
            }
            Fault::FailsAtFirst => {
                let mut kept = self.kept.lock().unwrap();
                let key = format!("failed {path}");
                if kept.insert(key, (status(StatusCode::OK), Instant::now())).is_none() {
                    let mut answer = status(StatusCode::SERVICE_UNAVAILABLE);
                    let now = HeaderValue::from_static("0");
                    answer.headers_mut().insert(header::RETRY_AFTER, now);
                    return answer;
                }
            }
            Fault::KeepsOldRelease(old) if !is_hashed(path) => origin = old,
            _ => {}
        }
        if path.starts_with(PREFIX) {
            fields.insert(SECRET_FIELD, HeaderValue::from_static(SECRET));
        }
        fetch(origin, path, &fields).await
    }

    /// Changes an answer of the origin as the fault does.
    async fn spoil(&self, path: &str, mut answer: Answer) -> Answer {
        let is_ok = answer.status() == StatusCode::OK;
        let headers = answer.headers_mut();
        let mut remove = |name: HeaderName| drop(headers.remove(name));
        match self.fault {
            Fault::DropsContentEncoding => remove(header::CONTENT_ENCODING),
            Fault::DropsContentTypeOptions => remove(header::X_CONTENT_TYPE_OPTIONS),
            Fault::DropsCors => remove(header::ACCESS_CONTROL_ALLOW_ORIGIN),
            Fault::DropsEntityTags => remove(header::ETAG),
            Fault::DropsVary => remove(header::VARY),
            Fault::IgnoresDictionaries => remove(HeaderName::from_static("use-as-dictionary")),
            Fault::WeakensEntityTags => weaken(headers),
            Fault::Recompresses if is_ok => return change(answer, recompressed).await,
            Fault::Truncates if is_ok => return change(answer, truncated).await,
            Fault::ChangesContent if is_ok => return change(answer, changed).await,
            Fault::AnswersNotFoundWith200 if answer.status() == StatusCode::NOT_FOUND => {
                *answer.status_mut() = StatusCode::OK;
            }
            Fault::EchoesSecret if answer.headers().contains_key(header::LOCATION) => {
                let location = format!("/login?of={}", SECRET.replace(' ', "%20"));
                answer.headers_mut().insert(header::LOCATION, location.parse().unwrap());
            }
            Fault::FollowsRedirects if answer.headers().contains_key(header::LOCATION) => {
                let location = answer.headers()[header::LOCATION].to_str().unwrap();
                assert_ne!(location, path);
                let mut fields = HeaderMap::new();
                fields.insert(header::HOST, HeaderValue::from_static("localhost"));
                fields.insert(SECRET_FIELD, HeaderValue::from_static(SECRET));
                return fetch(self.origin, location, &fields).await;
            }
            _ => {}
        }
        answer
    }
}

fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// The answer to HEAD, for one to GET.
async fn without_content(answer: Answer, fault: Fault) -> Answer {
    let (mut head, body) = answer.into_parts();
    let length = body.collect().await.unwrap().to_bytes().len();
    let length = if fault == Fault::HasNoLengthOfHead { 0 } else { length };
    head.headers.insert(header::CONTENT_LENGTH, length.into());
    Response::from_parts(head, Full::default())
}

/// `Text/CSS;charset="UTF-8"`
fn spell(headers: &mut HeaderMap) {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return };
    let value = value.to_str().unwrap().replace("text/css", "Text/CSS");
    let value = value.replace("; charset=utf-8", ";charset=\"UTF-8\"");
    headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
}

/// Whether a path has twelve digits between dots.
fn is_hashed(path: &str) -> bool {
    path.split('.').any(|part| part.len() == 12 && part.bytes().all(|it| it.is_ascii_hexdigit()))
}

async fn fetch(origin: SocketAddr, path: &str, fields: &HeaderMap) -> Answer {
    let tcp = TcpStream::connect(origin).await.expect("the origin listens");
    let (mut sender, connection) =
        client::conn::http1::handshake(TokioIo::new(tcp)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = path.parse().expect("a path");
    *request.headers_mut() = fields.clone();
    request.headers_mut().entry(header::HOST).or_insert(HeaderValue::from_static("localhost"));
    let response = sender.send_request(request).await.expect("an answer");
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONNECTION);
    let body = body.collect().await.expect("all of it").to_bytes();
    Response::from_parts(head, Full::new(body))
}

fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) {
        let weak = format!("W/{}", tag.to_str().unwrap());
        headers.insert(header::ETAG, weak.parse().unwrap());
    }
}

/// Changes the content, whose length is said anew.
async fn change(answer: Answer, change: fn(&mut HeaderMap, Vec<u8>) -> Vec<u8>) -> Answer {
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let body = change(&mut head.headers, body);
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, Full::new(body.into()))
}

/// Gzip by another encoder, with a weak entity tag, as it has to be.
fn recompressed(headers: &mut HeaderMap, body: Vec<u8>) -> Vec<u8> {
    if headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding != "gzip") {
        return body;
    }
    weaken(headers);
    let mut plain = Vec::new();
    GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&plain).unwrap();
    encoder.finish().unwrap()
}

fn truncated(_: &mut HeaderMap, mut body: Vec<u8>) -> Vec<u8> {
    body.truncate(body.len() / 2);
    body
}

/// A banner in style sheets that are not compressed.
fn changed(headers: &mut HeaderMap, mut body: Vec<u8>) -> Vec<u8> {
    let is_style = headers[header::CONTENT_TYPE].as_bytes().starts_with(b"text/css");
    if is_style && !headers.contains_key(header::CONTENT_ENCODING) {
        body.extend_from_slice(b"/* optimized */");
    }
    body
}
