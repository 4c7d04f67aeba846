//! An S3 server of a test's own on this machine, and what can go wrong with one: it is slow, it breaks off, it dies.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Frame;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a gate stays shut at most. A bound for what has gone wrong: the test then says what it saw.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server. Its buckets are the folders below a root, their objects the files in them.
pub struct S3Server {
    root: PathBuf,
    address: SocketAddr,
    key: Option<(String, String)>,
    state: Arc<State>,
    running: Mutex<Option<tokio::task::JoinHandle<()>>>,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct State {
    delay_ms: AtomicU64,
    /// Answers nothing until so many ask at once.
    gate: AtomicUsize,
    at_once: watch::Sender<usize>,
    most_at_once: AtomicUsize,
    /// The next bodies are cut after so many bytes, one for each.
    cuts: Mutex<Vec<u64>>,
    asked: Mutex<Vec<String>>,
    sent: AtomicU64,
}

impl S3Server {
    /// Starts a server for the folders below `root`; with a key and its secret it asks for them.
    ///
    /// # Panics
    /// Where none can be started.
    pub fn start(root: &Path, key: Option<(&str, &str)>) -> S3Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads for a server");
        let mut server = S3Server {
            root: root.to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            key: key.map(|(id, secret)| (id.to_owned(), secret.to_owned())),
            state: Arc::default(),
            running: Mutex::new(None),
            runtime: Some(runtime),
        };
        server.address = server.run(server.address);
        server
    }

    /// The address of a data root in a bucket of this server: `s3://...`.
    pub fn location(&self, bucket: &str) -> String {
        format!("s3://{bucket}?endpoint=http://{}", self.address)
    }

    /// Holds up every answer.
    pub fn delay(&self, delay: Duration) {
        self.state.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Answers no `GET` until so many are asked at once; then all.
    pub fn gate(&self, at_once: usize) {
        self.state.gate.store(at_once, Ordering::Relaxed);
    }

    /// Cuts the body of the next answer to a `GET` that is longer than this after so many bytes, and with it the connection.
    pub fn cut_next(&self, after: u64) {
        self.state.cuts.lock().unwrap_or_else(PoisonError::into_inner).push(after);
    }

    /// The most `GET`s that were asked at once.
    pub fn most_at_once(&self) -> usize {
        self.state.most_at_once.load(Ordering::Relaxed)
    }

    /// What was asked: method, path, and the range if one was.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bytes of bodies that were sent.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::Relaxed)
    }

    /// Kills it, connections and all.
    pub fn kill(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(running), Some(runtime)) = (running, &self.runtime) {
            running.abort();
            // Aborted, so it ends in an error.
            let _ = runtime.block_on(running);
        }
    }

    /// Starts it again where it was.
    pub fn restart(&self) {
        self.kill();
        self.run(self.address);
    }

    /// Serves at this address; 0 as port: at any.
    fn run(&self, address: SocketAddr) -> SocketAddr {
        let mut builder = S3ServiceBuilder::new(FileSystem::new(&self.root).expect("the root is a folder"));
        if let Some((id, secret)) = &self.key {
            builder.set_auth(SimpleAuth::from_single(id.clone(), secret.clone()));
        }
        let service = builder.build();
        let runtime = self.runtime.as_ref().expect("only dropping takes it");
        let listener = runtime.block_on(TcpListener::bind(address)).expect("a port of this machine");
        let address = listener.local_addr().expect("it is bound");
        let running = runtime.spawn(accept(listener, service, Arc::clone(&self.state)));
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        address
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, service: S3Service, state: Arc<State>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let (service, state) = (service.clone(), Arc::clone(&state));
        connections.spawn(async move {
            let answer = service_fn(move |request| answer(request, service.clone(), Arc::clone(&state)));
            // A client that goes away is none of the server's business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answer).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(request: Request<Incoming>, service: S3Service, state: Arc<State>) -> Result<Response<Sent>, Infallible> {
    let is_get = request.method() == Method::GET;
    let range = request.headers().get("range").and_then(|range| range.to_str().ok()).unwrap_or_default();
    let asked = format!("{} {} {range}", request.method(), request.uri().path());
    state.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.trim_end().to_owned());
    if is_get {
        wait_at_gate(&state).await;
    }
    tokio::time::sleep(Duration::from_millis(state.delay_ms.load(Ordering::Relaxed))).await;
    let answered = service.call(request.map(s3s::Body::from)).await.expect("s3s answers every request");
    if is_get {
        state.at_once.send_modify(|at_once| *at_once -= 1);
    }
    let cut = {
        let mut cuts = state.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        let length = answered.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
        let length: u64 = length.unwrap_or(0);
        (is_get && cuts.last().is_some_and(|after| *after < length)).then(|| cuts.pop()).flatten()
    };
    Ok(answered.map(|body| Sent { body, left: cut, state }))
}

async fn wait_at_gate(state: &State) {
    state.at_once.send_modify(|at_once| *at_once += 1);
    state.most_at_once.fetch_max(*state.at_once.borrow(), Ordering::Relaxed);
    let mut at_once = state.at_once.subscribe();
    let open = async {
        while *at_once.borrow_and_update() < state.gate.load(Ordering::Relaxed) {
            if at_once.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, open).await;
    // Whoever comes later finds it open.
    state.gate.store(0, Ordering::Relaxed);
}

/// A body that is counted, and may be cut.
struct Sent {
    body: s3s::Body,
    left: Option<u64>,
    state: Arc<State>,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == Some(0) {
            return Poll::Ready(Some(Err(std::io::Error::other("cut"))));
        }
        let frame = match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(std::io::Error::other(error)))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let Ok(mut data) = frame.into_data() else { return Poll::Ready(None) };
        if let Some(left) = &mut self.left {
            data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= data.len() as u64;
        }
        self.state.sent.fetch_add(data.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
